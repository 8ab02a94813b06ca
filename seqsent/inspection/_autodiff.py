"""Networks after their embedding: states from word vectors, and the way back by gradients.

The backend is asked for two things only: the state that the output layer sees, and the
gradient of a weighted sum of it by the word vectors. What follows the state is one dense
layer, done here in double precision, where no probability is rounded to 0 or 1.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from .._backend import import_keras
from .._network import Architecture
from .._nn.batches import Ids, prediction_batches
from .._nn.fitted import FittedNetwork
from .._nn.initial_weights import InitialWeights

keras = import_keras()

Array = NDArray[Any]
Program = Callable[..., Array]

_ROWS_AT_ONCE = 64  # a gradient keeps all that happened at each word

_programs: WeakKeyDictionary[Any, tuple[Program, Program]] = WeakKeyDictionary()


class Tail:
    """A network from its word vectors on.

    Parameters
    ----------
    network : FittedNetwork
        The network; its weights are read when this object is made.
    """

    def __init__(self, network: FittedNetwork) -> None:
        model = network.model
        self.trims = network.architecture.mask_padding
        self.table = model.get_layer("embedding").get_weights()[0]
        kernel, bias = model.get_layer("output").get_weights()
        if network.architecture.n_outputs == 1:  # log-odds are logits against a class of zeros
            kernel, bias = np.hstack([np.zeros_like(kernel), kernel]), np.append(0.0, bias)
        self.kernel, self.bias = kernel.astype(np.float64), bias.astype(np.float64)
        if model not in _programs:
            _programs[model] = _make_programs(network)
        self.run, self.pull_back = _programs[model]

    def batches(self, ids: Ids) -> Iterator[tuple[NDArray[np.intp], Ids]]:
        """Yield row numbers and their ids; rows of padding may follow these."""
        for start in range(0, len(ids), _ROWS_AT_ONCE):
            part = ids[start : start + _ROWS_AT_ONCE]
            for rows, batch in prediction_batches(part, trim=self.trims):
                yield rows + start, batch

    def states(self, ids: Ids) -> Array:
        """Return what the output layer sees, of shape (n_texts, n_state), float32."""
        states = np.empty((len(ids), len(self.kernel)), dtype=np.float32)
        for rows, batch in prediction_batches(ids, trim=self.trims):
            states[rows] = self.run(batch, self.table[batch])[: len(rows)]
        return states

    def logits(self, states: Array) -> Array:
        """Return logits of shape (n_texts, n_classes)."""
        return states @ self.kernel + self.bias

    def log_odds(self, states: Array, classes: NDArray[np.intp]) -> Array:
        """Return log(p / (1 - p)) of one class per text, p being its probability."""
        chosen, others = self._split(states, classes)
        return chosen - logsumexp(others, axis=1)

    def gradient(self, ids: Ids, vectors: Array, classes: NDArray[np.intp]) -> Array:
        """Return the gradient of the log-odds by each word vector, in the vectors' shape."""
        _, others = self._split(self.run(ids, vectors), classes)
        by_logit = -softmax(others, axis=1)
        by_logit[np.arange(len(ids)), classes] = 1.0
        return self.pull_back(ids, vectors, (by_logit @ self.kernel.T).astype(np.float32))

    def _split(self, states: Array, classes: NDArray[np.intp]) -> tuple[Array, Array]:
        """Return the logits of the chosen classes, and all with these at minus infinity."""
        others = self.logits(states)
        places = np.arange(len(states)), classes
        chosen = others[places]
        others[places] = -np.inf
        return chosen, others


def _make_programs(network: FittedNetwork) -> tuple[Program, Program]:
    """Return functions (ids, vectors) -> states and (ids, vectors, weights) -> gradient."""
    tail = _cut(network.model)
    backend = keras.backend.backend()
    if backend == "jax":
        return _with_jax(tail, network.architecture)
    if backend == "tensorflow":
        return _with_tensorflow(tail)
    if backend == "torch":
        return _with_torch(tail)
    raise RuntimeError(
        f"Keras's backend {backend!r} computes no gradients; set KERAS_BACKEND to jax, "
        "tensorflow or torch before Python starts."
    )


def _cut(model: Any) -> Any:
    """Return the part of a model from ids and word vectors to what the output layer sees."""
    inputs = [model.input, model.get_layer("embedding").output]
    return keras.Model(inputs, model.get_layer("output").input)


def _with_jax(tail: Any, architecture: Architecture) -> tuple[Program, Program]:
    # word vectors come as an argument, so that the size of the table makes no difference
    states, gradient = _compile_for_jax(replace(architecture, n_words=1, train_embedding=True))

    def weights() -> tuple[list[Any], ...]:
        kinds = tail.trainable_variables, tail.non_trainable_variables
        return tuple([variable.value for variable in kind] for kind in kinds)

    def run(ids: Array, vectors: Array) -> Array:
        return np.asarray(states(vectors, ids, weights()))

    def pull_back(ids: Array, vectors: Array, by_state: Array) -> Array:
        return np.asarray(gradient(vectors, ids, by_state, weights()))

    return run, pull_back


@lru_cache(maxsize=16)
def _compile_for_jax(architecture: Architecture) -> tuple[Any, Any]:
    """Return compiled functions that serve all networks of an architecture."""
    import jax

    tail = _cut(architecture.assemble(InitialWeights(np.random.default_rng(0))))

    def states(vectors: Any, ids: Any, weights: Any) -> Any:
        return tail.stateless_call(*weights, [ids, vectors], training=False)[0]

    def weighted(vectors: Any, ids: Any, by_state: Any, weights: Any) -> Any:
        return (states(vectors, ids, weights) * by_state).sum()

    return jax.jit(states), jax.jit(jax.grad(weighted))


def _with_tensorflow(tail: Any) -> tuple[Program, Program]:
    import tensorflow as tf

    @tf.function
    def states(ids: Any, vectors: Any) -> Any:
        return tail([ids, vectors], training=False)

    @tf.function
    def gradient(ids: Any, vectors: Any, by_state: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            total = tf.reduce_sum(tail([ids, vectors], training=False) * by_state)
        return tape.gradient(total, vectors)

    def run(*arrays: Array) -> Array:
        return states(*map(tf.constant, arrays)).numpy()

    def pull_back(*arrays: Array) -> Array:
        return gradient(*map(tf.constant, arrays)).numpy()

    return run, pull_back


def _with_torch(tail: Any) -> tuple[Program, Program]:
    import torch

    to_tensor, to_numpy = keras.ops.convert_to_tensor, keras.ops.convert_to_numpy

    def run(ids: Array, vectors: Array) -> Array:
        with torch.no_grad():
            return to_numpy(tail([to_tensor(ids), to_tensor(vectors)], training=False))

    def pull_back(ids: Array, vectors: Array, by_state: Array) -> Array:
        inputs = to_tensor(vectors).requires_grad_(True)
        states = tail([to_tensor(ids), inputs], training=False)
        return to_numpy(torch.autograd.grad((states * to_tensor(by_state)).sum(), inputs)[0])

    return run, pull_back
