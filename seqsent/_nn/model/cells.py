"""The recurrent cells, one record each.

At each word, a gate adds an input term (the projected input and its bias) and a recurrent term
(the projected state) and applies a sigmoid or tanh to the sum. Keras concatenates the weights of
all gates along the last axis, in the order of ``Cell.gates``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras
from ..._types import Array, Arrays, FloatArray

keras = import_keras()

_SATURATED = 1e4  # the sigmoid is exactly 0 or 1 at -1e4 and 1e4 in every floating-point type


@dataclass(frozen=True)
class Gate:
    """One gate of a cell."""

    name: str
    initial_bias: float = 0.0  # Keras's initial bias
    chrono: int = 0  # sign of log(u) in the chrono initialization; 0 keeps initial_bias
    padding_input: float = 0.0  # input term at leading padding, which keeps the state at zero
    reset_after: bool = False  # the recurrent term is scaled before the sum, as in Keras's GRU


class Forward(Protocol):
    """One step of a cell, for numpy and jax.numpy. All arrays have shape (..., state_dim)."""

    def __call__(
        self,
        xp: ModuleType,
        state: Arrays,
        input_terms: Sequence[Array],
        recurrent_terms: Sequence[Array],
        /,
    ) -> tuple[Arrays, Mapping[str, Array]]:
        """Return the state after a word, and residuals: gates and other values by name.

        ``state`` has one array per name in ``Cell.states``, the terms one array per gate.
        ``backward`` gets the residuals.
        """


class Backward(Protocol):
    """The vector-Jacobian product of :class:`Forward`."""

    def __call__(
        self, xp: ModuleType, grad_state: Arrays, state: Arrays, residuals: Mapping[str, Array], /
    ) -> tuple[Arrays, Sequence[Array]]:
        """Return the gradients with respect to the state before a word and to the terms.

        ``grad_state`` is the gradient with respect to the state after the word. The first
        result leaves out the gradient that flows through the recurrent terms. The second has
        one array per input term, then one per recurrent term with ``reset_after``; other
        recurrent terms have the gradient of their input term.
        """


@dataclass(frozen=True, eq=False, kw_only=True)
class Cell:
    """A recurrent cell.

    A record with ``layer`` alone trains, predicts and reports its states. ``gates`` add the
    chrono initialization, ``forward`` adds gate activations and prediction without a backend,
    and ``backward`` adds fast training on JAX.
    """

    # Keras layer with the arguments units, return_sequences, seed, name, kernel_initializer and
    # recurrent_initializer, and a mask in its call
    layer: type[Any]
    gates: tuple[Gate, ...] = ()  # in the order of Keras's weights
    states: tuple[str, ...] = ("state",)  # the layer returns the first one
    activations: tuple[str, ...] = ("state",)  # columns of gate_activations, "state" last
    # needs the weights kernel, recurrent_kernel and bias, in this order
    forward: Forward | None = None
    backward: Backward | None = None
    bound: float = 1.0  # largest absolute value of the first state
    mask_gradient: bool = False  # set the gradient to zero at padding, where it may grow
    pooling: str | tuple[str, ...] = "last"  # default if padding is masked
    # factor of the initial recurrent weights if the output pools the states, which then need
    # not carry a word to the end of the text
    pooled_recurrent_scale: float = 1.0
    learning_rate: float = 0.006  # default

    def weight_shapes(self, n_inputs: int, state_dim: int) -> list[tuple[int, ...]] | None:
        """Return the shapes of a layer's weights, or None without ``forward``."""
        if self.forward is None:
            return None
        columns = state_dim * len(self.gates)
        # reset_after needs a second bias, for the recurrent term
        bias = (2, columns) if any(gate.reset_after for gate in self.gates) else (columns,)
        return [(n_inputs, columns), (state_dim, columns), bias]

    def initial_bias(
        self, shape: tuple[int, ...], sample_log_time: Callable[[int], FloatArray] | None
    ) -> FloatArray:
        """Return the initial bias of a layer.

        ``sample_log_time`` returns log(u) for a number of units; None selects Keras's biases.
        """
        bias = np.zeros(shape)
        by_gate = bias.reshape(-1, len(self.gates), shape[-1] // len(self.gates))[0]
        is_chrono = [gate.chrono != 0 and sample_log_time is not None for gate in self.gates]
        log_time = sample_log_time(by_gate.shape[1]) if sample_log_time and any(is_chrono) else 0.0
        for row, gate, chrono in zip(by_gate, self.gates, is_chrono, strict=True):
            row[:] = gate.chrono * log_time if chrono else gate.initial_bias
        return bias

    def numpy_forward(
        self, inputs: Array, weights: Sequence[Array], mask: NDArray[np.bool_] | None = None
    ) -> dict[str, Array]:
        """Return the ``activations`` (n_steps, ..., state_dim) of a layer by name.

        ``inputs`` (n_steps, ..., n_inputs) have time first and determine the dtype, ``weights``
        come from the Keras layer. ``mask`` (n_steps, ...) is False at leading padding; None
        skips no step.
        """
        if self.forward is None:
            raise ValueError(f"{self.layer} has no numpy forward pass.")
        kernel, recurrent, bias = (array.astype(inputs.dtype) for array in weights)
        input_bias, recurrent_bias = split_bias(bias)
        n_gates = len(self.gates)
        input_terms = np.split(inputs @ kernel + input_bias, n_gates, axis=-1)
        if mask is not None:
            input_terms = [
                np.where(mask[..., np.newaxis], term, gate.padding_input)
                for term, gate in zip(input_terms, self.gates, strict=True)
            ]
        zeros = np.zeros((*inputs.shape[1:-1], len(recurrent)), dtype=inputs.dtype)
        state: Arrays = (zeros,) * len(self.states)
        outputs = {
            name: np.empty((len(inputs), *zeros.shape), inputs.dtype) for name in self.activations
        }
        for step in range(len(inputs)):
            recurrent_terms = np.split(state[0] @ recurrent + recurrent_bias, n_gates, axis=-1)
            state, values = self.forward(np, state, [x[step] for x in input_terms], recurrent_terms)
            values = {**values, **dict(zip(self.states, state, strict=True))}
            for name, output in outputs.items():
                output[step] = values[name]
        return outputs


def split_bias(bias: Array) -> tuple[Array, Array]:
    """Return the bias of the input terms and the bias of the recurrent terms."""
    return (bias[0], bias[1]) if bias.ndim == 2 else (bias, 0 * bias)


def _sigmoid(xp: ModuleType, z: Array) -> Array:
    return 0.5 + 0.5 * xp.tanh(0.5 * z)


def _simple_forward(xp: Any, state: Arrays, x: Any, h: Any) -> tuple[Arrays, dict[str, Array]]:
    new = xp.tanh(x[0] + h[0])
    return (new,), {"new": new}


def _simple_backward(xp: Any, grad: Arrays, state: Arrays, residuals: Any) -> tuple[Arrays, Any]:
    new = residuals["new"]
    return (xp.zeros_like(new),), (grad[0] * (1 - new * new),)


def _lstm_forward(xp: Any, state: Arrays, x: Any, h: Any) -> tuple[Arrays, dict[str, Array]]:
    i, f, g, o = (x_term + h_term for x_term, h_term in zip(x, h, strict=True))
    i, f, g, o = _sigmoid(xp, i), _sigmoid(xp, f), xp.tanh(g), _sigmoid(xp, o)
    c = f * state[1] + i * g
    tanh_c = xp.tanh(c)
    names = "input_gate", "forget_gate", "new_value", "output_gate", "tanh_carry"
    return (o * tanh_c, c), dict(zip(names, (i, f, g, o, tanh_c), strict=True))


def _lstm_backward(xp: Any, grad: Arrays, state: Arrays, residuals: Any) -> tuple[Arrays, Any]:
    grad_h, grad_c = grad
    i, f, g, o, tanh_c = (
        residuals[name]
        for name in ("input_gate", "forget_gate", "new_value", "output_gate", "tanh_carry")
    )
    grad_c = grad_c + grad_h * o * (1 - tanh_c * tanh_c)
    grad_terms = (
        grad_c * g * i * (1 - i),
        grad_c * state[1] * f * (1 - f),
        grad_c * i * (1 - g * g),
        grad_h * tanh_c * o * (1 - o),
    )
    return (xp.zeros_like(grad_h), grad_c * f), grad_terms


def _gru_forward(xp: Any, state: Arrays, x: Any, h: Any) -> tuple[Arrays, dict[str, Array]]:
    update, reset = _sigmoid(xp, x[0] + h[0]), _sigmoid(xp, x[1] + h[1])
    candidate = xp.tanh(x[2] + reset * h[2])
    new = candidate + update * (state[0] - candidate)
    names = "update_gate", "reset_gate", "recurrent_term", "candidate"
    return (new,), dict(zip(names, (update, reset, h[2], candidate), strict=True))


def _gru_backward(xp: Any, grad: Arrays, state: Arrays, residuals: Any) -> tuple[Arrays, Any]:
    (grad_h,) = grad
    update, reset, recurrent_term, candidate = (
        residuals[name] for name in ("update_gate", "reset_gate", "recurrent_term", "candidate")
    )
    grad_candidate = grad_h * (1 - update) * (1 - candidate * candidate)
    grad_update = grad_h * (state[0] - candidate) * update * (1 - update)
    grad_reset = grad_candidate * recurrent_term * reset * (1 - reset)
    return (grad_h * update,), (grad_update, grad_reset, grad_candidate, grad_candidate * reset)


CELLS: dict[str, Cell] = {
    "simple": Cell(
        layer=keras.layers.SimpleRNN,
        gates=(Gate("state"),),
        forward=_simple_forward,
        backward=_simple_backward,
        mask_gradient=True,
        pooling=("max", "mean"),
        pooled_recurrent_scale=0.5,
        learning_rate=0.004,
    ),
    "lstm": Cell(
        layer=keras.layers.LSTM,
        gates=(
            Gate("input_gate", chrono=-1, padding_input=-_SATURATED),
            Gate("forget_gate", chrono=1, initial_bias=1.0),
            Gate("new_value"),
            Gate("output_gate"),
        ),
        states=("state", "carry"),
        activations=("forget_gate", "input_gate", "output_gate", "new_value", "carry", "state"),
        forward=_lstm_forward,
        backward=_lstm_backward,
    ),
    "gru": Cell(
        layer=keras.layers.GRU,
        gates=(
            Gate("update_gate", chrono=1, padding_input=_SATURATED),
            Gate("reset_gate"),
            Gate("candidate", reset_after=True),
        ),
        activations=("update_gate", "reset_gate", "candidate", "state"),
        forward=_gru_forward,
        backward=_gru_backward,
    ),
}
