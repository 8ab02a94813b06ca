"""Recurrent layers that compute what Keras's do under JAX, in less time and memory.

They stand in for the stock layers inside shared programs, never in a model that a user
sees. Five things make them fast on a CPU:

- Reading starts at the first chunk of time in which any text has a word. Padding in front
  costs nothing, and one compiled program serves batches of every length.
- The gradient is written by hand (backpropagation through time, textbook form). It keeps
  what each step computed, and multiplies for a chunk of steps at once where automatic
  differentiation would for each step.
- The inputs of all steps of a chunk are projected in one product.
- Time is the first axis from the embedding on, and nothing is turned round in between.
- Padding costs no selection in each step: a value put before the gates holds the state at
  zero. This works for padding in front of a text, where seqsent's batches have it.
"""

from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from ..._backend import import_keras

keras = import_keras()

_CHUNK = 16  # steps whose inputs, and whose gradients of weights, are multiplied at once
_SHUT = 1e4  # before a sigmoid or tanh: saturated in every floating-point type

Array = Any  # jax.Array, traced
Arrays = tuple[Array, ...]


# The cells. A gate comes as two summands: x, projected from the word, and h, projected from
# the state. A sigmoid is taken as (1 + tanh(z / 2)) / 2, with the inner half put into the
# weights. `forward` returns the new state and what `backward` needs beside the old one;
# `backward` takes the gradient by the new state to those by the old state (without its way
# through the gates) and by the gates, to which both summands add. Only a GRU's candidate
# does not add them up: there the gradients by x and by h are two.


def _opening(gate: Array) -> Array:
    return 0.5 + 0.5 * gate


def _simple_forward(state: Arrays, x: Arrays, h: Arrays) -> tuple[Arrays, Arrays]:
    new = jnp.tanh(x[0] + h[0])
    return (new,), (new,)


def _simple_backward(gradient: Arrays, state: Arrays, kept: Arrays) -> tuple[Arrays, ...]:
    (new,) = kept
    return (jnp.zeros_like(new),), (gradient[0] * (1 - new * new),)


def _lstm_forward(state: Arrays, x: Arrays, h: Arrays) -> tuple[Arrays, Arrays]:
    c = state[1]
    i, f, g, o = (jnp.tanh(a + b) for a, b in zip(x, h, strict=True))
    c = _opening(f) * c + _opening(i) * g
    shown = jnp.tanh(c)
    return (_opening(o) * shown, c), (i, f, g, o, shown)


def _lstm_backward(gradient: Arrays, state: Arrays, kept: Arrays) -> tuple[Arrays, ...]:
    by_h, by_c = gradient
    i, f, g, o, shown = kept
    by_c = by_c + by_h * _opening(o) * (1 - shown * shown)
    by_gates = (
        by_c * g * (0.5 - 0.5 * i * i),
        by_c * state[1] * (0.5 - 0.5 * f * f),
        by_c * _opening(i) * (1 - g * g),
        by_h * shown * (0.5 - 0.5 * o * o),
    )
    return (jnp.zeros_like(by_h), by_c * _opening(f)), by_gates


def _gru_forward(state: Arrays, x: Arrays, h: Arrays) -> tuple[Arrays, Arrays]:
    update, reset = jnp.tanh(x[0] + h[0]), jnp.tanh(x[1] + h[1])
    past = h[2]
    g = jnp.tanh(x[2] + _opening(reset) * past)
    return (g + _opening(update) * (state[0] - g),), (update, reset, past, g)


def _gru_backward(gradient: Arrays, state: Arrays, kept: Arrays) -> tuple[Arrays, ...]:
    (by_h,) = gradient
    update, reset, past, g = kept
    by_g = by_h * (1 - _opening(update)) * (1 - g * g)
    by_update = by_h * (state[0] - g) * (0.5 - 0.5 * update * update)
    by_reset = by_g * past * (0.5 - 0.5 * reset * reset)
    return (by_h * _opening(update),), (by_update, by_reset, by_g, by_g * _opening(reset))


def _gru_weights_apart(weights: Arrays) -> Arrays:
    """Give the candidate's product with the word and that with the state their own columns."""

    def of_word(array: Array) -> Array:
        return jnp.concatenate([array, jnp.zeros_like(array[..., ::3])], axis=-1)

    def of_state(array: Array) -> Array:
        update, reset, past = jnp.split(array, 3, axis=-1)
        return jnp.concatenate([update, reset, jnp.zeros_like(past), past], axis=-1)

    kernel, input_bias, recurrent, state_bias = weights
    return of_word(kernel), of_word(input_bias), of_state(recurrent), of_state(state_bias)


