"""Training with ``epochs="auto"``: held-out documents determine its length and a temperature."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from math import ceil
from typing import NamedTuple

import numpy as np

from .._types import FloatArray
from .batches import TrainingData
from .network import Network
from .train.calibration import CycleMonitor, find_best, fit_temperature
from .train.options import TrainingOptions
from .train.schedule import Schedule
from .train.seeds import make_rng
from .train.training import TrainingResult

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
    data: TrainingData,
    validation_data: TrainingData | None,
    options: TrainingOptions,
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
            schedule, temperature = _select_schedule(network, data, options)
            options = replace(options, schedule=schedule)
        else:
            n_folds = ceil(len(data.ids) / _MAX_HELD_OUT)
            data, held_out = next(_folds(data, max(n_folds, _FOLDS), options))
    training = network.train(data, validation_data, options=options)
    if training.interrupt is not None:
        return CalibratedResult(training, 1.0)
    if held_out is not None:
        ids, targets, weights = held_out
        temperature = fit_temperature(network.predict(ids), targets, weights).temperature
    network.divide_logits(temperature)
    return CalibratedResult(training, temperature)


def _select_schedule(
    network: Network, data: TrainingData, options: TrainingOptions
) -> tuple[Schedule, float]:
    """Return the schedule with the lowest loss of held-out documents, and its temperature."""
    n_folds = min(_FOLDS, ceil(_ENOUGH_HELD_OUT * _FOLDS / len(data.ids)))
    options = replace(options, callbacks=(), title="With held-out documents: epoch")
    held_out_folds, probabilities = [], []
    for train, held_out in islice(_folds(data, _FOLDS, options), n_folds):
        held_out_folds.append(held_out)
        probabilities.append(_evaluate_cycles(network.copy(), train, held_out, options))
        ends = options.schedule.cycle_ends[: len(probabilities[-1])]
        options = replace(options, schedule=Schedule(ends[-1], options.schedule.unit))
    _, targets, weights = (np.concatenate(column) for column in zip(*held_out_folds, strict=True))
    calibrations = [
        fit_temperature(np.concatenate(cycle), targets, weights)
        for cycle in zip(*probabilities, strict=False)  # as many cycles as the last fold had
    ]
    best = find_best(calibrations, targets, weights)
    # The copies may be less confident than the network will be, as they saw fewer documents.
    temperature = max(calibrations[best].temperature, 1.0)
    return Schedule(ends[best], options.schedule.unit), temperature


def _evaluate_cycles(
    network: Network, train: TrainingData, held_out: TrainingData, options: TrainingOptions
) -> list[FloatArray]:
    """Train a network. Return the probabilities of held-out documents at the end of each cycle."""
    monitor = CycleMonitor(
        network.predict, held_out, options.schedule.cycle_ends, min_cycles=_MIN_CYCLES
    )
    result = network.train(train, None, options=options, monitor=monitor)
    if result.interrupt is not None:
        raise result.interrupt
    return monitor.probabilities


def _folds(
    data: TrainingData, n_folds: int, options: TrainingOptions
) -> Iterator[tuple[TrainingData, TrainingData]]:
    """Yield the training and the held-out documents of each fold, stratified by class.

    Held-out words that the training documents lack are unknown, as they will be in new texts.
    """
    fold = np.empty(len(data.targets), dtype=np.intp)
    noise = make_rng("held_out", options.seed, 0).random(len(data.targets))
    fold[np.lexsort((noise, data.targets))] = np.arange(len(data.targets)) % n_folds
    for index in range(n_folds):
        train, held_out = data.select(fold != index), data.select(fold == index)
        if options.oov_char is not None:
            is_known = np.zeros(int(data.ids.max(initial=0)) + 1, dtype=bool)
            is_known[np.concatenate([train.ids.ravel(), [0]])] = True
            known = np.where(is_known[held_out.ids], held_out.ids, np.int32(options.oov_char))
            held_out = held_out._replace(ids=known)
        yield train, held_out
