"""SequenceVectorizer: a vocabulary that is given, or goes on."""

import random
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from seqsent import SequenceVectorizer

VOCABULARY = {"a": 1, "good": 2, "film": 4, "dull": 3}


@pytest.mark.parametrize(
    "vocabulary",
    [
        VOCABULARY,
        ["a", "good", "dull", "film"],
        np.array(["a", "good", "dull", "film"]),
        pd.Series(VOCABULARY).to_dict(),
        {word: np.int64(rank) for word, rank in VOCABULARY.items()},
    ],
)
def test_transform_without_fit(vocabulary, texts):
    vectorizer = SequenceVectorizer(vocabulary=vocabulary, maxlen=5)
    assert vectorizer.transform(["A good film?", "dull one"]).tolist() == [
        [0, 1, 4, 5, 7],
        [0, 0, 1, 6, 2],
    ]
    assert vectorizer.inverse_transform([[1, 7, 2]]) == [["[START]", "film", "[OOV]"]]
    assert len(vectorizer.get_feature_names_out()) == 5
    assert "vocabulary_" not in vars(vectorizer)
    assert not get_tags(vectorizer).requires_fit
    vectorizer.fit(texts)
    assert vectorizer.vocabulary_ == {"a": 4, "good": 5, "dull": 6, "film": 7}
    assert vectorizer.word_counts_ == {"a": 2, "good": 3, "dull": 3, "film": 1}


def test_transform_without_fit_follows_the_parameters():
    vectorizer = SequenceVectorizer(vocabulary=VOCABULARY, maxlen=3)
    assert vectorizer.transform(["dull film"]).tolist() == [[1, 6, 7]]
    assert vectorizer.set_params(num_words=7).transform(["dull film"]).tolist() == [[1, 6, 2]]
    with pytest.raises(ValueError, match="'padding' parameter"):
        vectorizer.set_params(padding="left").transform(["dull film"])


@pytest.mark.parametrize("parameters", [{}, {"vocabulary": ["a"], "maxlen": None}])
def test_not_fitted(parameters):
    vectorizer = SequenceVectorizer(**parameters)
    assert get_tags(vectorizer).requires_fit
    for call in (vectorizer.transform, vectorizer.inverse_transform):
        with pytest.raises(NotFittedError, match="vocabulary and a number for maxlen"):
            call([])


def test_words_absent_from_the_texts_have_count_zero(texts):
    vectorizer = SequenceVectorizer(vocabulary=["good", "never seen"], maxlen=None)
    assert vectorizer.fit_transform(texts).shape == (4, 7)
    assert vectorizer.word_counts_ == {"good": 3, "never seen": 0}


@pytest.mark.parametrize(
    ("vocabulary", "error", "message"),
    [
        (Counter(["the", "film", "the"]), TypeError, r"word for word, _ in counter.most_common"),
        (pd.Series(["good", "film"]), TypeError, r"list\(series\).*dict\(series\)"),
        (pd.Series({"good": 1, "film": 2}), TypeError, r"list\(series\).*dict\(series\)"),
        ({"film": 50, "good": 7}, ValueError, r"are 1 to 2, got 50 for 'film'.*key=ranks.get"),
        ({"film": 0, "good": 1}, ValueError, r"start at 1 .*got 0 for 'film'"),
        ({"film": 1, "good": 3}, ValueError, r"got 3 for 'good'"),
    ],
    ids=str,
)
def test_what_is_no_ranking(vocabulary, error, message, texts):
    with pytest.raises(error, match=message):
        SequenceVectorizer(vocabulary=vocabulary).fit(texts)


def test_what_errors_about_rankings_recommend():
    counter = Counter(["the", "film", "the"])
    ranked = [word for word, _ in counter.most_common()]
    assert SequenceVectorizer(vocabulary=ranked).fit(["x"]).vocabulary_ == {"the": 4, "film": 5}
    series = pd.Series({"good": 1, "film": 2})
    found = SequenceVectorizer(vocabulary=dict(series)).fit(["x"]).vocabulary_
    assert found == {"good": 4, "film": 5}
    ranks = {"film": 50, "good": 7}
    anew = sorted(ranks, key=ranks.get)
    assert SequenceVectorizer(vocabulary=anew).fit(["x"]).vocabulary_ == {"good": 4, "film": 5}


def test_a_warm_start_keeps_ids_and_adds_words_behind():
    vectorizer = SequenceVectorizer(warm_start=True, maxlen=None, start_char=None)
    vectorizer.fit(["b a b", "c"])
    assert vectorizer.vocabulary_ == {"b": 4, "a": 5, "c": 6}
    rows = vectorizer.fit_transform(["d d a", "e"])
    assert vectorizer.vocabulary_ == {"b": 4, "a": 5, "c": 6, "d": 7, "e": 8}
    assert vectorizer.word_counts_ == {"b": 2, "a": 2, "c": 1, "d": 2, "e": 1}
    assert rows.tolist() == [[7, 7, 5], [0, 0, 8]]
    assert vectorizer.n_words_ == 9
    assert vectorizer.maxlen_ == 3  # rows stay as long as a classifier knows them
    vectorizer.fit(["f"] * 3 + ["a b c d e"])
    assert vectorizer.maxlen_ == 3
    cold = clone(vectorizer).fit(["d d a", "e"])
    assert cold.vocabulary_ == {"d": 4, "a": 5, "e": 6}
    assert clone(vectorizer).set_params(warm_start=False).fit(["x"]).fit(["y"]).vocabulary_ == {
        "y": 4
    }


