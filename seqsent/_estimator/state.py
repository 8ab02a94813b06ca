"""What a pickle holds of an estimator: a state with a number and a checksum, or it is refused."""

import hashlib
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_FORMAT = 3  # of states; those of 0.1.0 have no number
_FIRST_SEALED = 3


def seal(state: dict[str, Any], attributes: Collection[str]) -> dict[str, Any]:
    """Return a state with its format and a checksum over these attributes.

    What a subclass adds is its own: it may leave that out of a state and make it anew.
    """
    state = {**state, "_format": _FORMAT}
    names = [name for name in state if name in attributes or name == "_format"]
    return {**state, "_seal": {"names": names, "sha256": _digest_of(state, names)}}


def unseal(state: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Undo :func:`seal`, and return the format too.

    A format to come and a checksum that does not hold are a ValueError; the states of old
    formats have none.
    """
    found = state.get("_format", 1)
    if type(found) is not int or not 1 <= found <= _FORMAT:
        raise ValueError(f"its format is {found!r}, and those known here are 1 to {_FORMAT}")
    if "_seal" in state or found >= _FIRST_SEALED:
        names, expected = state["_seal"]["names"], state["_seal"]["sha256"]
        if set(map(type, names)) != {str} or _digest_of(state, names) != expected:
            raise ValueError("its checksum is not that of the values it holds")
    return {name: state[name] for name in state if name not in ("_format", "_seal")}, found


@contextmanager
def refusing_damage(estimator: str) -> Iterator[None]:
    """Answer in one way, with a ValueError, whatever fails while a state is read."""
    try:
        yield
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        if isinstance(error, ValueError | KeyError):
            what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(
            f"The stored state of this {estimator} is refused: {what.rstrip('.')}. If a later "
            "version of seqsent stored it, install that one; else it was damaged or changed "
            "since: load another copy, or fit again."
        ) from error


def _digest_of(state: dict[str, Any], names: list[str]) -> str:
    values = {name: state[name] for name in names}
    return _sha256(json.dumps(values, default=_plain, skipkeys=True).encode())


def _plain(value: Any) -> Any:
    """Return what JSON can hold in place of what it cannot.

    Only plain data counts. Functions and other objects are what other packages make of them,
    which may differ from one of their versions to the next.
    """
    if isinstance(value, bytes):
        return _sha256(value)
    if isinstance(value, set | frozenset):
        return sorted(item for item in value if isinstance(item, str))
    if isinstance(value, type) or not hasattr(value, "__array__"):
        return "object"
    array = np.asarray(value)
    if array.dtype.kind in "OSTU":
        return [array.shape, array.tolist()]
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return [array.shape, array.dtype.str, _sha256(data)]


def _sha256(data: Any) -> str:
    return hashlib.sha256(data).hexdigest()
