"""Random streams of a fit, all derived from the one seed that ``random_state`` gives.

- initial weights: ``numpy.random.default_rng(seed)``, the same as in ``build_network``
- word vectors: ``random_state=seed`` of the truncated SVD, and for rows of the table that it does
  not determine ``numpy.random.default_rng([seed, n_words])``
- documents that ``epochs="auto"`` holds out: ``make_rng("held_out", seed, 0)``
- documents held out for early stopping: ``random_state=seed`` of the stratified split
- order of the documents in an epoch: ``make_rng("order", seed, epoch)``
- dropout in an epoch: ``make_rng("dropout", seed, epoch)``
- words replaced by [OOV] in a batch of an epoch: a child of the stream "word_dropout"
- rows added to an embedding table: ``make_rng("new_words", seed, n_words)``

The order and dropout depend on the number of the epoch and not on earlier draws. A fit can
therefore resume at any epoch.
"""

from typing import Any, Literal, get_args

import numpy as np

from ..._runtime.backend import import_keras
from ..batches import Batches

keras = import_keras()

_Stream = Literal["order", "dropout", "new_words", "word_dropout", "held_out"]


def make_rng(stream: _Stream, seed: int, index: int) -> np.random.Generator:
    """Return a generator that is independent of those with another stream or index."""
    return np.random.default_rng(_seed_sequence(stream, seed, index))


def _seed_sequence(stream: _Stream, seed: int, index: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=(get_args(_Stream).index(stream), index))


class EpochSeeds(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Seed dropout and, if ``shuffles``, the order of the batches at the start of each epoch."""

    def __init__(self, seed: int, batches: Batches, *, shuffles: bool) -> None:
        super().__init__()
        self.seed, self.batches, self.shuffles = seed, batches, shuffles

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self.shuffles:
            self.batches.shuffle(make_rng("order", self.seed, epoch))
        if self.batches.word_dropout is not None:
            self.batches.word_dropout.seeds = _seed_sequence("word_dropout", self.seed, epoch)
        rng = make_rng("dropout", self.seed, epoch)
        for variable in self.model.non_trainable_variables:
            if "int" in variable.dtype:  # the state of a SeedGenerator: its seed, and a counter
                variable.assign(np.array([rng.integers(2**31), 0], dtype=variable.dtype))
