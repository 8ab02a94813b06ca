"""The Large Movie Review Dataset as raw text."""

import csv
import gzip
import io
import os
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import Bunch

from .._estimator.base import StrOptions, validated
from .._runtime.files import replaced_when_complete
from ._cache import checksum_of, download, get_data_home
from ._common import labelled_texts

if TYPE_CHECKING:
    import pandas as pd

_URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
_MD5 = "7c2ac02c03563afcf9b574c7e56c153a"
_SIZE = 84_125_825
_ARCHIVE = "aclImdb_v1.tar.gz"
_FOLDER = "aclImdb"
SUBSETS = ("train", "test")
_COLUMNS = ("text", "label", "rating", "movie")
TARGET_NAMES = ("negative", "positive")

_REVIEW_FILE = re.compile(r"(?:\./)?aclImdb/(train|test)/(neg|pos)/(\d+)_(\d+)\.txt")
_URLS_FILE = re.compile(r"(?:\./)?aclImdb/(train|test)/urls_(neg|pos)\.txt")
_MOVIE = re.compile(r"tt\d+")

_DESCRIPTION = """\
Large Movie Review Dataset: 50,000 reviews of films from the Internet Movie Database, half of
them to train and half to test, half negative (rating 1 to 4) and half positive (7 to 10), at
most 30 of one film. No film occurs in both halves. Maas, Daly, Pham, Huang, Ng and Potts: Learning
Word Vectors for Sentiment Analysis, ACL 2011. https://ai.stanford.edu/~amaas/data/sentiment/
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

    25,000 reviews to train and 25,000 to test, half of each negative and half positive, and
    **sorted by label**: shuffle them before anything that takes the first or last rows. The
    texts are as published, HTML line breaks (``<br />``) included.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Which part of the official split. "all" is both, "train" first.

    data_home : str or path-like, default=None
        Folder that holds the data, or receives it. By default the environment variable
        ``SEQSENT_DATA`` names it, and otherwise it is the user's cache folder for seqsent. In
        this folder, or in its subfolder ``imdb``, these are read where they exist, the first
        one found: ``train.csv`` and ``test.csv`` (also ``.csv.gz``; columns "text" and
        "label", 0 or 1, and perhaps "rating" and "movie"), the extracted folder ``aclImdb``,
        the archive ``aclImdb_v1.tar.gz``.

    download_if_missing : bool, default=True
        If False, raise an OSError where the data is not there, instead of downloading 84 MB.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Whether to return pandas objects: Series, and ``frame`` as a DataFrame.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the following attributes.

        data : ndarray of str objects, or Series, of shape (n_samples,)
            The reviews.
        target : ndarray of int64, or Series, of shape (n_samples,)
            0 for a negative review, 1 for a positive one.
        rating : ndarray of int64, or Series, of shape (n_samples,)
            The stars that the reviewer gave, 1 to 10. Absent where a CSV file lacks it.
        movie : ndarray of str objects, or Series, of shape (n_samples,)
            The film's identifier ("tt0064354"): ``groups`` for
            :class:`~sklearn.model_selection.GroupKFold`. Absent where a CSV file lacks it.
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
        If the data is missing and may not be, or cannot be, downloaded: whatever fails of the
        connection, the server, what it sends or the disk. The address is in the message.
    ValueError
        If a file in ``data_home`` is not what its name says. The message has the file, and the
        line of a CSV file whose label or rating is no whole number.

    See Also
    --------
    fetch_imdb_sequences : The same reviews as Keras's lists of word ids.
    make_reviews : Synthetic reviews, without a download.

    Notes
    -----
    Nothing is extracted to disk: the reviews are read from inside the archive and kept as two
    compressed CSV files in the subfolder ``imdb``, after which a downloaded archive is deleted.
    A download that is interrupted or damaged (its MD5 sum is checked) leaves no file that is
    read later, and one that stands still or crawls is given up after a minute. Several
    processes may ask at once. The progress is shown where the error stream is a terminal.

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

    From a folder that holds the reviews already:

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = "text,label\\nDull from start to end.,0\\nWhat a film!,1\\n"
    ...     _ = pathlib.Path(folder, "train.csv").write_text(rows)
    ...     texts, labels = fetch_imdb(data_home=folder, return_X_y=True)
    >>> print(texts[1], labels[1])
    What a film! 1
    """
    import pandas as pd

    home = get_data_home(data_home)
    wanted = SUBSETS if subset == "all" else (subset,)
    frames = _load(home, wanted)
    if frames is None:
        if not download_if_missing:
            raise OSError(
                f"No movie reviews in {home} or its subfolder 'imdb', and download_if_missing="
                f"False. Allow the download, or {_by_hand(home)}"
            )
        frames = _load_published(home, wanted)
    frame = pd.concat([frames[part] for part in wanted], ignore_index=True)
    columns = {name: frame[name].to_numpy(dtype=_dtype(name)) for name in frame.columns}
    return labelled_texts(
        columns,
        target_names=TARGET_NAMES,
        description=_DESCRIPTION,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _dtype(column: str) -> type:
    return np.int64 if column in ("label", "rating") else object


def _by_hand(home: Path) -> str:
    return (
        f"put one of these into {home}: train.csv(.gz) and test.csv(.gz), the folder {_FOLDER}, "
        f"or the file {_ARCHIVE} from {_URL}."
    )


def _load_published(home: Path, wanted: tuple[str, ...]) -> "dict[str, pd.DataFrame]":
    archive = home / "imdb" / _ARCHIVE
    download(_URL, archive, _MD5, _SIZE, _by_hand(home))
    # not the archive itself: another process may have made tables of it by now
    frames = _load(home, wanted)
    if frames is None:
        raise OSError(f"{archive} was removed as soon as it was downloaded from {_URL}.")
    # only our own download is deleted, and only once both files replace it
    if all(_table_path(archive.parent, part) for part in SUBSETS):
        with suppress(OSError):
            archive.unlink()
    return frames


def _load(home: Path, wanted: tuple[str, ...]) -> "dict[str, pd.DataFrame] | None":
    for base in (home, home / "imdb"):
        tables = {part: _table_path(base, part) for part in wanted}
        if all(tables.values()):
            return {part: _read_table(path) for part, path in tables.items() if path}
        if (base / _FOLDER).is_dir():
            return _frames(_folder_files(base, wanted), wanted, base / _FOLDER)
        if (base / _ARCHIVE).is_file():
            try:
                frames = _load_archive(base / _ARCHIVE)
            except FileNotFoundError:  # deleted since, by a process that made tables of it
                return _load(home, wanted)
            _keep(frames, home / "imdb")
            return frames
    return None


def _table_path(base: Path, part: str) -> Path | None:
    candidates = (base / f"{part}.csv", base / f"{part}.csv.gz")
    return next((path for path in candidates if path.is_file()), None)


def _read_table(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        # a review may read "NA", a film be named by digits: neither is a missing value or a number
        frame = pd.read_csv(
            path,
            keep_default_na=False,
            encoding="utf-8",
            dtype={"text": object, "movie": object},
        )
    except (EOFError, zlib.error, ValueError, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is not a readable CSV file: {error}") from error
    absent = [name for name in ("text", "label") if name not in frame.columns]
    if absent:
        raise ValueError(
            f"{path} has no column {absent[0]!r}; expected 'text' and 'label', and perhaps "
            f"'rating' and 'movie', got {list(frame.columns)}."
        )
    if not isinstance(frame.index, pd.RangeIndex):  # what pandas takes a nameless column for
        raise ValueError(f"{path}, line 2: more fields than the {len(frame.columns)} names above.")
    numbers = {
        name: pd.to_numeric(frame[name], errors="coerce").astype(float)
        for name in ("label", "rating")
        if name in frame.columns
    }
    _refuse(~numbers["label"].isin([0, 1]), frame["label"], path, "0 or 1")
    if "rating" in numbers:
        # beyond 2**53 not all whole numbers are floats
        is_whole = (numbers["rating"] % 1 == 0) & (numbers["rating"].abs() < 2**53)
        _refuse(~is_whole, frame["rating"], path, "a whole number, or the column left out")
    return frame.assign(**numbers)[[name for name in _COLUMNS if name in frame.columns]]


def _refuse(is_bad: "pd.Series", column: "pd.Series", path: Path, expected: str) -> None:
    if is_bad.any():
        row = int(is_bad.to_numpy().argmax())
        raise ValueError(
            f"{path}, {_place(path, row)}: the {column.name} must be {expected}, got "
            f"{str(column.iloc[row])!r}."
        )


def _place(path: Path, row: int) -> str:
    """Say on which line a row begins: texts may hold line ends, and blank lines are no rows."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file, suppress(csv.Error):
        lines, start = csv.reader(file), 1
        n_rows = -1  # the names are none
        for fields in lines:
            if len(fields) > 1 or "".join(fields).strip():
                if n_rows == row:
                    return f"line {start}"
                n_rows += 1
            start = lines.line_num + 1
    return f"row {row + 1}"  # behind a text longer than the csv module reads


def _load_archive(path: Path) -> "dict[str, pd.DataFrame]":
    # opened once: what is checked is what is read
    with path.open("rb") as file:
        found = checksum_of(file)
        if found != _MD5:
            raise ValueError(
                f"{path} is not the published archive: its MD5 sum is {found}, expected {_MD5}. "
                "Delete it to have it downloaded again."
            )
        file.seek(0)
        return _frames(_archive_files(file), SUBSETS, path)


def _archive_files(file: io.BufferedReader) -> Iterator[tuple[str, bytes]]:
    # read in memory, by exact name and regular files only: no member can write anywhere
    with tarfile.open(fileobj=file, mode="r:gz") as archive:
        for member in archive:
            if member.isfile() and _is_wanted(member.name):
                content = archive.extractfile(member)
                if content is not None:
                    yield member.name, content.read()


def _folder_files(base: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for part in wanted:
        for path in (base / _FOLDER / part).glob("**/*.txt"):
            name = path.relative_to(base).as_posix()
            if _is_wanted(name):
                yield name, path.read_bytes()


def _is_wanted(name: str) -> bool:
    return bool(_REVIEW_FILE.fullmatch(name) or _URLS_FILE.fullmatch(name))


def _frames(
    files: Iterable[tuple[str, bytes]], wanted: tuple[str, ...], source: Path
) -> "dict[str, pd.DataFrame]":
    """Join the reviews with the films that the lists of addresses name, line by line."""
    import pandas as pd

    reviews: dict[tuple[str, str], dict[int, tuple[str, int]]] = {}
    movies: dict[tuple[str, str], list[str]] = {}
    for name, content in files:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{source}: {name} is not UTF-8 text: {error}") from error
        if match := _REVIEW_FILE.fullmatch(name):
            part, label, number, rating = match.groups()
            reviews.setdefault((part, label), {})[int(number)] = (text, int(rating))
        elif match := _URLS_FILE.fullmatch(name):
            part, label = match.groups()
            movies[part, label] = [_movie(line) for line in text.splitlines()]
    frames = {}
    for part in wanted:
        rows = []
        for label, sentiment in enumerate(("neg", "pos")):
            group, films = reviews.get((part, sentiment), {}), movies.get((part, sentiment), [])
            if not group or sorted(group) != list(range(len(films))):
                raise ValueError(
                    f"{source} is incomplete: {len(group)} reviews in {part}/{sentiment}, but "
                    f"urls_{sentiment}.txt names {len(films)}. Extract the archive again."
                )
            rows += [(group[i][0], label, group[i][1], film) for i, film in enumerate(films)]
        frames[part] = pd.DataFrame(rows, columns=list(_COLUMNS))
    return frames


def _movie(address: str) -> str:
    match = _MOVIE.search(address)
    return match.group() if match else address.strip()


def _keep(frames: "dict[str, pd.DataFrame]", folder: Path) -> None:
    """Write the frames as CSV files; a folder that cannot be written costs time, not the data."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for part, frame in frames.items():
            with replaced_when_complete(folder / f"{part}.csv.gz") as temporary:
                frame.to_csv(
                    temporary,
                    index=False,
                    # what has no quotes ends at a carriage return, too
                    quoting=csv.QUOTE_NONNUMERIC,
                    compression={"method": "gzip", "mtime": 0},
                )
