import copy
import io
import json
import os
import pickle
import random
import subprocess
import sys
from collections import Counter

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

from seqsent import SequenceVectorizer
from seqsent._backend import import_keras
from seqsent._text.analysis import KERAS_FILTERS

TEXTS = ["A good film", "Not good, not good at all!", "", "a dull, dull, dull story"]
VOCABULARY = {"a": 1, "good": 2, "film": 4, "dull": 3}


def pad_sequences(sequences, maxlen, padding, truncating):
    """`keras.utils.pad_sequences`, without Keras; test_rows_of_keras holds it to the real one."""
    rows = np.zeros((len(sequences), maxlen), dtype=np.int32)
    for row, ids in zip(rows, sequences, strict=True):
        ids = ids[-maxlen:] if truncating == "pre" else ids[:maxlen]
        if ids:
            row[slice(-len(ids), None) if padding == "pre" else slice(len(ids))] = ids
    return rows


def random_corpus(n=200, seed=0):
    rng = random.Random(seed)
    words = [f"w{int(rng.paretovariate(0.7))}" for _ in range(5000)]
    return [" ".join(rng.choices(words, k=rng.randrange(30))) for _ in range(n)]


# --- ids ---------------------------------------------------------------------------------


def test_ids_follow_ranks():
    vectorizer = SequenceVectorizer(maxlen=7, num_words=7).fit(TEXTS)
    # "dull" and "good" occur three times, "a" and "not" twice
    assert vectorizer.vocabulary_ == {"dull": 4, "good": 5, "a": 6}
    assert list(vectorizer.vocabulary_) == ["dull", "good", "a"]
    assert vectorizer.word_counts_ == {"dull": 3, "good": 3, "a": 2}
    assert vectorizer.n_words_ == 7
    assert vectorizer.maxlen_ == 7
    ids = vectorizer.transform(TEXTS)
    assert ids.dtype == np.int32
    assert ids.flags.c_contiguous
    assert ids.tolist() == [
        [0, 0, 0, 1, 6, 5, 2],
        [1, 2, 5, 2, 5, 2, 2],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 1, 6, 4, 4, 4, 2],
    ]


def expected_rows(texts, ranks, parameters):
    """Ids as `keras.datasets.imdb.load_data` makes them, padded as `pad_sequences` does."""
    p = SequenceVectorizer(**parameters).get_params()
    sequences = []
    for text in texts:
        words = text.lower().translate({ord(c): " " for c in KERAS_FILTERS}).split(" ")
        ids = [ranks.get(word, 10**9) + p["index_from"] for word in words if word]
        largest = p["num_words"] or 10**9
        ids = [i if i < largest else p["oov_char"] for i in ids]
        start = [] if p["start_char"] is None else [p["start_char"]]
        sequences.append([i for i in start + ids if i is not None])
    maxlen = p["maxlen"] or max(map(len, sequences))
    return pad_sequences(sequences, maxlen, p["padding"], p["truncating"])


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("start_char", [1, None])
@pytest.mark.parametrize("oov_char", [2, None])
@pytest.mark.parametrize("maxlen", [1, 2, 12, 40, None])
@pytest.mark.parametrize("num_words", [20, None])
def test_rows(padding, truncating, start_char, oov_char, maxlen, num_words):
    parameters = {
        "padding": padding,
        "truncating": truncating,
        "start_char": start_char,
        "oov_char": oov_char,
        "maxlen": maxlen,
        "num_words": num_words,
    }
    texts = random_corpus()
    vectorizer = SequenceVectorizer(**parameters)
    ids = vectorizer.fit_transform(texts)
    ranks = {word: id_ - 3 for word, id_ in vectorizer.vocabulary_.items()}
    assert_array_equal(ids, expected_rows(texts, ranks, parameters))
    again = SequenceVectorizer(**parameters).fit(texts)
    assert again.maxlen_ == vectorizer.maxlen_ == ids.shape[1]
    assert_array_equal(again.transform(texts), ids)
    # few texts take another way through the code than many
    one_by_one = [again.transform([text])[0] for text in texts[:50]]
    assert_array_equal(one_by_one, ids[:50])


def test_any_index_from():
    vectorizer = SequenceVectorizer(index_from=0, start_char=None, oov_char=None, maxlen=3)
    assert vectorizer.fit_transform(["b b a"]).tolist() == [[1, 1, 2]]
    vectorizer = SequenceVectorizer(index_from=9, start_char=9, oov_char=5, maxlen=4)
    assert vectorizer.fit(["b b a"]).transform(["a b c"]).tolist() == [[9, 11, 10, 5]]


