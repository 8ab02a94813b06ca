"""Detection of a training with a learning rate so high that it learned nothing."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..._types import FloatArray, Ids
from .history import divergence_message

_LARGE_WEIGHT = 5.0  # output weights of learning rates up to 0.1 stay below 3
_N_DOCUMENTS = 1000  # that are evaluated
_SMALLEST = 1e-7  # probability, as in Keras's loss


def check_saturation(
    predict: Callable[[Ids], FloatArray],
    output_weights: tuple[NDArray[np.float32], NDArray[np.float32]],
    ids: Ids,
    targets: NDArray[np.int32],
    weights: FloatArray,
) -> None:
    """Raise a ValueError if a trained network is certain of wrong classes of its training data.

    It is if its loss far exceeds the loss of equal probabilities, or if all its probabilities
    are 0 or 1 and constant probabilities have a lower loss. Only networks with large output
    weights are evaluated, on some of the documents.
    """
    if max(np.abs(values).max(initial=0.0) for values in output_weights) < _LARGE_WEIGHT:
        return
    _, first = np.unique(targets, return_index=True)
    spread = np.linspace(0, len(ids) - 1, min(len(ids), _N_DOCUMENTS)).astype(np.intp)
    rows = np.union1d(spread, first)
    outputs = predict(ids[rows])
    if outputs.shape[1] == 1:
        outputs = np.hstack([1 - outputs, outputs])
    of_target = outputs[np.arange(len(rows)), targets[rows]]
    loss = np.average(-np.log(np.maximum(of_target, _SMALLEST)), weights=weights[rows])
    shares = np.bincount(targets[rows], weights=weights[rows]) / weights[rows].sum()
    entropy = -(shares * np.log(np.maximum(shares, _SMALLEST))).sum()
    equal = np.log(outputs.shape[1])
    is_certain = (outputs.max(axis=1) > 1 - 10 * _SMALLEST).all()
    if loss > equal + 1 or (is_certain and loss > max(entropy, 0.01)):
        raise ValueError(
            divergence_message(
                f"the loss on training data is {loss:.3g}, but {min(entropy, equal):.3g} with "
                "constant probabilities"
            )
        )
