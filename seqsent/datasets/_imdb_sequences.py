"""The Large Movie Review Dataset as Keras's lists of word ids."""

import json
import os
import pickle
import sys
import zipfile
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from .._estimator.base import Interval, StrOptions, validated
from ._common import download, get_data_home
from ._imdb import SUBSETS, TARGET_NAMES

_ARRAYS = "imdb.npz"
_INDEX = "imdb_word_index.json"
_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_SHA256 = {
    _ARRAYS: "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    _INDEX: "027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
}
_MAX_BYTES = 2**28  # of the pickled reviews, which have 2**24
# the defaults of keras.datasets.imdb.load_data
_SEED = 113
_START_CHAR, _OOV_CHAR, _INDEX_FROM = 1, 2, 3

_DESCRIPTION = """\
Large Movie Review Dataset (Maas et al., ACL 2011) in the form of keras.datasets.imdb. A review is a
list of word ids that starts with 1. A word has the id rank + 3, where rank 1 is the most frequent
word, or 2 ([OOV]) if that id is not below num_words.
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

    The ids and the order are the same as in :func:`keras.datasets.imdb.load_data` with its defaults
    ``start_char=1, oov_char=2, index_from=3``, and no review is dropped.
    ``SequenceVectorizer(analyzer="keras", vocabulary=bunch.vocabulary)`` encodes new texts with
    the same ids.

    Parameters
    ----------
    num_words : int or None, default=10000
        Upper bound of the ids: a word with an id of ``num_words`` or above becomes 2 ([OOV]). If
        None, all words are included.

    subset : {"train", "test", "all"}, default="train"
        Subset of the official split. "all" returns "train" followed by "test".

    data_home : str or path-like, default=None
        Folder of the data; the default is the same as in :func:`fetch_imdb`. ``imdb.npz`` and
        ``imdb_word_index.json`` are read from this folder, its subfolder ``keras_imdb``, or Keras's
        cache folder ``~/.keras/datasets``. If they are missing, they are downloaded to the
        subfolder.

    download_if_missing : bool, default=True
        If False, raise an OSError if the files are missing. The download has 19 MB.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the following attributes.

        data : ndarray of list objects of shape (n_samples,)
            The reviews, each a list of word ids.
        target : ndarray of int64 of shape (n_samples,)
            0 for a negative review, 1 for a positive one.
        vocabulary : dict
            Word to rank, 1 for the most frequent word. The id of a word is its rank + 3.
        target_names : ndarray of str of shape (2,)
            The names of the classes.
        DESCR : str
            A short description.

    (data, target) : tuple
        The two arrays, only with ``return_X_y=True``.

    Raises
    ------
    OSError
        If the data is missing and ``download_if_missing=False``, or if the download fails. The
        message contains the address and the file to download by hand.
    ValueError
        If a file is damaged or contains anything but lists of integers, labels, words and ranks.

    See Also
    --------
    fetch_imdb : The same reviews as raw text, with ratings and films.

    Examples
    --------
    >>> from seqsent.datasets import fetch_imdb_sequences
    >>> bunch = fetch_imdb_sequences(num_words=10000)  # doctest: +SKIP
    >>> bunch.data[0][:5]  # doctest: +SKIP
    [1, 14, 22, 16, 43]
    >>> bunch.vocabulary["film"]  # doctest: +SKIP
    19
    """
    subsets = SUBSETS if subset == "all" else (subset,)
    folder = _find_folder(get_data_home(data_home), download_if_missing)
    reviews, target = _load_reviews(folder / _ARRAYS, num_words, subsets)
    data = _object_array(reviews)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        vocabulary=_load_index(folder / _INDEX),
        target_names=np.array(TARGET_NAMES),
        DESCR=_DESCRIPTION,
    )


def _object_array(reviews: list[list[int]]) -> np.ndarray:
    # np.array would return a matrix if all reviews had the same length
    array = np.empty(len(reviews), dtype=object)
    array[:] = reviews
    return array


