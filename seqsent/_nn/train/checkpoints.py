"""A training that was cut off goes on as if nothing had happened.

Keras's ``BackupAndRestore`` stores weights, the optimizer's variables and the number of the
epoch. More decides what follows: the random states of shuffling and dropout, where in an epoch
the training stood, what early stopping has seen. All that goes into the same file, by the way in
which Keras stores a layer's own variables; it is written only where a user's callback stores
weights, and Keras passes over it where it reads them elsewhere.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras, to_numpy
from ..batches import Batches
from .history import TrainingHistory

keras = import_keras()

# what Keras's EarlyStopping, ReduceLROnPlateau and ModelCheckpoint keep
_SEEN = ("best", "best_epoch", "wait", "stopped_epoch", "cooldown_counter")
_NO_EPOCH = 2**31  # beyond the last of any training


@contextmanager
def backing_up(
    model: Any, record: TrainingHistory, batches: Batches, callbacks: Sequence[Any], identity: str
) -> Iterator[list[Any]]:
    """Let a user's callbacks store and restore the state of a training.

    Gives the callbacks that must follow all others. ``identity`` is the same for two trainings
    only if one may go on where the other was cut off.
    """
    backup = _Backup(record, batches, callbacks, identity)
    vars(model)["training_so_far"] = _InWeightsFiles(backup)  # hidden from what tracks layers
    try:
        yield [backup]
    finally:
        del vars(model)["training_so_far"]


class _InWeightsFiles(keras.layers.Layer):  # type: ignore[name-defined]  # Keras has no annotations
    """What Keras stores and reads with the layers of a model."""

    def __init__(self, backup: "_Backup") -> None:
        super().__init__(name="training_so_far")
        self.backup = backup

    def save_own_variables(self, store: Any) -> None:
        self.backup.save(store)

    def load_own_variables(self, store: Any) -> None:
        self.backup.load(store)


class _Backup(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Gathers the state of a training, and brings a restored one about.

    The state is plain values, stored as JSON, and lists of arrays. It comes after all other
    callbacks.
    """

    def __init__(
        self, record: TrainingHistory, batches: Batches, callbacks: Sequence[Any], identity: str
    ) -> None:
        super().__init__()
        self.record, self.batches, self.callbacks = record, batches, callbacks
        self.identity = identity
        self.read: tuple[dict[str, Any], dict[str, list[NDArray[Any]]]] | None = None
        self.measured: list[NDArray[Any]] = []  # of the epoch to go on with
        self.n_skipped = 0  # batches of that epoch that were learned before

    def save(self, store: Any) -> None:
        """Write the state into a store of Keras's."""
        record, model = self.record, self._model
        arrays = {
            "random": to_numpy(_random_states(model)),
            "metrics": to_numpy(model.metrics_variables),
        }
        for place, callback in enumerate(self.callbacks):
            arrays[f"best {place}"] = getattr(callback, "best_weights", None) or []
        plain = {
            "identity": self.identity,
            "epoch": record.epoch,
            "n_batches": record.n_batches,
            "stops": bool(model.stop_training),
            "epochs": [[epoch, _to_floats(logs)] for epoch, logs in record.epochs.items()],
            "digests": list(record.digests.items()),
            "logs": _to_floats(record.logs),
            "order": self.batches.order_drawn_from,
            "callbacks": [[type(each).__name__, _seen_by(each)] for each in self.callbacks],
            "n_arrays": {name: len(values) for name, values in arrays.items()},
        }
        store["plain"] = np.frombuffer(json.dumps(plain).encode(), np.uint8)
        for name, values in arrays.items():
            for number, value in enumerate(values):
                store[f"{name} {number}"] = value

    def load(self, store: Any) -> None:
        """Read what :meth:`save` wrote, if it is there."""
        self.read = None
        if "plain" not in store:
            return
        plain = json.loads(np.asarray(store["plain"]).tobytes())
        arrays = {
            name: [np.asarray(store[f"{name} {number}"]) for number in range(n)]
            for name, n in plain["n_arrays"].items()
        }
        self.read = plain, arrays

    def on_train_begin(self, logs: Any = None) -> None:
        model = self._model
        if model._initial_epoch is not None:  # else weights were read for something else
            self.record.epoch = model._initial_epoch
            if self.read is not None:  # not by an earlier version of seqsent
                self._go_on(*self.read)
        self.read = None
        model.train_function = self._counting(model.train_function)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        model = self._model
        if len(model.metrics_variables) < len(self.measured):  # TensorFlow has made only some yet
            outputs = np.zeros((1, model.output_shape[-1]), np.float32)
            model.compute_metrics(None, np.zeros((1, 1), np.int32), outputs, np.ones((1, 1)))
        for variable, value in zip(model.metrics_variables, self.measured, strict=False):
            variable.assign(value)
        self.measured = []

    def _go_on(self, plain: dict[str, Any], arrays: dict[str, list[NDArray[Any]]]) -> None:
        if plain["identity"] != self.identity:
            raise ValueError(
                "The backup that a callback restored is that of another training: data, "
                "parameters or random_state are not the same. Remove it to begin anew, and give "
                "each training a folder of its own."
            )
        record, model = self.record, self._model
        for variable, value in zip(_random_states(model), arrays["random"], strict=True):
            variable.assign(value)
        record.epoch, record.n_batches = plain["epoch"], plain["n_batches"]
        record.epochs = dict(map(tuple, plain["epochs"]))
        record.digests = dict(map(tuple, plain["digests"]))
        record.logs = plain["logs"]
        if record.n_batches:
            self.measured, self.n_skipped = arrays["metrics"], record.n_batches
        elif record.epochs:
            record.weights = to_numpy(model.weights)
        self.batches.draw_order(plain["order"])
        for place, (callback, (kind, seen)) in enumerate(
            zip(self.callbacks, plain["callbacks"], strict=False)
        ):
            if type(callback).__name__ == kind:
                vars(callback).update(seen)
                if arrays[f"best {place}"]:
                    callback.best_weights = arrays[f"best {place}"]
        # Keras's own number is one too small where weights were stored, but no longer it
        model._initial_epoch = _NO_EPOCH if plain["stops"] else record.epoch

    def _counting(self, train_function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that counts batches, and does nothing in those learned before."""
        record = self.record

        def train(*arguments: Any) -> Any:  # (state, iterator) under JAX, else (data,)
            *state, data = arguments
            if self.n_skipped:
                self.n_skipped -= 1
                if isinstance(data, Iterator):
                    next(data)
                return (record.logs, *state) if state else record.logs
            results = train_function(*arguments)
            record.logs = results[0] if state else results
            record.n_batches += 1
            return results

        return train


def _random_states(model: Any) -> list[Any]:
    """Return the variables of a model that Keras does not store: those of dropout.

    They are its only integers.
    """
    return [variable for variable in model.non_trainable_variables if "int" in variable.dtype]


def _seen_by(callback: Any) -> dict[str, float | None]:
    """Return what a callback has seen of a training so far."""
    seen = {name: value for name, value in vars(callback).items() if name in _SEEN}
    return {
        name: value if value is None or isinstance(value, int) else float(value)
        for name, value in seen.items()
    }


def _to_floats(logs: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in logs.items()}
