"""Pretrained word vectors, aligned with the ids of a SequenceVectorizer."""

import gzip
import io
import os
import re
import sys
import warnings
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from numbers import Integral
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from .._estimator.base import HasMethods, Interval, validated

_GZIP_MAGIC = b"\x1f\x8b"
_BLOCK = 4096
_LINE = "a word and its finite numbers, separated by single spaces"
# what a line with a number too many leaves behind its word
_NUMBER_AT_END = re.compile(r"\s[-+]?\d*\.?\d+(?:e[-+]?\d+)?$", re.IGNORECASE)
# the line in the user's code, seen from _parse through scikit-learn's parameter check
_CALLER = 5


@validated(
    {
        "path": [str, os.PathLike],
        "num_words": [Interval(Integral, 1, None, closed="left"), None],
        "index_from": [Interval(Integral, 0, None, closed="left")],
        "texts": [HasMethods("__iter__"), None],
    }
)
def load_word_vectors(
    path: str | os.PathLike[str],
    *,
    num_words: int | None = None,
    index_from: int = 3,
    texts: Iterable[str] | None = None,
) -> Bunch:
    """Load GloVe or word2vec vectors as a vocabulary and the matrix that belongs to it.

    Give both to the estimators, ``SequenceVectorizer(vocabulary=bunch.vocabulary)`` and
    ``RecurrentSentimentClassifier(embedding_weights=bunch.embedding_weights)``: ids then come from
    the file and not from the training texts, so that no fold of a cross-validation
    can shift them under the matrix.

    Parameters
    ----------
    path : str or path-like
        File in UTF-8, plain or compressed with gzip. Each line holds a word and its
        numbers, separated by single spaces; a first line "n_words n_dimensions", as word2vec
        writes it, is recognised.

    num_words : int or None, default=None
        Read only as many vectors as ids below ``num_words`` need, as in
        :class:`~seqsent.SequenceVectorizer`: such files list frequent words first.
        None reads all; then say ``SequenceVectorizer(num_words=None)`` as well.

    index_from : int, default=3
        The id of a word is its rank (1 for the first line) plus this number, as in
        :class:`~seqsent.SequenceVectorizer`.

    texts : iterable of str or None, default=None
        Texts to report the coverage of, read as the default ``SequenceVectorizer`` reads them.

    Returns
    -------
    :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the following attributes.

        vocabulary : list of str
            The words, in rank order.
        embedding_weights : ndarray of float32 of shape (n_words + index_from + 1, n_dimensions)
            Row i is the vector of the word with id i. Row 0 (padding) is zero; rows 1 to
            ``index_from`` (start, unknown word, unused) are the mean of all vectors, the best
            guess where nothing is known of a word.
        coverage : dict or None
            With ``texts``: "running_words", the share in [0, 1] of all their words that have a
            vector; "distinct_words", the same of their different words; "unknown_words", the
            ten most frequent without, as a list of (word, count).

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If a line is malformed (the message gives its number), or the file is empty, cut short
        or not text.

    Warns
    -----
    UserWarning
        If a word occurs more than once; its first vector counts.

    See Also
    --------
    seqsent.SequenceVectorizer : Takes the vocabulary.

    References
    ----------
    .. [1] J. Pennington, R. Socher and C. D. Manning, "GloVe: Global Vectors for Word
       Representation", EMNLP 2014. https://nlp.stanford.edu/projects/glove/
    .. [2] T. Mikolov, K. Chen, G. Corrado and J. Dean, "Efficient Estimation of Word
       Representations in Vector Space", 2013. https://arxiv.org/abs/1301.3781

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from seqsent.datasets import load_word_vectors
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "vectors.txt")
    ...     _ = path.write_text("the 0.5 1\\nfilm 1.5 -1\\n")
    ...     bunch = load_word_vectors(path, texts=["The film, the book."])
    >>> bunch.vocabulary
    ['the', 'film']
    >>> bunch.embedding_weights[4:]
    array([[ 0.5,  1. ],
           [ 1.5, -1. ]], dtype=float32)
    >>> bunch.coverage["running_words"]
    0.75
    """
    limit = None if num_words is None else num_words - 1 - index_from
    if limit is not None and limit < 1:
        raise ValueError(
            f"num_words={num_words} leaves no id for a word: with index_from={index_from} the "
            f"first word has id {index_from + 1}, so num_words must be {index_from + 2} or more."
        )
    words, vectors = _read(Path(path), limit)
    matrix = np.zeros((len(words) + index_from + 1, vectors.shape[1]), dtype=np.float32)
    matrix[1 : index_from + 1] = vectors.mean(axis=0, dtype=np.float64)
    matrix[index_from + 1 :] = vectors
    return Bunch(
        vocabulary=words,
        embedding_weights=matrix,
        coverage=None if texts is None else _coverage(set(words), texts),
    )


