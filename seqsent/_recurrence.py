"""Recurrent layers that compute what Keras's do under JAX, in less time and memory.

They stand in for the stock layers inside shared programs, never in a model that a user
sees. Three things make them fast on a CPU:

- Time is cut into short chunks whose inner states are computed again in the backward
  pass instead of being kept (``jax.checkpoint``). A step's arrays stay in the cache,
  where keeping all of them costs more time in fresh memory than the arithmetic takes.
- The inputs of all steps of a chunk are projected in one product.
- Padding costs an LSTM or GRU no selection in each step: a value put before the gates
  holds the state at zero. This works for padding in front of a text, where seqsent's
  batches have it.
"""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from ._backend import import_keras

keras = import_keras()

_CHUNK = 10  # steps computed again at once
_SHUT = 1e4  # before a sigmoid or tanh: saturated in every floating-point type

Array = Any  # jax.Array, traced
State = tuple[Array, ...]
Gates = tuple[Array, ...]


# Steps take the state and, for each part of the gates, the projected input, the recurrent
# weights and their bias. A sigmoid is taken as (1 + tanh(x / 2)) / 2, with the inner half
# put into the weights. An LSTM's gates come in one part, with one product and one tanh for
# all; a GRU's one by one, since its slices of a larger array would not be vectorized.


def _simple_step(state: State, z: Gates, recurrent: Gates, bias: Gates) -> State:
    (h,) = state
    return (jnp.tanh(z[0] + h @ recurrent[0]),)


def _lstm_step(state: State, z: Gates, recurrent: Gates, bias: Gates) -> State:
    h, c = state
    i, f, g, o = jnp.split(jnp.tanh(z[0] + h @ recurrent[0]), 4, axis=-1)
    c = (0.5 + 0.5 * f) * c + (0.5 + 0.5 * i) * g
    return (0.5 + 0.5 * o) * jnp.tanh(c), c


def _gru_step(state: State, z: Gates, recurrent: Gates, bias: Gates) -> State:
    (h,) = state
    update, reset, value = (h @ u + b for u, b in zip(recurrent, bias, strict=True))
    update, reset = jnp.tanh(z[0] + update), jnp.tanh(z[1] + reset)
    g = jnp.tanh(z[2] + (0.5 + 0.5 * reset) * value)
    return (g + (0.5 + 0.5 * update) * (h - g),)


class _FastRecurrence:
    """What the layers share; goes in front of a stock layer among the base classes."""

    step: ClassVar[Any]  # one of the functions above
    n_states: ClassVar[int] = 1
    n_parts: ClassVar[int] = 1
    # For each gate: 0.5 where a sigmoid follows, and what holds the state at padding. None:
    # no gate can, and the state is set to zero in each step.
    gate_scales: ClassVar[tuple[float, ...]]
    gates_at_padding: ClassVar[tuple[float, ...] | None] = None

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
        states, last = self._run(sequences, is_word)
        if not self.return_sequences:
            return last
        if order is None:
            return states
        # as Keras does, last word first: Bidirectional turns it round
        return jnp.flip(jnp.take_along_axis(states, order[:, :, None], axis=1), axis=1)

    def _run(self: Any, x: Array, is_word: Array | None) -> tuple[Array | None, Array]:
        n_texts, n_steps, _ = x.shape
        units = self.cell.units
        scale = jnp.repeat(jnp.asarray(self.gate_scales, x.dtype), units)
        at_padding = None
        if self.gates_at_padding is not None:
            at_padding = jnp.repeat(jnp.asarray(self.gates_at_padding, x.dtype), units)
        kernel = self.cell.kernel.value * scale
        recurrent = jnp.split(self.cell.recurrent_kernel.value * scale, self.n_parts, axis=1)
        bias = self.cell.bias.value * scale
        input_bias, state_bias = bias if bias.ndim == 2 else (bias, jnp.zeros_like(bias))
        state_bias = jnp.split(state_bias, self.n_parts)

        extra = -n_steps % _CHUNK
        if extra and is_word is None:
            is_word = jnp.ones((n_texts, n_steps), dtype=bool)
        x = _in_chunks(x, extra)
        words = None if is_word is None else _in_chunks(is_word, extra)

        @jax.checkpoint
        def read_chunk(state: Any, chunk: Any) -> tuple[Any, Any]:
            x, is_word = chunk
            z = x.reshape(-1, x.shape[-1]) @ kernel + input_bias
            z = z.reshape(*x.shape[:2], -1)
            if is_word is not None and at_padding is not None:
                z = jnp.where(is_word[..., None], z, at_padding)
                is_word = None

            def read_word(state: State, inputs: Any) -> tuple[State, Array | None]:
                gates, is_word = inputs
                state = self.step(state, gates, recurrent, state_bias)
                if is_word is not None:
                    state = tuple(jnp.where(is_word[:, None], s, 0) for s in state)
                return state, state[0] if self.return_sequences else None

            gates = jnp.split(z, self.n_parts, axis=-1)
            return jax.lax.scan(read_word, state, (gates, is_word))

        empty = jnp.zeros((n_texts, units), dtype=x.dtype)
        state, states = jax.lax.scan(read_chunk, (empty,) * self.n_states, (x, words))
        if states is not None:
            states = states.reshape(-1, n_texts, units)[extra:].swapaxes(0, 1)
        return states, state[0]


def _reversed_words(x: Array, is_word: Array | None) -> Array:
    """Return, for each text, the places that turn its words round behind its padding."""
    n_steps = x.shape[1]
    place = jnp.arange(n_steps)
    n_padding = 0 if is_word is None else n_steps - is_word.sum(axis=1, keepdims=True)
    turned = jnp.where(place < n_padding, place, n_steps - 1 - (place - n_padding))
    return jnp.broadcast_to(turned, x.shape[:2])


def _in_chunks(x: Array, extra: int) -> Array:
    """Turn (texts, steps, ...) into (chunks, steps per chunk, texts, ...), padded in front."""
    x = jnp.pad(x, [(0, 0), (extra, 0), *[(0, 0)] * (x.ndim - 2)]).swapaxes(0, 1)
    return x.reshape(-1, _CHUNK, *x.shape[1:])


class FastSimpleRNN(_FastRecurrence, keras.layers.SimpleRNN):  # type: ignore[name-defined]
    """Stands in for ``keras.layers.SimpleRNN``.

    Zero inputs would hold its state at zero, too, but let gradients pass from step to step
    and, over much padding, overflow.
    """

    step = staticmethod(_simple_step)
    gate_scales = (1.0,)


class FastLSTM(_FastRecurrence, keras.layers.LSTM):  # type: ignore[name-defined]
    """Stands in for ``keras.layers.LSTM``: nothing is written at padding."""

    step = staticmethod(_lstm_step)
    n_states = 2
    gate_scales = (0.5, 0.5, 1.0, 0.5)
    gates_at_padding = (-_SHUT, 0.0, 0.0, 0.0)


class FastGRU(_FastRecurrence, keras.layers.GRU):  # type: ignore[name-defined]
    """Stands in for ``keras.layers.GRU``: padding keeps the state as it is."""

    step = staticmethod(_gru_step)
    gate_scales = (0.5, 0.5, 1.0)
    gates_at_padding = (_SHUT, 0.0, 0.0)
    n_parts = 3


FAST_LAYERS = {"simple": FastSimpleRNN, "lstm": FastLSTM, "gru": FastGRU}
