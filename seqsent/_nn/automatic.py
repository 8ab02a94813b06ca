"""Training with ``epochs="auto"``: held-out documents determine its length and a temperature."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from math import ceil
from typing import NamedTuple

import numpy as np

from .network import Network
from .train.calibration import CycleMonitor, find_best, fit_temperature
from .train.options import TrainingOptions
from .train.schedule import Schedule
from .train.seeds import make_rng
from .train.training import Data, TrainingResult

_FOLDS = 5
_ENOUGH_HELD_OUT = 250  # documents, in as many folds as necessary
_MAX_HELD_OUT = 2000  # documents that are not trained on
_MIN_CYCLES = 3  # as the first ones may learn nothing


class CalibratedResult(NamedTuple):
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
) -> CalibratedResult:
    """Train a network, and divide its logits by a temperature that held-out documents determine.

    If the schedule has cycles, copies of the network are trained on four fifths of the documents
    first, and then the network on all of them for the number of cycles that was best for the other
    fifth. Otherwise, up to 2,000 documents are held out, or the validation data of early stopping.
    """
    held_out, temperature = None, 1.0
    if options.calibrates and options.patience is not None:
        held_out = validation_data
    elif options.calibrates:
        if options.schedule.unit:
            schedule, temperature = _choose(network, data, options, adversarial)
            options = replace(options, schedule=schedule)
        else:
            n_folds = ceil(len(data[0]) / _MAX_HELD_OUT)
            data, held_out = next(_folds(data, max(n_folds, _FOLDS), options))
    training = network.train(data, validation_data, options=options, adversarial=adversarial)
    if training.interrupt is not None:
        return CalibratedResult(training, 1.0)
    if held_out is not None:
        ids, targets, weights = held_out
        temperature = fit_temperature(network.predict(ids), targets, weights).temperature
    network.divide_logits(temperature)
    return CalibratedResult(training, temperature)


def _choose(
    network: Network, data: Data, options: TrainingOptions, adversarial: float
) -> tuple[Schedule, float]:
    """Return the best schedule and its temperature, by trainings on parts of the data."""
    schedule = options.schedule
    n_folds = min(_FOLDS, ceil(_ENOUGH_HELD_OUT * _FOLDS / len(data[0])))
    ends = schedule.cycle_ends
    monitors, held_out_parts = [], []
    for part, held_out in islice(_folds(data, _FOLDS, options), n_folds):
        copy = network.copy()
        monitor = CycleMonitor(copy.predict, held_out, ends, min_cycles=_MIN_CYCLES)
        fold_options = replace(
            options,
            schedule=Schedule(ends[-1], schedule.unit),
            callbacks=(),
            title="With held-out documents: epoch",
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
    best = find_best(calibrations, targets, weights)
    # The copies may be less confident than the network will be, as they saw fewer documents.
    temperature = max(calibrations[best].temperature, 1.0)
    return Schedule(ends[best], schedule.unit), temperature


def _folds(data: Data, n_folds: int, options: TrainingOptions) -> Iterator[tuple[Data, Data]]:
    """Yield the training part and the held-out part of each fold, stratified by class.

    Held-out words that the training part lacks are unknown, as they will be in new texts.
    """
    ids, targets, weights = data
    fold = np.empty(len(targets), dtype=np.intp)
    noise = make_rng("held_out", options.seed, 0).random(len(targets))
    fold[np.lexsort((noise, targets))] = np.arange(len(targets)) % n_folds
    for index in range(n_folds):
        is_held_out = fold == index
        part = ids[~is_held_out], targets[~is_held_out], weights[~is_held_out]
        held_out_ids = ids[is_held_out]
        if options.oov_id is not None:
            is_known = np.zeros(int(ids.max(initial=0)) + 1, dtype=bool)
            is_known[np.concatenate([part[0].ravel(), [0]])] = True
            held_out_ids = np.where(is_known[held_out_ids], held_out_ids, np.int32(options.oov_id))
        yield part, (held_out_ids, targets[is_held_out], weights[is_held_out])
