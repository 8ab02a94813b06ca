"""The state of a network in the form that a pickle holds: less of it, and checked on its return."""

import zlib
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .model.architecture import Architecture


def pack(state: dict[str, Any], embedding_weights: Any) -> dict[str, Any]:
    """Return a network's state without the rows of tables that need not be stored.

    Those are the rows of words that no training has moved from the parameter
    ``embedding_weights``, which is stored itself, and the n-grams' rows that none has moved
    from zero.
    """
    weights = list(state["weights"])
    moved = {}
    base = _as_base(embedding_weights, weights[0].shape)
    if base is not None:
        rows = moved["moved_rows"] = np.flatnonzero((weights[0] != base).any(axis=1))
        weights[0] = weights[0][rows]
    if Architecture.from_dict(state["architecture"]).n_tables > 1:
        rows = moved["ngram_rows"] = np.flatnonzero(weights[1].any(axis=1))
        weights[1] = weights[1][rows]
    _check_finite(weights)
    return {**state, "weights": weights, "checksum": _checksum(weights), **moved}


def unpack(state: dict[str, Any], embedding_weights: Any) -> dict[str, Any]:
    """Undo :func:`pack`; what cannot be a network's state is a ValueError."""
    architecture = Architecture.from_dict(state["architecture"])
    state = {**state, "weights": list(state["weights"])}
    weights = state["weights"]
    if state.pop("checksum") != _checksum(weights):
        raise ValueError("the checksum of its weights does not match")
    if "moved_rows" in state:
        base = np.array(embedding_weights, dtype=np.float32)
        weights[0] = _put_rows(base, state.pop("moved_rows"), weights[0])
    _check_finite(weights)
    if "ngram_rows" in state:
        base = np.zeros((architecture.ngram_buckets, architecture.embed_dim), weights[1].dtype)
        weights[1] = _put_rows(base, state.pop("ngram_rows"), weights[1])
    found = [array.shape for array in weights]
    if architecture.n_layers > len(found):
        raise ValueError(f"its {architecture.n_layers} layers have {len(found)} arrays of weights")
    shapes = architecture.weight_shapes()
    if shapes is not None and found != shapes:
        raise ValueError(f"its weights have shapes {found}, its network needs {shapes}")
    return state


def _put_rows(base: NDArray[Any], rows: Any, values: NDArray[Any]) -> NDArray[Any]:
    """Return a table with these rows replaced."""
    is_within = not len(rows) or 0 <= rows.min() <= rows.max() < len(base)
    if values.shape != (len(rows), base.shape[1]) or not is_within:
        raise ValueError(
            f"it holds {len(rows)} rows of a table of shape {base.shape}, as an array of shape "
            f"{values.shape}; some are missing, or beyond the table"
        )
    base[rows] = values
    return base


def _checksum(weights: list[NDArray[Any]]) -> int:
    """Return the CRC-32 of all weights."""
    checksum = 0
    for array in weights:
        checksum = zlib.crc32(np.ascontiguousarray(array).tobytes(), checksum)
    return checksum


def _check_finite(weights: list[NDArray[Any]]) -> None:
    for place, array in enumerate(weights):
        if not np.isfinite(array).all():
            raise ValueError(
                f"Array {place} of the network's weights, of shape {array.shape}, holds NaN or "
                "infinity. Fit again, or set other weights."
            )


def _as_base(parameter: Any, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    if parameter is None or isinstance(parameter, str | PathLike):
        return None  # a file may be gone when the pickle is loaded
    base = np.asarray(parameter, dtype=np.float32)
    return base if base.shape == shape else None
