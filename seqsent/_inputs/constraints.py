"""Constraints of the parameters of a network, for the classifier and ``build_network``."""

from numbers import Integral, Real
from os import PathLike
from typing import Any

from .._estimator.base import Interval, StrOptions
from .._nn.model.cells import CELLS

NETWORK_CONSTRAINTS: dict[str, list[Any]] = {
    "cell": [StrOptions(CELLS.keys())],
    "state_dim": [Interval(Integral, 1, None, closed="left")],
    "embed_dim": [Interval(Integral, 1, None, closed="left"), None],
    "num_words": [Interval(Integral, 1, None, closed="left"), None],
    "n_layers": [Interval(Integral, 1, None, closed="left")],
    "bidirectional": ["boolean"],
    "pooling": [StrOptions({"last", "max", "mean"}), tuple, list, None],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "embedding_dropout": [Interval(Real, 0, 1, closed="left"), None],
    "gate_bias": [StrOptions({"chrono", "keras"})],
    "mask_padding": ["boolean"],
    "embedding_weights": ["array-like", str, PathLike, None],
    "train_embedding": ["boolean"],
    "ngram_range": [tuple, list],
    "ngram_buckets": [Interval(Integral, 2, None, closed="left")],
}
