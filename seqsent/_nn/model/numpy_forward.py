"""A network computed by numpy alone, from its architecture and its weights.

It shows what its cells did at each word, and predicts in processes that a backend does not
work in.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from ..._types import Array, FloatArray, Ids
from ..batches import prediction_batches
from .architecture import Architecture
from .cells import CELLS
from .ngrams import embed

Mask = NDArray[np.bool_]  # (n_steps, n_texts), False at padding


class Read(NamedTuple):
    """What a recurrent layer, or half of one, did: arrays of shape (n_steps, ..., units)."""

    shown: dict[str, FloatArray]  # in the order of the text
    last: FloatArray  # (..., units), the state after all words


class NumpyNetwork:
    """A network without a backend.

    Parameters
    ----------
    architecture : Architecture
        Whose cell has a numpy form; else a ValueError.
    weights : sequence of ndarray
        In the order of ``keras.Model.get_weights``.
    """

    def __init__(self, architecture: Architecture, weights: Sequence[Array]) -> None:
        self.architecture = architecture
        self.cell = CELLS[architecture.cell]
        if self.cell.forward is None:
            raise ValueError(f"cell={architecture.cell!r} has no numpy form.")
        n_tables = architecture.n_tables
        self.tables = weights[:n_tables]
        *recurrent, self.kernel, self.bias = weights[n_tables:]
        per_layer = len(recurrent) // architecture.n_layers
        self.layers = [recurrent[i : i + per_layer] for i in range(0, len(recurrent), per_layer)]

    def read(self, ids: Ids, depth: int, is_word: Mask | None = None) -> list[Read]:
        """Return what each half of a recurrent layer did, the forward one first.

        Parameters
        ----------
        ids : ndarray of shape (n_steps,) or (n_steps, n_texts), int32
            One text, or several of one length, time first.
        depth : int
            The layer, counted from 0.
        is_word : ndarray of shape (n_steps, n_texts), bool, or None
            False where padding, in front of a text, is skipped; None reads all.
        """
        vectors = embed(np.atleast_2d(ids.T), self.tables, self.architecture.max_n)
        inputs = vectors.swapaxes(0, 1).astype(np.float64)
        if ids.ndim == 1:
            inputs = inputs[:, 0]
        for weights in self.layers[: depth + 1]:
            halves = [self._read(inputs, weights[:3], is_word)]
            if self.architecture.bidirectional:
                order = _reversed_words(inputs, is_word)
                turned = np.take_along_axis(inputs, order, axis=0)
                shown, last = self._read(turned, weights[3:], is_word)
                in_order = {
                    name: np.take_along_axis(values, order, axis=0)
                    for name, values in shown.items()
                }
                halves.append(Read(in_order, last))
            inputs = np.concatenate([half.shown["state"] for half in halves], axis=-1)
        return halves

    def _read(self, inputs: FloatArray, weights: Sequence[Array], is_word: Mask | None) -> Read:
        shown = self.cell.read(inputs, weights, is_word)
        return Read(shown, shown["state"][-1] if len(inputs) else np.zeros(len(weights[1])))

    def predict(self, ids: Ids) -> FloatArray:
        """Return the outputs (n_texts, n_outputs) for rows of ids."""
        outputs = np.empty((len(ids), self.architecture.n_outputs))
        for rows, batch in prediction_batches(ids, trim=self.architecture.mask_padding):
            outputs[rows] = self._predict(batch[: len(rows)])
        return outputs

    def _predict(self, ids: Ids) -> FloatArray:
        by_time = ids.T
        is_word = by_time != 0 if self.architecture.mask_padding else None
        halves = self.read(by_time, self.architecture.n_layers - 1, is_word)
        if self.architecture.pooling == "last":
            state = np.concatenate([half.last for half in halves], axis=-1)
        else:
            states = np.concatenate([half.shown["state"] for half in halves], axis=-1)
            state = np.concatenate(
                [self._pool(name, states, is_word) for name in self.architecture.poolings], axis=-1
            )
        logits = state @ self.kernel.astype(np.float64) + self.bias
        answer: FloatArray = expit(logits) if logits.shape[1] == 1 else softmax(logits, axis=1)
        return answer

    def _pool(self, name: str, states: FloatArray, is_word: Mask | None) -> FloatArray:
        """Return the maximum or mean of states (n_steps, n_texts, n_state) at all words."""
        weight = np.ones(states.shape[:2]) if is_word is None else is_word.astype(np.float64)
        weight = weight[:, :, np.newaxis]
        if name == "max":
            pooled: FloatArray = (states - 2 * self.cell.bound * (1 - weight)).max(axis=0)
            return pooled
        weight = np.where(weight.any(axis=0), weight, 1.0)  # of a text without words all alike
        mean: FloatArray = (weight * states).sum(axis=0) / weight.sum(axis=0)
        return mean


def _reversed_words(inputs: FloatArray, is_word: Mask | None) -> NDArray[np.intp]:
    """Return the places that turn the words of each text round behind its padding."""
    n_steps = len(inputs)
    place = np.arange(n_steps).reshape(-1, *[1] * (inputs.ndim - 1))
    n_padding = 0 if is_word is None else n_steps - is_word.sum(axis=0)[:, np.newaxis]
    return np.where(place < n_padding, place, n_steps - 1 - (place - n_padding))
