"""Vocabularies in the form that a pickle holds: small, plain, and the same when they come back."""

import json
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np

_PACKED = "seqsent packed vocabulary"
_LARGEST_ID = np.iinfo(np.int32).max


def pack_words(vocabulary: dict[Any, int], counts: dict[Any, int]) -> bytes:
    """Return words with their ids and counts in a small form."""
    return pack(vocabulary, vocabulary.values(), counts.values())


def unpack_words(packed: bytes) -> tuple[dict[Any, int], dict[Any, int]]:
    """Return the ids and the counts given to :func:`pack_words`.

    What cannot have been given is a ValueError.
    """
    words, ids, counts = unpack(packed)
    if not _is_plain(words):
        raise ValueError("its vocabulary holds something else than str and int")
    for name, numbers, least in (("ids", ids, 1), ("counts", counts, 0)):
        if not set(map(type, numbers)) <= {int} or min(numbers, default=least) < least:
            raise ValueError(f"its {name} of words must be whole numbers from {least} on")
    if max(ids, default=0) > _LARGEST_ID:
        raise ValueError(f"its vocabulary holds the id {max(ids)}; word ids are below 2**31")
    n_words, n_ids = len(set(words)), len(set(ids))
    if not n_words == n_ids == len(words) == len(ids) == len(counts):
        raise ValueError(
            f"its vocabulary has {n_words} different words of {len(words)}, {n_ids} different "
            f"ids of {len(ids)}, and {len(counts)} counts; all must be as many"
        )
    return dict(zip(words, ids, strict=True)), dict(zip(words, counts, strict=True))


def pack_vocabulary(vocabulary: Any) -> Any:
    """Return the parameter ``vocabulary`` in a small form, if it is a plain dict or list."""
    if type(vocabulary) is dict and _is_plain(vocabulary) and _is_plain(vocabulary.values()):
        return {_PACKED: "dict", "columns": pack(vocabulary, vocabulary.values())}
    if type(vocabulary) is list and _is_plain(vocabulary):
        return {_PACKED: "list", "columns": pack(vocabulary)}
    return vocabulary


def unpack_vocabulary(packed: Any) -> Any:
    """Return the parameter given to :func:`pack_vocabulary`."""
    if not (type(packed) is dict and _PACKED in packed and "columns" in packed):
        return packed
    columns = unpack(packed["columns"])
    return columns[0] if packed[_PACKED] == "list" else dict(zip(*columns, strict=True))


def _is_plain(values: Iterable[Any]) -> bool:
    return set(map(type, values)) <= {str, int}


# JSON's escapes would join two halves of a surrogate pair that stand side by side as two
# characters, so those beyond ASCII are written as they are, the halves too.


def pack(*columns: Iterable[Any]) -> bytes:
    """Return lists of str and int in a small form."""
    text = json.dumps(list(map(list, columns)), separators=(",", ":"), ensure_ascii=False)
    return zlib.compress(text.encode("utf-8", "surrogatepass"))


def unpack(packed: bytes) -> list[list[Any]]:
    """Return the lists given to :func:`pack`."""
    columns: list[list[Any]] = json.loads(zlib.decompress(packed).decode("utf-8", "surrogatepass"))
    return columns
