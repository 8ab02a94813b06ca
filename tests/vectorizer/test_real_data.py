"""SequenceVectorizer: the ids of Keras's IMDB, and Chinese reviews."""

import json
import pickle
from collections import Counter
from string import ascii_uppercase

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from seqsent import SequenceVectorizer
from seqsent._runtime.backend import import_keras


def read_texts(path):
    return pd.read_csv(path, keep_default_na=False)["text"].tolist()


@pytest.fixture(scope="module")
def reviews(shared_data):
    return read_texts(shared_data / "imdb" / "train.csv.gz")


@pytest.fixture(scope="module")
def word_index(shared_data):
    return json.loads((shared_data / "keras_imdb" / "imdb_word_index.json").read_text())


@pytest.fixture(scope="module")
def keras_rows(shared_data):
    with np.load(shared_data / "keras_imdb" / "imdb.npz", allow_pickle=True) as arrays:
        return arrays["x_train"]


def lower_ascii(text):
    """Convert A to Z to lower case, as the IMDB data of Keras was."""
    return text.translate({ord(letter): letter.lower() for letter in ascii_uppercase})


@pytest.mark.parametrize(("preprocessor", "n_different"), [(None, 17), (lower_ascii, 0)])
def test_ids_of_keras_imdb(reviews, word_index, keras_rows, preprocessor, n_different):
    vectorizer = SequenceVectorizer(
        analyzer="keras",
        vocabulary=word_index,
        num_words=None,
        maxlen=2600,
        preprocessor=preprocessor,
    )
    # bytes are faster to compare than tuples
    expected = Counter(np.array([1 - 3, *row], dtype=np.int32).tobytes() for row in keras_rows)
    is_ascii = [review.isascii() for review in reviews]
    assert sum(is_ascii) == 22_653
    rows = [(row[row != 0] - 3).tobytes() for row in vectorizer.transform(reviews)]
    wrong = Counter(rows) - expected
    assert not wrong & Counter(row for row, plain in zip(rows, is_ascii, strict=True) if plain)
    assert wrong.total() == (expected - Counter(rows)).total() == n_different


def test_ranks_of_keras_imdb(reviews, word_index):
    vectorizer = SequenceVectorizer(analyzer="keras", num_words=None, preprocessor=lower_ascii)
    counts = vectorizer.fit(reviews).word_counts_
    assert set(counts) == set(word_index)
    in_order = sorted(word_index, key=word_index.get)
    assert [counts[word] for word in in_order] == list(counts.values())


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
def test_rows_equal_pad_sequences(reviews, word_index, padding, truncating):
    reviews = reviews[:2000]
    options = {"analyzer": "keras", "vocabulary": word_index}
    long_rows = SequenceVectorizer(maxlen=2600, **options).transform(reviews)
    sequences = [row[row != 0].tolist() for row in long_rows]
    expected = import_keras().utils.pad_sequences(
        sequences, 250, padding=padding, truncating=truncating
    )
    vectorizer = SequenceVectorizer(maxlen=250, padding=padding, truncating=truncating, **options)
    assert_array_equal(vectorizer.transform(reviews), expected)


@pytest.fixture(scope="module")
def hotel_reviews(shared_data):
    return read_texts(shared_data / "chn_hotel" / "all.csv")


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
    # the bound method contains a lock, which cannot be copied
    clone(SequenceVectorizer(tokenizer=jieba.lcut))
