"""Metrics and weights of the epochs of a fit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras, to_numpy
from ..serialization import checksum
from .objective import LOG_LOSS
from .options import TrainingOptions

keras = import_keras()


def join_histories(
    before: Mapping[str, list[float]], now: Mapping[str, list[float]]
) -> dict[str, list[float]]:
    """Concatenate the metrics of two trainings. A metric that one of them lacks is NaN there."""
    missing = [[float("nan")] * len(history.get("loss", ())) for history in (before, now)]
    names = {**before, **now}
    return {name: before.get(name, missing[0]) + now.get(name, missing[1]) for name in names}


def divergence_message(reason: str) -> str:
    """Return the message of the error that ends a diverged training."""
    return (
        f"Training diverged: {reason}. Lower learning_rate, or pass an optimizer that clips "
        "gradients, such as keras.optimizers.Adam(learning_rate, clipnorm=1.0)."
    )


class TrainingHistory(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Record the metrics of each epoch and copy the weights at its end.

    It precedes all other callbacks. ``loss`` becomes the mean over the sample weights of the
    epoch, where Keras averages over batches.

    Parameters
    ----------
    options : TrainingOptions
        Options of the training.

    Attributes
    ----------
    epochs : dict of int to dict of str to float
        Metrics by the number of the epoch, starting at 0.
    checksums : dict of int to int
        Number of the epoch, starting at 1, by the checksum of the weights at its end. Empty if
        no callback can restore earlier weights.
    completed : tuple of int and list of ndarray
        Number of complete epochs, and the weights after the last of them, empty before the first.
        They are assigned at once, since an interrupt may arrive at any time.
    """

    def __init__(self, options: TrainingOptions) -> None:
        super().__init__()
        self._compares_weights = options.patience is not None or bool(options.callbacks)
        self.epochs: dict[int, dict[str, float]] = {}
        self.checksums: dict[int, int] = {}
        self.completed: tuple[int, list[NDArray[Any]]] = (options.n_epochs_before, [])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = {} if logs is None else logs
        for prefix in ("", "val_"):
            if prefix + LOG_LOSS in logs:
                logs[prefix + "loss"] = logs.pop(prefix + LOG_LOSS)
        if not np.isfinite(float(logs.get("loss", 0.0))):
            loss = logs["loss"]
            raise ValueError(divergence_message(f"the loss is {loss} after epoch {epoch + 1}"))
        weights = to_numpy(self.model.weights)
        if self._compares_weights:
            self.checksums[checksum(weights)] = epoch + 1
        self.epochs[epoch] = logs  # shared with other callbacks, which may add metrics
        self.completed = epoch + 1, weights

    def best_epoch(self, weights: Sequence[NDArray[Any]]) -> int:
        """Return the epoch, starting at 1, that ended with these weights, by default the last."""
        n_epochs, _ = self.completed
        return self.checksums.get(checksum(weights), n_epochs) if self.checksums else n_epochs

    def to_dict(self) -> dict[str, list[float]]:
        """Return the metrics of the complete epochs by name."""
        n_epochs, _ = self.completed
        history: dict[str, list[float]] = {}
        for epoch, logs in self.epochs.items():
            for name, value in logs.items() if epoch < n_epochs else ():
                history.setdefault(name, []).append(float(value))
        return history
