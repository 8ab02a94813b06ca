"""SequenceVectorizer: texts to rows of ids, and back."""

import random

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.feature_extraction.text import CountVectorizer

from seqsent import SequenceVectorizer


@pytest.fixture(scope="module")
def corpus():
    rng = random.Random(0)
    words = [f"w{int(rng.paretovariate(0.7))}" for _ in range(5000)]
    return [" ".join(rng.choices(words, k=rng.randrange(30))) for _ in range(200)]


def test_ids_follow_ranks(texts):
    vectorizer = SequenceVectorizer(maxlen=7, num_words=7).fit(texts)
    # "dull" and "good" occur three times, "a" and "not" twice
    assert list(vectorizer.vocabulary_.items()) == [("dull", 4), ("good", 5), ("a", 6)]
    assert vectorizer.word_counts_ == {"dull": 3, "good": 3, "a": 2}
    assert vectorizer.n_words_ == 7
    rows = vectorizer.transform(texts)
    assert rows.dtype == np.int32
    assert rows.flags.c_contiguous
    assert rows.tolist() == [
        [0, 0, 0, 1, 6, 5, 2],
        [1, 2, 5, 2, 5, 2, 2],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 1, 6, 4, 4, 4, 2],
    ]


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize(("start_char", "oov_char"), [(1, 2), (None, 2), (1, None)])
@pytest.mark.parametrize("maxlen", [1, 12, None])
def test_rows_in_bulk(padding, truncating, start_char, oov_char, maxlen, corpus, expected_row):
    parameters = {"padding": padding, "truncating": truncating, "num_words": 20}
    parameters |= {"start_char": start_char, "oov_char": oov_char, "maxlen": maxlen}
    vectorizer = SequenceVectorizer(**parameters)
    rows = vectorizer.fit_transform(corpus)
    assert rows.tolist() == [expected_row(vectorizer, text) for text in corpus]
    if maxlen is None:
        assert (rows != 0).all(axis=1).any()
    again = SequenceVectorizer(**parameters).fit(corpus)
    assert_array_equal(again.transform(corpus), rows)


def test_index_from_shifts_the_ids():
    vectorizer = SequenceVectorizer(index_from=0, start_char=None, oov_char=None, maxlen=3)
    assert vectorizer.fit_transform(["b b a"]).tolist() == [[1, 1, 2]]
    vectorizer = SequenceVectorizer(index_from=9, start_char=9, oov_char=5, maxlen=4)
    assert vectorizer.fit(["b b a"]).transform(["a b c"]).tolist() == [[9, 11, 10, 5]]


def test_tokens_of_equal_count_are_ranked_by_code_points(corpus):
    vectorizer = SequenceVectorizer(num_words=40).fit(corpus)
    keys = [(-count, token) for token, count in vectorizer.word_counts_.items()]
    assert keys == sorted(keys)


def test_texts_without_tokens(texts):
    vectorizer = SequenceVectorizer(maxlen=3).fit(texts)
    assert vectorizer.transform(["", ".,"]).tolist() == [[0, 0, 1]] * 2


def test_missing_texts_can_be_read_as_empty():
    vectorizer = SequenceVectorizer(maxlen=3, missing="empty")
    assert vectorizer.fit_transform(["a", None, np.nan]).tolist()[1:] == [[0, 0, 1]] * 2
    vectorizer = SequenceVectorizer(maxlen=3, missing="empty", analyzer=list)
    assert vectorizer.fit_transform([["a"], None]).tolist() == [[0, 1, 4], [0, 0, 1]]


@pytest.mark.parametrize(
    "limits",
    [
        {"min_df": 2},
        {"min_df": 0.1},
        {"max_df": 30},
        {"min_df": 3, "max_df": 0.5},
        {"min_df": 1.0},
        {"min_df": 0.0, "max_df": 1.0},
        {"max_df": 1},
    ],
)
def test_document_frequencies_as_in_scikit_learn(limits, corpus):
    corpus = [f"{text} everywhere" for text in corpus]
    expected = CountVectorizer(token_pattern="[^ ]+", **limits).fit(corpus)
    vectorizer = SequenceVectorizer(num_words=None, **limits).fit(corpus)
    assert set(vectorizer.vocabulary_) == set(expected.vocabulary_)


def test_stop_words_are_removed(texts):
    vectorizer = SequenceVectorizer(maxlen=4, stop_words=["a", "at"]).fit(texts)
    assert not {"a", "at"} & set(vectorizer.vocabulary_)
    assert vectorizer.inverse_transform(vectorizer.transform(["A good film at last"])) == [
        ["[START]", "good", "film", "[OOV]"]
    ]
    with pytest.warns(UserWarning, match="'not good' reads as 'good'"):
        SequenceVectorizer(stop_words="english").fit(texts)


@pytest.mark.parametrize("analyzer", [list, "builtins.list"])
def test_documents_of_ids(analyzer):
    documents = [[17, 25, 17], [], [np.int64(25), 99, 17, 5]]
    vectorizer = SequenceVectorizer(analyzer=analyzer, maxlen=4, num_words=7)
    rows = [[1, 4, 5, 4], [0, 0, 0, 1], [5, 2, 4, 6]]
    assert vectorizer.fit_transform(documents).tolist() == rows
    assert vectorizer.vocabulary_ == {17: 4, 25: 5, 5: 6}
    assert {type(token) for token in vectorizer.vocabulary_} == {int}
    assert vectorizer.transform([np.array(document) for document in documents]).tolist() == rows
    assert vectorizer.inverse_transform([[4, 2]]) == [[17, "[OOV]"]]


def test_documents_of_tokens():
    vectorizer = SequenceVectorizer(analyzer=list, maxlen=3)
    assert vectorizer.fit_transform([["A", "b"], ["b", 3]]).tolist() == [[1, 6, 4], [1, 4, 5]]
    with pytest.raises(TypeError, match=r"Tokens must be str or int, got 1.5"):
        vectorizer.fit([[1.5]])


def test_inverse_transform_returns_tokens_without_padding(texts):
    vectorizer = SequenceVectorizer(maxlen=6, padding="post").fit(texts)
    rows = vectorizer.transform(["good story, great film", ""])
    tokens = [["[START]", "good", "story", "[OOV]", "film"], ["[START]"]]
    assert vectorizer.inverse_transform(rows) == tokens
    assert vectorizer.inverse_transform(pd.DataFrame(rows)) == tokens
    assert vectorizer.inverse_transform([[], [0], [3, 10**6]]) == [[], [], ["[OOV]"] * 2]
    assert vectorizer.set_params(start_char=None).inverse_transform([[1]]) == [["[OOV]"]]


@pytest.mark.parametrize("rows", [[[1.5]], [["a"]], [[-1]], [3]])
def test_inverse_transform_rejects_other_values_than_ids(rows, texts):
    vectorizer = SequenceVectorizer().fit(texts)
    with pytest.raises(ValueError, match="Expected rows of ids"):
        vectorizer.inverse_transform(rows)