def test_a_warm_start_with_a_full_vocabulary_says_so():
    vectorizer = SequenceVectorizer(num_words=7, warm_start=True).fit(["a b"])
    with pytest.warns(UserWarning, match="full: num_words=7 leaves room for 1 of 2 new words"):
        vectorizer.fit(["c d d"])
    assert vectorizer.vocabulary_ == {"a": 4, "b": 5, "d": 6}
    with pytest.warns(UserWarning, match="room for 0 of 1 new words"):
        vectorizer.fit(["c a"])
    assert vectorizer.vocabulary_ == {"a": 4, "b": 5, "d": 6}
    assert vectorizer.fit(["a d"]).n_words_ == 7  # nothing new, nothing to say


def unlike_words(n):
    """Return texts of letters that no space separates."""
    rng = random.Random(0)
    return ["".join(rng.choices("abcdefghij", k=30)) for _ in range(n)]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (unlike_words(150), "100% of the words occur once"),
        ([f"{word} good" for word in unlike_words(60)] + unlike_words(1060)[60:], "occur once"),
        (unlike_words(5) * 10, "100% of the texts are a single, long word"),
    ],
)
def test_words_that_make_no_sense_are_warned_about(texts, message):
    for analyzer in ("word", "keras"):
        with pytest.warns(UserWarning, match=f"{message}.*analyzer='char'") as warned:
            SequenceVectorizer(analyzer=analyzer).fit(texts)
        assert warned[0].filename == __file__ or sys.version_info < (3, 12)
    SequenceVectorizer(analyzer="char").fit(texts)
    SequenceVectorizer(analyzer=str.split).fit(texts)


@pytest.mark.parametrize(
    "texts",
    [
        ["good", "bad"] * 50,
        ["wonderful", "disappointing"] * 50,
        ["every word of this sentence occurs once only"] * 1,
        [f"number {i} of many" for i in range(200)],
        unlike_words(15),
    ],
    ids=lambda texts: texts[0],
)
def test_few_or_plain_words_are_not_warned_about(texts):
    SequenceVectorizer().fit(texts)


def test_clones_share_the_vocabulary(texts):
    vectorizer = SequenceVectorizer(vocabulary=VOCABULARY)
    assert clone(vectorizer).vocabulary is VOCABULARY
    vectorizer.fit(texts).vocabulary_.clear()
    assert clone(vectorizer).fit(texts).vocabulary_


@pytest.mark.parametrize(
    ("vocabulary", "error", "message"),
    [
        ({}, ValueError, "vocabulary is empty"),
        ({"a": 0}, ValueError, "start at 1 .*, got 0 for 'a'"),
        ({"a": 1, "b": 1}, ValueError, "rank 1 occurs more than once"),
        (["a", "b", "a"], ValueError, "word 'a' occurs more than once"),
        ({"a": 1.5}, TypeError, "must be integers, got 1.5"),
        ({"a": True}, TypeError, "must be integers, got True"),
        ([("a", 1)], TypeError, "Tokens must be str or int"),
        ({"a", "b"}, TypeError, "a set, whose words have no order"),
        ("abc", ValueError, "'vocabulary' parameter"),
        ({"a": 10**6}, ValueError, "start at 1 .*, got 1000000 for 'a'"),
    ],
)
def test_bad_vocabulary(vocabulary, error, message, texts):
    vectorizer = SequenceVectorizer(vocabulary=vocabulary)
    with pytest.raises(error, match=message):
        vectorizer.fit(texts)
    with pytest.raises(error, match=message):
        vectorizer.transform(texts)


@pytest.mark.parametrize("kind", [dict, list, tuple])
def test_a_large_vocabulary_is_abridged_where_it_is_printed(kind):
    words = [f"word{number:05}" for number in range(88_000)]
    ranks = {word: rank for rank, word in enumerate(words, 1)}
    vocabulary = ranks if kind is dict else kind(words)
    pipeline = make_pipeline(SequenceVectorizer(vocabulary=vocabulary, maxlen=3))
    for shown in (repr(pipeline), repr(pipeline[0]), pipeline._repr_html_()):
        assert "of 88,000" in shown
        assert "word00003" in shown
        assert "word00005" not in shown
        assert "word87999" not in shown
    assert pipeline.get_params()["sequencevectorizer__vocabulary"] is vocabulary
    assert clone(pipeline)[0].vocabulary is vocabulary
    few = SequenceVectorizer(vocabulary=["a", "b"])
    assert repr(few) == "SequenceVectorizer(vocabulary=['a', 'b'])"
