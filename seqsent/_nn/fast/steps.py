"""What is computed in a step of training, testing or prediction, as functions of all state.

They run the code of a donor, a network whose own values are never used: state goes in and
comes out as Keras's JAX trainer passes it, so that what is compiled of them serves every
network of the same architecture and optimizer.
"""

from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._backend import import_keras
from ..._network import Architecture, default_compile_kwargs
from ..batches import Batches
from ..initial_weights import InitialWeights, build_optimizer
from .layers import FAST_LAYERS

keras = import_keras()

Array = Any  # jax.Array, traced
State = Any  # lists of arrays: trainable, other, of the optimizer, of the metrics


class Steps:
    """Steps of one architecture and optimizer.

    Parameters
    ----------
    architecture : Architecture
        What the network looks like.
    optimizer : keras.optimizers.Optimizer or None
        A new one, which becomes the donor's; None allows predictions only.
    """

    def __init__(self, architecture: Architecture, optimizer: Any = None) -> None:
        by_name = {layer.__name__: layer for layer in FAST_LAYERS.values()}
        with keras.saving.custom_object_scope(by_name):  # Bidirectional looks them up by name
            initial = InitialWeights(np.random.default_rng(0))
            donor = architecture.assemble(initial, layers=FAST_LAYERS)
        if optimizer is not None:
            compile_kwargs = default_compile_kwargs(architecture.n_outputs)
            donor.compile(**{**compile_kwargs, "optimizer": optimizer})
            build_optimizer(donor)
            _build_metrics(donor)
            _drop_values(optimizer.variables)
            self._sum_losses = type(compile_kwargs["loss"])(reduction="sum")
        _drop_values(donor.variables)
        self._donor = donor

    def train(self, state: State, ids: Array, targets: Array, weights: Array) -> Any:
        """Return logs and state after a step."""
        part = self.gradient(state, ids, targets, weights, 0)
        return self.update(state, ids, targets, weights, [part])

    def gradient(
        self, state: State, ids: Array, targets: Array, weights: Array, number: Array | int
    ) -> tuple[Any, ...]:
        """Return what a numbered part of a batch adds to a step.

        The sum of its losses, the gradient of that, its outputs, and what is neither
        trained nor the optimizer's.
        """
        trainable, rest, of_optimizer, _ = state
        # random states are the only integers; each part drops units of its own
        rest = [v + number if jnp.issubdtype(v.dtype, np.integer) else v for v in rest]

        def sum_losses(trainable: Any) -> tuple[Any, Any]:
            outputs, new_rest = self._donor.stateless_call(trainable, rest, ids, training=True)
            loss = self._sum_losses(targets, outputs, weights)
            optimizer = self._donor.optimizer
            mapping = list(zip(optimizer.variables, of_optimizer, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                scaled = optimizer.scale_loss(loss)
            return scaled, (loss, outputs, new_rest)

        gradient, (loss, outputs, rest) = jax.grad(sum_losses, has_aux=True)(trainable)
        return loss, gradient, outputs, rest

    def update(
        self, state: State, ids: Array, targets: Array, weights: Array, parts: Any
    ) -> tuple[Any, State]:
        """Return logs and state after a step to which parts of the batch add up."""
        trainable, _, of_optimizer, of_metrics = state
        losses, gradients, outputs, rests = zip(*parts, strict=True)
        weight = weights.sum()
        gradient = jax.tree.map(lambda *summands: sum(summands) / weight, *gradients)
        trainable, of_optimizer = self._donor.optimizer.stateless_apply(
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
        logs_and_state: tuple[Any, Any] = self._donor._update_metrics_variables(
            of_metrics, mean, ids, targets, outputs, weights
        )
        return logs_and_state

    def predict(self, state: State, ids: Array) -> Array:
        """Return outputs; state is what is trained and what is neither."""
        return self._donor.stateless_call(*state, ids, training=False)[0]


def _build_metrics(model: Any) -> None:
    row = np.ones((1, 1), dtype=np.int32)
    batches = Batches(row, np.zeros(1, dtype=np.float32), np.ones(1, np.float32), 1, None)
    model.fit(batches, epochs=0, verbose=0)


def _drop_values(variables: Iterable[Any]) -> None:
    for variable in variables:
        variable._value = None
