"""fetch_imdb_sequences: Keras's rows, from a folder or from Keras's own downloader."""

import json
import sys
import types

import numpy as np
import pytest

from seqsent import SequenceVectorizer
from seqsent.datasets import _imdb_sequences, fetch_imdb_sequences

INDEX = {"the": 1, "film": 2, "sang": 3, "softly": 4}


def as_array(reviews):
    # reviews of one length would otherwise become a matrix
    array = np.empty(len(reviews), dtype=object)
    array[:] = reviews
    return array


def write(folder, x_train=None, index=INDEX):
    x_train = [[1, 2, 3], [1, 4], [2]] if x_train is None else x_train
    arrays = {
        "x_train": as_array(x_train),
        "y_train": np.arange(len(x_train)) % 2 == 0,
        "x_test": as_array([[4, 3], [2]]),
        "y_test": np.array([0, 1]),
    }
    np.savez(folder / "imdb.npz", **arrays)
    (folder / "imdb_word_index.json").write_text(json.dumps(index))


@pytest.fixture
def no_keras(monkeypatch, tmp_path):
    def refuse():
        raise AssertionError("Keras was asked for")

    monkeypatch.setattr(_imdb_sequences, "import_keras", refuse)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def pairs(bunch):
    return sorted(zip(bunch.data.tolist(), bunch.target.tolist(), strict=True))


@pytest.mark.parametrize("subfolder", ["", "keras_imdb"])
def test_files_in_data_home(tmp_path, no_keras, subfolder):
    (tmp_path / subfolder).mkdir(exist_ok=True)
    write(tmp_path / subfolder)
    train = fetch_imdb_sequences(data_home=tmp_path)
    assert pairs(train) == [([1, 4, 5, 6], 1), ([1, 4, 7], 0), ([1, 5], 1)]
    assert train.vocabulary == INDEX
    assert train.data.dtype == object
    assert train.target.dtype == np.int64
    test = fetch_imdb_sequences(data_home=tmp_path, subset="test")
    assert pairs(test) == [([1, 5], 1), ([1, 7, 6], 0)]
    X, y = fetch_imdb_sequences(data_home=tmp_path, subset="all", return_X_y=True)
    assert X.tolist() == [*train.data, *test.data]
    assert y.tolist() == [*train.target, *test.target]


@pytest.mark.parametrize(
    ("num_words", "row"), [(7, [1, 4, 5, 6]), (6, [1, 4, 5, 2]), (4, [1, 2, 2, 2])]
)
def test_ids_lie_below_num_words(tmp_path, no_keras, num_words, row):
    write(tmp_path)
    assert row in fetch_imdb_sequences(num_words, data_home=tmp_path).data.tolist()


def test_vocabulary_reads_raw_text_into_the_same_ids(tmp_path, no_keras):
    write(tmp_path)
    bunch = fetch_imdb_sequences(None, data_home=tmp_path)
    vectorizer = SequenceVectorizer(vocabulary=bunch.vocabulary, num_words=None, maxlen=4)
    assert vectorizer.transform(["The film sang"]).tolist() == [[1, 4, 5, 6]]


def test_same_rows_in_the_same_order_as_keras(tmp_path, monkeypatch, no_keras):
    """Keras's loader, given our file, and our reading of that file do the same."""
    from seqsent._backend import import_keras

    imdb = import_keras().datasets.imdb
    write(tmp_path, [[i, 1 + i % 4][: 1 + i % 2] for i in range(1, 41)])
    monkeypatch.setitem(
        imdb.load_data.__globals__, "get_file", lambda fname, **_: str(tmp_path / fname)
    )
    (X, y), (X_test, y_test) = imdb.load_data(num_words=20)
    ours = fetch_imdb_sequences(20, data_home=tmp_path, subset="all")
    assert ours.data.tolist() == [*X, *X_test]
    assert ours.target.tolist() == [*y, *y_test]


def fake_keras(load_data, get_word_index):
    imdb = types.SimpleNamespace(load_data=load_data, get_word_index=get_word_index)
    return types.SimpleNamespace(datasets=types.SimpleNamespace(imdb=imdb))


