"""Initial weights, drawn by numpy.

Keras draws them op by op on its backend, which a compiling backend answers with one
small program per op: seconds for the first network of a process. numpy draws from
the same distributions at once, and the same numbers under every backend.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .._backend import import_keras

keras = import_keras()

Shape = tuple[int, ...]


class InitialWeights:
    """Builds layers with weights drawn from Keras's default distributions.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the draws.
    time_scale : float or None
        Length in words to which gates are set (Tallec & Ollivier, 2018, "Can
        recurrent neural networks warp time?", arXiv 1804.11188); None leaves them
        at Keras's start.
    embedding : ndarray of shape (n_words, embed_dim) or None
        Word vectors to start from instead of drawn ones.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        time_scale: float | None = None,
        embedding: NDArray[np.float32] | None = None,
    ) -> None:
        self.rng = rng
        self.time_scale = time_scale
        self.embedding = embedding

    def build(self, layer: Any, inputs: Any, **arguments: Any) -> Any:
        """Call a layer, which builds it; its configuration keeps the stock initializers."""
        replaced = []
        for part in _weight_holders(layer):
            ours = {
                "embeddings_initializer": self._draw_embedding,
                "kernel_initializer": self._draw_glorot_uniform,
                "recurrent_initializer": self._draw_orthogonal,
                "bias_initializer": self._bias_initializer(part),
                "unit_forget_bias": False,  # the bias drawn here has it already
            }
            for name in ours.keys() & vars(part).keys():
                replaced.append((part, name, getattr(part, name)))
                setattr(part, name, ours[name])
        outputs = layer(inputs, **arguments)
        for part, name, stock in replaced:
            setattr(part, name, stock)
        return outputs

    def _draw_embedding(self, shape: Shape, dtype: DTypeLike = "float32") -> Any:
        if self.embedding is not None:
            return _on_backend(self.embedding, dtype)
        return _on_backend(self.rng.uniform(-0.05, 0.05, size=shape), dtype)

    def _draw_glorot_uniform(self, shape: Shape, dtype: DTypeLike = "float32") -> Any:
        limit = np.sqrt(6 / sum(shape))
        return _on_backend(self.rng.uniform(-limit, limit, size=shape), dtype)

    def _draw_orthogonal(self, shape: Shape, dtype: DTypeLike = "float32") -> Any:
        q, r = np.linalg.qr(self.rng.standard_normal((max(shape), min(shape))))
        q *= np.sign(np.diag(r))  # makes the draw uniform over orthogonal matrices
        return _on_backend(q if shape[0] >= shape[1] else q.T, dtype)

    def _bias_initializer(self, part: Any) -> Any:
        # Gates in Keras's order: an LSTM's input, forget, candidate, output; a GRU's
        # update, reset, candidate, once for the input and once for the state.
        kind = type(part).__name__

        def draw_bias(shape: Shape, dtype: DTypeLike = "float32") -> Any:
            bias = np.zeros(shape)
            if kind == "LSTMCell":
                gates = bias.reshape(4, -1)
                gates[1] = 1.0
                if self.time_scale is not None:
                    gates[1] = self._log_time(gates.shape[1])
                    gates[0] = -gates[1]
            elif kind == "GRUCell" and self.time_scale is not None:
                units = bias.shape[-1] // 3
                bias[0, :units] = self._log_time(units)
            return _on_backend(bias, dtype)

        return draw_bias

    def _log_time(self, units: int) -> NDArray[np.float64]:
        longest = max((self.time_scale or 0) - 1, 1)
        return np.log(self.rng.uniform(1, longest, size=units))


def build_optimizer(model: Any) -> None:
    """Build a compiled model's optimizer, with its zeros made by numpy like the weights."""
    optimizer = model.optimizer
    if optimizer.built:
        return
    add_variable = optimizer.add_variable

    def add(shape: Shape, initializer: Any = "zeros", **arguments: Any) -> Any:
        if initializer == "zeros":
            initializer = _zeros
        return add_variable(shape, initializer=initializer, **arguments)

    optimizer.add_variable = add  # hides the method while the optimizer builds itself
    try:
        optimizer.build(model.trainable_variables)
    finally:
        del optimizer.add_variable


def _zeros(shape: Shape, dtype: DTypeLike = "float32") -> Any:
    return _on_backend(np.zeros(shape), dtype)


def _on_backend(array: NDArray[Any], dtype: DTypeLike) -> Any:
    """Hand an array over; what Keras does under JAX compiles a program for each shape."""
    array = array.astype(dtype)
    if keras.backend.backend() != "jax":
        return array
    import jax

    return jax.device_put(array)


def _weight_holders(layer: Any) -> list[Any]:
    if hasattr(layer, "forward_layer"):
        return [layer.forward_layer.cell, layer.backward_layer.cell]
    return [getattr(layer, "cell", layer)]
