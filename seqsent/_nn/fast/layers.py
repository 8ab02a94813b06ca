"""Recurrent layers that compute what Keras's do under JAX, in less time and memory.

They stand in for the stock layers inside compiled programs, never in a model that a user
sees. Five things make them fast on a CPU:

- Reading starts at the first chunk of time in which any text has a word. Padding in front
  costs nothing, and one compiled program serves batches of every length.
- The gradient is the cell's own (backpropagation through time, textbook form). It keeps what
  came about at each word, and multiplies for a chunk of words at once where automatic
  differentiation would for each word.
- The vectors of all words of a chunk are projected in one product.
- Time is the first axis from the embedding on, and nothing is turned round in between.
- Padding costs no selection at each word: a value put before the gates holds the state at
  zero. This works for padding in front of a text, where seqsent's batches have it.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from ..._runtime.backend import import_keras
from ..._types import Array, Arrays
from ..model.cells import CELLS, Cell, split_bias
from ..model.ngrams import NgramEmbedding, hash_ngrams

keras = import_keras()

_CHUNK = 16  # words whose vectors, and whose gradients of weights, are multiplied at once

Weights = tuple[Array, Array, Array, Array]  # kernel, its bias, recurrent kernel, its bias
Keep = Callable[[Arrays, Array, Any], Any]  # of the state before, the new h, the cell's values


class FastEmbedding(keras.layers.Embedding):  # type: ignore[name-defined]  # Keras has no annotations
    """Stands in for ``keras.layers.Embedding``: vectors lie in the order in which they are read.

    While ``moved_by`` is set, what is read of each table is moved by the array in its place, of
    shape (n_texts, width, ..., embed_dim).
    """

    moved_by: Sequence[Array] = ()

    def rows(self, ids: Array) -> list[Array]:
        """Return the rows that are read of each table, of shape (n_texts, width, ...)."""
        return [ids]

    def call(self, ids: Array) -> Array:
        vectors = super().call(ids.swapaxes(0, 1))
        if self.moved_by:
            vectors = vectors + self.moved_by[0].swapaxes(0, 1)
        return vectors.swapaxes(0, 1)


class FastNgramEmbedding(NgramEmbedding):
    """Stands in for :class:`NgramEmbedding`, as :class:`FastEmbedding` does for Keras's."""

    moved_by: Sequence[Array] = ()

    def rows(self, ids: Array) -> list[Array]:
        """Return the rows that are read of each table, of shape (n_texts, width, ...)."""
        return [ids, jnp.stack(hash_ngrams(jnp, ids, self.max_n, self.n_rows), axis=-1)]

    def call(self, ids: Array, training: bool = False) -> Array:
        words, ngrams = (rows.swapaxes(0, 1) for rows in self.rows(ids))
        vectors = jnp.take(self.embeddings.value, words, axis=0)
        of_ngrams = jnp.take(self.ngrams.value, ngrams, axis=0)
        if self.moved_by:
            by_words, by_ngrams = (by.swapaxes(0, 1) for by in self.moved_by)
            vectors, of_ngrams = vectors + by_words, of_ngrams + by_ngrams
        shares = self.scales(ngrams, training)
        vectors = vectors + (of_ngrams * shares[..., jnp.newaxis]).sum(axis=-2)
        return vectors.swapaxes(0, 1)


def fast_layers() -> dict[str, Any]:
    """Return a layer for each cell that has a gradient of its own, by the cell's name."""
    return {name: _fast_layer(cell) for name, cell in CELLS.items() if cell.backward is not None}


@cache
def _fast_layer(cell: Cell) -> Any:
    return type(f"Fast{cell.layer.__name__}", (_FastRecurrence, cell.layer), {"record": cell})


class _FastRecurrence:
    """What the layers add to the stock layer that stands behind it among the base classes."""

    record: ClassVar[Cell]

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
        n_texts, row_length, _ = x.shape
        input_bias, state_bias = split_bias(self.cell.bias.value)
        weights = (
            self.cell.kernel.value,
            input_bias,
            self.cell.recurrent_kernel.value,
            state_bias,
        )
        if is_word is None:
            is_word = jnp.ones((n_texts, row_length), dtype=bool)
        extra = -row_length % _CHUNK
        states = _read(
            self.record,
            self.return_sequences,
            _time_first(x, extra),
            _time_first(is_word, extra),
            weights,
        )
        if self.return_sequences:
            return states[extra:].swapaxes(0, 1)
        return states


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _read(cell: Cell, sequences: bool, x: Array, is_word: Array, weights: Weights) -> Array:
    """Return the last state, or if ``sequences`` the states at all words.

    Time comes first, and is a multiple of the chunk.
    """
    keep = (lambda before, new, values: new) if sequences else (lambda before, new, values: None)
    state, states = _read_chunks(cell, x, is_word, weights, keep)
    return states if sequences else state[0]


def _read_and_keep(
    cell: Cell, sequences: bool, x: Array, is_word: Array, weights: Weights
) -> tuple[Array, Any]:
    def keep(before: Arrays, new: Array, values: Any) -> Any:
        return before, new if sequences else None, values

    state, (before, states, values) = _read_chunks(cell, x, is_word, weights, keep)
    return states if sequences else state[0], (x, is_word, weights, before, values)


