"""Temperature scaling on held-out documents."""

import numpy as np
import pytest
from scipy.special import expit, softmax

from seqsent._nn.batches import TrainingData
from seqsent._nn.train.calibration import Calibration, CycleMonitor, find_best, fit_temperature


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def two_classes(probabilities):
    """Return the probabilities of both classes from those of class 1."""
    return np.column_stack([1 - probabilities, probabilities])


@pytest.mark.parametrize("temperature", [0.6, 1.0, 4.0])
def test_temperature_of_two_classes(rng, temperature):
    logits = rng.normal(scale=2, size=100_000)
    targets = (rng.random(100_000) < expit(logits)).astype(np.int32)
    outputs = two_classes(expit(logits * temperature))
    found = fit_temperature(outputs, targets, np.ones(100_000))
    assert found.temperature == pytest.approx(temperature, rel=0.05)


def test_temperature_of_three_classes(rng):
    logits = rng.normal(scale=2, size=(100_000, 3))
    cumulated = softmax(logits, axis=1).cumsum(axis=1)
    targets = (rng.random((100_000, 1)) > cumulated).sum(axis=1).clip(max=2)
    found = fit_temperature(softmax(logits * 3, axis=1), targets, np.ones(100_000))
    assert found.temperature == pytest.approx(3, rel=0.05)


def test_weight_of_two_equals_two_copies(rng):
    outputs, targets = two_classes(rng.random(50)), rng.integers(2, size=50)
    outputs, targets = np.repeat(outputs, 200, axis=0), np.repeat(targets, 200)
    weights = np.where(np.arange(len(targets)) < 5000, 2.0, 1.0)
    copied = np.concatenate([np.arange(10_000), np.arange(5000)])
    weighted = fit_temperature(outputs, targets, weights)
    copies = fit_temperature(outputs[copied], targets[copied], np.ones(15_000))
    assert weighted.temperature == pytest.approx(copies.temperature, rel=1e-3)


def test_outputs_near_the_class_shares_are_not_made_certain(rng):
    targets = rng.integers(2, size=1000)
    outputs = two_classes(0.5 + 0.01 * (targets - 0.5))  # right, but hardly
    assert fit_temperature(outputs, targets, np.ones(1000)).temperature == pytest.approx(0.5, 0.01)


class Model:
    """Keras model of which callbacks use these attributes."""

    def __init__(self):
        self.weights = []
        self.stop_training = False


def monitor_of(certainties, min_cycles=1):
    """Return a monitor of a network that gives the true classes these probabilities."""
    outputs = iter(certainties)
    targets = np.array([1, 1, 0, 0], np.int32)
    held_out = TrainingData(np.zeros((4, 2), np.int32), targets, np.ones(4))

    def predict(ids):
        certainty = next(outputs)
        return two_classes(np.where(targets == 1, certainty, 1 - certainty))

    monitor = CycleMonitor(predict, held_out, [1, 3, 7], min_cycles)
    monitor.set_model(Model())
    return monitor


def test_training_stops_after_a_cycle_without_improvement():
    monitor = monitor_of([0.7, 0.6])
    stopped = []
    for epoch in range(3):
        monitor.on_epoch_end(epoch)
        stopped.append(monitor.model.stop_training)
    assert stopped == [False, False, True]


def test_first_cycles_never_stop_the_training():
    monitor = monitor_of([0.7, 0.6, 0.8], min_cycles=3)
    for epoch in range(7):
        monitor.on_epoch_end(epoch)
    assert not monitor.model.stop_training


def test_training_goes_on_while_nothing_is_learned():
    monitor = monitor_of([0.5, 0.499, 0.5])  # loss of at least log(2) * 0.98
    for epoch in range(7):
        monitor.on_epoch_end(epoch)
    assert not monitor.model.stop_training


@pytest.mark.parametrize(
    ("losses", "best"),
    [([0.6, 0.5, 0.55], 1), ([0.6931, 0.6925, 0.6932], 2), ([0.6931, 0.6, 0.65], 1)],
)
def test_best_cycle(losses, best):
    calibrations = [Calibration(1.0, loss) for loss in losses]
    assert find_best(calibrations, np.array([0, 1]), np.ones(2)) == best
