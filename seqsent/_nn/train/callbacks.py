"""Early stopping, and copies of the user's callbacks."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy, deepcopy
from io import IOBase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras
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


def light_copies(callbacks: Sequence[Any] | None) -> Sequence[Any] | None:
    """Return shallow copies without open files and best weights."""
    return _map(_light_copy, callbacks)


def deep_copies(callbacks: Sequence[Any] | None) -> Sequence[Any] | None:
    """Return copies with deep-copied attributes; those that cannot be copied are shared."""
    return _map(_deep_copy, callbacks)


def _map(function: Callable[[Any], Any], callbacks: Sequence[Any] | None) -> Sequence[Any] | None:
    if not isinstance(callbacks, list | tuple):  # ``fit`` rejects it
        return callbacks
    return type(callbacks)(c if isinstance(c, type) else function(c) for c in callbacks)


def _light_copy(callback: Any) -> Any:
    new = copy(callback)
    for name, value in getattr(callback, "__dict__", {}).items():
        if name == "best_weights" or isinstance(value, IOBase):
            vars(new)[name] = None
    return new


def _deep_copy(callback: Any) -> Any:
    new = _light_copy(callback)
    for name, value in getattr(new, "__dict__", {}).items():
        with suppress(Exception):  # of any type, as the attribute is the user's
            vars(new)[name] = deepcopy(value)
    return new
