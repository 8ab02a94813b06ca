"""Vectors of n-grams, added to word vectors [1]_.

An n-gram consists of a word and the n - 1 words before it. A hash of their ids selects a row of
the n-gram table. Row 0 stays zero, for n-grams that would begin before the text.

Padding between words is skipped, as recurrent layers with a mask skip it: the words around it are
neighbors. Without a mask, words around padding form no n-gram.

.. [1] A. Joulin, E. Grave, P. Bojanowski and T. Mikolov, "Bag of tricks for efficient text
   classification", EACL 2017, arXiv:1607.01759.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras
from ..._types import Array, Ids

keras = import_keras()

# Odd multiplier without a bit pattern (Steele & Vigna 2022). int32 wraps on every backend.
_MULTIPLIER = 0x2C9277B5


@keras.saving.register_keras_serializable(package="seqsent")
class NgramEmbedding(keras.layers.Embedding):  # type: ignore[name-defined]  # Keras has no annotations
    """Embedding of a word plus the n-grams, for n from 2 to ``max_n``, that end with it.

    The n-gram table has ``n_rows`` rows. ``mask_padding`` skips padding between words.
    ``ngram_dropout`` is the fraction of n-grams dropped in training. ``arguments`` are passed to
    ``keras.layers.Embedding``.
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        *,
        max_n: int,
        n_rows: int,
        mask_padding: bool,
        ngram_dropout: float = 0.0,
        seed: int | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(input_dim, output_dim, **arguments)
        self.max_n = max_n
        self.n_rows = n_rows
        self.mask_padding = mask_padding
        self.ngram_dropout = ngram_dropout
        self.seed = seed
        self.ngrams_initializer = keras.initializers.Zeros()
        if ngram_dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Any = None) -> None:
        """Add the word table and the n-gram table."""
        super().build(input_shape)
        self.ngrams = self.add_weight(
            shape=(self.n_rows, self.output_dim),
            initializer=self.ngrams_initializer,
            name="ngrams",
        )

    def call(self, ids: Any, training: bool = False) -> Any:
        """Embed ids (n_samples, maxlen) as vectors (n_samples, maxlen, output_dim)."""
        vectors = super().call(ids)
        hash_ids = _hash_without_padding if self.mask_padding else hash_ngrams
        for rows in hash_ids(keras.ops, ids, self.max_n, self.n_rows):
            ngrams = keras.ops.take(self.ngrams, rows, axis=0)
            vectors = vectors + ngrams * self.scales(rows, training)[..., None]
        return vectors

    def compute_output_spec(self, ids: Any, training: bool = False) -> Any:
        """Return the shape and dtype of the vectors."""
        return super().compute_output_spec(ids)

    def scales(self, rows: Any, training: bool) -> Any:
        """Return a factor for each n-gram, 0 at row 0 and at dropped n-grams."""
        scales = keras.ops.cast(rows != 0, self.compute_dtype)
        if training and self.ngram_dropout:
            scales = keras.random.dropout(scales, self.ngram_dropout, seed=self.seed_generator)
        return scales

    # Embedding saves one table only, Layer saves every variable
    save_own_variables = keras.layers.Layer.save_own_variables
    load_own_variables = keras.layers.Layer.load_own_variables

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        names = ("max_n", "n_rows", "mask_padding", "ngram_dropout", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def hash_ngrams(xp: Any, ids: Any, max_n: int, n_rows: int) -> list[Any]:
    """Return the table rows of the n-grams that end at each word, one array per n from 2.

    ``ids`` and the rows have shape (n_samples, maxlen) and dtype int32. Row 0 means that the
    text has fewer words before, or padding between them. ``xp`` is numpy, ``jax.numpy`` or
    ``keras.ops``.
    """
    rows, hashes, is_ngram = [], ids, ids != 0
    for n_before in range(1, max_n):
        previous = xp.pad(ids, ((0, 0), (n_before, 0)))[:, :-n_before]
        hashes = hashes * _MULTIPLIER + previous
        is_ngram = is_ngram & (previous != 0)
        row = xp.mod(hashes * _MULTIPLIER, n_rows - 1)
        row = xp.where(row < 0, row + (n_rows - 1), row)  # ONNX may keep the sign, as C does
        rows.append(xp.where(is_ngram, 1 + row, 0))
    return rows


def _hash_without_padding(xp: Any, ids: Any, max_n: int, n_rows: int) -> list[Any]:
    """Return the same as :func:`hash_ngrams`, but skip padding between words."""
    is_word = xp.cast(ids != 0, "int32")
    n_padding = xp.sum(1 - is_word, axis=1, keepdims=True)
    # index of each id after the padding is moved to the start; 0 for all padding
    index = (n_padding + xp.cumsum(is_word, axis=1) - 1) * is_word
    row = xp.cumsum(xp.ones_like(ids), axis=0) - 1
    # a sort would need a constant length in exports from JAX
    indices = xp.reshape(xp.stack([row, index], axis=-1), (-1, 2))
    aligned = xp.scatter_update(xp.zeros_like(ids), indices, xp.reshape(ids, (-1,)))
    hashed = hash_ngrams(xp, aligned, max_n, n_rows)
    return [xp.take_along_axis(rows, index, axis=1) for rows in hashed]


def embed(ids: Ids, tables: Sequence[Array], max_n: int) -> NDArray[np.float32]:
    """Embed ids with numpy, as vectors of shape (n_samples, maxlen, embed_dim).

    ``tables`` are the word table and, if ``max_n`` is at least 2, the n-gram table. Padding that
    is skipped comes first.
    """
    words, *ngram_tables = tables
    vectors: NDArray[np.float32] = words[ids]
    for ngrams in ngram_tables:
        for rows in hash_ngrams(np, ids, max_n, len(ngrams)):
            vectors = vectors + ngrams[rows] * (rows != 0)[..., np.newaxis]
    return vectors
