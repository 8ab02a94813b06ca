"""How a network is trained: for how long, in what batches, at what rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from ..._runtime.backend import import_keras, tensor_to_numpy

keras = import_keras()

_BATCH_OF_FEW, _BATCH_OF_MANY = 32, 64
_FEW_TEXTS = 10_000  # which are read in the smaller batches
_ENOUGH_STEPS = 300
_FEWEST_EPOCHS, _MOST_EPOCHS = 2, 100
_ENOUGH_WITH_NGRAMS = 3  # epochs, beyond which half of those that other networks need will do
_LARGE_BATCH = 64  # beyond which texts have to be read more often


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    Parameters
    ----------
    epochs : int
        Passes over the training data, at most.
    n_epochs_before : int
        Passes that the network has had; the callbacks' count goes on from there.
    anneals : bool
        Whether the learning rate falls with a cosine, to nothing at the end of the last epoch.
    batch_size : int
        Texts of a batch, at most.
    trim : bool
        Whether padding may be left out.
    is_part : bool
        Whether the data are a part of those of a training that goes on with others.
    rng : numpy.random.Generator or None
        Shuffles the texts; None keeps their order.
    patience : int or None
        Epochs without progress of the validation loss after which training stops and
        the best weights are put back; None trains for all epochs.
    tol : float
        Least progress that counts.
    callbacks : sequence of keras.callbacks.Callback
        The user's own.
    identity : str
        The same only for a training that may go on where one was cut off.
    verbose : int
        1 shows the progress of each epoch, 2 its end, 0 nothing.
    """

    epochs: int
    n_epochs_before: int
    anneals: bool
    batch_size: int
    trim: bool
    is_part: bool
    rng: np.random.Generator | None
    patience: int | None
    tol: float
    callbacks: Sequence[Any]
    identity: str
    verbose: int

    @property
    def may_go_back(self) -> bool:
        """Whether a callback may end the training with the weights of an epoch before."""
        return bool(self.callbacks) or self.patience is not None


def choose_batch_size(batch_size: int | str, n_texts: int) -> int:
    """Choose how many texts a batch has: fewer where there are few, for the sake of more steps."""
    if not isinstance(batch_size, str):
        return int(batch_size)
    return _BATCH_OF_FEW if n_texts <= _FEW_TEXTS else _BATCH_OF_MANY


def choose_epochs(
    n_texts: int, batch_size: int | str, *, reads_ngrams: bool, is_adversarial: bool
) -> int:
    """Choose how often texts are read."""
    if isinstance(batch_size, str):  # chosen here: smaller ones make more steps, not fewer epochs
        batch_size = _BATCH_OF_MANY
    is_slow = batch_size > _LARGE_BATCH and not reads_ngrams
    fewest = 2 * _FEWEST_EPOCHS if is_slow else _FEWEST_EPOCHS
    enough = max(fewest, ceil(_ENOUGH_STEPS / ceil(n_texts / batch_size)))
    if reads_ngrams:  # few texts are soon known by heart
        enough = max(min(enough, _ENOUGH_WITH_NGRAMS), ceil(enough / 2))
    return min(2 * enough if is_adversarial else enough, _MOST_EPOCHS)


class Cosine(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Lets the learning rate fall from its value along half a cosine, and puts it back.

    Each epoch has the mean of the curve over it: Keras's trainers read the rate once an epoch.
    """

    def __init__(self, optimizer: Any, epochs: int, n_epochs_before: int) -> None:
        super().__init__()
        if not isinstance(optimizer.learning_rate, keras.Variable):
            raise ValueError(
                "learning_rate_schedule='cosine' contradicts the optimizer instance, whose "
                "learning rate is a options. Give it a number, or leave the options to it."
            )
        self.rate = float(tensor_to_numpy(optimizer.learning_rate.value))
        self.optimizer, self.epochs, self.n_epochs_before = optimizer, epochs, n_epochs_before

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        begin = (epoch - self.n_epochs_before) / self.epochs
        rise = np.sin(np.pi * (begin + 1 / self.epochs)) - np.sin(np.pi * begin)
        share = 0.5 + self.epochs * rise / (2 * np.pi)
        self.optimizer.learning_rate = self.rate * share

    def restore(self) -> None:
        """Put the learning rate back, however the training ended."""
        self.optimizer.learning_rate = self.rate
