"""Validation of ``embedding_weights`` and the shape of the embedding table."""

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._text.documents import list_rows


def load_embedding_weights(embedding_weights: Any) -> NDArray[np.float32] | None:
    """Return word vectors (n_words, embed_dim) as float32, loaded with ``numpy.load`` from a path.

    Return None for None. NaN entries are kept, see :func:`fill_missing`.
    """
    if embedding_weights is None:
        return None
    if isinstance(embedding_weights, str | PathLike):
        embedding_weights = np.load(embedding_weights, allow_pickle=False)
    matrix = np.asarray(embedding_weights, dtype=np.float32)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(
            f"embedding_weights must be a matrix of shape (n_words, embed_dim), "
            f"got an array of shape {matrix.shape}."
        )
    infinite = np.flatnonzero(np.isinf(matrix).any(axis=1)).tolist()
    if infinite:
        raise ValueError(
            f"embedding_weights contains infinity ({list_rows(infinite)}). "
            "Replace it, or set NaN to initialize entries as for words without a vector."
        )
    return matrix


def fill_missing(
    matrix: NDArray[np.float32], seed: int | None, vectors: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Return word vectors without NaN: entries of ``vectors``, or uniform random numbers if None.

    They are scaled to the root mean square of the other entries of the incomplete columns.
    """
    is_missing = np.isnan(matrix)
    if not is_missing.any():
        return matrix
    if vectors is None:  # as in Keras's uniform initializer
        rng = np.random.default_rng(seed)
        vectors = rng.uniform(-0.05, 0.05, matrix.shape).astype(np.float32)
    known = matrix[:, is_missing.any(axis=0)]
    known = known[~np.isnan(known)]
    scale = np.sqrt(np.mean(known**2) / np.mean(vectors**2)) if known.any() else 1.0
    return np.where(is_missing, vectors * scale, matrix).astype(np.float32)


def embedding_shape(
    num_words: int | None, embed_dim: int | None, matrix: NDArray[np.float32] | None
) -> tuple[int | None, int | None]:
    """Return (n_words, embed_dim) of the embedding, or raise a ValueError if they contradict."""
    if matrix is None:
        return num_words, embed_dim
    n_words, width = matrix.shape
    if num_words not in (None, n_words):
        raise ValueError(
            f"num_words={num_words} contradicts embedding_weights, which has {n_words} rows; "
            f"leave num_words=None or pass {n_words}."
        )
    if embed_dim not in (None, width):
        raise ValueError(
            f"embed_dim={embed_dim} contradicts embedding_weights, which has {width} columns; "
            f"leave embed_dim=None or pass {width}."
        )
    return n_words, width
