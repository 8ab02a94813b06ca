"""From documents to numbers, one per word."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from .._types import Integers, Ragged
from .analysis import Analyzer, CleaningAnalyzer
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
    documents: list[Any], analyze: Analyzer, number: Numbering, limit: Limit | None = None
) -> Iterator[Ragged]:
    """Replace the tokens of documents by numbers, some documents at a time.

    Only the tokens within the limit are numbered; None takes all.
    """
    if len(documents) >= _MANY_TEXTS and isinstance(analyze, CleaningAnalyzer):
        return _encode_in_bulk(documents, analyze, number, limit)
    return _encode_tokens(documents, analyze, number, limit)


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
