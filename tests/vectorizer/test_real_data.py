"""SequenceVectorizer: the rows of Keras's IMDB, and Chinese reviews."""

import json
import pickle
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from seqsent import SequenceVectorizer
from seqsent._runtime.backend import import_keras


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
def test_rows_of_keras(reviews, word_index, padding, truncating, pad_sequences):
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
    by_hand = clone(SequenceVectorizer(tokenizer=jieba.lcut, maxlen=50))
    assert_array_equal(by_hand.fit_transform(hotel_reviews), ids)
