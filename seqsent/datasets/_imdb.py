"""The Large Movie Review Dataset as raw text."""

import csv
import gzip
import os
import re
import tarfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import Bunch

from .._estimator.base import StrOptions, validated
from .._runtime.files import replaced_when_complete
from ._common import download, get_data_home, labelled_texts

if TYPE_CHECKING:
    import pandas as pd

SUBSETS = ("train", "test")
TARGET_NAMES = ("negative", "positive")

_URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
_SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"
_REVIEW = re.compile(r"aclImdb/(train|test)/(neg|pos)/(\d+)_(\d+)\.txt")
_MOVIES = re.compile(r"aclImdb/(train|test)/urls_(neg|pos)\.txt")
_MAX_MEMBER_SIZE = 1 << 20  # bytes; the largest has 612,500
_COLUMNS = ("text", "label", "rating", "movie")
_VALID = {"label": range(2), "rating": range(1, 11)}

_DESCRIPTION = """\
Large Movie Review Dataset: 50,000 film reviews from the Internet Movie Database, 25,000 to train
and 25,000 to test. Half are negative (rating 1 to 4), half positive (7 to 10). At most 30 are of
one film, and no film occurs in both subsets. Maas, Daly, Pham, Huang, Ng and Potts: Learning Word
Vectors for Sentiment Analysis, ACL 2011. https://ai.stanford.edu/~amaas/data/sentiment/
"""


