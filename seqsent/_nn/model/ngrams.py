"""Vectors of n-grams, added to those of words (Joulin, Grave, Bojanowski & Mikolov 2017).

An n-gram is a word with the n - 1 words before it, and belongs to its last word. It has no id:
a hash of its words' ids says in which row of a table its vector lies. Row 0 is zeros: it is that
of n-grams which would begin before the text.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras
from ..._types import Array, Ids

keras = import_keras()

# odd, with bits that follow no pattern (Steele & Vigna 2022); int32, which wraps on every backend
_MULTIPLIER = 0x2C9277B5


@keras.saving.register_keras_serializable(package="seqsent")
class NgramEmbedding(keras.layers.Embedding):  # type: ignore[name-defined]  # Keras has no annotations
    """An embedding whose vectors are those of a word and of the n-grams that end with it.

    Parameters
    ----------
    input_dim, output_dim : int
        Words, and the length of a vector.
    max_n : int
        Words of the longest n-grams, 2 or more.
    n_rows : int
        Rows of the n-grams' table.
    ngram_dropout : float
        Share of the n-grams that are left out in training.
    seed : int or None
        Decides which.
    **arguments : dict
        Those of ``keras.layers.Embedding``.
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        *,
        max_n: int,
        n_rows: int,
        ngram_dropout: float = 0.0,
        seed: int | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(input_dim, output_dim, **arguments)
        self.max_n = max_n
        self.n_rows = n_rows
        self.ngram_dropout = ngram_dropout
        self.seed = seed
        self.ngrams_initializer = keras.initializers.Zeros()
        if ngram_dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Any = None) -> None:
        """Make both tables."""
        super().build(input_shape)
        self.ngrams = self.add_weight(
            shape=(self.n_rows, self.output_dim),
            initializer=self.ngrams_initializer,
            name="ngrams",
        )

    def call(self, ids: Any, training: bool = False) -> Any:
        """Turn ids (n_texts, width) into vectors (n_texts, width, output_dim)."""
        vectors = super().call(ids)
        for rows in hash_ngrams(keras.ops, ids, self.max_n, self.n_rows):
            of_ngrams = keras.ops.take(self.ngrams, rows, axis=0)
            vectors = vectors + of_ngrams * self.shares(rows, training)[..., None]
        return vectors

    def compute_output_spec(self, ids: Any, training: bool = False) -> Any:
        """Return the shape and type of the vectors."""
        return super().compute_output_spec(ids)

    def shares(self, rows: Any, training: bool) -> Any:
        """Return the share of each n-gram in what is read: 0 for what is none, or dropped."""
        shares = keras.ops.cast(rows != 0, self.compute_dtype)
        if training and self.ngram_dropout:
            shares = keras.random.dropout(shares, self.ngram_dropout, seed=self.seed_generator)
        return shares

    # Keras's embedding stores one table; what it inherits from stores every variable
    save_own_variables = keras.layers.Layer.save_own_variables
    load_own_variables = keras.layers.Layer.load_own_variables

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        config = {name: getattr(self, name) for name in ("max_n", "n_rows", "ngram_dropout")}
        return {**super().get_config(), **config, "seed": self.seed}


def hash_ngrams(xp: Any, ids: Any, max_n: int, n_rows: int) -> list[Any]:
    """Return the rows of the n-grams that end at each word: of pairs, of triples, and so on.

    Parameters
    ----------
    xp : module
        What has ``pad``, ``mod`` and ``where``: numpy, ``jax.numpy`` or ``keras.ops``.
    ids : array of shape (n_texts, width), int32
        Word ids, 0 for padding.
    max_n : int
        Words of the longest n-grams.
    n_rows : int
        Rows of the table.

    Returns
    -------
    list of array of shape (n_texts, width), int32
        ``max_n - 1`` of them; 0 where fewer words lie before.
    """
    rows, mixed, is_ngram = [], ids, ids != 0
    for n_before in range(1, max_n):
        before = xp.pad(ids, ((0, 0), (n_before, 0)))[:, :-n_before]
        mixed = mixed * _MULTIPLIER + before
        is_ngram = is_ngram & (before != 0)
        rest = xp.mod(mixed * _MULTIPLIER, n_rows - 1)
        rest = xp.where(rest < 0, rest + (n_rows - 1), rest)  # in ONNX it may be that of C
        rows.append(xp.where(is_ngram, 1 + rest, 0))
    return rows


def embed(ids: Ids, tables: Sequence[Array], max_n: int) -> NDArray[np.float32]:
    """Return by numpy the vectors (n_texts, width, embed_dim) that an embedding gives for ids.

    ``tables`` are its weights: the words', and those of n-grams of up to ``max_n`` words if any.
    """
    words, *others = tables
    vectors: NDArray[np.float32] = words[ids]
    for ngrams in others:
        for rows in hash_ngrams(np, ids, max_n, len(ngrams)):
            vectors = vectors + ngrams[rows] * (rows != 0)[..., np.newaxis]
    return vectors
