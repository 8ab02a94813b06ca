"""SequenceVectorizer: properties for random texts and parameters."""

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from seqsent import SequenceVectorizer

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # about tokens and parameters

# few words, so that texts share some, and any characters, lone surrogates included
WORDS = ["good", "Good", "not", "don't", "naïve", "nai\u0308ve", "好", "电影", "🙂", "ไม่", "3.5"]
ODD = st.characters()
TEXT = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
    st.text(ODD, max_size=20),
    st.lists(st.one_of(st.sampled_from(WORDS), st.text(ODD, max_size=3)), max_size=8).map("".join),
)
TEXTS = st.lists(TEXT, min_size=1, max_size=6)
ID = st.none() | st.integers(1, 3)
DF = st.integers(1, 3) | st.floats(0, 1)
PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "num_words": st.none() | st.integers(5, 12),
        "maxlen": st.none() | st.integers(1, 8),
        "padding": st.sampled_from(["pre", "post"]),
        "truncating": st.sampled_from(["pre", "post"]),
        "start_char": ID,
        "oov_char": ID,
        "index_from": st.integers(3, 5),
        "analyzer": st.sampled_from(["word", "char", "keras", str.split, list]),
        "lowercase": st.booleans(),
        "strip_accents": st.sampled_from([None, "ascii", "unicode"]),
        "filters": st.none() | st.text(ODD, max_size=3),
        "stop_words": st.none() | st.lists(st.sampled_from(WORDS), max_size=2),
        "min_df": DF,
        "max_df": DF,
    },
)


def fitted(parameters: dict[str, Any], texts: list[str]) -> SequenceVectorizer:
    """Return a fitted vectorizer, or check the error and reject the example."""
    vectorizer = SequenceVectorizer(**parameters)
    try:
        return vectorizer.fit(texts)
    except ValueError as error:
        message = str(error)
    assert message
    assert not [name for name in vars(vectorizer) if name.endswith("_")]
    reject()
    raise AssertionError  # reject does not return


@given(TEXTS, TEXTS, PARAMETERS)
def test_rows_follow_the_documentation(expected_row, texts, others, parameters):
    vectorizer = fitted(parameters, texts)
    rows = vectorizer.transform(texts + others)
    assert rows.dtype == np.int32
    assert rows.shape == (len(texts + others), vectorizer.maxlen_)
    assert rows.min() >= 0
    assert rows.max() < vectorizer.n_words_ <= (vectorizer.num_words or np.inf)
    assert rows.tolist() == [expected_row(vectorizer, text) for text in texts + others]


@given(TEXTS, PARAMETERS, st.randoms(use_true_random=False))
def test_rows_depend_on_text_and_vocabulary_only(texts, parameters, random):
    vectorizer = fitted(parameters, texts)
    rows = vectorizer.transform(texts).tolist()
    assert SequenceVectorizer(**parameters).fit_transform(texts).tolist() == rows
    assert [vectorizer.transform([text])[0].tolist() for text in texts] == rows
    assert pickle.loads(pickle.dumps(vectorizer)).transform(texts).tolist() == rows
    shuffled = random.sample(texts, len(texts))
    assert list(fitted(parameters, shuffled).vocabulary_.items()) == list(
        vectorizer.vocabulary_.items()
    )


@given(TEXTS, TEXTS, PARAMETERS)
def test_inverse_transform_returns_tokens_of_the_vocabulary(texts, others, parameters):
    vectorizer = fitted({**parameters, "maxlen": 200, "start_char": None, "oov_char": None}, texts)
    read_again = vectorizer.inverse_transform(vectorizer.transform(texts + others))
    analyze = vectorizer.build_analyzer()
    known = vectorizer.vocabulary_
    expected = [[word for word in analyze(text) if word in known] for text in texts + others]
    assert read_again == expected
