"""The Large Movie Review Dataset as Keras's lists of word ids."""

import json
import os
import pickle
import sys
import zipfile
from collections.abc import Iterable
from numbers import Integral
from pathlib import Path
from typing import IO, Any

import numpy as np
from sklearn.utils import Bunch

from .._estimator.base import Interval, StrOptions, validated
from ._cache import download, get_data_home
from ._imdb import SUBSETS, TARGET_NAMES

_ARRAYS = "imdb.npz"
_INDEX = "imdb_word_index.json"
_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# of each file the bytes, and the checksum that Keras compares
_PUBLISHED = {
    _ARRAYS: (
        17_464_789,
        "sha256",
        "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    ),
    _INDEX: (1_641_221, "md5", "bfafd718b763782e994055a2d397834f"),
}
# Keras's own: the seed of its shuffling, and the ids of start, unknown word and first rank
_SEED = 113
_START, _OOV, _INDEX_FROM = 1, 2, 3

_NOT_KERAS = "{} is not Keras's {}: {}. Delete it to have the published one downloaded."

_DESCRIPTION = """\
Large Movie Review Dataset (Maas et al., ACL 2011) in the form of keras.datasets.imdb: each review a
list of ids, 1 at its start, rank + 3 for a word by its frequency, 2 for a word beyond num_words.
"""


@validated(
    {
        "num_words": [Interval(Integral, 4, None, closed="left"), None],
        "subset": [StrOptions({"train", "test", "all"})],
        "data_home": [str, os.PathLike, None],
        "download_if_missing": ["boolean"],
        "return_X_y": ["boolean"],
    }
)
def fetch_imdb_sequences(
    num_words: int | None = 10000,
    *,
    subset: str = "train",
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load the movie reviews as Keras's lists of word ids, with Keras's word index.

    The ids are those of :func:`keras.datasets.imdb.load_data` with its default
    ``start_char=1, oov_char=2, index_from=3``, in Keras's shuffled order. Reviews are never
    dropped for their length.
    ``SequenceVectorizer(analyzer="keras", vocabulary=bunch.vocabulary)`` turns new raw text
    into the same ids.

    Parameters
    ----------
    num_words : int or None, default=10000
        Ids lie in [0, num_words): a word whose id would be larger becomes 2. None keeps all.

    subset : {"train", "test", "all"}, default="train"
        Which part of the official split. "all" is both, "train" first.

    data_home : str or path-like, default=None
        Folder that holds ``imdb.npz`` and ``imdb_word_index.json``, or receives them, itself or
        in its subfolder ``keras_imdb``; by default as in :func:`fetch_imdb`. What Keras has
        downloaded to its own cache, ``~/.keras/datasets``, is read there.

    download_if_missing : bool, default=True
        If False, raise an OSError where neither ``data_home`` nor Keras's cache has the data,
        instead of downloading 19 MB.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the following attributes.

        data : ndarray of list objects of shape (n_samples,)
            The reviews, each a list of int.
        target : ndarray of int64 of shape (n_samples,)
            0 for a negative review, 1 for a positive one.
        vocabulary : dict
            Word to rank, 1 for the most frequent word; its id is the rank + 3.
        target_names : ndarray of str of shape (2,)
            The names of the classes.
        DESCR : str
            A short description.

    (data, target) : tuple
        The two arrays, only with ``return_X_y=True``.

    Raises
    ------
    OSError
        If the data is missing and may not be, or cannot be, downloaded: whatever fails of the
        connection, the server, what it sends or the disk. The address is in the message.
    ValueError
        If ``imdb.npz`` holds anything but arrays of lists of numbers, or
        ``imdb_word_index.json`` anything but words and ranks.

    See Also
    --------
    fetch_imdb : The same reviews as raw text, with ratings and films.

    References
    ----------
    .. [1] A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng and C. Potts, "Learning Word
       Vectors for Sentiment Analysis", ACL 2011.

    Examples
    --------
    >>> from seqsent.datasets import fetch_imdb_sequences
    >>> bunch = fetch_imdb_sequences(num_words=10000)  # doctest: +SKIP
    >>> bunch.data[0][:5]  # doctest: +SKIP
    [1, 14, 22, 16, 43]
    >>> bunch.vocabulary["film"]  # doctest: +SKIP
    19

    From a folder that holds the two files already:

    >>> import json, pathlib, tempfile
    >>> import numpy as np
    >>> reviews, labels = np.array([[1, 2], [1, 2, 3]], dtype=object), np.array([0, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(pathlib.Path(folder, "imdb.npz"), x_train=reviews, y_train=labels,
    ...              x_test=reviews, y_test=labels)
    ...     index = json.dumps({"the": 1, "film": 2, "sang": 3})
    ...     _ = pathlib.Path(folder, "imdb_word_index.json").write_text(index)
    ...     bunch = fetch_imdb_sequences(6, data_home=folder, subset="test")
    >>> sorted(bunch.data.tolist())
    [[1, 4, 5], [1, 4, 5, 2]]
    """
    wanted = SUBSETS if subset == "all" else (subset,)
    folder = _find(get_data_home(data_home), download_if_missing)
    parts = _load_reviews(folder / _ARRAYS, num_words, wanted)
    vocabulary = _load_index(folder / _INDEX)
    data = _object_array(review for part in wanted for review in parts[part][0])
    target = np.concatenate([parts[part][1] for part in wanted]).astype(np.int64)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        vocabulary=vocabulary,
        target_names=np.array(TARGET_NAMES),
        DESCR=_DESCRIPTION,
    )


def _object_array(reviews: Iterable[list[int]]) -> np.ndarray:
    # np.array would make a matrix of reviews that happen to be of one length
    lists = list(reviews)
    array = np.empty(len(lists), dtype=object)
    array[:] = lists
    return array


def _find(home: Path, download_if_missing: bool) -> Path:
    """Return the folder that holds both files, downloaded if necessary."""
    own = home / "keras_imdb"
    keras_home = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    for folder in (home, own, Path(keras_home, "datasets")):
        if all((folder / name).is_file() for name in _PUBLISHED):
            return folder
    by_hand = f"put {_ARRAYS} and {_INDEX} from {_URL} into {home}."
    if not download_if_missing:
        raise OSError(
            f"No {_ARRAYS} and {_INDEX} in {home}, its subfolder 'keras_imdb' or Keras's cache, "
            f"and download_if_missing=False. Allow the download, or {by_hand}"
        )
    for name, (size, algorithm, checksum) in _PUBLISHED.items():
        if not (own / name).is_file():
            download(_URL + name, own / name, checksum, size, by_hand, algorithm)
    return own


def _load_index(path: Path) -> dict[str, int]:
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(index, dict):
            raise ValueError(f"it holds a {type(index).__name__}, not words and their ranks")
    except ValueError as error:
        raise ValueError(_NOT_KERAS.format(path, "word index", error)) from error
    return index


def _load_reviews(
    path: Path, num_words: int | None, wanted: tuple[str, ...]
) -> dict[str, tuple[Any, Any]]:
    try:
        return _read_parts(path, num_words, wanted)
    except OSError:
        raise
    except Exception as error:  # of whatever kind: a damaged pickle may ask for anything
        raise ValueError(_NOT_KERAS.format(path, "file of movie reviews", error)) from error


def _read_parts(
    path: Path, num_words: int | None, wanted: tuple[str, ...]
) -> dict[str, tuple[Any, Any]]:
    """Do what keras.datasets.imdb.load_data does, which accepts only the published file."""
    known = (num_words or sys.maxsize) - _INDEX_FROM
    rng = np.random.RandomState(_SEED)
    parts = {}
    with zipfile.ZipFile(path) as archive:
        for part in SUBSETS:
            labels = _read_array(archive, f"y_{part}")
            # the order of the second part depends on the shuffling of the first
            order = np.arange(len(labels))
            rng.shuffle(order)
            if part in wanted:
                reviews = _read_array(archive, f"x_{part}")
                if len(reviews) != len(labels):
                    raise ValueError(f"{len(reviews)} reviews and {len(labels)} labels in {part}")
                rows = [
                    [_START, *(rank + _INDEX_FROM if rank < known else _OOV for rank in reviews[i])]
                    for i in order
                ]
                parts[part] = rows, labels[order]
    return parts


def _read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as file:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        if not dtype.hasobject:
            return np.frombuffer(file.read(), dtype=dtype).reshape(shape)
        return _ListUnpickler(file).load()


class _ListUnpickler(pickle.Unpickler):
    """Reads arrays of lists and refuses anything that could run code."""

    _ALLOWED = ("_reconstruct", "ndarray", "dtype")

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "numpy" and name in self._ALLOWED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")