def test_ties_do_not_depend_on_the_order_of_texts():
    texts = random_corpus(50)
    vectorizer = SequenceVectorizer(num_words=40).fit(texts)
    assert SequenceVectorizer(num_words=40).fit(texts[::-1]).vocabulary_ == vectorizer.vocabulary_
    counts = [(-count, word) for word, count in vectorizer.word_counts_.items()]
    assert counts == sorted(counts)


def test_empty_texts_and_no_texts():
    vectorizer = SequenceVectorizer(maxlen=3).fit(TEXTS)
    assert vectorizer.transform(["", "?!"]).tolist() == [[0, 0, 1]] * 2
    for nothing in ([], (), np.array([], dtype=object), pd.Series([], dtype=object)):
        ids = vectorizer.transform(nothing)
        assert ids.shape == (0, 3)
        assert ids.dtype == np.int32


@pytest.mark.parametrize(
    "limits",
    [
        {"min_df": 2},
        {"min_df": 0.1},
        {"max_df": 0.2},
        {"max_df": 30},
        {"min_df": 3, "max_df": 0.5},
        {"min_df": 1.0},
        {"min_df": 0.0, "max_df": 1.0},
        {"max_df": 1},
    ],
)
def test_document_frequency_as_in_scikit_learn(limits):
    texts = [text + " everywhere" for text in random_corpus()]
    expected = CountVectorizer(token_pattern="[^ ]+", **limits).fit(texts)
    vectorizer = SequenceVectorizer(num_words=None, **limits).fit(texts)
    assert set(vectorizer.vocabulary_) == set(expected.vocabulary_)


def test_stop_words_are_left_out():
    vectorizer = SequenceVectorizer(maxlen=4, stop_words=["a", "at"]).fit(TEXTS)
    assert not {"a", "at"} & set(vectorizer.vocabulary_)
    assert vectorizer.inverse_transform(vectorizer.transform(["A good film at last"])) == [
        ["[START]", "good", "film", "[OOV]"]
    ]
    with pytest.warns(UserWarning, match="negation decides sentiment"):
        SequenceVectorizer(stop_words="english").fit(TEXTS)


# --- a given vocabulary ------------------------------------------------------------------


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
def test_transform_without_fit(vocabulary):
    vectorizer = SequenceVectorizer(vocabulary=vocabulary, maxlen=5)
    assert vectorizer.transform(["A good film?", "dull one"]).tolist() == [
        [0, 1, 4, 5, 7],
        [0, 0, 1, 6, 2],
    ]
    assert vectorizer.inverse_transform([[1, 7, 2]]) == [["[START]", "film", "[OOV]"]]
    assert len(vectorizer.get_feature_names_out()) == 5
    assert "vocabulary_" not in vars(vectorizer)
    assert not get_tags(vectorizer).requires_fit
    vectorizer.fit(TEXTS)
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


def test_words_absent_from_the_texts_have_count_zero():
    vectorizer = SequenceVectorizer(vocabulary=["good", "never seen"], maxlen=None)
    assert vectorizer.fit_transform(TEXTS).shape == (4, 7)
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
def test_what_is_no_ranking(vocabulary, error, message):
    with pytest.raises(error, match=message):
        SequenceVectorizer(vocabulary=vocabulary).fit(TEXTS)


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
        assert warned[0].filename == __file__
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


def test_clones_share_the_vocabulary():
    vectorizer = SequenceVectorizer(vocabulary=VOCABULARY)
    assert clone(vectorizer).vocabulary is VOCABULARY
    vectorizer.fit(TEXTS).vocabulary_.clear()
    assert clone(vectorizer).fit(TEXTS).vocabulary_


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
def test_bad_vocabulary(vocabulary, error, message):
    vectorizer = SequenceVectorizer(vocabulary=vocabulary)
    with pytest.raises(error, match=message):
        vectorizer.fit(TEXTS)
    with pytest.raises(error, match=message):
        vectorizer.transform(TEXTS)


