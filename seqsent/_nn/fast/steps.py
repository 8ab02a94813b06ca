"""Steps of training, evaluation, prediction and inspection, as functions of all state.

A step runs the code of a model that holds no values, see :class:`StepFunction`.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from ..._runtime.backend import import_keras
from ..._types import Array
from ..batches import Batches
from ..model.architecture import Architecture, after_embedding
from ..model.initializers import InitialWeights
from ..train.objective import build_optimizer, loss_and_metrics
from .layers import FastEmbedding, FastNgramEmbedding, fast_layers
from .tables import SparseGradient, apply_gradients

keras = import_keras()

_WARM_UP_STEPS = 100  # until adversarial examples have their full distance

# Lists of arrays, as in Keras's JAX trainer: trainable, non-trainable, optimizer, metrics
State = Any


class StepFunction(Protocol):
    """A pure function of state and batch, compiled once and shared by all equal networks.

    All state is passed in and returned, as in Keras's JAX trainer; nothing is read from or
    written to a model. A compiled function therefore serves every network of the same
    architecture, optimizer and settings, and keeps none of them alive.
    """

    def __call__(self, state: State, ids: Array, *rest: Any) -> Any:
        """Return the results; steps that change state return (results, new state).

        ``ids`` have the shape (batch_size, width), which determines the shapes of ``rest``.
        """


class Microbatch(NamedTuple):
    """Result of :meth:`Steps.gradient`, as sums over the rows of a microbatch."""

    loss: Array
    table_gradients: list[Array]  # with respect to the vectors read from each sparse table
    gradients: list[Array]  # with respect to all other trainable variables
    outputs: Array
    non_trainable: list[Array]


class Steps:
    """The steps of one architecture and optimizer.

    Parameters
    ----------
    architecture : Architecture
        Architecture of the network.
    optimizer : keras.optimizers.Optimizer or None
        A new optimizer. None excludes ``train`` and ``test``.
    adversarial : float
        Distance of adversarial examples: length of the change to the word vectors of a document,
        as a fraction of their own length [1]_. The loss averages the clean and the adversarial
        example. 0 trains on clean examples only.
    sparse_tables : sequence of int
        Indices, among the trainable variables, of the tables with sparse updates.

    Attributes
    ----------
    model : keras.Model
        A network without values, which provides the code of the steps.

    References
    ----------
    .. [1] T. Miyato, A. M. Dai and I. Goodfellow, "Adversarial training methods for
       semi-supervised text classification", ICLR 2017, arXiv:1605.07725.
    """

    def __init__(
        self,
        architecture: Architecture,
        optimizer: Any = None,
        adversarial: float = 0.0,
        sparse_tables: Sequence[int] = (),
    ) -> None:
        self._architecture = architecture
        self._adversarial = adversarial
        self._sparse_tables = sparse_tables
        embeddings = {"embedding": FastEmbedding, "ngram_embedding": FastNgramEmbedding}
        layers = {**embeddings, **fast_layers()}
        self.model = architecture.assemble(InitialWeights(np.random.default_rng(0)), layers=layers)
        if optimizer is not None:
            compile_arguments = loss_and_metrics(architecture.n_outputs)
            self.model.compile(optimizer, **compile_arguments)
            build_optimizer(self.model)
            _build_metrics(self.model)
            _drop_values(optimizer.variables)
            self._sum_losses = type(compile_arguments["loss"])(reduction="sum")
        _drop_values(self.model.variables)

    def train(self, state: State, ids: Array, targets: Array, weights: Array) -> Any:
        """Return logs and state after one training step."""
        microbatch = self.gradient(state, ids, targets, weights, 0)
        return self.update(state, ids, targets, weights, [microbatch])

    def gradient(
        self, state: State, ids: Array, targets: Array, weights: Array, index: Array | int
    ) -> Microbatch:
        """Return the gradient of the microbatch with an index."""
        trainable, non_trainable, optimizer_state, _ = state
        # Only random states are integers: each microbatch has its own dropout.
        non_trainable = [
            value + index if jnp.issubdtype(value.dtype, np.integer) else value
            for value in non_trainable
        ]
        dense = [value for i, value in enumerate(trainable) if i not in self._sparse_tables]
        tables = trainable if self._architecture.train_embedding else non_trainable
        vectors: list[Array] = []
        if self._adversarial or self._sparse_tables:
            rows = self._rows(ids)
            vectors = [table[indices] for table, indices in zip(tables, rows, strict=False)]
        offsets = jax.tree.map(jnp.zeros_like, vectors)
        loss_function = partial(
            self._loss, (trainable, non_trainable, optimizer_state), ids, targets, weights
        )
        differentiate = jax.grad(loss_function, argnums=(0, 1), has_aux=True)
        gradients, (loss, outputs, non_trainable) = differentiate(dense, offsets)
        if self._adversarial:
            with self._optimizer(optimizer_state) as optimizer:
                n_steps = optimizer.iterations.value + 1
            words = sum([ngrams.sum(axis=-2) for ngrams in vectors[1:]], vectors[0])
            offset = self._adversarial_offset(ids, words, gradients[1][0], n_steps)
            adversarial, _ = differentiate(dense, [offset, *offsets[1:]])
            gradients = jax.tree.map(lambda a, b: (a + b) / 2, gradients, adversarial)
        grad_dense, grad_vectors = gradients
        grad_tables = [grad_vectors[i] for i in self._sparse_tables]
        return Microbatch(loss, grad_tables, grad_dense, outputs, non_trainable)

    def _loss(
        self, state: Any, ids: Array, targets: Array, weights: Array, dense: Any, offsets: Any
    ) -> tuple[Any, Any]:
        """Return the loss for the optimizer; and loss, outputs and non-trainable values.

        ``dense`` are the trainable values without sparse tables. ``offsets`` are added to the
        vectors that are read from each table.
        """
        trainable, non_trainable, optimizer_state = state
        remaining = iter(dense)
        values = [
            value if i in self._sparse_tables else next(remaining)
            for i, value in enumerate(trainable)
        ]
        embedding = self.model.get_layer("embedding")
        embedding.offsets = tuple(offsets)
        try:
            outputs, non_trainable = self.model.stateless_call(
                values, non_trainable, ids, training=True
            )
        finally:
            embedding.offsets = ()
        loss = self._sum_losses(targets, outputs, weights)
        with self._optimizer(optimizer_state) as optimizer:
            scaled = optimizer.scale_loss(loss)
        return scaled, (loss, outputs, non_trainable)

    def _rows(self, ids: Array) -> list[Array]:
        rows: list[Array] = self.model.get_layer("embedding").rows(ids)
        return rows

    @contextmanager
    def _optimizer(self, state: list[Array]) -> Iterator[Any]:
        """Provide the model's optimizer with the values of a state."""
        optimizer = self.model.optimizer
        mapping = list(zip(optimizer.variables, state, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            yield optimizer

    def _adversarial_offset(
        self, ids: Array, vectors: Array, grad_vectors: Array, n_steps: Array
    ) -> Array:
        """Return the change to the word vectors, of shape (batch_size, width, embed_dim)."""
        if self._architecture.mask_padding:
            vectors = jnp.where((ids != 0)[..., None], vectors, 0)
        distance = self._adversarial * jnp.minimum(1.0, n_steps / _WARM_UP_STEPS)
        return distance * _norm(vectors) / _norm(grad_vectors) * grad_vectors

    def update(
        self,
        state: State,
        ids: Array,
        targets: Array,
        weights: Array,
        microbatches: Sequence[Microbatch],
    ) -> tuple[Any, State]:
        """Sum the gradients of all microbatches and apply one optimizer step."""
        trainable, _, optimizer_state, metrics_state = state
        optimizer = self.model.optimizer
        weight = weights.sum()
        sums = [m.gradients for m in microbatches]
        gradients = jax.tree.map(lambda *summands: sum(summands) / weight, *sums)
        if self._sparse_tables:
            rows = self._rows(ids)
            values = zip(*(m.table_gradients for m in microbatches), strict=True)
            tables = [
                # Table 0 has the words, table 1 the n-grams.
                SparseGradient(i, rows[i], jnp.concatenate(parts) / weight, sparse_momentum=i > 0)
                for i, parts in zip(self._sparse_tables, values, strict=True)
            ]
            trainable, optimizer_state = apply_gradients(
                optimizer, optimizer_state, trainable, tables, gradients
            )
        else:
            trainable, optimizer_state = optimizer.stateless_apply(
                optimizer_state, gradients, trainable
            )
        loss = sum(m.loss for m in microbatches)
        outputs = jnp.concatenate([m.outputs for m in microbatches])
        logs, metrics_state = self._metrics(metrics_state, loss, ids, targets, outputs, weights)
        non_trainable = microbatches[0].non_trainable
        return logs, (trainable, non_trainable, optimizer_state, metrics_state)

    def test(self, state: State, ids: Array, targets: Array, weights: Array) -> tuple[Any, State]:
        """Return logs and state after the evaluation of one batch."""
        *network_state, metrics_state = state
        outputs = self.predict(network_state, ids)
        loss = self._sum_losses(targets, outputs, weights)
        logs, metrics_state = self._metrics(metrics_state, loss, ids, targets, outputs, weights)
        return logs, (*network_state, metrics_state)

    def _metrics(
        self,
        state: list[Array],
        loss: Array,
        ids: Array,
        targets: Array,
        outputs: Array,
        weights: Array,
    ) -> tuple[Any, Any]:
        """Return logs and the state of the metrics; ``loss`` is the sum over the batch."""
        logs_and_state: tuple[Any, Any] = self.model._update_metrics_variables(
            state, loss / weights.sum(), ids, targets, outputs, weights
        )
        return logs_and_state

    def predict(self, state: State, ids: Array) -> Array:
        """Return outputs, given the trainable and non-trainable values."""
        return self.model.stateless_call(*state, ids, training=False)[0]

    @cached_property
    def _after_embedding(self) -> Any:
        return after_embedding(self.model)

    def states(self, state: State, ids: Array, vectors: Array) -> Array:
        """Return the input of the output layer, given word vectors (batch_size, width, embed_dim).

        ``state`` are the trainable and non-trainable values after the embedding.
        """
        return self._after_embedding.stateless_call(*state, [ids, vectors], training=False)[0]

    def grad_vectors(self, state: State, ids: Array, vectors: Array, grad_states: Array) -> Array:
        """Backpropagate a gradient of :meth:`states` to the word vectors."""
        _, pull_back = jax.vjp(lambda vectors: self.states(state, ids, vectors), vectors)
        return pull_back(grad_states)[0]


def _norm(vectors: Array) -> Array:
    """Return the Euclidean norm of all vectors of a document, of shape (batch_size, 1, 1)."""
    tiny = jnp.finfo(vectors.dtype).tiny
    return jnp.sqrt(jnp.maximum((vectors**2).sum(axis=(1, 2), keepdims=True), tiny))


def _build_metrics(model: Any) -> None:
    row = np.ones((1, 1), dtype=np.int32)
    batches = Batches(row, np.zeros(1, dtype=np.float32), np.ones(1, np.float32), 1, None)
    model.fit(batches, epochs=0, verbose=0)


def _drop_values(variables: Iterable[Any]) -> None:
    for variable in variables:
        variable._value = None
