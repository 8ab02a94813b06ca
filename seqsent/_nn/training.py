"""One training of a network: validation, early stopping, history."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._backend import import_keras
from .._types import FloatArray, Ids
from .batches import Batches, choose_widths, count_words
from .objective import LOG_LOSS

if TYPE_CHECKING:
    from .fast.programs import TrainingPrograms

keras = import_keras()

Data = tuple[Ids, NDArray[np.int32], FloatArray]  # ids, encoded labels, weights


@dataclass(frozen=True)
class Schedule:
    """How to train.

    Parameters
    ----------
    epochs : int
        Passes over the training data, at most.
    batch_size : int
        Texts of a batch, at most.
    trim : bool
        Whether padding may be left out.
    rng : numpy.random.Generator or None
        Shuffles the texts; None keeps their order.
    patience : int or None
        Epochs without progress of the validation loss after which training stops and
        the best weights are put back; None trains for all epochs.
    tol : float
        Least progress that counts.
    callbacks : sequence of keras.callbacks.Callback
        The user's; copies of them are used.
    verbose : int
        As in ``keras.Model.fit``.
    """

    epochs: int
    batch_size: int
    trim: bool
    rng: np.random.Generator | None
    patience: int | None
    tol: float
    callbacks: Sequence[Any]
    verbose: int


@dataclass(frozen=True)
class Training:
    """What a training leaves behind beside the weights; epochs count from 1."""

    history: dict[str, list[float]]
    n_epochs: int
    best_epoch: int


class _ExactLoss(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Reports as loss the mean over all weights of the epoch.

    Keras's own figure counts every batch alike, also a last one that is filled up.
    """

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if logs is not None:
            for prefix in ("", "val_"):
                if prefix + LOG_LOSS in logs:
                    logs[prefix + "loss"] = logs.pop(prefix + LOG_LOSS)


def train_network(
    model: Any,
    training_data: Data,
    validation_data: Data | None,
    *,
    programs: "TrainingPrograms | None",
    schedule: Schedule,
) -> Training:
    """Fit a compiled ``keras.Model`` in place.

    ``programs`` are compiled functions to use; None leaves the model to compile its own.
    """
    batches = _make_batches(*training_data, schedule=schedule, rng=schedule.rng)
    validation = None
    if validation_data is not None:
        validation = _make_batches(*validation_data, schedule=schedule)
    callbacks = [_ExactLoss()]
    stopping = None
    if schedule.patience is not None:
        stopping = keras.callbacks.EarlyStopping(
            monitor="val_loss",
            mode="min",
            min_delta=schedule.tol,
            patience=schedule.patience,
            restore_best_weights=True,
        )
        callbacks.append(stopping)
    callbacks += [copy.deepcopy(callback) for callback in schedule.callbacks]
    with _running(model, programs):
        record = model.fit(
            batches,
            epochs=schedule.epochs,
            validation_data=validation,
            callbacks=callbacks,
            verbose=schedule.verbose,
            shuffle=False,  # the batches do it; Keras would use Python's global generator
        )
    history = {name: [float(x) for x in values] for name, values in record.history.items()}
    n_epochs = len(record.epoch)
    return Training(history, n_epochs, stopping.best_epoch + 1 if stopping else n_epochs)


@contextmanager
def _running(model: Any, programs: "TrainingPrograms | None") -> Iterator[None]:
    """Let a model train with these programs, and leave it a plain one."""
    if programs is not None:
        model.train_function = programs.train_function
        model.test_function = programs.test_function
        # the logs of a step are the results; Keras would compute them anew, op by op
        model.get_metrics_result = dict
    try:
        yield
    finally:
        model.train_function = model.test_function = None
        vars(model).pop("get_metrics_result", None)


def _make_batches(
    ids: Ids,
    targets: NDArray[np.int32],
    weights: FloatArray,
    *,
    schedule: Schedule,
    rng: np.random.Generator | None = None,
) -> Batches:
    widths = None
    if schedule.trim:
        n_steps = schedule.epochs * len(ids) // schedule.batch_size
        if keras.backend.backend() == "tensorflow":
            n_steps = 0  # it takes the shape of all batches from the first two
        widths = choose_widths(count_words(ids), n_steps)
    return Batches(ids, targets, weights.astype(np.float32), schedule.batch_size, widths, rng)
