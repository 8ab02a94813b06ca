"""What is computed for a batch in training, testing, prediction and inspection.

These are functions of all state. They run the code of a donor, a network whose own values are
never used: state goes in and comes out as Keras's JAX trainer passes it, so that what is
compiled of them serves every network of the same architecture and optimizer.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any, Protocol

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
from .tables import Touched, update_lazily

keras = import_keras()

_STEPS_TO_FULL_REACH = 100  # at the start, moved words would teach nothing

State = Any  # lists of arrays: trainable, other, of the optimizer, of the metrics


class StepFunction(Protocol):
    """One of the methods of :class:`Steps`."""

    def __call__(self, state: State, ids: Array, *rest: Any) -> Any:
        """Return what is computed; neither state nor ids are changed, none of them kept.

        ``ids`` have the shape (n_texts, width); the shapes of all that follows depend on it.
        """


class Steps:
    """The steps of one architecture and optimizer.

    Parameters
    ----------
    architecture : Architecture
        What the network looks like.
    optimizer : keras.optimizers.Optimizer or None
        A new one, which becomes the donor's; None allows no training and no tests.
    adversarial : float
        How far word vectors are moved in training against the network, as a share of their
        length (Miyato, Dai & Goodfellow 2017); 0 moves none.
    lazy : tuple of int
        The tables of vectors that are updated only where a batch touched them, by their places
        among what is trained.

    Attributes
    ----------
    donor : keras.Model
        The network whose code is run, without values.
    """

    def __init__(
        self,
        architecture: Architecture,
        optimizer: Any = None,
        adversarial: float = 0.0,
        lazy: tuple[int, ...] = (),
    ) -> None:
        self._architecture = architecture
        self._adversarial = adversarial
        self._lazy = lazy
        embeddings = {"embedding": FastEmbedding, "ngram_embedding": FastNgramEmbedding}
        layers = {**embeddings, **fast_layers()}
        donor = architecture.assemble(InitialWeights(np.random.default_rng(0)), layers=layers)
        if optimizer is not None:
            compile_kwargs = loss_and_metrics(architecture.n_outputs)
            donor.compile(optimizer, **compile_kwargs)
            build_optimizer(donor)
            _build_metrics(donor)
            _drop_values(optimizer.variables)
            self._sum_losses = type(compile_kwargs["loss"])(reduction="sum")
        _drop_values(donor.variables)
        self.donor = donor

    def train(self, state: State, ids: Array, targets: Array, weights: Array) -> Any:
        """Return logs and state after a batch was learned."""
        part = self.gradient(state, ids, targets, weights, 0)
        return self.update(state, ids, targets, weights, [part])

    def gradient(
        self, state: State, ids: Array, targets: Array, weights: Array, number: Array | int
    ) -> tuple[Any, ...]:
        """Return what a numbered part of a batch adds to the learning from the whole.

        The sum of its losses, the gradient of what is minimized, its outputs, and what is
        neither trained nor the optimizer's. Of lazy tables the gradient comes first, and is that
        by the vectors that were read.
        """
        trainable, rest, optimizer_state, _ = state
        # random states are the only integers; each part drops units of its own
        rest = [v + number if jnp.issubdtype(v.dtype, np.integer) else v for v in rest]
        sum_losses = partial(
            self._sum_losses_of, (trainable, rest, optimizer_state), ids, targets, weights
        )
        trained = [value for place, value in enumerate(trainable) if place not in self._lazy]
        if not (self._adversarial or self._lazy):
            gradient, (loss, outputs, rest) = jax.grad(sum_losses, has_aux=True)(trained, ())
            return loss, gradient, outputs, rest
        tables = trainable if self._architecture.train_embedding else rest
        read = [table[rows] for table, rows in zip(tables, self._rows(ids), strict=False)]
        unmoved = jax.tree.map(jnp.zeros_like, read)
        pull_back = jax.grad(sum_losses, argnums=(0, 1), has_aux=True)
        gradient, (loss, outputs, new_rest) = pull_back(trained, unmoved)
        if self._adversarial:
            with self._optimizer_of(optimizer_state) as optimizer:
                n_steps = optimizer.iterations.value + 1
            vectors = sum([of_ngrams.sum(axis=-2) for of_ngrams in read[1:]], read[0])
            moved_by = self._move_against(ids, vectors, gradient[1][0], n_steps)
            against, _ = pull_back(trained, [moved_by, *unmoved[1:]])
            gradient = jax.tree.map(lambda plain, moved: (plain + moved) / 2, gradient, against)
        by_trained, by_read = gradient
        return loss, [*(by_read[place] for place in self._lazy), *by_trained], outputs, new_rest

    def _sum_losses_of(
        self, state: Any, ids: Array, targets: Array, weights: Array, trained: Any, moved_by: Any
    ) -> tuple[Any, Any]:
        """Return what is minimized; and the sum of losses, outputs, and what is not trained.

        ``trained`` is all that is trained but for lazy tables, of which, as of all, what is
        read is moved by ``moved_by``.
        """
        trainable, rest, optimizer_state = state
        others = iter(trained)
        values = [
            value if place in self._lazy else next(others) for place, value in enumerate(trainable)
        ]
        embedding = self.donor.get_layer("embedding")
        embedding.moved_by = tuple(moved_by)
        try:
            outputs, new_rest = self.donor.stateless_call(values, rest, ids, training=True)
        finally:
            embedding.moved_by = ()
        loss = self._sum_losses(targets, outputs, weights)
        with self._optimizer_of(optimizer_state) as optimizer:
            scaled = optimizer.scale_loss(loss)
        return scaled, (loss, outputs, new_rest)

    def _rows(self, ids: Array) -> list[Array]:
        """Return the rows of each table of vectors that are read for ids."""
        rows: list[Array] = self.donor.get_layer("embedding").rows(ids)
        return rows

    @contextmanager
    def _optimizer_of(self, values: Any) -> Iterator[Any]:
        """Give the donor's optimizer with these values."""
        optimizer = self.donor.optimizer
        mapping = list(zip(optimizer.variables, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            yield optimizer

    def _move_against(self, ids: Array, vectors: Array, by_vectors: Array, n_steps: Array) -> Array:
        """Return by how much each vector is moved, of shape (n_texts, width, embed_dim)."""
        if self._architecture.mask_padding:
            vectors = jnp.where((ids != 0)[..., None], vectors, 0)
        reach = self._adversarial * jnp.minimum(1.0, n_steps / _STEPS_TO_FULL_REACH)
        return reach * _length(vectors) / _length(by_vectors) * by_vectors

    def update(
        self, state: State, ids: Array, targets: Array, weights: Array, parts: Any
    ) -> tuple[Any, State]:
        """Return logs and state after a batch to which these parts add up was learned."""
        trainable, _, optimizer_state, metrics_state = state
        losses, gradients, outputs, rests = zip(*parts, strict=True)
        weight = weights.sum()
        optimizer = self.donor.optimizer
        n_lazy = len(self._lazy)
        of_tables = zip(*(gradient[:n_lazy] for gradient in gradients), strict=True)
        by_read = [jnp.concatenate(by) / weight for by in of_tables]
        others = (gradient[n_lazy:] for gradient in gradients)
        gradient = jax.tree.map(lambda *summands: sum(summands) / weight, *others)
        if self._lazy:
            rows = self._rows(ids)
            touched = [
                Touched(place, rows[place], by, waits=place > 0)  # n-grams
                for place, by in zip(self._lazy, by_read, strict=True)
            ]
            trainable, optimizer_state = update_lazily(
                optimizer, optimizer_state, trainable, touched, gradient
            )
        else:
            trainable, optimizer_state = optimizer.stateless_apply(
                optimizer_state, gradient, trainable
            )
        outputs = jnp.concatenate(outputs)
        logs, metrics_state = self._measure(
            metrics_state, sum(losses), ids, targets, outputs, weights
        )
        return logs, (trainable, rests[0], optimizer_state, metrics_state)

    def test(self, state: State, ids: Array, targets: Array, weights: Array) -> tuple[Any, State]:
        """Return logs and state after a batch was measured."""
        *of_network, metrics_state = state
        outputs = self.predict(of_network, ids)
        losses = self._sum_losses(targets, outputs, weights)
        logs, metrics_state = self._measure(metrics_state, losses, ids, targets, outputs, weights)
        return logs, (*of_network, metrics_state)

    def _measure(
        self,
        metrics_state: Any,
        losses: Array,
        ids: Array,
        targets: Array,
        outputs: Array,
        weights: Array,
    ) -> tuple[Any, Any]:
        """Return logs and the metrics' state, given the sum of a batch's losses."""
        mean = losses / weights.sum()
        logs_and_state: tuple[Any, Any] = self.donor._update_metrics_variables(
            metrics_state, mean, ids, targets, outputs, weights
        )
        return logs_and_state

    def predict(self, state: State, ids: Array) -> Array:
        """Return outputs; state is what is trained and what is neither."""
        return self.donor.stateless_call(*state, ids, training=False)[0]

    @cached_property
    def _after_embedding(self) -> Any:
        return after_embedding(self.donor)

    def states(self, state: State, ids: Array, vectors: Array) -> Array:
        """Return what the output layer sees of word vectors (n_texts, width, embed_dim).

        State is that of the network after its embedding.
        """
        return self._after_embedding.stateless_call(*state, [ids, vectors], training=False)[0]

    def gradient_by_vectors(
        self, state: State, ids: Array, vectors: Array, by_states: Array
    ) -> Array:
        """Return the gradient by the word vectors, given that by ``states``."""
        _, pull_back = jax.vjp(lambda vectors: self.states(state, ids, vectors), vectors)
        return pull_back(by_states)[0]


def _length(vectors: Array) -> Array:
    """Return the Euclidean norm of all vectors of a text, of shape (n_texts, 1, 1)."""
    tiny = jnp.finfo(vectors.dtype).tiny
    return jnp.sqrt(jnp.maximum((vectors**2).sum(axis=(1, 2), keepdims=True), tiny))


def _build_metrics(model: Any) -> None:
    row = np.ones((1, 1), dtype=np.int32)
    batches = Batches(row, np.zeros(1, dtype=np.float32), np.ones(1, np.float32), 1, None)
    model.fit(batches, epochs=0, verbose=0)


def _drop_values(variables: Iterable[Any]) -> None:
    for variable in variables:
        variable._value = None