def test_keras_downloads_what_is_not_there(tmp_path, monkeypatch):
    asked = []

    def load_data(**parameters):
        asked.append(parameters)
        X = np.array([[1, 4], [1]], dtype=object)
        return (X, np.array([1, 0])), (X[:1], np.array([1]))

    keras = fake_keras(load_data, lambda: INDEX)
    monkeypatch.setattr(_imdb_sequences, "import_keras", lambda: keras)
    bunch = fetch_imdb_sequences(None, data_home=tmp_path, subset="all")
    assert bunch.data.tolist() == [[1, 4], [1], [1, 4]]
    assert bunch.vocabulary == INDEX
    assert "maxlen" not in asked[0]
    # a None would make Keras drop its rarest word
    assert asked[0]["num_words"] == sys.maxsize


def test_failed_download(tmp_path, monkeypatch):
    def load_data(**parameters):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(_imdb_sequences, "import_keras", lambda: fake_keras(load_data, dict))
    with pytest.raises(OSError, match=r"from https://.*URL fetch failure.*put imdb\.npz"):
        fetch_imdb_sequences(data_home=tmp_path)


def test_missing_data_says_what_to_do(tmp_path, no_keras):
    with pytest.raises(OSError, match="Allow the download, or put the two files there"):
        fetch_imdb_sequences(data_home=tmp_path, download_if_missing=False)


class Intruder:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code in a data file was run')",))


@pytest.mark.parametrize(
    "content", ["code", "words", "not a zip", "no arrays", "cut", "changed", "other labels"]
)
def test_file_that_is_not_the_reviews(tmp_path, no_keras, content):
    reviews = {"code": [[1], [2], [Intruder()]], "words": [["the"]]}
    write(tmp_path, reviews.get(content))
    path = tmp_path / "imdb.npz"
    if content == "not a zip":
        path.write_bytes(b"<html>")
    elif content == "no arrays":
        np.savez(path, x=np.arange(3))
    elif content == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif content == "changed":
        pickled = path.read_bytes()
        path.write_bytes(pickled.replace(b"_reconstruct", b"_Reconstruct"))
    elif content == "other labels":
        with np.load(path, allow_pickle=True) as arrays:
            np.savez(path, **{**arrays, "y_train": arrays["y_train"][:2]})
    with pytest.raises(ValueError, match=r"is not Keras's file of movie reviews"):
        fetch_imdb_sequences(data_home=tmp_path)


@pytest.mark.parametrize("content", [b"", b'{"the": 1', b"[1, 2]", b"\xff\xfe"])
def test_file_that_is_not_the_word_index(tmp_path, no_keras, content):
    write(tmp_path)
    (tmp_path / "imdb_word_index.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"imdb_word_index\.json is not Keras's word index: "):
        fetch_imdb_sequences(data_home=tmp_path)


@pytest.mark.parametrize("parameters", [{"num_words": 3}, {"subset": "valid"}, {"return_X_y": 1}])
def test_bad_parameters(parameters):
    with pytest.raises(ValueError, match=f"The '{next(iter(parameters))}' parameter"):
        fetch_imdb_sequences(**parameters)


def test_global_generator_is_left_alone(tmp_path, no_keras):
    write(tmp_path)
    before = np.random.mtrand._rand.get_state()
    fetch_imdb_sequences(data_home=tmp_path)
    after = np.random.mtrand._rand.get_state()
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_real_sequences(shared_data, no_keras):
    bunch = fetch_imdb_sequences(data_home=shared_data / "keras_imdb")
    assert len(bunch.data) == 25_000
    assert np.bincount(bunch.target).tolist() == [12_500, 12_500]
    # the review that opens the tutorial
    assert bunch.data[0][:8] == [1, 14, 22, 16, 43, 530, 973, 1622]
    assert bunch.target[:3].tolist() == [1, 0, 0]
    assert max(map(max, bunch.data)) == 9999
    assert bunch.vocabulary["film"] == 19
    assert len(bunch.vocabulary) == 88_584
