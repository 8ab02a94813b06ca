"""A network as a function of its word vectors, and its gradient, on each backend."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from .._runtime.backend import import_keras, tensor_to_numpy
from .._types import Array
from .model.architecture import Architecture, after_embedding, without_tables
from .model.initializers import InitialWeights

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
    backend = keras.backend.backend()
    if backend == "jax":
        return _with_jax(_Part(model, architecture), architecture)
    if backend == "tensorflow":
        return _with_tensorflow(_Part(model, architecture))
    if backend == "torch":
        return _with_torch(_Part(model, architecture))
    raise RuntimeError(
        f"Keras's backend {backend!r} computes no gradients; set KERAS_BACKEND to jax, "
        "tensorflow or torch before Python starts."
    )


class _Part:
    """What lies between the embedding and the output of a model, run by another that is like it.

    The model itself is left alone: Keras does not save one whose layers are part of a second.
    """

    def __init__(self, model: Any, architecture: Architecture) -> None:
        self._architecture = architecture
        ends = ("embedding", "output")
        self._layers = [layer for layer in model.layers if layer.name not in ends]

    @cached_property
    def _runner(self) -> Any:
        any_weights = InitialWeights(np.random.default_rng(0))
        return after_embedding(without_tables(self._architecture).assemble(any_weights))

    def state(self) -> tuple[list[Any], list[Any]]:
        """Return the model's values: of what is trained, and of what is not."""
        return (
            [v.value for layer in self._layers for v in layer.trainable_variables],
            [v.value for layer in self._layers for v in layer.non_trainable_variables],
        )

    def __call__(self, ids: Any, vectors: Any) -> Any:
        return self._runner.stateless_call(*self.state(), [ids, vectors], training=False)[0]


def _with_jax(part: _Part, architecture: Architecture) -> VectorFunctions:
    from .fast.programs import vector_programs

    def states(ids: Array, vectors: Array) -> Array:
        return np.asarray(vector_programs(architecture).states(part.state(), ids, vectors))

    def gradient(ids: Array, vectors: Array, by_states: Array) -> Array:
        program = vector_programs(architecture).gradient
        return np.asarray(program(part.state(), ids, vectors, by_states))

    return VectorFunctions(states, gradient)


def _with_tensorflow(part: _Part) -> VectorFunctions:
    import tensorflow as tf

    @tf.function
    def states(ids: Any, vectors: Any) -> Any:
        return part(ids, vectors)

    @tf.function
    def gradient(ids: Any, vectors: Any, by_states: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            total = tf.reduce_sum(part(ids, vectors) * by_states)
        return tape.gradient(total, vectors)

    return VectorFunctions(
        lambda *arrays: states(*map(tf.constant, arrays)).numpy(),
        lambda *arrays: gradient(*map(tf.constant, arrays)).numpy(),
    )


def _with_torch(part: _Part) -> VectorFunctions:
    import torch

    to_tensor = keras.ops.convert_to_tensor

    def states(ids: Array, vectors: Array) -> Array:
        with torch.no_grad():
            return tensor_to_numpy(part(to_tensor(ids), to_tensor(vectors)))

    def gradient(ids: Array, vectors: Array, by_states: Array) -> Array:
        inputs = to_tensor(vectors).requires_grad_(True)
        total = (part(to_tensor(ids), inputs) * to_tensor(by_states)).sum()
        return tensor_to_numpy(torch.autograd.grad(total, inputs)[0])

    return VectorFunctions(states, gradient)