class _FastRecurrence:
    """What the layers share; goes in front of a stock layer among the base classes."""

    forward: ClassVar[Any]  # two of the functions above
    backward: ClassVar[Any]
    n_states: ClassVar[int] = 1
    # For each gate: 0.5 where a sigmoid follows, and what holds the state at padding
    gate_scales: ClassVar[tuple[float, ...]]
    gates_at_padding: ClassVar[tuple[float, ...]]
    gates_pass_gradients: ClassVar[bool] = False  # at padding; there they could overflow

    @staticmethod
    def weights_apart(weights: Arrays) -> Arrays:
        """Return the weights with a column for each gradient that ``backward`` returns."""
        return weights

    def call(
        self: Any,
        sequences: Array,
        initial_state: Any = None,
        mask: Array | None = None,
        training: bool = False,
    ) -> Array:
        is_word = None if mask is None else mask != 0
        order = None
        if self.go_backwards:
            order = _reversed_words(sequences, is_word)
            sequences = jnp.take_along_axis(sequences, order[:, :, None], axis=1)
        states = self._run(sequences, is_word)
        if not self.return_sequences or order is None:
            return states
        # as Keras does, last word first: Bidirectional turns it round
        return jnp.flip(jnp.take_along_axis(states, order[:, :, None], axis=1), axis=1)

    def _run(self: Any, x: Array, is_word: Array | None) -> Array:
        """Return the last state of each text, or the states at all words."""
        n_texts, n_steps, _ = x.shape
        cell = self.cell
        scale = jnp.repeat(jnp.asarray(self.gate_scales, x.dtype), cell.units)
        bias = cell.bias.value * scale
        input_bias, state_bias = bias if bias.ndim == 2 else (bias, jnp.zeros_like(bias))
        weights = (
            cell.kernel.value * scale,
            input_bias,
            cell.recurrent_kernel.value * scale,
            state_bias,
        )
        if is_word is None:
            is_word = jnp.ones((n_texts, n_steps), dtype=bool)
        extra = -n_steps % _CHUNK
        states = _read(
            type(self),
            self.return_sequences,
            _time_first(x, extra),
            _time_first(is_word, extra),
            weights,
        )
        if self.return_sequences:
            return states[extra:].swapaxes(0, 1)
        return states


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _read(
    layer: type[_FastRecurrence], sequences: bool, x: Array, is_word: Array, weights: Arrays
) -> Array:
    """Return the last state, or if ``sequences`` the states at all steps.

    Time comes first, and is a multiple of the chunk.
    """
    keep = (lambda before, new, inner: new) if sequences else (lambda before, new, inner: None)
    state, states = _read_chunks(layer, x, is_word, weights, keep)
    return states if sequences else state[0]


def _read_and_keep(
    layer: type[_FastRecurrence], sequences: bool, x: Array, is_word: Array, weights: Arrays
) -> tuple[Array, Any]:
    def keep(before: Arrays, new: Array, inner: Arrays) -> Any:
        return before, new if sequences else None, inner

    state, (before, states, inner) = _read_chunks(layer, x, is_word, weights, keep)
    return states if sequences else state[0], (x, is_word, weights, before, inner)


def _read_chunks(
    layer: type[_FastRecurrence], x: Array, is_word: Array, weights: Arrays, keep: Any
) -> tuple[Arrays, Any]:
    """Return the last state, and what ``keep`` makes of all steps.

    Of a step it is told the state before it, the new h, and what the cell keeps.
    """
    kernel, input_bias, recurrent, state_bias = weights
    n_gates = len(layer.gate_scales)

    def read_word(state: Arrays, x: Arrays) -> tuple[Arrays, Any]:
        h = jnp.split(state[0] @ recurrent + state_bias, n_gates, axis=-1)
        new, inner = layer.forward(state, x, h)
        return new, keep(state, new[0], inner)

    def read_chunk(i: Array, carry: Any) -> Any:
        words, are_words = _chunk(x, i), _chunk(is_word, i)
        projected = (_rows(words) @ kernel + input_bias).reshape(*words.shape[:2], -1)
        gates = [
            jnp.where(are_words[..., None], gate, at_padding)
            for gate, at_padding in zip(
                jnp.split(projected, n_gates, axis=-1), layer.gates_at_padding, strict=True
            )
        ]

        def read_step(step: Array, carry: Any) -> Any:
            state, kept = carry
            state, made = read_word(state, _at(gates, step))
            return state, _put(kept, made, i * _CHUNK + step)

        return jax.lax.fori_loop(0, _CHUNK, read_step, carry)

    state = _empty_state(layer, x, weights)
    made = jax.eval_shape(read_word, state, [state[0]] * n_gates)[1]
    room = jax.tree.map(lambda one: jnp.zeros((len(x), *one.shape), one.dtype), made)
    n_chunks = len(x) // _CHUNK
    return jax.lax.fori_loop(_first_chunk(is_word), n_chunks, read_chunk, (state, room))


