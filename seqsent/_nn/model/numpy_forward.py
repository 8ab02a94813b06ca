"""The forward pass of a network in numpy.

It computes gate activations, and predicts in forked processes, where no backend works.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from ..._types import Array, FloatArray, Ids
from ..batches import prediction_batches
from .architecture import Architecture
from .cells import CELLS
from .ngrams import embed

Mask = NDArray[np.bool_]  # (n_steps, n_samples), False at padding


def class_probabilities(outputs: FloatArray) -> FloatArray:
    """Return probabilities (n_samples, n_classes) from outputs, which have one column for two."""
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


class LayerOutput(NamedTuple):
    """Output of one direction of a recurrent layer."""

    activations: dict[str, FloatArray]  # (n_steps, ..., state_dim) each, in text order
    last_state: FloatArray  # (..., state_dim), after the last word that the direction reads


class NumpyNetwork:
    """A network that predicts without a backend.

    ``weights`` have the order of ``keras.Model.get_weights``. A cell without ``forward`` raises
    a ValueError.
    """

    def __init__(self, architecture: Architecture, weights: Sequence[Array]) -> None:
        self.architecture = architecture
        self.cell = CELLS[architecture.cell]
        if self.cell.forward is None:
            raise ValueError(f"cell={architecture.cell!r} has no numpy forward pass.")
        n_tables = architecture.n_tables
        self.tables = weights[:n_tables]
        *recurrent, self.kernel, self.bias = weights[n_tables:]
        per_layer = len(recurrent) // architecture.n_layers
        self.layers = [recurrent[i : i + per_layer] for i in range(0, len(recurrent), per_layer)]

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Return the network of a state that ``Network.get_state`` returned."""
        return cls(Architecture.from_dict(state["architecture"]), state["weights"])

    def forward(self, ids: Ids, layer: int, mask: Mask | None = None) -> list[LayerOutput]:
        """Return the output of each direction of a recurrent layer, forward first.

        ``ids`` have shape (n_steps,) or (n_steps, n_samples), ``layer`` is an index, and
        ``mask`` is False at leading padding. If None, padding is read as words.
        """
        vectors = embed(np.atleast_2d(ids.T), self.tables, self.architecture.max_n)
        inputs = vectors.swapaxes(0, 1).astype(np.float64)
        if ids.ndim == 1:
            inputs = inputs[:, 0]
        for weights in self.layers[: layer + 1]:
            outputs = [self._forward(inputs, weights[:3], mask)]
            if self.architecture.bidirectional:
                order = _reverse_words(inputs, mask)
                activations, last_state = self._forward(
                    np.take_along_axis(inputs, order, axis=0), weights[3:], mask
                )
                in_text_order = {
                    name: np.take_along_axis(values, order, axis=0)
                    for name, values in activations.items()
                }
                outputs.append(LayerOutput(in_text_order, last_state))
            inputs = np.concatenate([output.activations["state"] for output in outputs], axis=-1)
        return outputs

    def _forward(
        self, inputs: FloatArray, weights: Sequence[Array], mask: Mask | None
    ) -> LayerOutput:
        activations = self.cell.numpy_forward(inputs, weights, mask)
        states = activations["state"]
        return LayerOutput(activations, states[-1] if len(inputs) else np.zeros(len(weights[1])))

    def predict(self, ids: Ids) -> FloatArray:
        """Return the probabilities (n_samples, n_classes) for ids (n_samples, maxlen)."""
        outputs = np.empty((len(ids), self.architecture.n_outputs))
        for rows, batch in prediction_batches(ids, mask_padding=self.architecture.mask_padding):
            outputs[rows] = self._predict(batch[: len(rows)])
        return class_probabilities(outputs)

    def _predict(self, ids: Ids) -> FloatArray:
        time_major = ids.T
        mask = time_major != 0 if self.architecture.mask_padding else None
        outputs = self.forward(time_major, self.architecture.n_layers - 1, mask)
        if self.architecture.pooling == "last":
            features = np.concatenate([output.last_state for output in outputs], axis=-1)
        else:
            states = np.concatenate([output.activations["state"] for output in outputs], axis=-1)
            features = np.concatenate(
                [self._pool(name, states, mask) for name in self.architecture.poolings], axis=-1
            )
        logits = features @ self.kernel.astype(np.float64) + self.bias
        probabilities: FloatArray = (
            expit(logits) if logits.shape[1] == 1 else softmax(logits, axis=1)
        )
        return probabilities

    def _pool(self, name: str, states: FloatArray, mask: Mask | None) -> FloatArray:
        """Return the maximum or mean of states (n_steps, n_samples, n_units) over the words."""
        weights = np.ones(states.shape[:2]) if mask is None else mask.astype(np.float64)
        weights = weights[:, :, np.newaxis]
        if name == "max":
            maximum: FloatArray = (states - 2 * self.cell.bound * (1 - weights)).max(axis=0)
            return maximum
        weights = np.where(weights.any(axis=0), weights, 1.0)  # a text without words: all steps
        mean: FloatArray = (weights * states).sum(axis=0) / weights.sum(axis=0)
        return mean


def _reverse_words(inputs: FloatArray, mask: Mask | None) -> NDArray[np.intp]:
    """Return indices that reverse the words of each text and keep its leading padding."""
    n_steps = len(inputs)
    index = np.arange(n_steps).reshape(-1, *[1] * (inputs.ndim - 1))
    n_padding = 0 if mask is None else n_steps - mask.sum(axis=0)[:, np.newaxis]
    return np.where(index < n_padding, index, n_steps - 1 - (index - n_padding))
