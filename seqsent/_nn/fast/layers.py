"""Recurrent layers and embeddings that are faster on a CPU than Keras's under JAX.

They replace the Keras layers inside compiled programs, never in a model that a user sees:

- Steps begin at the first chunk of time in which any document has a word. Leading padding costs
  nothing, and one program serves batches of every length.
- Backpropagation through time is written out. It stores the residuals of each step, and
  multiplies matrices once per chunk instead of once per step.
- The input projection is one product per chunk.
- Time is the first axis from the embedding on.
- Padding needs no selection at each step: ``Gate.padding_input`` keeps the state at zero. This
  requires the padding to precede the words.
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

_CHUNK = 16  # time steps per matrix product

Weights = tuple[Array, Array, Array, Array]  # kernel, its bias, recurrent kernel, its bias
# (state before a step, first state after it, residuals) -> values to store
Store = Callable[[Arrays, Array, Any], Any]


class FastEmbedding(keras.layers.Embedding):  # type: ignore[name-defined]  # Keras has no annotations
    """``keras.layers.Embedding`` with time as the first axis in memory.

    Attributes
    ----------
    offsets : sequence of array
        Values added to the vectors that are read from each table, of shape
        (n_samples, maxlen, ..., embed_dim). Empty outside of training.
    """

    offsets: Sequence[Array] = ()

    def rows(self, ids: Array) -> list[Array]:
        """Return the row indices into each table, of shape (n_samples, maxlen, ...)."""
        return [ids]

    def call(self, ids: Array) -> Array:
        """Embed ids (n_samples, maxlen) as vectors (n_samples, maxlen, embed_dim)."""
        vectors = super().call(ids.swapaxes(0, 1))
        if self.offsets:
            vectors = vectors + self.offsets[0].swapaxes(0, 1)
        return vectors.swapaxes(0, 1)


class FastNgramEmbedding(NgramEmbedding):
    """:class:`NgramEmbedding` with time as the first axis, see :class:`FastEmbedding`.

    Padding that is skipped comes first.
    """

    offsets: Sequence[Array] = ()

    def rows(self, ids: Array) -> list[Array]:
        """Return the row indices into each table, of shape (n_samples, maxlen, ...)."""
        return [ids, jnp.stack(hash_ngrams(jnp, ids, self.max_n, self.n_rows), axis=-1)]

    def call(self, ids: Array, training: bool = False) -> Array:
        """Embed ids (n_samples, maxlen) as vectors (n_samples, maxlen, embed_dim)."""
        word_rows, ngram_rows = (rows.swapaxes(0, 1) for rows in self.rows(ids))
        words = jnp.take(self.embeddings.value, word_rows, axis=0)
        ngrams = jnp.take(self.ngrams.value, ngram_rows, axis=0)
        if self.offsets:
            word_offsets, ngram_offsets = (array.swapaxes(0, 1) for array in self.offsets)
            words, ngrams = words + word_offsets, ngrams + ngram_offsets
        scales = self.scales(ngram_rows, training)
        vectors = words + (ngrams * scales[..., jnp.newaxis]).sum(axis=-2)
        return vectors.swapaxes(0, 1)


def fast_layers() -> dict[str, Any]:
    """Return the fast layer of each cell that defines ``backward``, by the cell's name."""
    return {name: _fast_layer(cell) for name, cell in CELLS.items() if cell.backward is not None}


@cache
def _fast_layer(cell: Cell) -> Any:
    return type(f"Fast{cell.layer.__name__}", (_FastRecurrence, cell.layer), {"record": cell})


class _FastRecurrence:
    """Mixin that replaces ``call`` of a recurrent Keras layer."""

    record: ClassVar[Cell]

    def call(
        self: Any,
        sequences: Array,
        initial_state: Any = None,
        mask: Array | None = None,
        training: bool = False,
    ) -> Array:
        """Return the last state (n_samples, units), or all states (n_samples, maxlen, units)."""
        is_word = None if mask is None else mask != 0
        order = None
        if self.go_backwards:
            order = _reversal(sequences, is_word)
            sequences = jnp.take_along_axis(sequences, order[:, :, None], axis=1)
        states = self._run(sequences, is_word)
        if not self.return_sequences or order is None:
            return states
        # Keras returns the last word first: Bidirectional reverses the states itself.
        return jnp.flip(jnp.take_along_axis(states, order[:, :, None], axis=1), axis=1)

    def _run(self: Any, x: Array, is_word: Array | None) -> Array:
        n_samples, maxlen, _ = x.shape
        input_bias, recurrent_bias = split_bias(self.cell.bias.value)
        weights = (
            self.cell.kernel.value,
            input_bias,
            self.cell.recurrent_kernel.value,
            recurrent_bias,
        )
        if is_word is None:
            is_word = jnp.ones((n_samples, maxlen), dtype=bool)
        n_extra = -maxlen % _CHUNK
        x, is_word = _time_first(x, n_extra), _time_first(is_word, n_extra)
        states = _recurrence(self.record, self.return_sequences, x, is_word, weights)
        return states[n_extra:].swapaxes(0, 1) if self.return_sequences else states


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _recurrence(
    cell: Cell, return_sequences: bool, x: Array, is_word: Array, weights: Weights
) -> Array:
    """Return the last state (n_samples, units), or all states (n_steps, n_samples, units).

    ``x`` has the shape (n_steps, n_samples, n_inputs), where ``n_steps`` is a multiple of the
    chunk.
    """

    def store(before: Arrays, new: Array, residuals: Any) -> Any:
        return new if return_sequences else None

    state, states = _forward(cell, x, is_word, weights, store)
    return states if return_sequences else state[0]