# --- parameters and errors ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"start_char": 0}, "'start_char' parameter"),
        ({"oov_char": 0}, "'oov_char' parameter"),
        ({"start_char": 2}, "start_char and oov_char are both 2"),
        ({"oov_char": 4}, r"oov_char=4 is the id of a word: .* in \[1, 3\]"),
        ({"start_char": 9999}, "start_char=9999 is the id of a word"),
        ({"index_from": 1}, "oov_char=2 is the id of a word"),
        ({"index_from": 2**31}, r"must be an int in the range \[0, 1073741824\]"),
        ({"num_words": 4}, "num_words=4 leaves no id for a word"),
        ({"maxlen": 0}, "'maxlen' parameter"),
        ({"padding": "left"}, "'padding' parameter"),
        ({"lowercase": "unicode"}, "'lowercase' parameter"),
        ({"missing": "drop"}, "'missing' parameter"),
        ({"min_df": 2, "max_df": 1}, "max_df=1 allows fewer"),
        ({"min_df": 5}, "max_df=1.0 allows fewer of the 4 documents than min_df=5"),
        ({"min_df": 4}, "None of the 8 words lies within min_df=4"),
        ({"analyzer": "chars"}, "Did you mean 'char'"),
    ],
)
def test_bad_parameters_leave_the_fitted_state(parameters, message):
    vectorizer = SequenceVectorizer(maxlen=4).fit(TEXTS)
    before = vectorizer.transform(TEXTS)
    old = {name: getattr(vectorizer, name) for name in parameters}
    for fit in (vectorizer.fit, vectorizer.fit_transform):
        vectorizer.set_params(**parameters)
        with pytest.raises(ValueError, match=message):
            fit(TEXTS)
    assert_array_equal(vectorizer.set_params(**old).transform(TEXTS), before)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([], ValueError, "Found no documents"),
        (["", "?!"], ValueError, "The vocabulary is empty: no words in 2 documents"),
        ("a text", TypeError, "pass a list"),
        ([["a", "b"]], TypeError, "analyzer=list"),
        (["a", None], ValueError, "row 1"),
    ],
)
def test_bad_input_leaves_the_fitted_state(X, error, message):
    vectorizer = SequenceVectorizer(maxlen=4).fit(TEXTS)
    before = dict(vars(vectorizer))
    with pytest.raises(error, match=message):
        vectorizer.fit(X)
    assert vars(vectorizer) == before


def test_missing_texts_can_be_empty():
    vectorizer = SequenceVectorizer(maxlen=3, missing="empty")
    assert vectorizer.fit_transform(["a", None, np.nan, pd.NA]).tolist()[1:] == [[0, 0, 1]] * 3
    vectorizer = SequenceVectorizer(maxlen=3, missing="empty", analyzer=list)
    assert vectorizer.fit_transform([["a"], None]).tolist() == [[0, 1, 4], [0, 0, 1]]


@pytest.mark.parametrize("name", ["max_features", "max_tokens", "max_len"])
def test_familiar_names_are_answered(name):
    with pytest.raises(ValueError, match=r"Did you mean '(num_words|maxlen)'"):
        SequenceVectorizer().set_params(**{name: 100})


# --- analyzers ---------------------------------------------------------------------------


def identity(document):
    return document


