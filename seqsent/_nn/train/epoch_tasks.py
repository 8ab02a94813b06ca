"""Epochs as tasks of scikit-learn's callbacks."""

from collections.abc import Mapping
from typing import Any

from ..._runtime.backend import import_keras

keras = import_keras()


class EpochTasks(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Report epochs to the ``FitTasks`` of an estimator, given by its attributes."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        super().__init__()
        self.attributes, self.tasks = attributes, attributes["_fit_tasks"]

    def on_train_begin(self, logs: Any = None) -> None:
        self.tasks.begin(self.params["epochs"] - self.attributes["n_iter_"])

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.tasks.begin_epoch()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.tasks.end_epoch(self._fitted_attributes):
            self.model.stop_training = True

    def _fitted_attributes(self) -> dict[str, Any]:
        fitted = {name: value for name, value in self.attributes.items() if name.endswith("_")}
        state = self.attributes["_network"].get_state(with_optimizer=False)
        return {**fitted, "_network": state}


def epoch_tasks(attributes: Mapping[str, Any]) -> list[EpochTasks]:
    """Return the tasks of an estimator with callbacks, else an empty list."""
    return [EpochTasks(attributes)] if "_fit_tasks" in attributes else []
