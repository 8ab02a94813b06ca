"""Initial weights, drawn with numpy.

Keras draws each weight with operations of its backend. JAX compiles a program for each shape,
which takes seconds for the first network of a process. numpy draws from the same distributions
in milliseconds, and draws the same numbers on every backend.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..._runtime.backend import to_backend, zeros_on_backend
from ..._types import FloatArray
from .cells import Cell

Shape = tuple[int, ...]


class InitialWeights:
    """Builds layers with initial weights from Keras's default distributions.

    ``time_scale`` is the text length in words for the chrono initialization of gates (Tallec &
    Ollivier, "Can recurrent neural networks warp time?", ICLR 2018, arXiv:1804.11188). If None,
    gates get Keras's biases. ``tables`` are initial word vectors and n-gram vectors. Missing
    word vectors are drawn, missing n-gram vectors are zeros. ``recurrent_scale`` is a factor of
    the recurrent weights.
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
        """Call a layer, which builds its weights, and return the output.

        ``cell`` is the cell of a recurrent layer. The configuration of the layer keeps Keras's
        initializers.
        """
        initializers: dict[str, Any] = {
            "embeddings_initializer": self._embeddings,
            "ngrams_initializer": self._ngrams,
            "kernel_initializer": self._glorot_uniform,
            "recurrent_initializer": self._orthogonal,
        }
        if cell is None:
            initializers["bias_initializer"] = zeros_on_backend
        elif cell.gates:
            initializers["bias_initializer"] = self._bias_initializer(cell)
            initializers["unit_forget_bias"] = False  # initial_bias includes it
        with _replaced_initializers(layer, initializers):
            return layer(inputs, **arguments)

    def _embeddings(self, shape: Shape, dtype: DTypeLike = "float32") -> Any:
        if self.tables:
            return to_backend(self.tables[0], dtype)
        return to_backend(self.rng.uniform(-0.05, 0.05, size=shape), dtype)

    def _ngrams(self, shape: Shape, dtype: DTypeLike = "float32") -> Any:
        if len(self.tables) > 1:
            return to_backend(self.tables[1], dtype)
        return zeros_on_backend(shape, dtype)

    def _glorot_uniform(self, shape: Shape, dtype: DTypeLike = "float32") -> Any:
        limit = np.sqrt(6 / sum(shape))
        return to_backend(self.rng.uniform(-limit, limit, size=shape), dtype)

    def _orthogonal(self, shape: Shape, dtype: DTypeLike = "float32") -> Any:
        q, r = np.linalg.qr(self.rng.standard_normal((max(shape), min(shape))))
        q *= np.sign(np.diag(r))  # makes the distribution uniform over orthogonal matrices
        q *= self.recurrent_scale
        return to_backend(q if shape[0] >= shape[1] else q.T, dtype)

    def _bias_initializer(self, cell: Cell) -> Callable[..., Any]:
        sample_log_time = None if self.time_scale is None else self._sample_log_time

        def initialize(shape: Shape, dtype: DTypeLike = "float32") -> Any:
            return to_backend(cell.initial_bias(shape, sample_log_time), dtype)

        return initialize

    def _sample_log_time(self, n_units: int) -> FloatArray:
        longest = max((self.time_scale or 0) - 1, 1)
        return np.log(self.rng.uniform(1, longest, size=n_units))


@contextmanager
def _replaced_initializers(layer: Any, initializers: Mapping[str, Any]) -> Iterator[None]:
    """Replace initializers of a layer or its cells while the context is open."""
    replaced = []
    try:
        for owner in _initializer_owners(layer):
            for name in initializers.keys() & vars(owner).keys():
                replaced.append((owner, name, getattr(owner, name)))
                setattr(owner, name, initializers[name])
        yield
    finally:
        for owner, name, original in replaced:
            setattr(owner, name, original)


def _initializer_owners(layer: Any) -> list[Any]:
    """Return the layers or cells with the initializer attributes of a layer."""
    if hasattr(layer, "forward_layer"):
        layers = layer.forward_layer, layer.backward_layer
        return [owner for one in layers for owner in _initializer_owners(one)]
    return [getattr(layer, "cell", layer)]
