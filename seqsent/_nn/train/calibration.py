"""Temperature scaling on held-out documents [1]_.

.. [1] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural networks",
   International Conference on Machine Learning, 2017, arXiv:1706.04599.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from ..._runtime.backend import import_keras
from ..._types import FloatArray, Ids
from ..batches import TrainingData

keras = import_keras()

SMALLEST = 1e-7  # probability, as in Keras's loss
_TEMPERATURES = (0.5, 20.0)  # a network that needs less than 0.5 has hardly learned yet
_PLATEAU = 0.98  # of the entropy of the classes: a higher loss means that nothing is learned yet


class Calibration(NamedTuple):
    """The best temperature, and the loss with it."""

    temperature: float
    loss: float


def fit_temperature(
    probabilities: FloatArray, targets: NDArray[np.int32], weights: FloatArray
) -> Calibration:
    """Return the temperature, from 0.5 to 20, with the lowest cross-entropy of held-out documents.

    ``probabilities`` have shape (n_samples, n_classes). A normal prior of the logarithm of the
    temperature, with standard deviation 1, shrinks it for few documents.
    """
    logits = np.log(np.maximum(probabilities, SMALLEST))
    rows = np.arange(len(targets))
    weights = weights / weights.sum()

    def loss(log_temperature: float) -> float:
        log_probabilities = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-weights @ log_probabilities[rows, targets])

    def penalized(log_temperature: float) -> float:
        return loss(log_temperature) + log_temperature**2 / (2 * len(rows))

    best = minimize_scalar(penalized, bounds=np.log(_TEMPERATURES), method="bounded").x
    return Calibration(float(np.exp(best)), loss(best))


def class_entropy(targets: NDArray[np.int32], weights: FloatArray) -> float:
    """Return the entropy of the classes: the loss of constant probabilities, their shares."""
    shares = np.bincount(targets, weights=weights) / weights.sum()
    return float(-(shares * np.log(np.maximum(shares, SMALLEST))).sum())


def find_best(
    calibrations: Sequence[Calibration], targets: NDArray[np.int32], weights: FloatArray
) -> int:
    """Return the index of the lowest loss, or the last index while nothing is learned yet."""
    losses = [calibration.loss for calibration in calibrations]
    best = int(np.argmin(losses))
    return best if losses[best] < _PLATEAU * class_entropy(targets, weights) else len(losses) - 1


class CycleMonitor(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Evaluate held-out documents at the end of each cycle, and stop after one that is no better.

    The loss is computed with the best temperature: without it, the cross-entropy of a network that
    becomes overconfident rises while its accuracy still improves. Training does not stop while the
    loss is as high as with constant probabilities.
    """

    def __init__(
        self,
        predict: Callable[[Ids], FloatArray],
        held_out: TrainingData,
        cycle_ends: Sequence[int],
        min_cycles: int,
    ) -> None:
        super().__init__()
        self.predict, self.held_out, self.cycle_ends = predict, held_out, cycle_ends
        self.min_cycles = min_cycles
        self.probabilities: list[FloatArray] = []  # at the end of each cycle
        self.calibrations: list[Calibration] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch + 1 not in self.cycle_ends:
            return
        ids, targets, weights = self.held_out
        self.probabilities.append(self.predict(ids))
        self.calibrations.append(fit_temperature(self.probabilities[-1], targets, weights))
        n_before = len(self.calibrations) - 1
        is_best = find_best(self.calibrations, targets, weights) == n_before
        if not is_best and n_before + 1 >= self.min_cycles:
            self.model.stop_training = True
