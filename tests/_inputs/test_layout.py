"""Detection of counts and of other columns beside the ids of a SequenceVectorizer."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from seqsent import SequenceVectorizer
from seqsent._inputs.layout import check_columns
from seqsent.datasets import make_reviews

N = 60
TEXTS, LABELS = make_reviews(N, return_X_y=True, random_state=0)
TEXTS = [text if row % 3 else text[:20] for row, text in enumerate(TEXTS)]
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "text": TEXTS,
        "title": [" ".join(text.split()[2:5]) for text in TEXTS],
        "stars": RNG.integers(1, 6, size=N),
        "votes": RNG.poisson(2, size=N),
        "length": [len(text) for text in TEXTS],
        "shop": RNG.choice(["a", "b", "c"], size=N),
    }
)
OTHER_COLUMNS = r"X contains other columns beside the ids of one text: .*StackingClassifier"


def columns(*others, first=False, **parameters):
    """Return a ColumnTransformer of a vectorizer of texts and other transformers."""
    text = ("words", SequenceVectorizer(**{"maxlen": 12, **parameters}), "text")
    return ColumnTransformer([*others, text] if first else [text, *others])


def number(name):
    return (name, "passthrough", [name])


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [12, 40])
@pytest.mark.parametrize("other", ["title", "stars", "votes", "shop"])
def test_fit_rejects_another_column_beside_the_vectorizer(other, maxlen, padding, small_classifier):
    transformer = {
        "title": ("other", SequenceVectorizer(maxlen=6, padding=padding), "title"),
        "shop": ("other", OneHotEncoder(sparse_output=False), ["shop"]),
    }.get(other, number(other))
    table = columns(transformer, maxlen=maxlen, padding=padding)
    with pytest.raises(ValueError, match=OTHER_COLUMNS):
        make_pipeline(table, small_classifier()).fit(FRAME, LABELS)


@pytest.mark.parametrize("other", ["stars", "length"])
def test_fit_rejects_a_number_before_the_vectorizer(other, small_classifier):
    table = columns(number(other), first=True)
    with pytest.raises(ValueError, match=OTHER_COLUMNS):
        make_pipeline(table, small_classifier()).fit(FRAME, LABELS)


@pytest.mark.parametrize("other", ["stars", "votes", "length"])
def test_fit_names_another_column_of_a_frame(other, small_classifier):
    table = columns(number(other), maxlen=2).set_output(transform="pandas")
    with pytest.raises(ValueError, match=f"one text: the columns '{other}__{other}'"):
        make_pipeline(table, small_classifier()).fit(FRAME, LABELS)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("max_features", [12, 19, 40])
def test_fit_rejects_dense_counts_of_any_width(max_features, binary, small_classifier):
    counts = CountVectorizer(max_features=max_features, binary=binary).fit_transform(TEXTS)
    with pytest.raises(ValueError, match="like the counts of a CountVectorizer"):
        small_classifier().fit(counts.toarray(), LABELS)


def test_fit_warns_of_counts_of_very_few_words(small_classifier):
    counts = CountVectorizer(max_features=6).fit_transform(TEXTS)
    with pytest.warns(UserWarning, match="like the counts of a CountVectorizer"):
        small_classifier(epochs=1).fit(counts.toarray(), LABELS)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("set_output", ["default", "pandas"])
@pytest.mark.parametrize("padding", ["pre", "post"])
def test_fit_accepts_one_vectorizer_and_both_ends_of_a_text(padding, set_output, small_classifier):
    ends = FeatureUnion(
        [
            ("head", SequenceVectorizer(maxlen=8, truncating="post", padding=padding)),
            ("tail", SequenceVectorizer(maxlen=8, start_char=None, padding=padding)),
        ]
    )
    for table, X in [(columns(padding=padding), FRAME), (ends, TEXTS)]:
        model = make_pipeline(table.set_output(transform=set_output), small_classifier(epochs=1))
        assert model.fit(X, LABELS)[-1].n_iter_ == 1


@given(st.lists(st.text("abc ", max_size=30), min_size=1, max_size=30), st.data())
def test_rows_of_a_vectorizer_are_accepted(texts, data):
    special = data.draw(st.sampled_from([(None, None, 0), (None, 1, 1), (1, None, 1), (1, 2, 3)]))
    vectorizer = SequenceVectorizer(
        num_words=data.draw(st.sampled_from([5, 6, None])),
        maxlen=data.draw(st.integers(1, 30)),
        analyzer="char",
        padding=data.draw(st.sampled_from(["pre", "post"])),
        truncating=data.draw(st.sampled_from(["pre", "post"])),
        **dict(zip(("start_char", "oov_char", "index_from"), special, strict=True)),
    )
    with warnings.catch_warnings(action="ignore"):
        rows = vectorizer.fit(["abca b"]).transform(texts)
    with warnings.catch_warnings(action="error"):
        check_columns(rows, vectorizer.get_feature_names_out())


@given(st.data())
def test_ids_of_a_users_own_are_accepted(data):
    seed = data.draw(st.integers(0, 2**32 - 1))
    lowest = data.draw(st.integers(0, 3))
    size = data.draw(st.tuples(st.integers(1, 100), st.integers(1, 40)))
    rng = np.random.default_rng(seed)
    ids = rng.integers(lowest, lowest + data.draw(st.integers(8, 500)), size=size)
    lengths = rng.integers(0, 1 + size[1], size=(size[0], 1))
    padded = np.where(np.arange(size[1]) < lengths, ids, 0)
    for rows in (ids, padded, padded[:, ::-1], np.hstack([padded[:, ::-1], padded])):
        check_columns(rows.astype(np.int32))
        check_columns(rows.astype(np.int32), range(rows.shape[1]))