def _recurrence_with_residuals(
    cell: Cell, return_sequences: bool, x: Array, is_word: Array, weights: Weights
) -> tuple[Array, Any]:
    def store(before: Arrays, new: Array, residuals: Any) -> Any:
        return before, new if return_sequences else None, residuals

    state, (before, states, residuals) = _forward(cell, x, is_word, weights, store)
    output = states if return_sequences else state[0]
    return output, (x, is_word, weights, before, residuals)


def _forward(
    cell: Cell, x: Array, is_word: Array, weights: Weights, store: Store
) -> tuple[Arrays, Any]:
    """Return the last state and the stored values of all steps."""
    kernel, input_bias, recurrent, recurrent_bias = weights
    n_gates = len(cell.gates)

    def step(state: Arrays, input_terms: Sequence[Array]) -> tuple[Arrays, Any]:
        recurrent_terms = jnp.split(state[0] @ recurrent + recurrent_bias, n_gates, axis=-1)
        # Every cell here defines forward, which mypy cannot know.
        new, residuals = cell.forward(jnp, state, input_terms, recurrent_terms)  # type: ignore[misc]
        return new, store(state, new[0], residuals)

    def run_chunk(i: Array, carry: Any) -> Any:
        inputs, mask = _chunk(x, i), _chunk(is_word, i)
        projected = (_flatten(inputs) @ kernel + input_bias).reshape(*inputs.shape[:2], -1)
        input_terms = [
            jnp.where(mask[..., None], term, gate.padding_input)
            for term, gate in zip(jnp.split(projected, n_gates, axis=-1), cell.gates, strict=True)
        ]

        def run_step(index: Array, carry: Any) -> Any:
            state, stored = carry
            state, values = step(state, _at(input_terms, index))
            return state, _set(stored, values, i * _CHUNK + index)

        return jax.lax.fori_loop(0, _CHUNK, run_step, carry)

    state = _zero_state(cell, x, recurrent)
    shapes = jax.eval_shape(step, state, [state[0]] * n_gates)[1]
    stored = jax.tree.map(lambda one: jnp.zeros((len(x), *one.shape), one.dtype), shapes)
    n_chunks = len(x) // _CHUNK
    return jax.lax.fori_loop(_first_chunk(is_word), n_chunks, run_chunk, (state, stored))


def _backward(
    cell: Cell, return_sequences: bool, residuals: Any, grad_output: Array
) -> tuple[Array, None, Weights]:
    """Return the gradients with respect to ``x``, ``is_word`` (None) and the weights."""
    x, is_word, weights, before, step_residuals = residuals
    weights, join_columns = jax.vjp(partial(_separate_columns, cell), weights)
    kernel, _, recurrent, _ = weights
    n_chunks = len(x) // _CHUNK

    def run_step(grad_state: Arrays, time: Array) -> tuple[Arrays, Any]:
        if return_sequences:
            grad_state = (grad_state[0] + _at(grad_output, time), *grad_state[1:])
        if cell.mask_gradient:
            mask = _at(is_word, time)[:, None]
            grad_state = tuple(jnp.where(mask, grad, 0) for grad in grad_state)
        return _backward_step(cell, recurrent, grad_state, *_at((before, step_residuals), time))

    def run_chunk(n_done: Array, carry: Any) -> Any:
        grad_state, grad_x, grad_weights = carry
        i = n_chunks - 1 - n_done
        steps = i * _CHUNK + jnp.arange(_CHUNK)
        grad_state, grad_terms = jax.lax.scan(run_step, grad_state, steps, reverse=True)
        inputs, states = _flatten(_chunk(x, i)), _flatten(_chunk(before[0], i))
        grad_terms = _flatten(grad_terms)
        grad_bias = grad_terms.sum(0)
        grad_chunk = inputs.T @ grad_terms, grad_bias, states.T @ grad_terms, grad_bias
        grad_inputs = (grad_terms @ kernel.T).reshape(_CHUNK, *x.shape[1:])
        grad_x = jax.lax.dynamic_update_slice_in_dim(grad_x, grad_inputs, i * _CHUNK, 0)
        return grad_state, grad_x, jax.tree.map(jnp.add, grad_weights, grad_chunk)

    grad_state = _zero_state(cell, x, recurrent)
    if not return_sequences:
        grad_state = (grad_output, *grad_state[1:])
    start = grad_state, jnp.zeros_like(x), jax.tree.map(jnp.zeros_like, weights)
    n_used = n_chunks - _first_chunk(is_word)
    _, grad_x, grad_weights = jax.lax.fori_loop(0, n_used, run_chunk, start)
    return grad_x, None, *join_columns(grad_weights)