def cut_in_two(text):
    return [text[: len(text) // 2], text[len(text) // 2 :]]


@pytest.mark.parametrize("analyzer", [identity, list, "builtins.list"])
def test_lists_of_ids(analyzer):
    documents = [[17, 25, 17], [], [np.int64(25), 99, 17, 5]]
    vectorizer = SequenceVectorizer(analyzer=analyzer, maxlen=4, num_words=7)
    assert vectorizer.fit_transform(documents).tolist() == [
        [1, 4, 5, 4],
        [0, 0, 0, 1],
        [5, 2, 4, 6],
    ]
    assert vectorizer.vocabulary_ == {17: 4, 25: 5, 5: 6}
    assert all(type(word) is int for word in vectorizer.vocabulary_)
    arrays = [np.array(document) for document in documents]
    assert_array_equal(vectorizer.transform(arrays), vectorizer.transform(documents))
    assert vectorizer.inverse_transform([[4, 2]]) == [[17, "[OOV]"]]


def test_lists_of_tokens():
    vectorizer = SequenceVectorizer(analyzer=identity, maxlen=3)
    assert vectorizer.fit_transform([["A", "b"], ["b", 3]]).tolist() == [[1, 6, 4], [1, 4, 5]]
    with pytest.raises(TypeError, match=r"Tokens must be str or int, got 1.5"):
        vectorizer.fit([[1.5]])
    with pytest.raises(TypeError, match="must return a list of tokens, got str"):
        vectorizer.fit(["a text"])


def test_build_analyzer():
    assert SequenceVectorizer().build_analyzer()("A good, good FILM") == [
        "a",
        "good",
        "good",
        "film",
    ]
    assert SequenceVectorizer(analyzer="char").build_analyzer()("No!") == ["n", "o"]


# --- scikit-learn ------------------------------------------------------------------------


class Stemming(SequenceVectorizer):
    """Cuts words to three letters, and yields them one by one."""

    length = 3

    def build_analyzer(self):
        analyze = super().build_analyzer()
        return lambda document: (word[: self.length] for word in analyze(document))


def test_an_analyzer_of_a_subclass():
    vectorizer = Stemming(maxlen=4, start_char=None)
    # "goo" 4, "bad" 5, "not" 6
    rows = [[0, 4, 6, 5], [0, 0, 4, 2], [0, 4, 6, 5], [0, 0, 0, 4]]
    assert vectorizer.fit_transform(["good not bad", "goods"]).tolist() == [rows[2], rows[3]]
    assert vectorizer.vocabulary_ == {"goo": 4, "bad": 5, "not": 6}
    assert vectorizer.transform(["gooey nothing badly", "goof xyz"]).tolist() == rows[:2]
    many = ["gooey nothing badly"] * 50  # what is read in bulk where nothing is overridden
    assert vectorizer.transform(many).tolist() == [rows[0]] * 50
    vectorizer.length = 2  # on which no parameter depends
    assert vectorizer.transform(["goo"]).tolist() == [[0, 0, 0, 2]]


class OfTweets(SequenceVectorizer):
    """Has parameters of its own, and few."""

    def __init__(self, *, num_words=100, hashtags=True):
        super().__init__(num_words=num_words, maxlen=3, lowercase=False)
        self.hashtags = hashtags


def test_a_subclass_with_fewer_parameters():
    vectorizer = clone(OfTweets(num_words=50)).fit(["a b A"])
    assert vectorizer.get_params() == {"num_words": 50, "hashtags": True}
    assert vectorizer.vocabulary_ == {"A": 4, "a": 5, "b": 6}
    expected = [[1, 4, 6]]
    assert vectorizer.transform(["A b"]).tolist() == expected
    assert pickle.loads(pickle.dumps(vectorizer)).transform(["A b"]).tolist() == expected
    with pytest.raises(ValueError, match="num_words"):
        OfTweets(num_words=0).fit(["a"])


def test_scikit_learn_checks():
    # most of them feed numbers, and are left out for a transformer of texts
    with pytest.warns(SkipTestWarning, match="string=True"):
        check_estimator(SequenceVectorizer())


def test_tags():
    tags = get_tags(SequenceVectorizer())
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.requires_fit


def test_every_container(text_container):
    expected = SequenceVectorizer(maxlen=5).fit_transform(TEXTS)
    vectorizer = SequenceVectorizer(maxlen=5)
    assert_array_equal(vectorizer.fit_transform(text_container(TEXTS)), expected)
    assert_array_equal(vectorizer.transform(text_container(TEXTS)), expected)


def test_output_as_frame():
    vectorizer = SequenceVectorizer(maxlen=3).set_output(transform="pandas")
    X = pd.DataFrame({"text": TEXTS}, index=list("wxyz"))
    for frame in (vectorizer.fit_transform(X), vectorizer.transform(X)):
        assert list(frame.columns) == [f"sequencevectorizer{i}" for i in range(3)]
        assert list(frame.index) == list("wxyz")
        assert (frame.dtypes == np.int32).all()
    assert vectorizer.inverse_transform(frame)[0] == ["a", "good", "film"]
    assert list(vectorizer.get_feature_names_out()) == list(frame.columns)


def test_inverse_transform():
    vectorizer = SequenceVectorizer(maxlen=6, padding="post").fit(TEXTS)
    assert vectorizer.inverse_transform(vectorizer.transform(["good story, great film", ""])) == [
        ["[START]", "good", "story", "[OOV]", "film"],
        ["[START]"],
    ]
    assert vectorizer.inverse_transform([[], [0], [3, 10**6]]) == [[], [], ["[OOV]"] * 2]
    assert vectorizer.set_params(start_char=None).inverse_transform([[1]]) == [["[OOV]"]]
    for bad in ([[1.5]], [["a"]], [[-1]], [3]):
        with pytest.raises(ValueError, match="Expected rows of ids"):
            vectorizer.inverse_transform(bad)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("tokenizer", ["builtins.list", None])
def test_grid_search(n_jobs, tokenizer):
    search = GridSearchCV(
        make_pipeline(SequenceVectorizer(maxlen=8, tokenizer=tokenizer), MultinomialNB()),
        {"sequencevectorizer__num_words": [8, 10]},
        cv=2,
        n_jobs=n_jobs,
        error_score="raise",
    )
    search.fit(TEXTS * 2, [1, 0, 1, 0] * 2)
    assert search.predict(TEXTS).shape == (4,)


# --- storing -----------------------------------------------------------------------------


def through_joblib(vectorizer):
    buffer = io.BytesIO()
    joblib.dump(vectorizer, buffer)
    return joblib.load(buffer)


def through_skops(vectorizer):
    sio = pytest.importorskip("skops.io")
    data = sio.dumps(vectorizer)
    untrusted = sio.get_untrusted_types(data=data)
    assert untrusted == ["seqsent._vectorizer.SequenceVectorizer"]
    return sio.loads(data, trusted=untrusted)


STORES = {
    "pickle": lambda vectorizer: pickle.loads(pickle.dumps(vectorizer)),
    "cloudpickle": lambda vectorizer: pickle.loads(cloudpickle.dumps(vectorizer)),
    "joblib": through_joblib,
    "skops": through_skops,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
@pytest.mark.parametrize(
    "vocabulary",
    [
        None,
        VOCABULARY,
        ["good", "\ud800", "a\nb", "", "\ud83d\ude00", "\U0001f600"],
        ("good", "dull"),
        {3: 1},
    ],
    ids=["learned", "dict", "list", "tuple", "numbers"],
)
def test_storing(store, vocabulary):
    vectorizer = SequenceVectorizer(vocabulary=vocabulary, maxlen=4)
    unfitted = store(vectorizer)
    assert unfitted.get_params() == vectorizer.get_params()
    vectorizer.fit(TEXTS)
    before = dict(vars(vectorizer))
    stored = store(vectorizer)
    assert vars(vectorizer) == before
    for name in ("vocabulary_", "word_counts_", "maxlen_", "n_words_"):
        assert getattr(stored, name) == getattr(vectorizer, name)
    assert list(stored.vocabulary_) == list(vectorizer.vocabulary_)
    assert stored.get_params() == vectorizer.get_params()
    assert_array_equal(stored.transform(TEXTS), vectorizer.transform(TEXTS))


def test_stored_size():
    rng = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randrange(3, 12))) for _ in range(12_000)]
    texts = [" ".join(words[: int(12_000 / (i + 1))]) for i in range(100)]
    vectorizer = SequenceVectorizer().fit(texts)
    assert len(vectorizer.vocabulary_) == 9996
    assert len(pickle.dumps(vectorizer)) < 110_000


