"""What is noted of a training while it runs."""

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras, to_numpy
from ..._runtime.signals import deliver
from .objective import LOG_LOSS

keras = import_keras()

_UNBROKEN_BATCHES = 4  # epochs of so few are over sooner than large tables are copied and hashed


def diverged(what: str) -> str:
    """Return the message of a training that went astray."""
    return (
        f"Training diverged: {what}. Lower learning_rate, or pass an optimizer that clips "
        "gradients, such as keras.optimizers.Adam(learning_rate, clipnorm=1.0)."
    )


def join_histories(
    before: Mapping[str, list[float]], now: Mapping[str, list[float]]
) -> dict[str, list[float]]:
    """Return the history of two trainings, with NaN for metrics that one of them lacks."""
    missing = [[float("nan")] * len(history.get("loss", ())) for history in (before, now)]
    names = {**before, **now}
    return {name: before.get(name, missing[0]) + now.get(name, missing[1]) for name in names}


class TrainingHistory(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Keeps the weights of the last whole epoch, and knows those of each epoch again.

    Its loss is the mean over all weights of the epoch; Keras's own figure counts every batch
    alike, also a last one that is filled up. It comes before all other callbacks.

    Parameters
    ----------
    epoch : int
        Epochs before this training.
    n_batches : int
        Those of an epoch. Where they are few and no other callback takes part, signals wait for
        the epoch's end, so that the network itself has the weights of the last whole one.
    may_go_back : bool
        Whether other callbacks may put the weights of an epoch before in the place of the last.

    Attributes
    ----------
    epoch, n_batches : int
        Where the training stands: epochs that are whole, and batches since, if they are counted.
    epochs : dict of int to dict of str to float
        Figures of each whole epoch, of which the first is 0.
    logs : dict
        Figures of the epoch so far, if batches are counted.
    digests : dict of int to int
        Whole epochs, counted from 1, by the weights at their end; empty without ``may_go_back``.
    weights : list of ndarray
        Those at the end of the last whole epoch; empty before, and where the network has them.
    """

    def __init__(self, epoch: int, n_batches: int, *, may_go_back: bool) -> None:
        super().__init__()
        self._may_go_back = may_go_back
        self._is_unbroken = n_batches <= _UNBROKEN_BATCHES and not may_go_back
        self.epoch, self.n_batches = epoch, 0
        self.epochs: dict[int, dict[str, float]] = {}
        self.logs: dict[str, Any] = {}
        self.digests: dict[int, int] = {}
        self.weights: list[NDArray[Any]] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch == 0 or not self._is_unbroken:
            deliver()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = {} if logs is None else logs
        for prefix in ("", "val_"):
            if prefix + LOG_LOSS in logs:
                logs[prefix + "loss"] = logs.pop(prefix + LOG_LOSS)
        if not np.isfinite(float(logs.get("loss", 0.0))):
            raise ValueError(diverged(f"the loss is {logs['loss']} after epoch {epoch + 1}"))
        if not self._is_unbroken:
            self.weights = to_numpy(self.model.weights)
        if self._may_go_back:
            self.digests[digest(self.weights)] = epoch + 1
        self.epochs[epoch] = logs  # to which other callbacks may add
        self.epoch, self.n_batches = epoch + 1, 0


def digest(weights: list[NDArray[Any]]) -> int:
    """Return a number that tells weights from others."""
    number = 0
    for array in weights:
        number = zlib.crc32(array.reshape(-1).view(np.uint8).data, number)  # no copy
    return number
