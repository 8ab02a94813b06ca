"""fetch_imdb_sequences: Keras's ids from a folder, from Keras's cache folder or downloaded."""

import hashlib
import inspect
import io
import pickle
import zipfile

import numpy as np
import pytest

from seqsent import SequenceVectorizer
from seqsent._runtime.backend import import_keras
from seqsent.datasets import _imdb_sequences, fetch_imdb_sequences

INDEX = {"the": 1, "film": 2, "sang": 3, "softly": 4}
PUBLISHED_URL, PUBLISHED_SHA256 = _imdb_sequences._URL, _imdb_sequences._SHA256
TRAIN = [([1, 4, 5, 6], 1), ([1, 4, 7], 0), ([1, 5], 1)]


@pytest.fixture(autouse=True)
def keras_home(tmp_path, monkeypatch):
    """An empty cache folder of Keras, and an address without a server."""
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
    assert pairs(train) == TRAIN
    assert train.vocabulary == INDEX
    assert train.data.dtype == object
    assert train.target.dtype == np.int64
    test = fetch_imdb_sequences(data_home=tmp_path, subset="test")
    assert pairs(test) == [([1, 5], 1), ([1, 7, 6], 0)]
    X, y = fetch_imdb_sequences(data_home=tmp_path, subset="all", return_X_y=True)
    assert X.tolist() == [*train.data, *test.data]
    assert y.tolist() == [*train.target, *test.target]


def test_files_in_the_cache_folder_of_keras(tmp_path, write_sequences, keras_home):
    (keras_home / "datasets").mkdir(parents=True)
    write_sequences(keras_home / "datasets")
    assert pairs(fetch_imdb_sequences(data_home=tmp_path, download_if_missing=False)) == TRAIN


@pytest.mark.parametrize(
    ("num_words", "row"), [(7, [1, 4, 5, 6]), (6, [1, 4, 5, 2]), (4, [1, 2, 2, 2])]
)
def test_ids_are_below_num_words(tmp_path, write_sequences, num_words, row):
    write_sequences(tmp_path)
    assert row in fetch_imdb_sequences(num_words, data_home=tmp_path).data.tolist()


def test_vectorizer_encodes_text_with_the_same_ids(tmp_path, write_sequences):
    write_sequences(tmp_path)
    bunch = fetch_imdb_sequences(None, data_home=tmp_path)
    vectorizer = SequenceVectorizer(vocabulary=bunch.vocabulary, num_words=None, maxlen=4)
    assert vectorizer.transform(["The film sang"]).tolist() == [[1, 4, 5, 6]]


def test_same_rows_in_the_same_order_as_keras(tmp_path, write_sequences, monkeypatch):
    imdb = import_keras().datasets.imdb
    write_sequences(tmp_path, [[i, 1 + i % 4][: 1 + i % 2] for i in range(1, 41)])
    monkeypatch.setitem(
        imdb.load_data.__globals__, "get_file", lambda fname, **_: str(tmp_path / fname)
    )
    (X, y), (X_test, y_test) = imdb.load_data(num_words=20)
    bunch = fetch_imdb_sequences(20, data_home=tmp_path, subset="all")
    assert bunch.data.tolist() == [*X, *X_test]
    assert bunch.target.tolist() == [*y, *y_test]


def test_download(tmp_path, write_sequences, publisher, monkeypatch):
    write_sequences(tmp_path)
    contents = {name: (tmp_path / name).read_bytes() for name in PUBLISHED_SHA256}
    publisher.files = {f"/{name}": content for name, content in contents.items()}
    checksums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(_imdb_sequences, "_URL", f"{publisher.url}/")
    monkeypatch.setattr(_imdb_sequences, "_SHA256", checksums)
    for _ in range(2):
        bunch = fetch_imdb_sequences(data_home=tmp_path / "home")
        assert pairs(bunch) == TRAIN
        assert bunch.vocabulary == INDEX
    assert publisher.requests == ["/imdb.npz", "/imdb_word_index.json"]


