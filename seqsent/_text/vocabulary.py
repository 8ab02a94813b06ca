"""Words, their counts, ranks and ids."""

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import partial
from itertools import count, repeat
from numbers import Integral
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from .encoding import encode
from .rows import IntArray, cut

_PACKED = "seqsent packed vocabulary"


class Tally:
    """Counts of all words of a corpus, taken in one pass that also keeps the rows.

    Every distinct word gets a provisional id, in order of appearance, so that the rows
    can be turned into final ids by numpy once all words are counted.

    Parameters
    ----------
    analyze : callable
        Document to list of tokens.
    documents : list
        The corpus.
    keep_rows : bool
        Whether to keep the documents as rows of provisional ids.
    limit : int or None, default=None
        Keep only the first n words of each document; the last n if -n.
    documents_per_word : bool
        Whether to count for each word the documents that hold it.

    Attributes
    ----------
    words : list
        The distinct words, in order of their provisional ids.
    counts : ndarray of shape (n_words,)
        How often each word occurs.
    document_counts : ndarray of shape (n_words,) or None
        How many documents each word occurs in, if asked for.
    rows : list of (ndarray of int32, ndarray of int)
        For some documents at a time, provisional ids of the kept words, one document after
        the other, and the number of words in each document. Without `keep_rows`, no ids.
    n_documents : int
        Number of documents.
    """

    def __init__(
        self,
        analyze: Callable[[Any], list[Any]],
        documents: list[Any],
        *,
        keep_rows: bool,
        limit: int | None = None,
        documents_per_word: bool = False,
    ) -> None:
        index: defaultdict[Any, int] = defaultdict(count().__next__)
        counts: IntArray = np.zeros(0, dtype=np.int64)
        document_counts: IntArray = np.zeros(0, dtype=np.int64)
        self.rows: list[tuple[IntArray, IntArray]] = []
        for ids, lengths in encode(documents, analyze, partial(map, index.__getitem__)):
            counts = _add_counts(counts, ids, len(index))
            if documents_per_word:
                once = map(np.unique, np.split(ids, np.cumsum(lengths)[:-1]))
                document_counts = _add_counts(
                    document_counts, np.concatenate(list(once)), len(index)
                )
            if limit is not None:
                ids, lengths = cut(ids, lengths, limit)
            self.rows.append((ids if keep_rows else ids[:0].copy(), lengths))
        self.words = list(index)
        self.counts = counts
        self.document_counts = document_counts if documents_per_word else None
        self.n_documents = len(documents)

    def look_up(
        self, vocabulary: Mapping[Any, int], *, unknown: int
    ) -> tuple[npt.NDArray[np.int32], dict[Any, int]]:
        """Return the final ids of all words, and the counts of the known ones.

        Parameters
        ----------
        vocabulary : mapping
            Known words and their ids.
        unknown : int
            Id of all other words.

        Returns
        -------
        ndarray of shape (n_words,)
            Ids in the order of `words`.
        counts : dict
            Words of `vocabulary`, in its order, and how often they occur.
        """
        ids = np.fromiter(map(vocabulary.get, self.words, repeat(0)), np.int32)
        counts = dict.fromkeys(vocabulary, 0)
        for i in np.flatnonzero(ids):
            counts[self.words[i]] = int(self.counts[i])
        ids[ids == 0] = unknown
        return ids, counts

    def final_rows(self, ids: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
        """Replace provisional ids by final ones.

        Parameters
        ----------
        ids : ndarray of shape (n_words,)
            From `look_up`.

        Returns
        -------
        iterator of (ndarray of int32, ndarray of int)
            Like `rows`.
        """
        return ((ids[provisional], lengths) for provisional, lengths in self.rows)


def _add_counts(counts: IntArray, ids: IntArray, n_words: int) -> IntArray:
    total = np.bincount(ids, minlength=n_words)
    total[: len(counts)] += counts
    return total


def learn_vocabulary(
    tally: Tally, *, num_words: int | None, index_from: int, min_df: float, max_df: float
) -> dict[Any, int]:
    """Give the most frequent words of a corpus their ids.

    Words of equal count are ranked in the order of their characters (code points),
    numbers by value, so that ranks depend neither on the order of the texts nor on the
    platform.

    Parameters
    ----------
    tally : Tally
        The counts.
    num_words : int or None
        Words whose id would reach it are left out.
    index_from : int
        Id of the most frequent word, less one.
    min_df, max_df : int or float
        Fewest and most documents a word may be in: a number of them, or a proportion.

    Returns
    -------
    dict
        Word to id, by increasing id.

    Raises
    ------
    ValueError
        If no word is left.
    """
    limit = None if num_words is None else num_words - index_from - 1
    known = np.arange(len(tally.words))
    if tally.document_counts is not None:
        known = known[_is_within(tally.document_counts, tally.n_documents, min_df, max_df)]
    if limit is not None and len(known) > limit:
        counts = tally.counts[known]
        least = -np.partition(-counts, limit - 1)[limit - 1]
        known = known[counts >= least]
    if not len(known):
        raise ValueError(_no_words(tally, min_df, max_df))
    words = [_plain_token(tally.words[i]) for i in known]
    order = zip((-tally.counts[known]).tolist(), map(_sort_key, words), words, strict=True)
    ranked = [word for _, _, word in sorted(order)]
    return {word: rank for rank, word in enumerate(ranked[:limit], index_from + 1)}


def allows_any_df(min_df: float, max_df: float) -> bool:
    """Return whether words may be in any number of documents.

    Parameters
    ----------
    min_df, max_df : int or float
        As in `learn_vocabulary`.

    Returns
    -------
    bool
        True if neither is a limit.
    """
    # the int 1 is one document, the float 1.0 all of them
    no_least = min_df == 1 if isinstance(min_df, Integral) else min_df == 0
    return no_least and not isinstance(max_df, Integral) and max_df == 1


def _is_within(
    document_counts: IntArray, n_documents: int, min_df: float, max_df: float
) -> npt.NDArray[np.bool_]:
    fewest = min_df if isinstance(min_df, Integral) else min_df * n_documents
    most = max_df if isinstance(max_df, Integral) else max_df * n_documents
    if most < fewest:
        raise ValueError(
            f"max_df={max_df} allows fewer of the {n_documents} documents than min_df={min_df} "
            "asks for. Lower min_df or raise max_df."
        )
    within: npt.NDArray[np.bool_] = (document_counts >= fewest) & (document_counts <= most)
    return within


def _no_words(tally: Tally, min_df: float, max_df: float) -> str:
    if tally.words:
        return (
            f"None of the {len(tally.words)} words lies within min_df={min_df} and "
            f"max_df={max_df}. Lower min_df or raise max_df."
        )
    return (
        f"The vocabulary is empty: no words in {tally.n_documents} documents. "
        "They may hold only stop words or filtered characters."
    )


def _sort_key(word: Any) -> tuple[bool, Any]:
    return isinstance(word, str), word


def _plain_token(token: Any) -> str | int:
    """Return a token as a str or int that any pickle and JSON can hold."""
    if type(token) is str or type(token) is int:
        return token
    if isinstance(token, str):
        return str(token)
    if isinstance(token, Integral):
        return int(token)
    raise TypeError(f"Tokens must be str or int, got {token!r} ({type(token).__name__}).")


def fixed_vocabulary(vocabulary: Any, *, num_words: int | None, index_from: int) -> dict[Any, int]:
    """Give the words of a ready vocabulary their ids.

    Parameters
    ----------
    vocabulary : mapping or iterable
        Word to rank, or words in the order of their ranks.
    num_words : int or None
        Words whose id would reach it are left out.
    index_from : int
        Id of the word of rank 1, less one.

    Returns
    -------
    dict
        Word to id, by increasing id.

    Raises
    ------
    TypeError
        If words are neither str nor int, or ranks no integers.
    ValueError
        If ranks or words repeat, a rank is below 1, or no word is left.
    """
    ranks = _ranks(vocabulary)
    if not ranks:
        raise ValueError("vocabulary is empty. Pass None to learn it from the texts.")
    largest = max(ranks.values()) + index_from if num_words is None else num_words - 1
    known = [(rank, word) for word, rank in ranks.items() if rank + index_from <= largest]
    if not known:
        raise ValueError(
            f"No word of the vocabulary is known: num_words={num_words} leaves ids below it, "
            f"and the smallest rank {min(ranks.values())} + index_from={index_from} is not."
        )
    known.sort(key=itemgetter(0))
    return {word: rank + index_from for rank, word in known}


def _ranks(vocabulary: Any) -> dict[Any, int]:
    if isinstance(vocabulary, Set):
        raise TypeError(
            "vocabulary is a set, whose words have no order. Pass them as a list in the order of "
            "their ranks, or as a mapping of word to rank."
        )
    if isinstance(vocabulary, Mapping):
        words, ranks = list(vocabulary), list(vocabulary.values())
    else:
        words = list(vocabulary)
        ranks = list(range(1, len(words) + 1))
    if not set(map(type, words)) <= {str, int}:
        words = list(map(_plain_token, words))
    if not set(map(type, ranks)) <= {int}:
        ranks = [_plain_rank(word, rank) for word, rank in zip(words, ranks, strict=True)]
    if ranks and min(ranks) < 1:
        word, rank = next((w, r) for w, r in zip(words, ranks, strict=True) if r < 1)
        raise ValueError(
            f"Ranks in vocabulary start at 1 (the most frequent word), got {rank} for {word!r}."
        )
    _refuse_repeats("rank", ranks)
    _refuse_repeats("word", words)
    return dict(zip(words, ranks, strict=True))


def _plain_rank(word: Any, rank: Any) -> int:
    if isinstance(rank, bool) or not isinstance(rank, Integral):
        raise TypeError(
            f"Ranks in vocabulary must be integers, got {rank!r} ({type(rank).__name__}) "
            f"for {word!r}."
        )
    return int(rank)


def _refuse_repeats(what: str, values: list[Any]) -> None:
    if len(set(values)) < len(values):
        repeated, _ = Counter(values).most_common(1)[0]
        raise ValueError(f"The {what} {repeated!r} occurs more than once in vocabulary.")


def pack(*columns: Iterable[Any]) -> bytes:
    """Return lists of str and int in a small, plain form.

    Parameters
    ----------
    *columns : iterable of str or int
        What to pack.

    Returns
    -------
    bytes
        For `unpack`.
    """
    # escaped JSON holds every str, also one that is no valid Unicode
    return zlib.compress(json.dumps(list(map(list, columns)), separators=(",", ":")).encode())


def unpack(packed: bytes) -> list[list[Any]]:
    """Return the lists given to `pack`.

    Parameters
    ----------
    packed : bytes
        From `pack`.

    Returns
    -------
    list of list
        The lists.
    """
    columns: list[list[Any]] = json.loads(zlib.decompress(packed))
    return columns


def pack_vocabulary(vocabulary: Any) -> Any:
    """Return the parameter `vocabulary` in a small form, if it is plain enough.

    Parameters
    ----------
    vocabulary : object
        The parameter.

    Returns
    -------
    object
        A dict with one packed entry for a plain dict or list; anything else as it is.
    """
    if type(vocabulary) is dict and _is_plain(vocabulary) and _is_plain(vocabulary.values()):
        return {_PACKED: "dict", "columns": pack(vocabulary, vocabulary.values())}
    if type(vocabulary) is list and _is_plain(vocabulary):
        return {_PACKED: "list", "columns": pack(vocabulary)}
    return vocabulary


def _is_plain(values: Iterable[Any]) -> bool:
    return set(map(type, values)) <= {str, int}


def unpack_vocabulary(packed: Any) -> Any:
    """Return the parameter given to `pack_vocabulary`.

    Parameters
    ----------
    packed : object
        From `pack_vocabulary`.

    Returns
    -------
    object
        The parameter.
    """
    if not (type(packed) is dict and _PACKED in packed and "columns" in packed):
        return packed
    columns = unpack(packed["columns"])
    return columns[0] if packed[_PACKED] == "list" else dict(zip(*columns, strict=True))
