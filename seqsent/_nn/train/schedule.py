"""Length of a training and its learning rate: cosine decay with warm restarts.

With ``epochs="auto"`` a training on few documents consists of cycles of 1, 2, 4, 8, ... units,
each with a learning rate that decays along half a cosine (Loshchilov & Hutter 2017,
arXiv:1608.03983). A network at the end of a cycle is about as good as one trained for so long from
the start, so one training on a part of the data tells the best number of cycles.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from ..._runtime.backend import import_keras, tensor_to_numpy

keras = import_keras()

_UNIT_STEPS = 60  # training steps of the first cycle, if an epoch has fewer
_ENOUGH_STEPS = 1000  # no further cycle after these
_STEPS = 700  # without cycles
_MAX_WORDS = 10_000_000  # read in all epochs, so that a few long documents do not take minutes
_MIN_CYCLES = 2
_MIN_EPOCHS = 2  # without cycles
_MAX_EPOCHS = 130


@dataclass(frozen=True)
class Schedule:
    """Number of epochs, and the epochs at which the learning rate restarts."""

    epochs: int
    unit: int = 0  # epochs of the first cycle; 0 for a single decay over all epochs

    @classmethod
    def fixed(cls, n_samples: int, batch_size: int, *, is_adversarial: bool) -> "Schedule":
        """Return a schedule without cycles for a number of documents."""
        epochs = max(round(_STEPS / ceil(n_samples / batch_size)), _MIN_EPOCHS)
        if is_adversarial:  # it overfits later
            epochs *= 2
        return cls(min(epochs, _MAX_EPOCHS))

    @classmethod
    def longest(cls, n_samples: int, batch_size: int, n_words: int) -> "Schedule":
        """Return the longest schedule for a number of documents, and of words in all of them."""
        steps = ceil(n_samples / batch_size)
        unit = max(1, round(_UNIT_STEPS / steps))
        epochs, n_cycles = unit, 1
        while n_cycles < _MIN_CYCLES or epochs * steps < _ENOUGH_STEPS:
            longer = 2 * epochs + unit
            has_too_many_words = n_cycles >= _MIN_CYCLES and longer * n_words > _MAX_WORDS
            if longer > _MAX_EPOCHS or has_too_many_words:
                break
            epochs, n_cycles = longer, n_cycles + 1
        return cls(epochs, unit)

    @property
    def cycle_ends(self) -> list[int]:
        """Numbers of epochs after which a cycle ends."""
        return [end for _, end in self._cycles()]

    def factor(self, epoch: int) -> float:
        """Return the mean of the cosine over an epoch, as a factor of the learning rate."""
        start, end = next((s, e) for s, e in self._cycles() if epoch < e)
        length = end - start
        position = (epoch - start) / length
        rise = np.sin(np.pi * (position + 1 / length)) - np.sin(np.pi * position)
        return float(0.5 + length * rise / (2 * np.pi))

    def _cycles(self) -> Iterator[tuple[int, int]]:
        start, end = 0, self.unit or self.epochs
        while end < self.epochs:
            yield start, end
            start, end = end, 2 * end + self.unit
        yield start, self.epochs


class CosineDecay(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Set the learning rate of each epoch by a schedule, and restore it."""

    def __init__(self, optimizer: Any, schedule: Schedule, n_epochs_before: int) -> None:
        super().__init__()
        self.rate = float(tensor_to_numpy(optimizer.learning_rate.value))
        self.optimizer, self.schedule, self.n_epochs_before = optimizer, schedule, n_epochs_before

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        factor = self.schedule.factor(epoch - self.n_epochs_before)
        self.optimizer.learning_rate = self.rate * factor

    def on_train_end(self, logs: Any = None) -> None:
        self.optimizer.learning_rate = self.rate
