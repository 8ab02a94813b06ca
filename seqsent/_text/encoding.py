"""The tokens of many documents to ids."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .._types import Integers, RaggedIds, TokenizedDocument
from .analysis import Analyzer, Splitter
from .rows import Truncation, truncate

LookUp = Callable[[list[Any]], Iterable[int]]
"""Function of a list of tokens that returns their ids, always the same for equal tokens."""

_DOCUMENTS_PER_BATCH = 1024
_BYTES_PER_BATCH = 2**18  # a batch and its arrays fit into the cache of a core
_MIN_BULK = 16  # documents from which array operations are faster than a loop
_LONG = 2**16  # characters of a document from which arrays need less memory than its words
_WORDS_PER_LOOKUP = 2**14  # so that the memory for words does not depend on a document's length

_KEY_BYTES = 8
_KEY_MASKS = np.array([2 ** (8 * n) - 1 for n in range(_KEY_BYTES + 1)], dtype=np.uint64)
_TABLE_BITS = 18
_SPACE, _NUL = ord(" "), b"\0"


def encode(
    documents: list[Any], analyze: Analyzer, look_up: LookUp, truncation: Truncation | None = None
) -> Iterator[RaggedIds]:
    """Yield the ids of the tokens of documents, in batches.

    Only the tokens within the truncation are looked up; None looks up all.
    """
    if isinstance(analyze, Splitter) and (
        len(documents) >= _MIN_BULK or any(len(document) > _LONG for document in documents)
    ):
        return _encode_in_bulk(documents, analyze, look_up, truncation)
    return _encode_one_by_one(documents, analyze, look_up, truncation)


def tokenize(
    documents: list[Any],
    analyze: Analyzer,
    vocabulary: Mapping[Any, int],
    oov_char: int,
    truncation: Truncation | None,
) -> Iterator[TokenizedDocument]:
    """Yield the tokens of documents and the ids in their rows, ``oov_char`` for unknown ones."""
    in_row = slice(None) if truncation is None else truncation.as_slice()
    for document in documents:
        tokens = analyze(document)
        is_known = np.array([token in vocabulary for token in tokens], dtype=bool)
        ids = np.array([vocabulary.get(token, oov_char) for token in tokens], dtype=np.int32)
        indices = np.flatnonzero(ids)[in_row]
        yield TokenizedDocument(tokens, is_known, indices, ids[indices])


def _encode_one_by_one(
    documents: list[Any], analyze: Analyzer, look_up: LookUp, truncation: Truncation | None
) -> Iterator[RaggedIds]:
    in_row = slice(None) if truncation is None else truncation.as_slice()
    for start in range(0, len(documents), _DOCUMENTS_PER_BATCH):
        ids = []
        for document in documents[start : start + _DOCUMENTS_PER_BATCH]:
            tokens = analyze(document)[in_row]
            ids.append(np.fromiter(look_up(tokens), np.int32, len(tokens)))
        yield RaggedIds(np.concatenate(ids), np.array(list(map(len, ids)), dtype=np.intp))


def _encode_in_bulk(
    documents: list[str], split: Splitter, look_up: LookUp, truncation: Truncation | None
) -> Iterator[RaggedIds]:
    cached = _CachedIds()
    for batch in _batches(map(split.clean, documents)):
        data = bytearray(b" ").join([b"", *batch, b" " * _KEY_BYTES])
        split.finish(data)
        starts, ends = _find_words(data)
        document_ends = np.cumsum([len(document) + 1 for document in batch])
        lengths = np.diff(np.searchsorted(starts, document_ends, side="right"), prepend=0)
        if truncation is not None:
            in_row, lengths = truncate(RaggedIds(np.arange(len(starts)), lengths), truncation)
            starts, ends = starts[in_row], ends[in_row]
        ids = np.empty(len(starts), np.int32)
        for first in range(0, len(starts), _WORDS_PER_LOOKUP):
            words = slice(first, first + _WORDS_PER_LOOKUP)
            ids[words] = cached.look_up(data, starts[words], ends[words], look_up)
        yield RaggedIds(ids, lengths)


def _batches(documents: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document)
        if size >= _BYTES_PER_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _find_words(data: bytearray) -> tuple[Integers, Integers]:
    """Return the starts and ends of the words in bytes that start and end with a space."""
    is_space = np.frombuffer(data, np.uint8) == _SPACE
    edges = np.flatnonzero(is_space[1:] != is_space[:-1]) + 1
    return edges[0::2], edges[1::2]


class _CachedIds:
    """Hash table of the ids of short words, looked up for many words at once.

    A word of at most 8 bytes is compared as one 64-bit integer, its key. Each slot of the table
    belongs to the first key that is stored there, so most frequent words are cached. All other
    words are looked up each time.
    """

    def __init__(self) -> None:
        self.keys = np.zeros(2**_TABLE_BITS, dtype=np.uint64)
        self.ids = np.zeros(2**_TABLE_BITS, dtype=np.int32)

    def look_up(
        self, data: bytearray, starts: Integers, ends: Integers, look_up: LookUp
    ) -> npt.NDArray[np.int32]:
        """Return the ids of the words data[start:end]."""
        sizes = ends - starts
        # a word that contains NUL could have the key of a shorter word
        has_key = (sizes <= _KEY_BYTES) & (_NUL not in data)
        key_at = np.lib.stride_tricks.as_strided(
            np.frombuffer(data, "<u8", count=1), (len(data) - _KEY_BYTES + 1,), (1,)
        )
        keys = key_at[starts] & _KEY_MASKS[np.minimum(sizes, _KEY_BYTES)]
        # multiplicative hashing with the golden ratio
        hashes = (keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - _TABLE_BITS)
        slots = hashes.astype(np.intp)
        ids = self.ids[slots]
        missed = np.flatnonzero((self.keys[slots] != keys) | ~has_key)
        words = [
            data[start:end].decode("utf-8", "surrogatepass")
            for start, end in zip(starts[missed].tolist(), ends[missed].tolist(), strict=True)
        ]
        ids[missed] = np.fromiter(look_up(words), np.int32, len(words))
        self._store(*(array[missed[has_key[missed]]] for array in (slots, keys, ids)))
        return ids

    def _store(self, slots: Integers, keys: Integers, ids: Integers) -> None:
        is_free = self.keys[slots] == 0
        slots, keys, ids = slots[is_free], keys[is_free], ids[is_free]
        self.keys[slots] = keys
        # the last of several new keys with one slot is stored
        is_stored = self.keys[slots] == keys
        self.ids[slots[is_stored]] = ids[is_stored]
