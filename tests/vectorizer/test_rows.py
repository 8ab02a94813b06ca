"""SequenceVectorizer: texts to rows of ids."""

import random

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.feature_extraction.text import CountVectorizer

from seqsent import SequenceVectorizer
from seqsent._text.analysis import KERAS_FILTERS


def random_corpus(n=200, seed=0):
    rng = random.Random(seed)
    words = [f"w{int(rng.paretovariate(0.7))}" for _ in range(5000)]
    return [" ".join(rng.choices(words, k=rng.randrange(30))) for _ in range(n)]


def test_ids_follow_ranks(texts):
    vectorizer = SequenceVectorizer(maxlen=7, num_words=7).fit(texts)
    # "dull" and "good" occur three times, "a" and "not" twice
    assert vectorizer.vocabulary_ == {"dull": 4, "good": 5, "a": 6}
    assert list(vectorizer.vocabulary_) == ["dull", "good", "a"]
    assert vectorizer.word_counts_ == {"dull": 3, "good": 3, "a": 2}
    assert vectorizer.n_words_ == 7
    assert vectorizer.maxlen_ == 7
    ids = vectorizer.transform(texts)
    assert ids.dtype == np.int32
    assert ids.flags.c_contiguous
    assert ids.tolist() == [
        [0, 0, 0, 1, 6, 5, 2],
        [1, 2, 5, 2, 5, 2, 2],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 1, 6, 4, 4, 4, 2],
    ]


def expected_rows(texts, ranks, parameters, pad_sequences):
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
def test_rows(padding, truncating, start_char, oov_char, maxlen, num_words, pad_sequences):
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
    assert_array_equal(ids, expected_rows(texts, ranks, parameters, pad_sequences))
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


def test_empty_texts_and_no_texts(texts):
    vectorizer = SequenceVectorizer(maxlen=3).fit(texts)
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


def test_stop_words_are_left_out(texts):
    vectorizer = SequenceVectorizer(maxlen=4, stop_words=["a", "at"]).fit(texts)
    assert not {"a", "at"} & set(vectorizer.vocabulary_)
    assert vectorizer.inverse_transform(vectorizer.transform(["A good film at last"])) == [
        ["[START]", "good", "film", "[OOV]"]
    ]
    with pytest.warns(UserWarning, match="negation decides sentiment"):
        SequenceVectorizer(stop_words="english").fit(texts)
