"""Compact, validated state of a network for pickles."""

import zlib
from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .model.architecture import Architecture

_TYPES = {
    "architecture": dict,
    "weights": list,
    "checksum": int,
    "optimizer": list,
    "optimizer_class": str,
    "moved_rows": np.ndarray,
    "ngram_rows": np.ndarray,
}


def pack(state: dict[str, Any], embedding_weights: Any) -> dict[str, Any]:
    """Return the state of a network without redundant rows of its tables, with a checksum.

    A row of a word is redundant if it equals its row in the parameter ``embedding_weights``, a row
    of n-grams if it is zero.
    """
    weights = list(state["weights"])
    row_numbers = {}
    base = _base_table(embedding_weights, weights[0].shape)
    if base is not None:
        rows = row_numbers["moved_rows"] = np.flatnonzero((weights[0] != base).any(axis=1))
        weights[0] = weights[0][rows]
    if Architecture.from_dict(state["architecture"]).n_tables > 1:
        rows = row_numbers["ngram_rows"] = np.flatnonzero(weights[1].any(axis=1))
        weights[1] = weights[1][rows]
    check_finite(weights)
    return {**state, "weights": weights, "checksum": checksum(weights), **row_numbers}


def unpack(state: dict[str, Any], embedding_weights: Any) -> dict[str, Any]:
    """Invert :func:`pack`. Raise a ValueError if the state is invalid."""
    for name, value in state.items():
        if not isinstance(value, _TYPES.get(name, ())):
            raise ValueError(f"its network has {name} of type {type(value).__name__}")
    for array in [*state["weights"], *state.get("optimizer", [])]:
        if not (isinstance(array, np.ndarray) and array.dtype.kind in "fiu"):
            raise ValueError("the weights of its network are no arrays of numbers")
    architecture = Architecture.from_dict(state["architecture"])
    state = {**state, "weights": list(state["weights"])}
    weights = state["weights"]
    if state.pop("checksum") != checksum(weights):
        raise ValueError("the checksum of its weights does not match")
    if "moved_rows" in state:
        base = np.array(embedding_weights, dtype=np.float32)
        weights[0] = _put_rows(base, state.pop("moved_rows"), weights[0])
    check_finite(weights)
    if "ngram_rows" in state:
        base = np.zeros((architecture.ngram_buckets, architecture.embed_dim), weights[1].dtype)
        weights[1] = _put_rows(base, state.pop("ngram_rows"), weights[1])
    found = [array.shape for array in weights]
    if architecture.n_layers > len(found):
        raise ValueError(f"its {architecture.n_layers} layers have {len(found)} weight arrays")
    shapes = architecture.weight_shapes()
    if shapes is not None and found != shapes:
        raise ValueError(f"its weights have shapes {found}, its network needs {shapes}")
    return state


def checksum(arrays: Sequence[NDArray[Any]]) -> int:
    """Return the CRC-32 of arrays."""
    crc = 0
    for array in arrays:
        crc = zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data, crc)
    return crc


def _put_rows(base: NDArray[Any], rows: Any, values: NDArray[Any]) -> NDArray[Any]:
    """Return a table with some rows replaced."""
    is_within = not len(rows) or 0 <= rows.min() <= rows.max() < len(base)
    if values.shape != (len(rows), base.shape[1]) or not is_within:
        raise ValueError(
            f"it has {len(rows)} row numbers and rows of shape {values.shape} for a table of shape "
            f"{base.shape}; some are missing, or beyond the table"
        )
    base[rows] = values
    return base


def check_finite(weights: Sequence[NDArray[Any]]) -> None:
    """Raise a ValueError that names a weight array with NaN or infinity."""
    for index, array in enumerate(weights):
        if not np.isfinite(array).all():
            raise ValueError(
                f"Weight array {index} of the network, of shape {array.shape}, contains NaN or "
                "infinity. Fit again, or set finite weights."
            )


def _base_table(parameter: Any, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    if parameter is None or isinstance(parameter, str | PathLike):
        return None  # a file may no longer exist when the pickle is loaded
    base = np.asarray(parameter, dtype=np.float32)
    return base if base.shape == shape else None