def _coverage(known: set[str], texts: Iterable[str]) -> dict[str, float | list[tuple[str, int]]]:
    from .._vectorizer import SequenceVectorizer

    if isinstance(texts, str):
        raise TypeError("texts must be an iterable of str, got a single str; pass [text].")
    counts = Counter(chain.from_iterable(map(SequenceVectorizer().build_analyzer(), texts)))
    if not counts:
        raise ValueError("texts hold no words: there is no coverage to report.")
    running = sum(count for word, count in counts.items() if word in known)
    unknown = Counter({word: count for word, count in counts.items() if word not in known})
    return {
        "running_words": running / counts.total(),
        "distinct_words": 1 - len(unknown) / len(counts),
        # ties in alphabetical order, the same on every run
        "unknown_words": sorted(unknown.items(), key=lambda item: (-item[1], item[0]))[:10],
    }


def _read(path: Path, limit: int | None) -> tuple[list[str], np.ndarray]:
    with path.open("rb") as raw:
        compressed = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        file: io.BufferedReader | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if compressed else raw
        # a line ends at \n alone: some words of GloVe hold other characters that split lines
        lines = io.TextIOWrapper(file, encoding="utf-8-sig", newline="\n")
        try:
            return _parse(lines, path, limit)
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path} is not UTF-8 text ({error.reason}). Expected the text format of GloVe or "
                "word2vec, one word a line; a binary word2vec file must be converted first."
            ) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(f"{path} is a damaged gzip file: {error}") from error


def _parse(lines: Iterator[str], path: Path, limit: int | None) -> tuple[list[str], np.ndarray]:
    first = next(lines, "")
    fields = first.split()
    if not fields:
        raise ValueError(f"{path} is empty, or its first line is: expected {_LINE}.")
    promised = None
    if len(fields) == 2 and all(field.isdecimal() for field in fields):
        promised, n_dimensions = int(fields[0]), int(fields[1])
    else:
        n_dimensions = len(fields) - 1
        lines = chain([first], lines)
    seen: dict[str, None] = {}
    kept = []
    n_lines = 0
    while block := list(islice(lines, min(_BLOCK, (limit or sys.maxsize) - len(seen)))):
        number = n_lines + (1 if promised is None else 2)
        words, vectors = _parse_block(block, n_dimensions, path, number)
        n_lines += len(block)
        fresh = []
        for i, word in enumerate(words):
            if word not in seen:
                seen[word] = None
                fresh.append(i)
        kept.append(vectors[fresh])
    if not seen or (promised is not None and n_lines < promised and len(seen) != limit):
        raise ValueError(
            f"{path} is cut short: {n_lines} vectors, expected {promised} from its first line."
        )
    if len(seen) < n_lines:
        warnings.warn(
            f"{n_lines - len(seen)} lines of {path} repeat a word; the first vector counts.",
            stacklevel=_CALLER,
        )
    return list(seen), np.concatenate(kept)


def _parse_block(
    block: list[str], n_dimensions: int, path: Path, number: int
) -> tuple[list[str], np.ndarray]:
    # from the right: some words of GloVe hold spaces
    rows = [line.rstrip().rsplit(" ", n_dimensions) for line in block]
    words = [row[0] for row in rows]
    try:
        vectors = np.array([row[1:] for row in rows], dtype=np.float32)
    except ValueError:  # a word among the numbers, or lines of different lengths
        vectors = np.empty((0, 0), dtype=np.float32)
    if (
        vectors.shape == (len(rows), n_dimensions)
        and n_dimensions > 0
        and all(words)
        and np.isfinite(vectors).all()
        and not any(map(_NUMBER_AT_END.search, words))
    ):
        return words, vectors
    offset = next((i for i, row in enumerate(rows) if not _is_well_formed(row, n_dimensions)), 0)
    raise ValueError(
        f"{path}, line {number + offset}: expected {_LINE}, {n_dimensions} of them as in the "
        f"first line, got {block[offset].rstrip()[:60]!r}."
    )


def _is_well_formed(row: list[str], n_dimensions: int) -> bool:
    if len(row) != n_dimensions + 1 or not row[0] or _NUMBER_AT_END.search(row[0]):
        return False
    try:
        return bool(np.isfinite(np.array(row[1:], dtype=np.float32)).all())
    except ValueError:
        return False
