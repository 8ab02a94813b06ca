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
    """Functions of ids (n_samples, maxlen) and word vectors (n_samples, maxlen, embed_dim).

    Padding comes first. The functions use the weights that the network has when they are called.
    """

    states: Callable[[Array, Array], Array]
    """(ids, vectors) to the input of the output layer, of shape (n_samples, n_features)."""
    grad_vectors: Callable[[Array, Array, Array], Array]
    """(ids, vectors, gradient with respect to the states) to the gradient with respect to the
    vectors, of their shape."""


def vector_functions(model: Any, architecture: Architecture) -> VectorFunctions:
    """Return the functions of a network. Without gradients, one of them raises RuntimeError."""
    compile_functions = {"jax": _with_jax, "tensorflow": _with_tensorflow, "torch": _with_torch}
    function = compile_functions.get(keras.backend.backend(), _without_gradients)
    return function(_AfterEmbedding(model, architecture))


class _AfterEmbedding:
    """The layers of a model between its embedding and its output layer.

    A second model with the same layers runs them: Keras cannot save a model that shares its
    layers with another one.
    """

    def __init__(self, model: Any, architecture: Architecture) -> None:
        self.architecture = architecture
        ends = ("embedding", "output")
        self._layers = [layer for layer in model.layers if layer.name not in ends]

    @cached_property
    def _second_model(self) -> Any:
        any_weights = InitialWeights(np.random.default_rng(0))
        return after_embedding(without_tables(self.architecture).assemble(any_weights))

    def weights(self) -> tuple[list[Any], list[Any]]:
        """Return the trainable and the non-trainable values of the model."""
        return (
            [v.value for layer in self._layers for v in layer.trainable_variables],
            [v.value for layer in self._layers for v in layer.non_trainable_variables],
        )

    def __call__(self, ids: Any, vectors: Any) -> Any:
        inputs = [ids, vectors]
        return self._second_model.stateless_call(*self.weights(), inputs, training=False)[0]


def _without_gradients(network: _AfterEmbedding) -> VectorFunctions:
    def states(ids: Array, vectors: Array) -> Array:
        return tensor_to_numpy(network(ids, vectors))

    def grad_vectors(ids: Array, vectors: Array, grad_states: Array) -> Array:
        raise RuntimeError(
            f"Keras's backend {keras.backend.backend()!r} computes no gradients; set "
            "KERAS_BACKEND to jax, tensorflow or torch before Python starts."
        )

    return VectorFunctions(states, grad_vectors)


def _with_jax(network: _AfterEmbedding) -> VectorFunctions:
    from .fast.programs import vector_programs

    def states(ids: Array, vectors: Array) -> Array:
        program = vector_programs(network.architecture).states
        return np.asarray(program(network.weights(), ids, vectors))

    def grad_vectors(ids: Array, vectors: Array, grad_states: Array) -> Array:
        program = vector_programs(network.architecture).gradient
        return np.asarray(program(network.weights(), ids, vectors, grad_states))

    return VectorFunctions(states, grad_vectors)


def _with_tensorflow(network: _AfterEmbedding) -> VectorFunctions:
    import tensorflow as tf

    @tf.function
    def states(ids: Any, vectors: Any) -> Any:
        return network(ids, vectors)

    @tf.function
    def grad_vectors(ids: Any, vectors: Any, grad_states: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            weighted_sum = tf.reduce_sum(network(ids, vectors) * grad_states)
        return tape.gradient(weighted_sum, vectors)

    return VectorFunctions(
        lambda *arrays: states(*map(tf.constant, arrays)).numpy(),
        lambda *arrays: grad_vectors(*map(tf.constant, arrays)).numpy(),
    )


def _with_torch(network: _AfterEmbedding) -> VectorFunctions:
    import torch

    to_tensor = keras.ops.convert_to_tensor

    def states(ids: Array, vectors: Array) -> Array:
        with torch.no_grad():
            return tensor_to_numpy(network(to_tensor(ids), to_tensor(vectors)))

    def grad_vectors(ids: Array, vectors: Array, grad_states: Array) -> Array:
        inputs = to_tensor(vectors).requires_grad_(True)
        weighted_sum = (network(to_tensor(ids), inputs) * to_tensor(grad_states)).sum()
        return tensor_to_numpy(torch.autograd.grad(weighted_sum, inputs)[0])

    return VectorFunctions(states, grad_vectors)
