"""The recurrent cells: all that is particular to each of them, in one record.

A cell reads a text word by word. At each word a gate adds up two summands, one projected from
the word's vector and one from the state before, and squashes the sum. Keras keeps the weights
of all gates side by side: gate k of n has the k-th n-th of the columns.
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

_SHUT = 1e4  # before a sigmoid: saturated in every floating-point type


@dataclass(frozen=True)
class Gate:
    """One block of columns in a cell's weights.

    Parameters
    ----------
    name : str
        Its name in the textbooks.
    start : float
        What Keras starts its bias at.
    chrono : {-1, 0, 1}
        Sign with which a chrono start takes log u, the logarithm of a time in words; 0 leaves
        the bias at ``start``.
    at_padding : float
        What takes the place of the word's summand at padding, so that the state stays as it
        is: all zeros, since padding comes before the first word.
    apart : bool
        Whether the state's summand is scaled before the two are added, so that the gradient by
        one is not that by the other.
    """

    name: str
    start: float = 0.0
    chrono: int = 0
    at_padding: float = 0.0
    apart: bool = False


class Forward(Protocol):
    """One step of a cell, for numpy and for jax.numpy alike."""

    def __call__(
        self,
        xp: ModuleType,
        state: Arrays,
        from_word: Sequence[Array],
        from_state: Sequence[Array],
        /,
    ) -> tuple[Arrays, Mapping[str, Array]]:
        """Return the new state, and what else came about at this word.

        Parameters
        ----------
        xp : module
            ``numpy`` or ``jax.numpy``.
        state : tuple of arrays of shape (..., units)
            The state before, as many arrays as ``Cell.states`` names.
        from_word, from_state : sequence of arrays of shape (..., units)
            The summands of each gate.

        Returns
        -------
        state : tuple of arrays
            The state after this word.
        values : mapping of str to array
            All that ``backward`` needs beside the states; gates under their names.
        """


class Backward(Protocol):
    """The gradient of :class:`Forward`."""

    def __call__(
        self, xp: ModuleType, gradient: Arrays, state: Arrays, values: Mapping[str, Array], /
    ) -> tuple[Arrays, Sequence[Array]]:
        """Return the gradients by the state before and by the gates' summands.

        Parameters
        ----------
        xp : module
            ``numpy`` or ``jax.numpy``.
        gradient : tuple of arrays
            Gradient by each array of the state after this word.
        state : tuple of arrays
            The state before it.
        values : mapping
            What ``Forward`` returned.

        Returns
        -------
        by_state : tuple of arrays
            By the state before, without its way through the gates.
        by_gates : sequence of arrays
            By what comes from the word, for each gate; then by what comes from the state, for
            each gate that is ``apart``.
        """


@dataclass(frozen=True, eq=False, kw_only=True)
class Cell:
    """A recurrent cell.

    ``layer`` alone makes a cell that trains, predicts and shows its state. ``gates`` let its
    biases start at the time scale of the text; ``forward`` shows them and computes in numpy;
    ``backward`` makes training under JAX fast.

    Parameters
    ----------
    layer : type
        The stock Keras layer: called with the number of units and, by name,
        ``return_sequences``, ``seed``, ``name``, ``kernel_initializer`` and
        ``recurrent_initializer``. It takes a ``mask`` with its inputs.
    gates : tuple of Gate
        In Keras's order of columns.
    states : tuple of str
        What is passed from word to word; the first is what a layer returns.
    shown : tuple of str
        Values and states that ``seqsent.inspection`` shows, in this order; the state last.
    forward : Forward or None
        One step; the layer then has the weights ``kernel``, ``recurrent_kernel``, ``bias``.
    backward : Backward or None
        Its gradient.
    bound : float
        What the absolute values of the first state do not exceed.
    lets_gradient_through_padding : bool
        Whether the gradient must be stopped at padding, where it could grow from step to step.
    pooling : str or tuple of str
        What of the states decides, where the user did not choose and padding is skipped.
    pooled_start : float
        Factor of the state's weights at the start, where the states at all words decide: they
        need not be kept for long, and what is kept disturbs the words after it.
    learning_rate : float
        Of a named optimizer, where the user chose none.
    """

    layer: type[Any]
    gates: tuple[Gate, ...] = ()
    states: tuple[str, ...] = ("state",)
    shown: tuple[str, ...] = ("state",)
    forward: Forward | None = None
    backward: Backward | None = None
    bound: float = 1.0
    lets_gradient_through_padding: bool = False
    pooling: str | tuple[str, ...] = "last"
    pooled_start: float = 1.0
    learning_rate: float = 0.006

    def weight_shapes(self, n_inputs: int, units: int) -> list[tuple[int, ...]] | None:
        """Return the shapes of a layer's weights; None where only the layer knows them."""
        if self.forward is None:
            return None
        columns = units * len(self.gates)
        # one that scales the state's summand apart has a bias for it, too
        bias = (2, columns) if any(gate.apart for gate in self.gates) else (columns,)
        return [(n_inputs, columns), (units, columns), bias]

    def start_bias(
        self, shape: tuple[int, ...], draw_log_time: Callable[[int], FloatArray] | None
    ) -> FloatArray:
        """Return the bias to start from, of a given shape.

        ``draw_log_time`` draws log u for a number of units; None starts as Keras does.
        """
        bias = np.zeros(shape)
        by_gate = bias.reshape(-1, len(self.gates), shape[-1] // len(self.gates))[0]
        has_chrono = draw_log_time is not None and any(gate.chrono for gate in self.gates)
        log_time = draw_log_time(by_gate.shape[1]) if draw_log_time and has_chrono else 0.0
        for row, gate in zip(by_gate, self.gates, strict=True):
            row[:] = gate.chrono * log_time if gate.chrono and has_chrono else gate.start
        return bias

    def read(
        self, words: Array, weights: Sequence[Array], is_word: NDArray[np.bool_] | None = None
    ) -> dict[str, Array]:
        """Read words by numpy, in the precision of the words.

        Parameters
        ----------
        words : ndarray of shape (n_steps, ..., n_inputs)
            What the layer reads, time first.
        weights : sequence of ndarray
            Kernel, recurrent kernel and bias, as Keras keeps them.
        is_word : ndarray of shape (n_steps, ...), bool, or None
            False at padding in front of a text, which is skipped; None reads all.

        Returns
        -------
        dict of str to ndarray of shape (n_steps, ..., units)
            All that ``shown`` names, at each word.
        """
        if self.forward is None:
            raise ValueError(f"{self.layer} has no numpy form.")
        kernel, recurrent, bias = (array.astype(words.dtype) for array in weights)
        input_bias, state_bias = two_biases(bias)
        n_gates = len(self.gates)
        from_words = np.split(words @ kernel + input_bias, n_gates, axis=-1)
        if is_word is not None:
            from_words = [
                np.where(is_word[..., np.newaxis], column, gate.at_padding)
                for column, gate in zip(from_words, self.gates, strict=True)
            ]
        empty = np.zeros((*words.shape[1:-1], len(recurrent)), dtype=words.dtype)
        state: Arrays = (empty,) * len(self.states)
        found = {name: np.empty((len(words), *empty.shape), words.dtype) for name in self.shown}
        for step in range(len(words)):
            from_state = np.split(state[0] @ recurrent + state_bias, n_gates, axis=-1)
            state, values = self.forward(np, state, [x[step] for x in from_words], from_state)
            values = {**values, **dict(zip(self.states, state, strict=True))}
            for name, kept in found.items():
                kept[step] = values[name]
        return found


def two_biases(bias: Array) -> tuple[Array, Array]:
    """Return the bias of what comes from the word and of what comes from the state."""
    return (bias[0], bias[1]) if bias.ndim == 2 else (bias, 0 * bias)


def _sigmoid(xp: ModuleType, z: Array) -> Array:
    return 0.5 + 0.5 * xp.tanh(0.5 * z)


def _simple_forward(xp: Any, state: Arrays, x: Any, h: Any) -> tuple[Arrays, dict[str, Array]]:
    new = xp.tanh(x[0] + h[0])
    return (new,), {"new": new}


def _simple_backward(xp: Any, gradient: Arrays, state: Arrays, values: Any) -> tuple[Arrays, Any]:
    new = values["new"]
    return (xp.zeros_like(new),), (gradient[0] * (1 - new * new),)


def _lstm_forward(xp: Any, state: Arrays, x: Any, h: Any) -> tuple[Arrays, dict[str, Array]]:
    i, f, g, o = (from_word + from_state for from_word, from_state in zip(x, h, strict=True))
    i, f, g, o = _sigmoid(xp, i), _sigmoid(xp, f), xp.tanh(g), _sigmoid(xp, o)
    c = f * state[1] + i * g
    tanh_c = xp.tanh(c)
    names = "input_gate", "forget_gate", "new_value", "output_gate", "tanh_carry"
    return (o * tanh_c, c), dict(zip(names, (i, f, g, o, tanh_c), strict=True))


def _lstm_backward(xp: Any, gradient: Arrays, state: Arrays, values: Any) -> tuple[Arrays, Any]:
    by_h, by_c = gradient
    i, f, g, o, tanh_c = (
        values[name]
        for name in ("input_gate", "forget_gate", "new_value", "output_gate", "tanh_carry")
    )
    by_c = by_c + by_h * o * (1 - tanh_c * tanh_c)
    by_gates = (
        by_c * g * i * (1 - i),
        by_c * state[1] * f * (1 - f),
        by_c * i * (1 - g * g),
        by_h * tanh_c * o * (1 - o),
    )
    return (xp.zeros_like(by_h), by_c * f), by_gates


def _gru_forward(xp: Any, state: Arrays, x: Any, h: Any) -> tuple[Arrays, dict[str, Array]]:
    update, reset = _sigmoid(xp, x[0] + h[0]), _sigmoid(xp, x[1] + h[1])
    past = h[2]
    candidate = xp.tanh(x[2] + reset * past)
    new = candidate + update * (state[0] - candidate)
    values = {"update_gate": update, "reset_gate": reset, "past": past, "candidate": candidate}
    return (new,), values


def _gru_backward(xp: Any, gradient: Arrays, state: Arrays, values: Any) -> tuple[Arrays, Any]:
    (by_h,) = gradient
    update, reset, past, candidate = (
        values[name] for name in ("update_gate", "reset_gate", "past", "candidate")
    )
    by_candidate = by_h * (1 - update) * (1 - candidate * candidate)
    by_update = by_h * (state[0] - candidate) * update * (1 - update)
    by_reset = by_candidate * past * reset * (1 - reset)
    return (by_h * update,), (by_update, by_reset, by_candidate, by_candidate * reset)


CELLS: dict[str, Cell] = {
    "simple": Cell(
        layer=keras.layers.SimpleRNN,
        gates=(Gate("state"),),
        forward=_simple_forward,
        backward=_simple_backward,
        lets_gradient_through_padding=True,
        pooling=("max", "mean"),
        pooled_start=0.5,
        learning_rate=0.004,
    ),
    "lstm": Cell(
        layer=keras.layers.LSTM,
        gates=(
            Gate("input_gate", chrono=-1, at_padding=-_SHUT),
            Gate("forget_gate", chrono=1, start=1.0),
            Gate("new_value"),
            Gate("output_gate"),
        ),
        states=("state", "carry"),
        shown=("forget_gate", "input_gate", "output_gate", "new_value", "carry", "state"),
        forward=_lstm_forward,
        backward=_lstm_backward,
    ),
    "gru": Cell(
        layer=keras.layers.GRU,
        gates=(
            Gate("update_gate", chrono=1, at_padding=_SHUT),
            Gate("reset_gate"),
            Gate("candidate", apart=True),
        ),
        shown=("update_gate", "reset_gate", "candidate", "state"),
        forward=_gru_forward,
        backward=_gru_backward,
    ),
}
