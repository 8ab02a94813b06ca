"""One training of a network: validation, early stopping, history, interruption."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras, to_numpy
from ..._types import FloatArray, Ids
from ..batches import (
    Batches,
    choose_width_of_part,
    choose_widths,
    count_words,
)
from .checkpoints import backing_up
from .history import TrainingHistory, digest, diverged
from .options import Cosine, TrainingOptions
from .progress import EpochLines

if TYPE_CHECKING:
    from ..fast.programs import TrainingPrograms

keras = import_keras()

_LARGEST_WEIGHT = 1e9  # far beyond any that a network works with

Data = tuple[Ids, NDArray[np.int32], FloatArray]  # ids, encoded labels, weights


@dataclass(frozen=True)
class Training:
    """What a training leaves behind beside the weights.

    Attributes
    ----------
    history : dict of str to list of float
        Figures of each epoch that was run, also before this training was cut off.
    n_epochs : int
        Epochs that the network has had, those before this training too.
    best_epoch : int
        The one that the weights come from, counted from 1.
    interrupt : KeyboardInterrupt or None
        What ended the training, after one or more whole epochs; the caller passes it on.
    """

    history: dict[str, list[float]]
    n_epochs: int
    best_epoch: int
    interrupt: KeyboardInterrupt | None


def train_network(
    model: Any,
    training_data: Data,
    validation_data: Data | None,
    *,
    programs: "TrainingPrograms | None",
    options: TrainingOptions,
) -> Training:
    """Fit a compiled ``keras.Model`` in place.

    ``programs`` are compiled functions to use; None leaves the model to compile its own. A
    training that diverges is a ValueError. One that is interrupted before the end of its first
    epoch raises; later, it goes back to the weights of its last whole epoch.
    """
    batches = _make_batches(*training_data, options=options, rng=options.rng)
    validation = None
    if validation_data is not None:
        validation = _make_batches(*validation_data, options=options)
    record = TrainingHistory(options.n_epochs_before, len(batches), may_go_back=options.may_go_back)
    interrupt = None
    with ExitStack() as stack:
        stack.enter_context(_running(model, programs, options.callbacks))
        callbacks = [*stack.enter_context(_our_callbacks(model, options)), *options.callbacks]
        if options.callbacks:
            backup = backing_up(model, record, batches, tuple(callbacks), options.identity)
            callbacks += stack.enter_context(backup)
        try:
            model.fit(
                batches,
                initial_epoch=options.n_epochs_before,
                epochs=options.n_epochs_before + options.epochs,
                validation_data=validation,
                callbacks=[record, *callbacks],
                verbose=0,
                shuffle=False,  # the batches do it; Keras would use Python's global generator
            )
        except KeyboardInterrupt as error:
            if not record.epochs:
                raise
            if record.weights:
                model.set_weights(record.weights)
            interrupt = error
        except RuntimeError:
            if keras.backend.backend() == "torch":  # refuses to go on with what is no number
                _check_weights(model)
            raise
    _check_weights(model)
    return _sum_up(model, record, interrupt)


def _sum_up(model: Any, record: TrainingHistory, interrupt: KeyboardInterrupt | None) -> Training:
    """Return what a training that has ended leaves behind."""
    history: dict[str, list[float]] = {}
    for logs in record.epochs.values():
        for name, value in logs.items():
            history.setdefault(name, []).append(float(value))
    best_epoch = record.epoch
    if record.digests:
        best_epoch = record.digests.get(digest(to_numpy(model.weights)), best_epoch)
    return Training(history, record.epoch, best_epoch, interrupt)


def without_weights(callbacks: Sequence[Any] | None) -> Sequence[Any] | None:
    """Return callbacks without a copy of weights; shallow copies of those that hold one."""
    if callbacks is None:
        return None
    light = list(callbacks)
    for place, callback in enumerate(light):
        if getattr(callback, "best_weights", None) is not None:  # as Keras's EarlyStopping has
            light[place] = copy.copy(callback)
            light[place].best_weights = None
    return type(callbacks)(light)  # type: ignore[call-arg]  # a list or a tuple


@contextmanager
def _our_callbacks(model: Any, options: TrainingOptions) -> Iterator[list[Any]]:
    """Give the callbacks that a options asks for; in the end, undo what is theirs alone."""
    lines = [EpochLines(options.verbose)] if options.verbose else []
    annealing = []
    if options.anneals:
        annealing = [Cosine(model.optimizer, options.epochs, options.n_epochs_before)]
    try:
        yield [*lines, *annealing, *_early_stopping(options)]
    finally:
        for shown in lines:
            shown.line.close()
        for rate in annealing:
            rate.restore()


def _early_stopping(options: TrainingOptions) -> list[Any]:
    if options.patience is None:
        return []
    stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss",
        mode="min",
        min_delta=options.tol,
        patience=options.patience,
        restore_best_weights=True,
    )
    return [stopping]


def _check_weights(model: Any) -> None:
    """Raise a ValueError if a trained weight is no number of any use."""
    variables = model.trainable_variables
    for variable, values in zip(variables, to_numpy(variables), strict=True):
        if not (np.isfinite(values).all() and np.abs(values).max(initial=0.0) < _LARGEST_WEIGHT):
            raise ValueError(diverged(f"weights of {variable.path} are not finite, or beyond use"))


@contextmanager
def _running(
    model: Any, programs: "TrainingPrograms | None", callbacks: Sequence[Any]
) -> Iterator[None]:
    """Let a model train with these programs, and leave it a plain one that no callback holds."""
    if programs is not None:
        model.train_function = programs.train_function
        model.test_function = programs.test_function
        # the logs of a step are the results; Keras would compute them anew, op by op
        model.get_metrics_result = dict
    else:
        model.evaluate = _with_labels_in_a_column(model.evaluate)
    model.get_weights = lambda: to_numpy(model.weights)  # for Keras's own callbacks
    try:
        yield
    finally:
        model.train_function = model.test_function = None
        model._initial_epoch = None  # what a backup has set
        for name in ("get_metrics_result", "get_weights", "evaluate"):
            vars(model).pop(name, None)
        for callback in callbacks:
            callback._model = None


def _with_labels_in_a_column(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    """Return a model's ``evaluate`` that takes labels without an axis of their own, too.

    TensorFlow compiles one function for validation and for what callbacks evaluate, and fails
    where labels come now in a column, now without.
    """

    def evaluate_column(x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        column = None if y is None else np.reshape(y, (len(y), -1))
        return evaluate(x, column, *args, **kwargs)

    return evaluate_column


def _make_batches(
    ids: Ids,
    targets: NDArray[np.int32],
    weights: FloatArray,
    *,
    options: TrainingOptions,
    rng: np.random.Generator | None = None,
) -> Batches:
    widths: tuple[int, ...] | None = None
    if options.trim and options.is_part:
        widths = (choose_width_of_part(ids),)
    elif options.trim:
        n_steps = options.epochs * len(ids) // options.batch_size
        if keras.backend.backend() == "tensorflow":
            n_steps = 0  # it takes the shape of all batches from the first two
        widths = choose_widths(count_words(ids), n_steps)
    return Batches(ids, targets, weights.astype(np.float32), options.batch_size, widths, rng)
