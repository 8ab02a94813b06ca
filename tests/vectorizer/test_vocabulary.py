"""SequenceVectorizer: vocabularies that are given, extended or suspicious."""

import random
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from seqsent import SequenceVectorizer

VOCABULARY = {"a": 1, "good": 2, "film": 4, "dull": 3}


@pytest.mark.parametrize(
    "vocabulary",
    [
        VOCABULARY,
        ["a", "good", "dull", "film"],
        np.array(["a", "good", "dull", "film"]),
        {token: np.int64(rank) for token, rank in VOCABULARY.items()},
    ],
    ids=["dict", "list", "array", "dict of numpy integers"],
)
def test_given_vocabulary_works_without_fit(vocabulary, texts):
    vectorizer = SequenceVectorizer(vocabulary=vocabulary, maxlen=5)
    rows = vectorizer.transform(["A good film,", "dull one"])
    assert rows.tolist() == [[0, 1, 4, 5, 7], [0, 0, 1, 6, 2]]
    assert vectorizer.inverse_transform([[1, 7, 2]]) == [["[START]", "film", "[OOV]"]]
    assert len(vectorizer.get_feature_names_out()) == 5
    assert not hasattr(vectorizer, "vocabulary_")
    assert not get_tags(vectorizer).requires_fit
    vectorizer.fit(texts)
    assert vectorizer.vocabulary_ == {"a": 4, "good": 5, "dull": 6, "film": 7}
    assert vectorizer.word_counts_ == {"a": 2, "good": 3, "dull": 3, "film": 1}


def test_transform_without_fit_uses_the_current_parameters():
    vectorizer = SequenceVectorizer(vocabulary=VOCABULARY, maxlen=3)
    assert vectorizer.transform(["dull film"]).tolist() == [[1, 6, 7]]
    assert vectorizer.set_params(num_words=7).transform(["dull film"]).tolist() == [[1, 6, 2]]
    with pytest.raises(ValueError, match="'padding' parameter"):
        vectorizer.set_params(padding="left").transform(["dull film"])


@pytest.mark.parametrize("parameters", [{}, {"vocabulary": ["a"], "maxlen": None}])
def test_not_fitted_error(parameters):
    vectorizer = SequenceVectorizer(**parameters)
    assert get_tags(vectorizer).requires_fit
    for method in (vectorizer.transform, vectorizer.inverse_transform):
        with pytest.raises(NotFittedError, match="set vocabulary and a number for maxlen"):
            method([])


def test_absent_token_of_a_given_vocabulary_has_count_zero(texts):
    vectorizer = SequenceVectorizer(vocabulary=["good", "absent"], maxlen=None)
    assert vectorizer.fit_transform(texts).shape == (4, 7)
    assert vectorizer.word_counts_ == {"good": 3, "absent": 0}


@pytest.mark.parametrize(
    ("vocabulary", "error", "message"),
    [
        ({}, ValueError, "vocabulary is empty"),
        ({"a": 1, "b": 1}, ValueError, "the rank 1 more than once"),
        (["a", "b", "a"], ValueError, "the token 'a' more than once"),
        ({"a": 1.5}, TypeError, "must be integers, got 1.5"),
        ({"a": True}, TypeError, "must be integers, got True"),
        ([("a", 1)], TypeError, "Tokens must be str or int"),
        ("abc", ValueError, "'vocabulary' parameter"),
        pytest.param(
            {"a", "b"},
            TypeError,
            "got a set. Pass a list of tokens in the order",
            id="set",  # its str depends on the process, and workers of pytest must agree
        ),
        (Counter(["a", "b", "a"]), TypeError, r"got a Counter. .*counter.most_common\(\)"),
        (pd.Series(["a", "b"]), TypeError, r"list\(series\).*dict\(series\)"),
        ({"a": 0}, ValueError, "ranks 1 to 1 of 1 tokens in vocabulary, got 0 for 'a'"),
        ({"a": 1, "b": 3}, ValueError, "got 3 for 'b'.*sorted"),
    ],
    ids=str,
)
def test_invalid_vocabulary(vocabulary, error, message, texts):
    vectorizer = SequenceVectorizer(vocabulary=vocabulary)
    for method in (vectorizer.fit, vectorizer.transform):
        with pytest.raises(error, match=message):
            method(texts)


def test_warm_start_keeps_ids_and_appends_tokens():
    vectorizer = SequenceVectorizer(warm_start=True, maxlen=None, start_char=None)
    vectorizer.fit(["b a b", "c"])
    assert vectorizer.vocabulary_ == {"b": 4, "a": 5, "c": 6}
    rows = vectorizer.fit_transform(["d d a", "e"])
    assert vectorizer.vocabulary_ == {"b": 4, "a": 5, "c": 6, "d": 7, "e": 8}
    assert vectorizer.word_counts_ == {"b": 2, "a": 2, "c": 1, "d": 2, "e": 1}
    assert rows.tolist() == [[7, 7, 5], [0, 0, 8]]
    assert vectorizer.n_words_ == 9


def test_warm_start_keeps_the_length_of_rows():
    vectorizer = SequenceVectorizer(warm_start=True, maxlen=None, start_char=None).fit(["a b c"])
    assert vectorizer.fit_transform(["a b c d"]).tolist() == [[5, 6, 7]]


def test_fit_without_warm_start_forgets_the_vocabulary():
    vectorizer = SequenceVectorizer(warm_start=True).fit(["a"])
    assert clone(vectorizer).fit(["b"]).vocabulary_ == {"b": 4}
    assert vectorizer.set_params(warm_start=False).fit(["b"]).vocabulary_ == {"b": 4}


def test_warm_start_warns_if_the_vocabulary_is_full():
    vectorizer = SequenceVectorizer(num_words=7, warm_start=True).fit(["a b"])
    with pytest.warns(UserWarning, match="num_words=7 leaves ids for 1 of 2 new tokens"):
        vectorizer.fit(["c d d"])
    with pytest.warns(UserWarning, match="ids for 0 of 1 new tokens"):
        vectorizer.fit(["c a"])
    assert vectorizer.vocabulary_ == {"a": 4, "b": 5, "d": 6}
    vectorizer.fit(["a d"])  # without new tokens there is no warning


def random_letters(n):
    rng = random.Random(0)
    return ["".join(rng.choices("abcdefghij", k=30)) for _ in range(n)]


def test_tokens_that_occur_once_cause_a_warning():
    texts = random_letters(150)
    with pytest.warns(UserWarning, match="100% of the tokens occur once") as warned:
        SequenceVectorizer().fit(texts)
    assert warned[0].filename == __file__ or sys.version_info < (3, 12)
    with pytest.warns(UserWarning, match="occur once"):
        SequenceVectorizer(analyzer="keras").fit(texts)
    SequenceVectorizer(analyzer="char").fit(texts)
    SequenceVectorizer(analyzer=str.split).fit(texts)


@pytest.mark.parametrize(
    "texts",
    [["good", "bad"] * 50, [f"number {i} of many" for i in range(200)], random_letters(15)],
    ids=["two words", "numbers", "few words"],
)
def test_ordinary_texts_cause_no_warning(texts):
    SequenceVectorizer().fit(texts)


def test_clones_share_a_given_vocabulary(texts):
    vectorizer = SequenceVectorizer(vocabulary=VOCABULARY)
    assert clone(vectorizer).vocabulary is VOCABULARY
    vectorizer.fit(texts).vocabulary_.clear()
    assert clone(vectorizer).fit(texts).vocabulary_
