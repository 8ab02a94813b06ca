"""Metrics and weights of the epochs of a fit."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras, to_numpy
from ..serialization import checksum
from .objective import LOG_LOSS
from .options import TrainingOptions

keras = import_keras()

_SECONDS_BETWEEN_COPIES = 1.0  # copies of large tables would take longer than epochs of few steps


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
    """Record metrics and copy weights at the end of an epoch, before other callbacks."""

    def __init__(self, options: TrainingOptions) -> None:
        super().__init__()
        self.epochs: dict[int, dict[str, float]] = {}  # metrics of epochs, which start at 0
        # Number of epochs, and weights after the last of them. One assignment sets both, since an
        # interrupt may arrive at any time.
        self.copied: tuple[int, list[NDArray[Any]]] = (options.n_epochs_before, [])
        self.checksums: dict[int, int] = {}  # numbers of epochs by the checksum of the weights
        self._copies_always = options.patience is not None or bool(options.callbacks)
        self._copied_at = -np.inf

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = {} if logs is None else logs
        for prefix in ("", "val_"):  # the mean over sample weights; Keras's is over batches
            if prefix + LOG_LOSS in logs:
                logs[prefix + "loss"] = logs.pop(prefix + LOG_LOSS)
        if not np.isfinite(float(logs.get("loss", 0.0))):
            loss = logs["loss"]
            raise ValueError(divergence_message(f"the loss is {loss} after epoch {epoch + 1}"))
        self.epochs[epoch] = logs  # shared with other callbacks, which may add metrics
        now = time.monotonic()
        if self._copies_always or now - self._copied_at > _SECONDS_BETWEEN_COPIES:
            weights = to_numpy(self.model.weights)
            if self._copies_always:
                self.checksums[checksum(weights)] = epoch + 1
            self._copied_at = now
            self.copied = epoch + 1, weights

    def best_epoch(self, weights: Sequence[NDArray[Any]], n_epochs: int) -> int:
        """Return the number of the epoch that ended with these weights, by default the last."""
        return self.checksums.get(checksum(weights), n_epochs) if self.checksums else n_epochs

    def to_dict(self, n_epochs: int) -> dict[str, list[float]]:
        """Return the metrics of the first epochs by name."""
        history: dict[str, list[float]] = {}
        for epoch, logs in self.epochs.items():
            if epoch >= n_epochs:
                continue
            for name, value in logs.items():
                history.setdefault(name, []).append(float(value))
        return history
