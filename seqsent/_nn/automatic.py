"""Training with ``epochs="auto"``: held-out documents choose its length and a temperature."""

from collections.abc import Iterator
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from .network import Network
from .train.calibration import CycleMonitor, fit_temperature
from .train.options import TrainingOptions
from .train.schedule import Schedule
from .train.seeds import make_rng
from .train.training import Data, TrainingResult

_FEW = 100  # documents, below which nothing is held out
_MANY = 10_000  # documents, above which the network is not trained again on all of them
_FOLDS = 5  # of up to _MANY documents
_ENOUGH_HELD_OUT = 250  # documents, in as many folds as necessary
_MAX_HELD_OUT = 2000  # of more than _MANY documents
_MIN_CYCLES = 3  # of up to _MANY documents, as the first ones may learn nothing


class AutomaticResult(NamedTuple):
    """Result of a training, with the temperature that its output layer was divided by."""

    training: TrainingResult
    temperature: float


def train_calibrated(
    network: Network,
    data: Data,
    validation_data: Data | None,
    *,
    options: TrainingOptions,
    adversarial: float,
) -> AutomaticResult:
    """Train a network, with a schedule of cycles for as long as held-out documents improve.

    Up to 10,000 documents, copies of the network are trained on four fifths of them, and then the
    network on all of them for the number of epochs that was best for the other fifth. Of more
    documents, up to 2,000 are held out, and the network keeps the weights after the best cycle.
    With early stopping, the validation data determine the temperature.
    """
    monitor, temperature = None, 1.0
    split: dict[str, Any] = {"seed": options.seed, "oov_id": options.oov_id}
    if options.schedule.unit and len(data[0]) > _MANY:
        ((data, held_out),) = _folds(data, ceil(len(data[0]) / _MAX_HELD_OUT), 1, **split)
        ends = options.schedule.cycle_ends
        monitor = CycleMonitor(network.predict, held_out, ends, restores=True)
    elif options.schedule.unit and len(data[0]) >= _FEW:
        schedule, temperature = _choose(network, data, options, adversarial)
        options = replace(options, schedule=schedule)
    training = network.train(
        data, validation_data, options=options, adversarial=adversarial, monitor=monitor
    )
    if training.interrupt is not None:
        return AutomaticResult(training, 1.0)
    if monitor is not None:
        training = training._replace(best_epoch=options.schedule.cycle_ends[monitor.best])
        temperature = monitor.calibrations[monitor.best].temperature
    elif options.calibrates and options.patience is not None and validation_data is not None:
        ids, targets, weights = validation_data
        temperature = fit_temperature(network.predict(ids), targets, weights).temperature
    network.divide_logits(temperature)
    return AutomaticResult(training, temperature)


def _choose(
    network: Network, data: Data, options: TrainingOptions, adversarial: float
) -> tuple[Schedule, float]:
    """Return the best schedule and its temperature, by trainings on parts of the data."""
    schedule = options.schedule
    n_folds = min(_FOLDS, ceil(_ENOUGH_HELD_OUT * _FOLDS / len(data[0])))
    ends = schedule.cycle_ends
    monitors, held_out_parts = [], []
    for part, held_out in _folds(data, _FOLDS, n_folds, seed=options.seed, oov_id=options.oov_id):
        copy = network.copy()
        monitor = CycleMonitor(copy.predict, held_out, ends, min_cycles=_MIN_CYCLES)
        fold_options = replace(
            options, schedule=Schedule(ends[-1], schedule.unit), callbacks=(), patience=None
        )
        result = copy.train(
            part, None, options=fold_options, adversarial=adversarial, monitor=monitor
        )
        if result.interrupt is not None:
            raise result.interrupt
        ends = ends[: len(monitor.outputs)]
        monitors.append(monitor)
        held_out_parts.append(held_out)
    _, targets, weights = (np.concatenate(column) for column in zip(*held_out_parts, strict=True))
    calibrations = [
        fit_temperature(np.concatenate([m.outputs[i] for m in monitors]), targets, weights)
        for i in range(len(ends))
    ]
    best = int(np.argmin([calibration.loss for calibration in calibrations]))
    return Schedule(ends[best], schedule.unit), calibrations[best].temperature


def _folds(
    data: Data, n_folds: int, n_used: int, *, seed: int, oov_id: int | None
) -> Iterator[tuple[Data, Data]]:
    """Yield the training part and the held-out part of some folds, stratified by class.

    Held-out words that the training part lacks are unknown, as they will be in new texts.
    """
    ids, targets, weights = data
    fold = np.empty(len(targets), dtype=np.intp)
    noise = make_rng("held_out", seed, 0).random(len(targets))
    fold[np.lexsort((noise, targets))] = np.arange(len(targets)) % n_folds
    for index in range(n_used):
        is_held_out = fold == index
        part = ids[~is_held_out], targets[~is_held_out], weights[~is_held_out]
        held_out_ids = ids[is_held_out]
        if oov_id is not None:
            is_known = np.zeros(int(ids.max(initial=0)) + 1, dtype=bool)
            is_known[np.concatenate([part[0].ravel(), [0]])] = True
            held_out_ids = np.where(is_known[held_out_ids], held_out_ids, np.int32(oov_id))
        yield part, (held_out_ids, targets[is_held_out], weights[is_held_out])
