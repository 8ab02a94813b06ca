"""Train a network: batches, callbacks, history and interrupts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras, to_numpy
from ..batches import (
    Batches,
    TrainingData,
    WordDropout,
    choose_chunk_width,
    choose_widths,
    count_words,
)
from .calibration import CycleMonitor
from .callbacks import EarlyStopping
from .checkpoints import Checkpoint, fingerprint
from .history import TrainingHistory, divergence_message
from .options import TrainingOptions
from .progress import EpochProgress
from .schedule import CosineDecay
from .seeds import EpochSeeds

if TYPE_CHECKING:
    from ..fast.programs import TrainingPrograms

keras = import_keras()

_MAX_WEIGHT = 1e9  # far above the weights of a usable network


class TrainingResult(NamedTuple):
    """Result of a training. After an interrupt, the model is unusable."""

    history: dict[str, list[float]]  # metrics of each epoch, also of a resumed fit
    n_epochs: int  # number of epochs, also of earlier trainings
    best_epoch: int  # epoch that the weights are from, starting at 1
    weights: list[NDArray[Any]]  # after n_epochs, or the best of them
    interrupt: KeyboardInterrupt | None  # for the caller to raise


def train_network(
    model: Any,
    data: TrainingData,
    validation_data: TrainingData | None,
    *,
    programs: "TrainingPrograms | None",
    options: TrainingOptions,
    monitor: CycleMonitor | None = None,
) -> TrainingResult:
    """Fit a compiled model in place with ``programs``, or with Keras's own step if None."""
    data = data.last_words(options.train_maxlen, mask_padding=options.mask_padding)
    batches = _training_batches(data, options)
    validation = None if validation_data is None else _make_batches(validation_data, options)
    history = TrainingHistory(options)
    callbacks = [history, EpochSeeds(options.seed, batches, shuffles=options.shuffle)]
    callbacks += [monitor] if monitor is not None else []
    callbacks += _make_callbacks(model, history, options, data, validation_data)
    interrupt = None
    try:
        with _attached(model, programs, options) as progress:
            model.fit(
                batches,
                initial_epoch=options.n_epochs_before,
                epochs=options.n_epochs_before + options.schedule.epochs,
                validation_data=validation,
                callbacks=[*callbacks, *progress],
                verbose=0,
                shuffle=False,  # Keras would use Python's global generator
            )
        n_epochs, weights = 1 + max(history.epochs), to_numpy(model.weights)
    except KeyboardInterrupt as error:
        n_epochs, weights = history.copied
        if not weights:
            raise
        interrupt = error
    except RuntimeError:
        if keras.backend.backend() == "torch":  # its loss raises an error for NaN
            _check_weights(model, to_numpy(model.weights))
        raise
    _check_weights(model, weights)
    best_epoch = history.best_epoch(weights, n_epochs)
    return TrainingResult(history.to_dict(n_epochs), n_epochs, best_epoch, weights, interrupt)


def _make_callbacks(
    model: Any, history: TrainingHistory, options: TrainingOptions, *data: TrainingData | None
) -> list[Any]:
    """Return callbacks for the learning rate, early stopping, the user's, and checkpoints."""
    callbacks: list[Any] = []
    if options.decays:
        callbacks.append(CosineDecay(model.optimizer, options.schedule, options.n_epochs_before))
    if options.patience is not None:
        callbacks.append(EarlyStopping(history, options.patience, options.tol))
    callbacks += options.callbacks
    backups = [c for c in callbacks if isinstance(c, keras.callbacks.BackupAndRestore)]
    key = fingerprint(model.optimizer, options, *data) if backups else ""
    return callbacks + [Checkpoint(backup, history, callbacks, key) for backup in backups]


@contextmanager
def _attached(
    model: Any, programs: "TrainingPrograms | None", options: TrainingOptions
) -> Iterator[list[Any]]:
    """Run ``fit`` with programs and progress, and detach these and the user's callbacks."""
    progress = [EpochProgress(options.verbose, options.title)] if options.verbose else []
    try:
        if programs is not None:
            model.train_function = programs.train_function
            model.test_function = programs.test_function
            # a step returns the metrics; Keras would compute them again, operation by operation
            model.get_metrics_result = dict
        yield progress
    finally:
        model.train_function = model.test_function = model._initial_epoch = None
        vars(model).pop("get_metrics_result", None)
        for callback in progress:
            callback.close()
        for callback in options.callbacks:
            callback._model = None


def _check_weights(model: Any, weights: Sequence[NDArray[Any]]) -> None:
    """Raise a ValueError if trained weights are not finite, or too large."""
    for variable, values in zip(model.weights, weights, strict=True):
        is_usable = np.isfinite(values).all() and np.abs(values).max(initial=0.0) < _MAX_WEIGHT
        if variable.trainable and not is_usable:
            reason = f"weights of {variable.path} are not finite, or exceed {_MAX_WEIGHT:g}"
            raise ValueError(divergence_message(reason))


def _training_batches(data: TrainingData, options: TrainingOptions) -> Batches:
    """Return batches with word dropout."""
    batches = _make_batches(data, options)
    if options.word_dropout and options.oov_char is not None:
        counts = options.word_counts
        if counts is None:
            counts = np.bincount(data.ids.ravel(), minlength=options.oov_char + 1)
        batches.word_dropout = WordDropout(counts, options.oov_char, options.word_dropout)
    return batches


def _make_batches(data: TrainingData, options: TrainingOptions) -> Batches:
    ids, targets, weights = data
    widths: tuple[int, ...] | None = None
    if options.mask_padding and options.is_partial:
        widths = (choose_chunk_width(ids),)
    elif options.mask_padding:
        n_steps = options.schedule.epochs * len(ids) // options.batch_size
        if keras.backend.backend() == "tensorflow":
            n_steps = 0  # it infers the shape of all batches from the first two
        widths = choose_widths(count_words(ids), n_steps)
    return Batches(ids, targets, weights.astype(np.float32), options.batch_size, widths)