@validated(
    {
        "subset": [StrOptions({"train", "test", "all"})],
        "data_home": [str, os.PathLike, None],
        "download_if_missing": ["boolean"],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    }
)
def fetch_imdb(
    subset: str = "train",
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load the raw texts of the Large Movie Review Dataset, downloading them if necessary.

    There are 25,000 reviews for training and 25,000 for testing. Half of each are negative and
    half positive. They are **sorted by label**: shuffle them before you take the first or last
    rows. The texts are as published, including HTML line breaks (``<br />``).

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Subset of the official split. "all" returns "train" followed by "test".

    data_home : str or path-like, default=None
        Folder of the data. If None, the environment variable ``SEQSENT_DATA``, or else the user's
        cache folder for seqsent. The files ``train.csv`` and ``test.csv`` (or ``.csv.gz``), with
        the columns "text", "label" (0 or 1) and optionally "rating" and "movie", are read from
        this folder or its subfolder ``imdb``. If they are missing, the published archive is
        downloaded to the subfolder ``imdb``.

    download_if_missing : bool, default=True
        If False, raise an OSError if the CSV files are missing. The download has 84 MB.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, return pandas Series, and the DataFrame ``frame``.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the following attributes.

        data : ndarray of str objects, or Series, of shape (n_samples,)
            The reviews.
        target : ndarray of int64, or Series, of shape (n_samples,)
            0 for a negative review, 1 for a positive one.
        rating : ndarray of int64, or Series, of shape (n_samples,)
            The reviewer's rating, 1 to 10 stars. Missing if a CSV file has no such column.
        movie : ndarray of str objects, or Series, of shape (n_samples,)
            The film's identifier ("tt0064354"): ``groups`` for
            :class:`~sklearn.model_selection.GroupKFold`. Missing if a CSV file has no such column.
        target_names : ndarray of str of shape (2,)
            The names of the classes.
        frame : DataFrame or None
            The columns "text", "label", "rating" and "movie"; only with ``as_frame=True``.
        DESCR : str
            A short description.

    (data, target) : tuple
        The two arrays or Series, only with ``return_X_y=True``.

    Raises
    ------
    OSError
        If the data is missing and ``download_if_missing=False``, or if the download fails. The
        message contains the address and the file to download by hand.
    ValueError
        If a CSV file is damaged, has no column "text" or "label", or contains an invalid label or
        rating.

    See Also
    --------
    fetch_imdb_sequences : The same reviews as Keras's lists of word ids.
    make_reviews : Synthetic reviews, without a download.

    Notes
    -----
    The archive is checked against its SHA256 checksum, converted to two compressed CSV files and
    deleted. No member of the archive is extracted to disk. An interrupted download leaves no
    file, and several processes may call this function at the same time.

    References
    ----------
    .. [1] A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng and C. Potts, "Learning Word
       Vectors for Sentiment Analysis", ACL 2011.
       https://ai.stanford.edu/~amaas/data/sentiment/

    Examples
    --------
    >>> from seqsent.datasets import fetch_imdb
    >>> train = fetch_imdb("train", as_frame=True)  # doctest: +SKIP
    >>> train.frame.shape  # doctest: +SKIP
    (25000, 4)
    """
    import pandas as pd

    home = get_data_home(data_home)
    subsets = SUBSETS if subset == "all" else (subset,)
    paths = _find_tables(home, subsets)
    if not paths:
        if not download_if_missing:
            files = " and ".join(f"{name}.csv" for name in subsets)
            raise OSError(
                f"No {files} (or .csv.gz) in {home} or its subfolder 'imdb'. Add them, or set "
                "download_if_missing=True."
            )
        _download(home / "imdb")
        paths = _find_tables(home, subsets)
    frame = pd.concat([_read_table(path) for path in paths], ignore_index=True, join="inner")
    return labelled_texts(
        {name: frame[name].to_numpy() for name in frame.columns},
        target_names=TARGET_NAMES,
        description=_DESCRIPTION,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _find_tables(home: Path, subsets: tuple[str, ...]) -> list[Path]:
    """Return the CSV file of each subset, or an empty list if one is missing."""
    for folder in (home, home / "imdb"):
        found = []
        for name in subsets:
            found += [*folder.glob(f"{name}.csv"), *folder.glob(f"{name}.csv.gz")][:1]
        if len(found) == len(subsets):
            return found
    return []


def _read_table(path: Path) -> "pd.DataFrame":
    """Return the known columns of a CSV file."""
    import pandas as pd

    try:
        frame = pd.read_csv(
            path,
            keep_default_na=False,  # "NA" is a possible review
            encoding="utf-8",
            index_col=False,
            usecols=lambda name: name in _COLUMNS,
            dtype={"text": object, "movie": object},
        )
    except (EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise ValueError(f"{path} is not a readable CSV file: {error}") from error
    missing = {"text", "label"}.difference(frame.columns)
    if missing:
        raise ValueError(
            f"{path} has no column {min(missing)!r}. Expected the columns 'text' and 'label', and "
            "optionally 'rating' and 'movie'."
        )
    for name in frame.columns.intersection(list(_VALID)):
        numbers = pd.to_numeric(frame[name], errors="coerce")
        is_bad = ~numbers.isin(_VALID[name])
        if is_bad.any():
            row = int(is_bad.to_numpy().argmax())
            raise ValueError(
                f"{path}: the column {name!r} must contain whole numbers from {_VALID[name][0]} to "
                f"{_VALID[name][-1]}, got {str(frame[name][row])!r} in row {row + 1}."
            )
        frame[name] = numbers.astype(np.int64)
    return frame


def _download(folder: Path) -> None:
    """Download the archive, convert it to CSV files in the same folder, and delete it."""
    archive = download(_URL, _SHA256, folder)
    try:
        frames = _read_archive(archive)
    except FileNotFoundError:  # another process has converted and deleted it
        return
    for name, frame in frames.items():
        with replaced_when_complete(folder / f"{name}.csv.gz") as temporary:
            # quotes, because pandas ends an unquoted field at a carriage return
            frame.to_csv(temporary, index=False, quoting=csv.QUOTE_NONNUMERIC, compression="gzip")
    archive.unlink(missing_ok=True)


def _read_archive(path: Path) -> "dict[str, pd.DataFrame]":
    """Return the reviews of each subset, sorted by label, without extracting a file to disk."""
    import pandas as pd

    reviews: list[tuple[str, str, int, str, int]] = []
    movies: dict[tuple[str, ...], list[str]] = {}
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            review, urls = _REVIEW.fullmatch(member.name), _MOVIES.fullmatch(member.name)
            content = archive.extractfile(member) if member.isfile() and (review or urls) else None
            if content is None:
                continue
            if member.size > _MAX_MEMBER_SIZE:
                raise ValueError(
                    f"{path}: {member.name} has {member.size} bytes, expected at most "
                    f"{_MAX_MEMBER_SIZE}. Delete the archive to download it again."
                )
            text = content.read().decode("utf-8")
            if review:
                name, sentiment, index, rating = review.groups()
                reviews.append((name, sentiment, int(index), text, int(rating)))
            elif urls:
                movies[urls.groups()] = re.findall(r"tt\d+", text)
    rows = [
        (name, text, int(sentiment == "pos"), rating, movies[name, sentiment][index])
        for name, sentiment, index, text, rating in sorted(reviews)
    ]
    frame = pd.DataFrame(rows, columns=["subset", *_COLUMNS])
    return {name: frame.loc[frame["subset"] == name, list(_COLUMNS)] for name in SUBSETS}
