"""fetch_imdb_sequences: Keras's rows, from a folder, from Keras's cache or downloaded."""

import inspect

import numpy as np
import pytest

from seqsent import SequenceVectorizer
from seqsent._runtime.backend import import_keras
from seqsent.datasets import _imdb_sequences, fetch_imdb_sequences

INDEX = {"the": 1, "film": 2, "sang": 3, "softly": 4}
PUBLISHED_URL = _imdb_sequences._URL


@pytest.fixture(autouse=True)
def keras_home(tmp_path, monkeypatch):
    """A cache of Keras that holds nothing, and nobody at the address."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(_imdb_sequences, "_URL", "http://127.0.0.1:1/")
    return tmp_path / "keras"


def pairs(bunch):
    return sorted(zip(bunch.data.tolist(), bunch.target.tolist(), strict=True))


@pytest.mark.parametrize("subfolder", ["", "keras_imdb"])
def test_files_in_data_home(tmp_path, write_sequences, subfolder):
    (tmp_path / subfolder).mkdir(exist_ok=True)
    write_sequences(tmp_path / subfolder)
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
def test_ids_lie_below_num_words(tmp_path, write_sequences, num_words, row):
    write_sequences(tmp_path)
    assert row in fetch_imdb_sequences(num_words, data_home=tmp_path).data.tolist()


def test_vocabulary_reads_raw_text_into_the_same_ids(tmp_path, write_sequences):
    write_sequences(tmp_path)
    bunch = fetch_imdb_sequences(None, data_home=tmp_path)
    vectorizer = SequenceVectorizer(vocabulary=bunch.vocabulary, num_words=None, maxlen=4)
    assert vectorizer.transform(["The film sang"]).tolist() == [[1, 4, 5, 6]]


def test_same_rows_in_the_same_order_as_keras(tmp_path, write_sequences, monkeypatch):
    """Keras's loader, given our file, and our reading of that file do the same."""
    imdb = import_keras().datasets.imdb
    write_sequences(tmp_path, [[i, 1 + i % 4][: 1 + i % 2] for i in range(1, 41)])
    monkeypatch.setitem(
        imdb.load_data.__globals__, "get_file", lambda fname, **_: str(tmp_path / fname)
    )
    (X, y), (X_test, y_test) = imdb.load_data(num_words=20)
    ours = fetch_imdb_sequences(20, data_home=tmp_path, subset="all")
    assert ours.data.tolist() == [*X, *X_test]
    assert ours.target.tolist() == [*y, *y_test]


def test_files_in_the_cache_of_keras(tmp_path, write_sequences, keras_home):
    (keras_home / "datasets").mkdir(parents=True)
    write_sequences(keras_home / "datasets")
    bunch = fetch_imdb_sequences(data_home=tmp_path, download_if_missing=False)
    assert pairs(bunch) == [([1, 4, 5, 6], 1), ([1, 4, 7], 0), ([1, 5], 1)]


def test_download(tmp_path, publisher_of_sequences):
    for _ in range(2):
        bunch = fetch_imdb_sequences(data_home=tmp_path / "home")
        assert pairs(bunch) == [([1, 4, 5, 6], 1), ([1, 4, 7], 0), ([1, 5], 1)]
        assert bunch.vocabulary == INDEX
    assert publisher_of_sequences.asked == ["/imdb.npz", "/imdb_word_index.json"]
    names = [path.name for path in (tmp_path / "home" / "keras_imdb").iterdir()]
    assert sorted(names) == ["imdb.npz", "imdb_word_index.json"]


@pytest.mark.parametrize("name", ["imdb.npz", "imdb_word_index.json"])
def test_damaged_download(tmp_path, publisher_of_sequences, name):
    """What came whole is kept, the rest is not, and another attempt asks for that alone."""
    published = tmp_path / "published" / name
    content = published.read_bytes()
    published.write_bytes(content[:40])
    kind = "SHA256" if name == "imdb.npz" else "MD5"
    told = rf"{name} to .*: 40 bytes of {len(content)} arrived with {kind} .*Nothing.*again, or put"
    with pytest.raises(OSError, match=told):
        fetch_imdb_sequences(data_home=tmp_path)
    own = tmp_path / "keras_imdb"
    assert [path.name for path in own.iterdir()] == ([] if name == "imdb.npz" else ["imdb.npz"])
    published.write_bytes(content)
    fetch_imdb_sequences(data_home=tmp_path)
    expected = {
        "imdb.npz": ["/imdb.npz", "/imdb.npz", "/imdb_word_index.json"],
        "imdb_word_index.json": ["/imdb.npz", "/imdb_word_index.json", "/imdb_word_index.json"],
    }
    assert publisher_of_sequences.asked == expected[name]


def test_nobody_at_the_address(tmp_path):
    with pytest.raises(OSError, match=r"of http://127\.0\.0\.1:1/imdb\.npz .* put imdb\.npz"):
        fetch_imdb_sequences(data_home=tmp_path)


def test_what_is_published_is_what_keras_expects():
    """The addresses and checksums of a later Keras may differ: this tells."""
    source = inspect.getsource(inspect.getmodule(import_keras().datasets.imdb.load_data))
    assert PUBLISHED_URL in source
    for name, (_, _, checksum) in _imdb_sequences._PUBLISHED.items():
        assert name in source
        assert checksum in source


def test_missing_data_says_what_to_do(tmp_path):
    with pytest.raises(OSError, match=r"Allow the download, or put imdb\.npz and im"):
        fetch_imdb_sequences(data_home=tmp_path, download_if_missing=False)


class Intruder:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code in a data file was run')",))


@pytest.mark.parametrize(
    "content", ["code", "words", "not a zip", "no arrays", "cut", "changed", "other labels"]
)
def test_file_that_is_not_the_reviews(tmp_path, write_sequences, content):
    reviews = {"code": [[1], [2], [Intruder()]], "words": [["the"]]}
    write_sequences(tmp_path, *([reviews[content]] if content in reviews else []))
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
def test_file_that_is_not_the_word_index(tmp_path, write_sequences, content):
    write_sequences(tmp_path)
    (tmp_path / "imdb_word_index.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"imdb_word_index\.json is not Keras's word index: "):
        fetch_imdb_sequences(data_home=tmp_path)


@pytest.mark.parametrize("parameters", [{"num_words": 3}, {"subset": "valid"}, {"return_X_y": 1}])
def test_bad_parameters(parameters):
    with pytest.raises(ValueError, match=f"The '{next(iter(parameters))}' parameter"):
        fetch_imdb_sequences(**parameters)


def test_global_generator_is_left_alone(tmp_path, write_sequences):
    write_sequences(tmp_path)
    before = np.random.mtrand._rand.get_state()
    fetch_imdb_sequences(data_home=tmp_path)
    after = np.random.mtrand._rand.get_state()
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_real_sequences(shared_data):
    bunch = fetch_imdb_sequences(data_home=shared_data / "keras_imdb")
    assert len(bunch.data) == 25_000
    assert np.bincount(bunch.target).tolist() == [12_500, 12_500]
    # the review that opens the tutorial
    assert bunch.data[0][:8] == [1, 14, 22, 16, 43, 530, 973, 1622]
    assert bunch.target[:3].tolist() == [1, 0, 0]
    assert max(map(max, bunch.data)) == 9999
    assert bunch.vocabulary["film"] == 19
    assert len(bunch.vocabulary) == 88_584