def test_what_cannot_be_pickled_gets_a_recipe():
    vectorizer = SequenceVectorizer(tokenizer=lambda text: text.split(), maxlen=3).fit(TEXTS)
    for dump in (pickle.dumps, lambda v: joblib.dump(v, io.BytesIO())):
        with pytest.raises(pickle.PicklingError, match=r"def my_tokenizer\(text\)"):
            dump(vectorizer)
    # these can
    again = pickle.loads(cloudpickle.dumps(vectorizer))
    assert_array_equal(again.transform(TEXTS), vectorizer.transform(TEXTS))
    assert_array_equal(copy.deepcopy(vectorizer).transform(TEXTS), vectorizer.transform(TEXTS))
    assert clone(vectorizer).tokenizer is vectorizer.tokenizer


def test_module_level_functions_are_pickled():
    vectorizer = SequenceVectorizer(tokenizer=cut_in_two, maxlen=3).fit(TEXTS)
    again = pickle.loads(pickle.dumps(vectorizer))
    assert again.tokenizer is cut_in_two


def test_import_loads_nothing_heavy():
    code = (
        "import sys, sklearn, sklearn.base; before = set(sys.modules);"
        "from seqsent import SequenceVectorizer;"
        "SequenceVectorizer(maxlen=3).fit_transform(['a b'] * 20);"
        "heavy = {'keras', 'jax', 'tensorflow', 'torch', 'pandas', 'polars', 'matplotlib',"
        " 'sklearn.feature_extraction'};"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"


# --- real data ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reviews(shared_data):
    return pd.read_csv(shared_data / "imdb" / "train.csv.gz", keep_default_na=False)[
        "text"
    ].tolist()


@pytest.fixture(scope="module")
def word_index(shared_data):
    return json.loads((shared_data / "keras_imdb" / "imdb_word_index.json").read_text())


@pytest.fixture(scope="module")
def keras_rows(shared_data):
    with np.load(shared_data / "keras_imdb" / "imdb.npz", allow_pickle=True) as arrays:
        return arrays["x_train"]


@pytest.mark.parametrize(("lowercase", "tolerated"), [(True, 17), ("ascii", 0)])
def test_imdb_of_keras(reviews, word_index, keras_rows, lowercase, tolerated):
    vectorizer = SequenceVectorizer(
        analyzer="keras",
        vocabulary=word_index,
        num_words=None,
        maxlen=2600,
        lowercase=lowercase,
    )
    # bytes are quicker to compare than tuples
    expected = Counter(np.array([1 - 3, *row], dtype=np.int32).tobytes() for row in keras_rows)
    is_ascii = [review.isascii() for review in reviews]
    assert sum(is_ascii) == 22_653
    rows = [(row[row != 0] - 3).tobytes() for row in vectorizer.transform(reviews)]
    wrong = Counter(rows) - expected
    assert not wrong & Counter(row for row, plain in zip(rows, is_ascii, strict=True) if plain)
    assert wrong.total() == (expected - Counter(rows)).total() <= tolerated


def test_ranks_of_keras(reviews, word_index):
    vectorizer = SequenceVectorizer(analyzer="keras", num_words=None, lowercase="ascii").fit(
        reviews
    )
    counts = vectorizer.word_counts_
    assert set(counts) == set(word_index)
    in_order = sorted(word_index, key=word_index.get)
    assert [counts[word] for word in in_order] == list(counts.values())


def test_ranks_of_keras_in_any_case(reviews, word_index):
    counts = SequenceVectorizer(analyzer="keras", num_words=None).fit(reviews).word_counts_
    # capital letters beyond ASCII, which Keras's index keeps
    assert {word.lower() for word in word_index} == set(counts)
    assert len(set(word_index) - set(counts)) == 21


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
def test_rows_of_keras(reviews, word_index, padding, truncating):
    reviews = reviews[:2000]
    whole = SequenceVectorizer(analyzer="keras", vocabulary=word_index, maxlen=2600).transform(
        reviews
    )
    expected = import_keras().utils.pad_sequences(
        [row[row != 0].tolist() for row in whole], 250, padding=padding, truncating=truncating
    )
    vectorizer = SequenceVectorizer(
        analyzer="keras", vocabulary=word_index, padding=padding, truncating=truncating
    )
    assert_array_equal(vectorizer.transform(reviews), expected)
    assert_array_equal(vectorizer.fit_transform(reviews), expected)
    sequences = [row[row != 0].tolist() for row in whole[:200]]
    assert_array_equal(pad_sequences(sequences, 250, padding, truncating), expected[:200])


@pytest.fixture(scope="module")
def hotel_reviews(shared_data):
    return pd.read_csv(shared_data / "chn_hotel" / "all.csv", keep_default_na=False)[
        "text"
    ].tolist()


def test_chinese_characters(hotel_reviews):
    vectorizer = SequenceVectorizer(analyzer="char", num_words=3000, maxlen=100)
    ids = vectorizer.fit_transform(hotel_reviews)
    assert (ids == 2).mean() < 0.01
    [text] = vectorizer.inverse_transform(vectorizer.transform(["房间很好, 不错!"]))
    assert "".join(text) == "[START]房间很好 不错"


@pytest.mark.filterwarnings("ignore::SyntaxWarning:jieba", "ignore::UserWarning:jieba")
@pytest.mark.filterwarnings("ignore:pkg_resources", "ignore:invalid escape sequence")
def test_chinese_words(hotel_reviews):
    jieba = pytest.importorskip("jieba")
    jieba.setLogLevel("WARNING")
    hotel_reviews = hotel_reviews[:300]
    vectorizer = SequenceVectorizer(tokenizer="jieba.lcut", maxlen=50)
    ids = clone(vectorizer).fit_transform(hotel_reviews)
    again = pickle.loads(pickle.dumps(vectorizer.fit(hotel_reviews)))
    assert_array_equal(again.transform(hotel_reviews), ids)
    [words] = again.inverse_transform(again.transform(["房间很好\uff0c服务也不错。"]))
    assert "房间" in words
    assert "服务" in words
    # the function itself holds a lock
    by_hand = clone(SequenceVectorizer(tokenizer=jieba.lcut, maxlen=50))
    assert_array_equal(by_hand.fit_transform(hotel_reviews), ids)
    for dumps in (pickle.dumps, cloudpickle.dumps):
        with pytest.raises(pickle.PicklingError, match="defined at the top level"):
            dumps(by_hand)


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
