"""Initial weights, drawn by numpy.

Keras draws them op by op on its backend, which a compiling backend answers with one
small program per op: seconds for the first network of a process. numpy draws from
the same distributions at once, and the same numbers under every backend.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..._runtime.backend import to_backend, zeros_on_backend
from ..._types import FloatArray
from .cells import Cell

Shape = tuple[int, ...]
Initializer = Callable[..., Any]  # (shape, dtype) -> array of the backend


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
    tables : sequence of ndarray
        Vectors to start from: the words', which are drawn if it is empty, and the n-grams',
        which are zeros if it has one.
    recurrent_scale : float
        Factor of the weights that a state is multiplied by.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        time_scale: float | None = None,
        tables: Sequence[NDArray[np.float32]] = (),
        recurrent_scale: float = 1.0,
    ) -> None:
        self.rng = rng
        self.time_scale = time_scale
        self.tables = tables
        self.recurrent_scale = recurrent_scale

    def build(self, layer: Any, inputs: Any, cell: Cell | None = None, **arguments: Any) -> Any:
        """Call a layer, which builds it; its configuration keeps the stock initializers.

        A recurrent layer's ``cell`` says how its biases start.
        """
        ours: dict[str, Initializer | bool] = {
            "embeddings_initializer": self._draw_embedding,
            "kernel_initializer": self._draw_glorot_uniform,
            "recurrent_initializer": self._draw_orthogonal,
            "ngrams_initializer": self._start_ngrams,
        }
        if cell is None:
            ours["bias_initializer"] = zeros_on_backend
        elif cell.gates:
            ours["bias_initializer"] = self._start_biases_of(cell)
            ours["unit_forget_bias"] = False  # the bias drawn here has it already
        replaced = []
        for part in _weight_holders(layer):
            for name in ours.keys() & vars(part).keys():
                replaced.append((part, name, getattr(part, name)))
                setattr(part, name, ours[name])
        outputs = layer(inputs, **arguments)
        for part, name, stock in replaced:
            setattr(part, name, stock)
        return outputs

    def _draw_embedding(self, shape: Shape, dtype: DTypeLike = "float32") -> Any:
        if self.tables:
            return to_backend(self.tables[0], dtype)
        return to_backend(self.rng.uniform(-0.05, 0.05, size=shape), dtype)

    def _start_ngrams(self, shape: Shape, dtype: DTypeLike = "float32") -> Any:
        if len(self.tables) > 1:
            return to_backend(self.tables[1], dtype)
        return zeros_on_backend(shape, dtype)

    def _draw_glorot_uniform(self, shape: Shape, dtype: DTypeLike = "float32") -> Any:
        limit = np.sqrt(6 / sum(shape))
        return to_backend(self.rng.uniform(-limit, limit, size=shape), dtype)

    def _draw_orthogonal(self, shape: Shape, dtype: DTypeLike = "float32") -> Any:
        q, r = np.linalg.qr(self.rng.standard_normal((max(shape), min(shape))))
        q *= np.sign(np.diag(r))  # makes the draw uniform over orthogonal matrices
        q *= self.recurrent_scale
        return to_backend(q if shape[0] >= shape[1] else q.T, dtype)

    def _start_biases_of(self, cell: Cell) -> Initializer:
        draw_log_time = None if self.time_scale is None else self._draw_log_time

        def start(shape: Shape, dtype: DTypeLike = "float32") -> Any:
            return to_backend(cell.start_bias(shape, draw_log_time), dtype)

        return start

    def _draw_log_time(self, units: int) -> FloatArray:
        longest = max((self.time_scale or 0) - 1, 1)
        return np.log(self.rng.uniform(1, longest, size=units))


def _weight_holders(layer: Any) -> list[Any]:
    """Return the parts of a layer whose attributes say how weights start."""
    if hasattr(layer, "forward_layer"):
        return [*_weight_holders(layer.forward_layer), *_weight_holders(layer.backward_layer)]
    return [getattr(layer, "cell", layer)]