def _find_folder(home: Path, download_if_missing: bool) -> Path:
    """Return the folder that contains both files, downloading them if necessary."""
    own = home / "keras_imdb"
    keras_home = os.environ.get("KERAS_HOME") or Path("~/.keras").expanduser()
    for folder in (home, own, Path(keras_home, "datasets")):
        if all((folder / name).is_file() for name in _SHA256):
            return folder
    if not download_if_missing:
        raise OSError(
            f"No {_ARRAYS} and {_INDEX} in {home}, its subfolder 'keras_imdb' or Keras's cache "
            "folder. Add them, or set download_if_missing=True."
        )
    for name, sha256 in _SHA256.items():
        download(_URL + name, sha256, own)
    return own


def _load_index(path: Path) -> dict[str, int]:
    """Return the rank of each word."""
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        if not (isinstance(index, dict) and set(map(type, index.values())) <= {int}):
            raise ValueError("expected a dict of words and ranks")
    except (ValueError, RecursionError) as error:
        raise _not_from_keras(path, error) from error
    return index


def _load_reviews(
    path: Path, num_words: int | None, subsets: tuple[str, ...]
) -> tuple[list[list[int]], np.ndarray]:
    """Return the reviews and labels of the subsets, as keras.datasets.imdb.load_data does."""
    max_rank = (num_words or sys.maxsize) - _INDEX_FROM
    rng = np.random.RandomState(_SEED)
    rows, labels = [], []
    try:
        with zipfile.ZipFile(path) as archive:
            for subset in SUBSETS:
                y = _read_labels(archive, f"y_{subset}.npy")
                # shuffle also a subset that is not returned: the same generator shuffles the next
                order = rng.permutation(len(y))
                if subset in subsets:
                    X = _read_lists(archive, f"x_{subset}.npy")
                    if len(X) != len(y):
                        raise ValueError(f"{len(X)} reviews but {len(y)} labels in {subset}")
                    rows += [_encode(X[i], max_rank) for i in order]
                    labels.append(y[order])
    except OSError:
        raise
    except Exception as error:  # a damaged pickle can raise any exception
        raise _not_from_keras(path, error) from error
    return rows, np.concatenate(labels)


def _not_from_keras(path: Path, error: Exception) -> ValueError:
    return ValueError(
        f"{path} is damaged or not the file that Keras publishes: {error}. Delete it to download "
        "it again."
    )


def _encode(ranks: list[int], max_rank: int) -> list[int]:
    ids = (rank + _INDEX_FROM if rank < max_rank else _OOV_CHAR for rank in ranks)
    return [_START_CHAR, *ids]


def _read_labels(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(name) as file:
        labels = np.lib.format.read_array(file, allow_pickle=False)
    if labels.ndim != 1 or labels.dtype.kind not in "biu":
        raise ValueError(f"{name} has shape {labels.shape} and dtype {labels.dtype}")
    return labels.astype(np.int64)


def _read_lists(archive: zipfile.ZipFile, name: str) -> list[list[int]]:
    size = archive.getinfo(name).file_size
    if size > _MAX_BYTES:
        raise ValueError(f"{name} has {size} bytes, expected at most {_MAX_BYTES}")
    with archive.open(name) as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        # version of the format, shape, dtype, order, elements
        *_, lists = _ListUnpickler(file, encoding="latin1").load().state
    if not (
        type(lists) is list
        and set(map(type, lists)) <= {list}
        and sum(map(len, lists)) <= size  # more if a pickle repeats a list by reference
        and all(set(map(type, ranks)) <= {int} for ranks in lists)
    ):
        raise ValueError(f"{name} does not contain lists of integers")
    return lists


class _Placeholder:
    """An array, a dtype or a function of numpy in a pickle."""

    __slots__ = ("state",)

    def __call__(self, *args: Any) -> "_Placeholder":
        return _Placeholder()

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _ListUnpickler(pickle.Unpickler):
    """Read a pickled object array without calling numpy.

    numpy trusts the dtype and the buffer in a pickle, so a crafted file could crash Python.
    """

    def find_class(self, module: str, name: str) -> Any:
        path = f"{module.replace('._core', '.core')}.{name}"
        if path == "numpy.ndarray":
            return path  # an argument of _reconstruct: a call fails
        if path in ("numpy.dtype", "numpy.core.multiarray._reconstruct", "_codecs.encode"):
            return _Placeholder()
        raise pickle.UnpicklingError(f"it refers to {module}.{name}")