def test_keras_downloads_the_same_files():
    """Fail if a later Keras publishes other files."""
    source = inspect.getsource(inspect.getmodule(import_keras().datasets.imdb.load_data))
    assert PUBLISHED_URL in source
    assert PUBLISHED_SHA256["imdb.npz"] in source
    assert "imdb_word_index.json" in source


def test_missing_data_without_download(tmp_path):
    with pytest.raises(OSError, match=r"No imdb\.npz and .* Add them, or set download_if_missing"):
        fetch_imdb_sequences(data_home=tmp_path, download_if_missing=False)


def pickled(content, protocol=4):
    """Return a .npy file of dtype object with any pickle."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }"
    header += b" " * (117 - len(header)) + b"\n"
    length = len(header).to_bytes(2, "little")
    return b"\x93NUMPY\x01\x00" + length + header + pickle.dumps(content, protocol=protocol)


def replace_member(path, name, content):
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for member, old in members.items():
            archive.writestr(member, content if member == name else old)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_reviews_of_any_pickle_protocol(tmp_path, write_sequences, protocol):
    write_sequences(tmp_path)
    reviews = np.array([[1, 2, 3], [1, 4], [2]], dtype=object)
    replace_member(tmp_path / "imdb.npz", "x_train.npy", pickled(reviews, protocol))
    assert pairs(fetch_imdb_sequences(data_home=tmp_path)) == TRAIN


class Calls:
    """An object with a pickle that calls a function, and sets a state."""

    def __init__(self, *reduced):
        self.reduced = reduced

    def __reduce__(self):
        return self.reduced


def object_array(reviews):
    array = np.empty(len(reviews), dtype=object)
    array[:] = reviews
    return array


RECONSTRUCT = np.array([1], dtype=object).__reduce__()[0]
POINTERS = b"\x41" * 24
EMPTY = (np.ndarray, (0,), b"b")
# an object dtype with flags that let numpy take its elements from bytes
FLAGLESS = Calls(np.dtype, ("O8", False, True), (3, "|", None, None, None, -1, -1, 0))
CRAFTED = {
    "code": Calls(exec, ("raise SystemExit('code in a data file was run')",)),
    "call of ndarray": Calls(np.ndarray, ((3,), np.dtype(object), POINTERS)),
    "bytes as elements": Calls(RECONSTRUCT, EMPTY, (1, (3,), FLAGLESS, False, POINTERS)),
    "array without elements": Calls(RECONSTRUCT, ((np.ndarray, (3,), b"O"))),
    "array of another dtype": np.array([1, 2, 3]),
    "array in a review": [[1], [2], [np.array([3])]],
    "function of numpy": Calls(np.frombuffer, (POINTERS, "O")),
    "shape of 2**60": Calls(RECONSTRUCT, EMPTY, (1, (2**60,), FLAGLESS, False, b"")),
    "state of a dtype": Calls(np.dtype, ("O8", False, True), np.dtype("i8")),
    "dict in a review": [[1], [2], [{"rank": 3}]],
    "repeated list": object_array([[1] * 5000] * 3),
    "booleans": object_array([[True], [False], [True]]),
    "words": np.array([["the"], ["film"], ["sang"]], dtype=object),
    "list": [[1], [2], [3]],
}
# opcodes that pickle never writes in this way
CRAFTED_OPCODES = {
    "instance of ndarray": b"(K\x05inumpy\nndarray\n.",
    "new ndarray": b"\x80\x02cnumpy\nndarray\nK\x05\x85\x81.",
    "attribute of a function": b"\x80\x04\x8c\x05numpy\x8c\x10dtype.__reduce__\x93)R.",
    "module by another name": b"\x80\x04\x8c\x0cnumpy.linalg\x8c\x07ndarray\x93.",
    "deep nesting": b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b".",
    "persistent id": b"Pname\n.",
    "frame of 2**62 bytes": b"\x80\x04\x95" + (2**62).to_bytes(8, "little") + b".",
    "state of itself": b"\x80\x04cnumpy\ndtype\n)R\x94h\x00b.",
}


REFUSAL = "is damaged or not the file that Keras publishes"


@pytest.mark.parametrize("content", CRAFTED.values(), ids=CRAFTED)
def test_crafted_pickle_is_refused(tmp_path, write_sequences, content):
    write_sequences(tmp_path)
    replace_member(tmp_path / "imdb.npz", "x_train.npy", pickled(content))
    with pytest.raises(ValueError, match=REFUSAL):
        fetch_imdb_sequences(data_home=tmp_path)


@pytest.mark.parametrize("opcodes", CRAFTED_OPCODES.values(), ids=CRAFTED_OPCODES)
def test_crafted_opcodes_are_refused(tmp_path, write_sequences, opcodes):
    write_sequences(tmp_path)
    header = pickled(None).removesuffix(pickle.dumps(None, protocol=4))
    replace_member(tmp_path / "imdb.npz", "x_train.npy", header + opcodes)
    with pytest.raises(ValueError, match=REFUSAL):
        fetch_imdb_sequences(data_home=tmp_path)


def test_reviews_of_too_many_bytes_are_refused(tmp_path, write_sequences, monkeypatch):
    monkeypatch.setattr(_imdb_sequences, "_MAX_BYTES", 200)
    write_sequences(tmp_path, [[1] * 200] * 3)
    with pytest.raises(
        ValueError, match=rf"{REFUSAL}: x_train.npy has \d+ bytes, expected at most"
    ):
        fetch_imdb_sequences(data_home=tmp_path)


@pytest.mark.parametrize(
    "labels",
    [
        np.ones((3, 1), int),
        np.array(1),
        np.ones(3),
        np.array(["0", "1", "1"]),
        np.zeros(3, "M8[s]"),
    ],
    ids=["2-D", "0-D", "float", "str", "dates"],
)
def test_crafted_labels_are_refused(tmp_path, write_sequences, labels):
    write_sequences(tmp_path)
    buffer = io.BytesIO()
    np.save(buffer, labels)
    replace_member(tmp_path / "imdb.npz", "y_train.npy", buffer.getvalue())
    with pytest.raises(ValueError, match=rf"{REFUSAL}: y_train.npy has shape"):
        fetch_imdb_sequences(data_home=tmp_path, subset="all")


@pytest.mark.parametrize("damage", ["not a zip", "no arrays", "cut", "other labels"])
def test_damaged_file_is_refused(tmp_path, write_sequences, damage):
    write_sequences(tmp_path)
    path = tmp_path / "imdb.npz"
    if damage == "not a zip":
        path.write_bytes(b"<html>")
    elif damage == "no arrays":
        np.savez(path, x=np.arange(3))
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    else:
        with np.load(path, allow_pickle=True) as arrays:
            np.savez(path, **{**arrays, "y_train": arrays["y_train"][:2]})
    with pytest.raises(ValueError, match=r"imdb\.npz is damaged or not the file that Keras"):
        fetch_imdb_sequences(data_home=tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b'{"the": 1', b"[1, 2]", b"\xff\xfe", b'{"the": [1]}', b"[" * 100_000],
    ids=["empty", "truncated", "list", "not UTF-8", "list as rank", "deep nesting"],
)
def test_damaged_word_index_is_refused(tmp_path, write_sequences, content):
    write_sequences(tmp_path)
    (tmp_path / "imdb_word_index.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"imdb_word_index\.json is damaged or not the file"):
        fetch_imdb_sequences(data_home=tmp_path)


@pytest.mark.parametrize("parameters", [{"num_words": 3}, {"subset": "valid"}, {"return_X_y": 1}])
def test_invalid_parameters_are_refused(parameters):
    with pytest.raises(ValueError, match=f"The '{next(iter(parameters))}' parameter"):
        fetch_imdb_sequences(**parameters)


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
    index = (shared_data / "keras_imdb" / "imdb_word_index.json").read_bytes()
    assert hashlib.sha256(index).hexdigest() == PUBLISHED_SHA256["imdb_word_index.json"]
