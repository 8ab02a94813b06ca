"""Detection of a training that diverged because its learning rate was too high."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..._types import FloatArray, Ids
from ..batches import TrainingData
from .calibration import SMALLEST, class_entropy
from .history import divergence_message

_LARGE_WEIGHT = 5.0  # output weights of learning rates up to 0.1 stay below 3
_N_DOCUMENTS = 1000  # that are evaluated


def check_saturation(
    predict: Callable[[Ids], FloatArray],
    output_weights: tuple[NDArray[np.float32], NDArray[np.float32]],
    data: TrainingData,
) -> None:
    """Raise a ValueError if training diverged.

    Signs are a loss far above the loss of equal probabilities, or probabilities that are all 0 or 1
    while constant ones have a lower loss. Only networks with large output weights are evaluated,
    on some of the documents.
    """
    if max(np.abs(values).max(initial=0.0) for values in output_weights) < _LARGE_WEIGHT:
        return
    _, first = np.unique(data.targets, return_index=True)
    n_samples = len(data.targets)
    spread = np.linspace(0, n_samples - 1, min(n_samples, _N_DOCUMENTS)).astype(np.intp)
    rows = np.union1d(spread, first)
    ids, targets, weights = data.select(rows)
    probabilities = predict(ids)
    of_target = probabilities[np.arange(len(rows)), targets]
    loss = np.average(-np.log(np.maximum(of_target, SMALLEST)), weights=weights)
    entropy = class_entropy(targets, weights)
    equal = np.log(probabilities.shape[1])
    is_certain = (probabilities.max(axis=1) > 1 - 10 * SMALLEST).all()
    if loss > equal + 1 or (is_certain and loss > max(entropy, 0.01)):
        raise ValueError(
            divergence_message(
                f"the loss on training data is {loss:.3g}, but {min(entropy, equal):.3g} with "
                "constant probabilities"
            )
        )