def _pull_back(
    layer: type[_FastRecurrence], sequences: bool, kept: Any, by_output: Array
) -> tuple[Array, None, Arrays]:
    x, is_word, weights, before, inner = kept
    weights, join = jax.vjp(layer.weights_apart, weights)
    kernel, _, recurrent, _ = weights
    n_chunks = len(x) // _CHUNK

    def pull_chunk(n_done: Array, carry: Any) -> Any:
        by_state, by_x, by_weights = carry
        i = n_chunks - 1 - n_done

        def pull_step(by_state: Arrays, step: Array) -> tuple[Arrays, Any]:
            time = i * _CHUNK + step
            if sequences:
                by_state = (by_state[0] + _at(by_output, time), *by_state[1:])
            if layer.gates_pass_gradients:
                by_state = tuple(jnp.where(_at(is_word, time)[:, None], by, 0) for by in by_state)
            by_old, by_gates = layer.backward(by_state, *_at((before, inner), time))
            by_gates = jnp.concatenate(by_gates, axis=-1)
            return (by_old[0] + by_gates @ recurrent.T, *by_old[1:]), by_gates

        by_state, by_gates = jax.lax.scan(pull_step, by_state, jnp.arange(_CHUNK), reverse=True)
        words, states, by_gates = _rows(_chunk(x, i)), _rows(_chunk(before[0], i)), _rows(by_gates)
        by_bias = by_gates.sum(0)
        ours = words.T @ by_gates, by_bias, states.T @ by_gates, by_bias
        by_words = (by_gates @ kernel.T).reshape(_CHUNK, *x.shape[1:])
        by_x = jax.lax.dynamic_update_slice_in_dim(by_x, by_words, i * _CHUNK, 0)
        return by_state, by_x, jax.tree.map(jnp.add, by_weights, ours)

    by_state = _empty_state(layer, x, weights)
    if not sequences:
        by_state = (by_output, *by_state[1:])
    start = by_state, jnp.zeros_like(x), jax.tree.map(jnp.zeros_like, weights)
    _, by_x, by_weights = jax.lax.fori_loop(0, n_chunks - _first_chunk(is_word), pull_chunk, start)
    return by_x, None, *join(by_weights)


_read.defvjp(_read_and_keep, _pull_back)


def _empty_state(layer: type[_FastRecurrence], x: Array, weights: Arrays) -> Arrays:
    empty = jnp.zeros((x.shape[1], weights[2].shape[0]), dtype=x.dtype)
    return (empty,) * layer.n_states


def _first_chunk(is_word: Array) -> Array:
    return jnp.argmax(is_word.any(axis=1)) // _CHUNK


def _rows(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])


def _chunk(array: Array, i: Array) -> Array:
    return jax.lax.dynamic_slice_in_dim(array, i * _CHUNK, _CHUNK)


def _at(arrays: Any, time: Array) -> Any:
    return jax.tree.map(
        lambda array: jax.lax.dynamic_index_in_dim(array, time, keepdims=False), arrays
    )


def _put(kept: Any, made: Any, time: Array) -> Any:
    return jax.tree.map(
        lambda all, one: jax.lax.dynamic_update_index_in_dim(all, one, time, 0), kept, made
    )


def _reversed_words(x: Array, is_word: Array | None) -> Array:
    """Return, for each text, the places that turn its words round behind its padding."""
    n_steps = x.shape[1]
    place = jnp.arange(n_steps)
    n_padding = 0 if is_word is None else n_steps - is_word.sum(axis=1, keepdims=True)
    turned = jnp.where(place < n_padding, place, n_steps - 1 - (place - n_padding))
    return jnp.broadcast_to(turned, x.shape[:2])


def _time_first(x: Array, extra: int) -> Array:
    """Turn (texts, steps, ...) into (steps, texts, ...), padded in front."""
    return jnp.pad(x.swapaxes(0, 1), [(extra, 0), *[(0, 0)] * (x.ndim - 1)])


class FastEmbedding(keras.layers.Embedding):  # type: ignore[name-defined]  # Keras has no annotations
    """Stands in for ``keras.layers.Embedding``: vectors lie in the order in which they are read."""

    def call(self, ids: Array) -> Array:
        return super().call(ids.swapaxes(0, 1)).swapaxes(0, 1)


class FastSimpleRNN(_FastRecurrence, keras.layers.SimpleRNN):  # type: ignore[name-defined]
    """Stands in for ``keras.layers.SimpleRNN``: zero inputs hold the state at zero."""

    forward = staticmethod(_simple_forward)
    backward = staticmethod(_simple_backward)
    gate_scales = (1.0,)
    gates_at_padding = (0.0,)
    gates_pass_gradients = True


class FastLSTM(_FastRecurrence, keras.layers.LSTM):  # type: ignore[name-defined]
    """Stands in for ``keras.layers.LSTM``: nothing is written at padding."""

    forward = staticmethod(_lstm_forward)
    backward = staticmethod(_lstm_backward)
    n_states = 2
    gate_scales = (0.5, 0.5, 1.0, 0.5)
    gates_at_padding = (-_SHUT, 0.0, 0.0, 0.0)


class FastGRU(_FastRecurrence, keras.layers.GRU):  # type: ignore[name-defined]
    """Stands in for ``keras.layers.GRU``: padding keeps the state as it is."""

    forward = staticmethod(_gru_forward)
    backward = staticmethod(_gru_backward)
    weights_apart = staticmethod(_gru_weights_apart)
    gate_scales = (0.5, 0.5, 1.0)
    gates_at_padding = (_SHUT, 0.0, 0.0)


FAST_LAYERS: dict[str, Any] = {
    "embedding": FastEmbedding,
    "simple": FastSimpleRNN,
    "lstm": FastLSTM,
    "gru": FastGRU,
}