def _read_chunks(
    cell: Cell, x: Array, is_word: Array, weights: Weights, keep: Keep
) -> tuple[Arrays, Any]:
    """Return the last state, and what ``keep`` makes of every word."""
    kernel, input_bias, recurrent, state_bias = weights
    n_gates = len(cell.gates)

    def read_word(state: Arrays, from_word: Sequence[Array]) -> tuple[Arrays, Any]:
        from_state = jnp.split(state[0] @ recurrent + state_bias, n_gates, axis=-1)
        # only cells with both functions have a fast layer, which mypy cannot know
        new, values = cell.forward(jnp, state, from_word, from_state)  # type: ignore[misc]
        return new, keep(state, new[0], values)

    def read_chunk(i: Array, carry: Any) -> Any:
        words, are_words = _chunk(x, i), _chunk(is_word, i)
        projected = (_flat(words) @ kernel + input_bias).reshape(*words.shape[:2], -1)
        from_words = [
            jnp.where(are_words[..., None], column, gate.padding_input)
            for column, gate in zip(jnp.split(projected, n_gates, axis=-1), cell.gates, strict=True)
        ]

        def read_one(place: Array, carry: Any) -> Any:
            state, kept = carry
            state, made = read_word(state, _at(from_words, place))
            return state, _put(kept, made, i * _CHUNK + place)

        return jax.lax.fori_loop(0, _CHUNK, read_one, carry)

    state = _empty_state(cell, x, recurrent)
    made = jax.eval_shape(read_word, state, [state[0]] * n_gates)[1]
    room = jax.tree.map(lambda one: jnp.zeros((len(x), *one.shape), one.dtype), made)
    n_chunks = len(x) // _CHUNK
    return jax.lax.fori_loop(_first_chunk(is_word), n_chunks, read_chunk, (state, room))


def _pull_back(
    cell: Cell, sequences: bool, kept: Any, by_output: Array
) -> tuple[Array, None, Weights]:
    """Return the gradients by the words' vectors and by the weights."""
    x, is_word, weights, before, values = kept
    weights, join = jax.vjp(partial(_columns_apart, cell), weights)
    kernel, _, recurrent, _ = weights
    n_chunks = len(x) // _CHUNK

    def pull_chunk(n_done: Array, carry: Any) -> Any:
        by_state, by_x, by_weights = carry
        i = n_chunks - 1 - n_done

        def pull_one(by_state: Arrays, place: Array) -> tuple[Arrays, Any]:
            time = i * _CHUNK + place
            if sequences:
                by_state = (by_state[0] + _at(by_output, time), *by_state[1:])
            if cell.mask_gradient:
                by_state = tuple(jnp.where(_at(is_word, time)[:, None], by, 0) for by in by_state)
            # as above, every cell here has one
            by_old, by_gates = cell.backward(jnp, by_state, *_at((before, values), time))  # type: ignore[misc]
            by_gates = jnp.concatenate(by_gates, axis=-1)
            return (by_old[0] + by_gates @ recurrent.T, *by_old[1:]), by_gates

        by_state, by_gates = jax.lax.scan(pull_one, by_state, jnp.arange(_CHUNK), reverse=True)
        words, states, by_gates = _flat(_chunk(x, i)), _flat(_chunk(before[0], i)), _flat(by_gates)
        by_bias = by_gates.sum(0)
        ours = words.T @ by_gates, by_bias, states.T @ by_gates, by_bias
        by_words = (by_gates @ kernel.T).reshape(_CHUNK, *x.shape[1:])
        by_x = jax.lax.dynamic_update_slice_in_dim(by_x, by_words, i * _CHUNK, 0)
        return by_state, by_x, jax.tree.map(jnp.add, by_weights, ours)

    by_state = _empty_state(cell, x, recurrent)
    if not sequences:
        by_state = (by_output, *by_state[1:])
    start = by_state, jnp.zeros_like(x), jax.tree.map(jnp.zeros_like, weights)
    _, by_x, by_weights = jax.lax.fori_loop(0, n_chunks - _first_chunk(is_word), pull_chunk, start)
    return by_x, None, *join(by_weights)


_read.defvjp(_read_and_keep, _pull_back)


def _columns_apart(cell: Cell, weights: Weights) -> Weights:
    """Return the weights with a column for each gradient that the cell's ``backward`` returns.

    A gate that is ``reset_after`` gets two: its word's column in its place, and its state's behind
    all others.
    """
    is_apart = [gate.reset_after for gate in cell.gates]
    if not any(is_apart):
        return weights

    def widen(array: Array, from_word: bool) -> Array:
        columns = jnp.split(array, len(is_apart), axis=-1)
        nothing = jnp.zeros_like(columns[0])
        in_place = [
            nothing if apart and not from_word else column
            for column, apart in zip(columns, is_apart, strict=True)
        ]
        behind = [
            nothing if from_word else column
            for column, apart in zip(columns, is_apart, strict=True)
            if apart
        ]
        return jnp.concatenate(in_place + behind, axis=-1)

    kernel, input_bias, recurrent, state_bias = weights
    return (
        widen(kernel, True),
        widen(input_bias, True),
        widen(recurrent, False),
        widen(state_bias, False),
    )


def _empty_state(cell: Cell, x: Array, recurrent: Array) -> Arrays:
    empty = jnp.zeros((x.shape[1], recurrent.shape[0]), dtype=x.dtype)
    return (empty,) * len(cell.states)


def _first_chunk(is_word: Array) -> Array:
    return jnp.argmax(is_word.any(axis=1)) // _CHUNK


def _flat(x: Array) -> Array:
    """Turn (time, texts, ...) into (time x texts, ...)."""
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
    row_length = x.shape[1]
    place = jnp.arange(row_length)
    n_padding = 0 if is_word is None else row_length - is_word.sum(axis=1, keepdims=True)
    turned = jnp.where(place < n_padding, place, row_length - 1 - (place - n_padding))
    return jnp.broadcast_to(turned, x.shape[:2])


def _time_first(x: Array, extra: int) -> Array:
    """Turn (texts, time, ...) into (time, texts, ...), padded in front."""
    return jnp.pad(x.swapaxes(0, 1), [(extra, 0), *[(0, 0)] * (x.ndim - 1)])
