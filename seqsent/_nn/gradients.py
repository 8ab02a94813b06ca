"""A network as a function of its word vectors, and its gradient, on each backend."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .._backend import import_keras
from .._types import Array
from .architecture import Architecture, after_embedding

keras = import_keras()


class VectorFunctions(NamedTuple):
    """Functions of ids (n_texts, width) and word vectors (n_texts, width, embed_dim).

    Padding lies in front of the words. The weights are those that the network has when a
    function is called.
    """

    states: Callable[[Array, Array], Array]
    """(ids, vectors) to what the output layer sees, of shape (n_texts, n_state)."""
    gradient: Callable[[Array, Array, Array], Array]
    """(ids, vectors, gradient by the states) to the gradient by the vectors, of their shape."""


def vector_functions(model: Any, architecture: Architecture) -> VectorFunctions:
    """Return the functions of a network; a RuntimeError where the backend has no gradients."""
    part = after_embedding(model)
    backend = keras.backend.backend()
    if backend == "jax":
        return _with_jax(part, architecture)
    if backend == "tensorflow":
        return _with_tensorflow(part)
    if backend == "torch":
        return _with_torch(part)
    raise RuntimeError(
        f"Keras's backend {backend!r} computes no gradients; set KERAS_BACKEND to jax, "
        "tensorflow or torch before Python starts."
    )


def _with_jax(part: Any, architecture: Architecture) -> VectorFunctions:
    from .fast.programs import vector_programs

    def state() -> tuple[list[Any], ...]:
        kinds = part.trainable_variables, part.non_trainable_variables
        return tuple([variable.value for variable in kind] for kind in kinds)

    def states(ids: Array, vectors: Array) -> Array:
        return np.asarray(vector_programs(architecture).states(state(), ids, vectors))

    def gradient(ids: Array, vectors: Array, by_states: Array) -> Array:
        program = vector_programs(architecture).gradient
        return np.asarray(program(state(), ids, vectors, by_states))

    return VectorFunctions(states, gradient)


def _with_tensorflow(part: Any) -> VectorFunctions:
    import tensorflow as tf

    @tf.function
    def states(ids: Any, vectors: Any) -> Any:
        return part([ids, vectors], training=False)

    @tf.function
    def gradient(ids: Any, vectors: Any, by_states: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            total = tf.reduce_sum(part([ids, vectors], training=False) * by_states)
        return tape.gradient(total, vectors)

    return VectorFunctions(
        lambda *arrays: states(*map(tf.constant, arrays)).numpy(),
        lambda *arrays: gradient(*map(tf.constant, arrays)).numpy(),
    )


def _with_torch(part: Any) -> VectorFunctions:
    import torch

    to_tensor, to_numpy = keras.ops.convert_to_tensor, keras.ops.convert_to_numpy

    def states(ids: Array, vectors: Array) -> Array:
        with torch.no_grad():
            return to_numpy(part([to_tensor(ids), to_tensor(vectors)], training=False))

    def gradient(ids: Array, vectors: Array, by_states: Array) -> Array:
        inputs = to_tensor(vectors).requires_grad_(True)
        states = part([to_tensor(ids), inputs], training=False)
        return to_numpy(torch.autograd.grad((states * to_tensor(by_states)).sum(), inputs)[0])

    return VectorFunctions(states, gradient)
