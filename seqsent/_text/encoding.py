"""From documents to numbers, one per word."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from .._types import Integers, Ragged
from .analysis import Analyzer, CleaningAnalyzer
from .parts import (
    breaks_of,
    is_long,
    split,
    tokens_by_part,
)
from .rows import Limit, cut

Numbering = Callable[[list[Any]], Iterable[int]]
"""Tokens to their numbers; the same token always has the same number."""

_TEXTS_AT_A_TIME = 1024
# about as much as a core's cache holds beside the arrays made of it
_BYTES_AT_A_TIME = 2**18
# from here on, whole-array operations cost less than a loop over texts
_MANY_TEXTS = 16

_KEY_BYTES = 8
_KEY_MASKS = np.array([2 ** (8 * n) - 1 for n in range(_KEY_BYTES + 1)], dtype=np.uint64)
_TABLE_BITS = 18
_SPACE, _NUL = ord(" "), b"\0"


def encode(
    documents: list[Any],
    analyze: Analyzer,
    number: Numbering,
    limit: Limit | None = None,
    *,
    drops_unknown: bool = False,
) -> Iterator[Ragged]:
    """Replace the tokens of documents by numbers, some documents at a time.

    Of each document only the words within the limit need be numbered, or, if those of number 0
    are going to be dropped, those within the limit then; None takes all. Of a long text no more
    is read than that, where the analyzer allows it.
    """
    of_others = None if drops_unknown else limit
    breaks = breaks_of(analyze)
    if breaks is None or not any(map(is_long, documents)):
        yield from _encode_ordinary(documents, analyze, number, of_others)
        return
    for long, group in groupby(documents, is_long):
        if long:
            for text in group:
                if limit is None and isinstance(analyze, CleaningAnalyzer):
                    parts = _encode_in_bulk(split(text, breaks), analyze, number, None)
                    numbers = np.concatenate([part.numbers for part in parts])
                else:
                    numbers = _encode_long(text, analyze, number, limit, drops_unknown)
                yield Ragged(numbers, np.array([len(numbers)]))
        else:
            yield from _encode_ordinary(list(group), analyze, number, of_others)


def _encode_ordinary(
    documents: list[Any], analyze: Analyzer, number: Numbering, limit: Limit | None
) -> Iterator[Ragged]:
    if len(documents) >= _MANY_TEXTS and isinstance(analyze, CleaningAnalyzer):
        return _encode_in_bulk(documents, analyze, number, limit)
    return _encode_tokens(documents, analyze, number, limit)


def _encode_long(
    text: str, analyze: Any, number: Numbering, limit: Limit | None, drops_unknown: bool
) -> Integers:
    """Return the numbers of a text's tokens within the limit."""
    from_end = limit is not None and limit.keeps_end
    found: list[Integers] = []
    n_found = 0
    for tokens in tokens_by_part(text, analyze, from_end=from_end):
        numbers = np.fromiter(number(tokens), np.int32, len(tokens))
        found.append(numbers[numbers != 0] if drops_unknown else numbers)
        n_found += len(found[-1])
        if limit is not None and n_found >= limit.n_words:
            break
    numbers = np.concatenate(found[::-1] if from_end else found)
    return numbers if limit is None else numbers[limit.as_slice()]


def _encode_tokens(
    documents: list[Any], analyze: Analyzer, number: Numbering, limit: Limit | None
) -> Iterator[Ragged]:
    kept = slice(None) if limit is None else limit.as_slice()
    for start in range(0, len(documents), _TEXTS_AT_A_TIME):
        texts = []
        for document in documents[start : start + _TEXTS_AT_A_TIME]:
            tokens = analyze(document)[kept]
            texts.append(np.fromiter(number(tokens), np.int32, len(tokens)))
        lengths = np.array([len(text) for text in texts], dtype=np.intp)
        yield Ragged(np.concatenate(texts), lengths)


def _encode_in_bulk(
    texts: Iterable[str], analyze: CleaningAnalyzer, number: Numbering, limit: Limit | None
) -> Iterator[Ragged]:
    seen = _SeenWords()
    for part in _parts(map(analyze.clean, texts)):
        data = bytearray(b" ").join([b"", *part, b" " * _KEY_BYTES])
        analyze.finish(data)
        starts, ends = _find_words(data)
        text_ends = np.cumsum([len(text) + 1 for text in part])
        lengths = np.diff(np.searchsorted(starts, text_ends, side="right"), prepend=0)
        if limit is not None:
            kept, lengths = cut(Ragged(np.arange(len(starts)), lengths), limit)
            starts, ends = starts[kept], ends[kept]
        yield Ragged(seen.numbers(data, starts, ends, number), lengths)


def _parts(texts: Iterable[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for text in texts:
        part.append(text)
        size += len(text)
        if size >= _BYTES_AT_A_TIME:
            yield part
            part, size = [], 0
    if part:
        yield part


def _find_words(data: bytearray) -> tuple[Integers, Integers]:
    """Return where words start and end in bytes that begin and end with a space."""
    is_space = np.frombuffer(data, np.uint8) == _SPACE
    edges = np.flatnonzero(is_space[1:] != is_space[:-1]) + 1
    return edges[0::2], edges[1::2]


class _SeenWords:
    """The numbers of words seen before, looked up for many words at once.

    Words of up to 8 bytes are compared as one 64-bit integer, the key. A key has one slot
    in a hash table; the first key to come takes it, so frequent words tend to have theirs.
    All other words go through ``number`` each time.
    """

    def __init__(self) -> None:
        self.keys = np.zeros(2**_TABLE_BITS, dtype=np.uint64)
        self.values = np.zeros(2**_TABLE_BITS, dtype=np.int32)

    def numbers(
        self, data: bytearray, starts: Integers, ends: Integers, number: Numbering
    ) -> npt.NDArray[np.int32]:
        """Return the numbers of the words that lie between ``starts`` and ``ends``."""
        sizes = ends - starts
        # a word with a NUL inside could have the key of a shorter one
        fits = (sizes <= _KEY_BYTES) & (_NUL not in data)
        every_key = np.lib.stride_tricks.as_strided(
            np.frombuffer(data, "<u8", count=1), (len(data) - _KEY_BYTES + 1,), (1,)
        )
        keys = every_key[starts] & _KEY_MASKS[np.minimum(sizes, _KEY_BYTES)]
        # multiplicative hashing: the golden ratio spreads keys over the slots
        slots = ((keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - _TABLE_BITS)).astype(
            np.intp
        )
        found = self.values[slots]
        new = np.flatnonzero((self.keys[slots] != keys) | ~fits)
        words = [
            data[start:end].decode("utf-8", "surrogatepass")
            for start, end in zip(starts[new].tolist(), ends[new].tolist(), strict=True)
        ]
        found[new] = np.fromiter(number(words), np.int32, len(words))
        self._keep(slots[new], keys[new], found[new], fits[new])
        return found

    def _keep(
        self, slots: Integers, keys: Integers, values: Integers, fits: npt.NDArray[np.bool_]
    ) -> None:
        free = fits & (self.keys[slots] == 0)
        slots, keys, values = slots[free], keys[free], values[free]
        self.keys[slots] = keys
        # of several keys for one slot, one has won
        won = self.keys[slots] == keys
        self.values[slots[won]] = values[won]
