"""Callbacks of the classifier's own: early stopping and the decay of the learning rate."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras, tensor_to_numpy
from .history import TrainingHistory

keras = import_keras()


class EarlyStopping(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Stop when the validation loss no longer improves, and restore the best weights."""

    def __init__(self, history: TrainingHistory, patience: int, tol: float) -> None:
        super().__init__()
        self.history, self.patience, self.tol = history, patience, tol
        self.best, self.wait = np.inf, 0
        self.best_weights: list[NDArray[Any]] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        loss = float(logs["val_loss"])
        self.wait += 1
        if loss < self.best - self.tol or not self.best_weights:
            self.best, self.wait = np.fmin(loss, np.inf), 0  # NaN counts as infinite
            _, self.best_weights = self.history.copied  # not another copy
        elif self.wait >= self.patience:
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        self.model.set_weights(self.best_weights)


class CosineDecay(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Decay the learning rate along half a cosine, by its mean over each epoch, and restore it."""

    def __init__(self, optimizer: Any, epochs: int, n_epochs_before: int) -> None:
        super().__init__()
        self.rate = float(tensor_to_numpy(optimizer.learning_rate.value))
        self.optimizer, self.epochs, self.n_epochs_before = optimizer, epochs, n_epochs_before

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        start = (epoch - self.n_epochs_before) / self.epochs
        rise = np.sin(np.pi * (start + 1 / self.epochs)) - np.sin(np.pi * start)
        self.optimizer.learning_rate = self.rate * (0.5 + self.epochs * rise / (2 * np.pi))

    def on_train_end(self, logs: Any = None) -> None:
        self.optimizer.learning_rate = self.rate