def _backward_step(
    cell: Cell, recurrent: Array, grad_state: Arrays, before: Arrays, residuals: Any
) -> tuple[Arrays, Array]:
    """Return the gradients with respect to the state before a step and to all terms."""
    # Every cell here defines backward, which mypy cannot know.
    grad_previous, terms = cell.backward(jnp, grad_state, before, residuals)  # type: ignore[misc]
    grad_terms = jnp.concatenate(terms, axis=-1)
    return (grad_previous[0] + grad_terms @ recurrent.T, *grad_previous[1:]), grad_terms


_recurrence.defvjp(_recurrence_with_residuals, _backward)


def _separate_columns(cell: Cell, weights: Weights) -> Weights:
    """Return the weights with one column block for each gradient that ``backward`` returns.

    A gate with ``reset_after`` has two blocks: one for its input term, and one after all gates
    for its recurrent term. The unused block of each weight is zero.
    """
    is_separate = [gate.reset_after for gate in cell.gates]
    if not any(is_separate):
        return weights

    def widen(array: Array, is_input: bool) -> Array:
        blocks = jnp.split(array, len(is_separate), axis=-1)
        zeros = jnp.zeros_like(blocks[0])
        pairs = list(zip(blocks, is_separate, strict=True))
        gates = [zeros if separate and not is_input else block for block, separate in pairs]
        extra = [zeros if is_input else block for block, separate in pairs if separate]
        return jnp.concatenate(gates + extra, axis=-1)

    kernel, input_bias, recurrent, recurrent_bias = weights
    return (
        widen(kernel, True),
        widen(input_bias, True),
        widen(recurrent, False),
        widen(recurrent_bias, False),
    )


def _zero_state(cell: Cell, x: Array, recurrent: Array) -> Arrays:
    zeros = jnp.zeros((x.shape[1], recurrent.shape[0]), dtype=x.dtype)
    return (zeros,) * len(cell.states)


def _first_chunk(is_word: Array) -> Array:
    """Return the index of the first chunk in which any document has a word."""
    return jnp.argmax(is_word.any(axis=1)) // _CHUNK


def _flatten(x: Array) -> Array:
    """Reshape (n_steps, n_samples, ...) to (n_steps * n_samples, ...)."""
    return x.reshape(-1, x.shape[-1])


def _chunk(array: Array, i: Array) -> Array:
    return jax.lax.dynamic_slice_in_dim(array, i * _CHUNK, _CHUNK)


def _at(arrays: Any, time: Array) -> Any:
    """Return the values of all arrays at one time step."""
    return jax.tree.map(
        lambda array: jax.lax.dynamic_index_in_dim(array, time, keepdims=False), arrays
    )


def _set(arrays: Any, values: Any, time: Array) -> Any:
    """Return arrays with the values of one time step replaced."""
    return jax.tree.map(
        lambda array, value: jax.lax.dynamic_update_index_in_dim(array, value, time, 0),
        arrays,
        values,
    )


def _reversal(x: Array, is_word: Array | None) -> Array:
    """Return indices (n_samples, maxlen) that reverse the words and keep the padding first."""
    maxlen = x.shape[1]
    index = jnp.arange(maxlen)
    n_padding = 0 if is_word is None else maxlen - is_word.sum(axis=1, keepdims=True)
    order = jnp.where(index < n_padding, index, maxlen - 1 - (index - n_padding))
    return jnp.broadcast_to(order, x.shape[:2])


def _time_first(x: Array, n_extra: int) -> Array:
    """Transpose (n_samples, n_steps, ...) to time first, with ``n_extra`` leading zeros."""
    return jnp.pad(x.swapaxes(0, 1), [(n_extra, 0), *[(0, 0)] * (x.ndim - 1)])
