"""What is computed for a batch in training, testing, prediction and inspection.

These are functions of all state. They run the code of a donor, a network whose own values are
never used: state goes in and comes out as Keras's JAX trainer passes it, so that what is
compiled of them serves every network of the same architecture and optimizer.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from ..._backend import import_keras
from ..._types import Array
from ..architecture import Architecture, after_embedding
from ..batches import Batches
from ..initial_weights import InitialWeights
from ..objective import build_optimizer, default_compile_kwargs
from .layers import FastEmbedding, fast_layers

keras = import_keras()

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

    Attributes
    ----------
    donor : keras.Model
        The network whose code is run, without values.
    """

    def __init__(self, architecture: Architecture, optimizer: Any = None) -> None:
        layers = {"embedding": FastEmbedding, **fast_layers()}
        donor = architecture.assemble(InitialWeights(np.random.default_rng(0)), layers=layers)
        if optimizer is not None:
            compile_kwargs = default_compile_kwargs(architecture.n_outputs)
            donor.compile(**{**compile_kwargs, "optimizer": optimizer})
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

        The sum of its losses, the gradient of that, its outputs, and what is neither
        trained nor the optimizer's.
        """
        trainable, rest, of_optimizer, _ = state
        # random states are the only integers; each part drops units of its own
        rest = [v + number if jnp.issubdtype(v.dtype, np.integer) else v for v in rest]

        def sum_losses(trainable: Any) -> tuple[Any, Any]:
            outputs, new_rest = self.donor.stateless_call(trainable, rest, ids, training=True)
            loss = self._sum_losses(targets, outputs, weights)
            optimizer = self.donor.optimizer
            mapping = list(zip(optimizer.variables, of_optimizer, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                scaled = optimizer.scale_loss(loss)
            return scaled, (loss, outputs, new_rest)

        gradient, (loss, outputs, rest) = jax.grad(sum_losses, has_aux=True)(trainable)
        return loss, gradient, outputs, rest

    def update(
        self, state: State, ids: Array, targets: Array, weights: Array, parts: Any
    ) -> tuple[Any, State]:
        """Return logs and state after a batch to which these parts add up was learned."""
        trainable, _, of_optimizer, of_metrics = state
        losses, gradients, outputs, rests = zip(*parts, strict=True)
        weight = weights.sum()
        gradient = jax.tree.map(lambda *summands: sum(summands) / weight, *gradients)
        trainable, of_optimizer = self.donor.optimizer.stateless_apply(
            of_optimizer, gradient, trainable
        )
        outputs = jnp.concatenate(outputs)
        logs, of_metrics = self._measure(of_metrics, sum(losses), ids, targets, outputs, weights)
        return logs, (trainable, rests[0], of_optimizer, of_metrics)

    def test(self, state: State, ids: Array, targets: Array, weights: Array) -> tuple[Any, State]:
        """Return logs and state after a batch was measured."""
        *of_network, of_metrics = state
        outputs = self.predict(of_network, ids)
        losses = self._sum_losses(targets, outputs, weights)
        logs, of_metrics = self._measure(of_metrics, losses, ids, targets, outputs, weights)
        return logs, (*of_network, of_metrics)

    def _measure(
        self,
        of_metrics: Any,
        losses: Array,
        ids: Array,
        targets: Array,
        outputs: Array,
        weights: Array,
    ) -> tuple[Any, Any]:
        """Return logs and the metrics' state, given the sum of a batch's losses."""
        mean = losses / weights.sum()
        logs_and_state: tuple[Any, Any] = self.donor._update_metrics_variables(
            of_metrics, mean, ids, targets, outputs, weights
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


def _build_metrics(model: Any) -> None:
    row = np.ones((1, 1), dtype=np.int32)
    batches = Batches(row, np.zeros(1, dtype=np.float32), np.ones(1, np.float32), 1, None)
    model.fit(batches, epochs=0, verbose=0)


def _drop_values(variables: Iterable[Any]) -> None:
    for variable in variables:
        variable._value = None
