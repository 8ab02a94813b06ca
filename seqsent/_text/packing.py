"""Columns of str and int as compressed JSON."""

import json
import zlib
from collections.abc import Iterable
from typing import Any


def pack(*columns: Iterable[Any]) -> bytes:
    """Return columns of str and int as bytes."""
    # escapes of JSON would join two surrogates to one character
    text = json.dumps(list(map(list, columns)), separators=(",", ":"), ensure_ascii=False)
    return zlib.compress(text.encode("utf-8", "surrogatepass"))


def unpack(packed: bytes) -> list[list[Any]]:
    """Return the columns that were packed by :func:`pack`."""
    columns: list[list[Any]] = json.loads(zlib.decompress(packed).decode("utf-8", "surrogatepass"))
    return columns
