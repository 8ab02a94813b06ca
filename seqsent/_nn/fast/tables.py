"""Adam for large embedding tables: a step updates only the rows that its batch read.

Adam updates every row of a table in every step, because the momentum of a row outlasts its
gradient. For a large table that takes longer than the network. Here a row changes only in steps
that read it:

- Rows of words are updated without momentum: one step moves a row as far as Adam moves it over
  time. With sparse momentum, rare words would be learned ten times more slowly (20 more errors
  per 1,000 sentences).
- Rows of n-grams have sparse momentum: it decays and is applied only in steps that read the row,
  as in PyTorch's SparseAdam. There are many n-grams, most of them rare, and larger steps overfit.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp

from ..._runtime.backend import import_keras
from ..._types import Array

keras = import_keras()


def supports_sparse_updates(optimizer: Any) -> bool:
    """Return whether :func:`apply_gradients` implements an optimizer: Adam with few options."""
    return (
        type(optimizer) is keras.optimizers.Adam
        and not optimizer.amsgrad
        and not optimizer.weight_decay
        and not optimizer.use_ema
        and not optimizer.gradient_accumulation_steps
        and not optimizer.loss_scale_factor
    )


class SparseGradient(NamedTuple):
    """Gradient with respect to the rows that a batch read from a table."""

    table: int
    """Index of the table among the trainable variables."""
    rows: Array
    """Row indices of shape (n_samples, maxlen, ...), with repetitions."""
    values: Array
    """Gradient of shape (n_samples, maxlen, ..., embed_dim)."""
    sparse_momentum: bool
    """Whether the rows have sparse momentum, see the module docstring, or none."""


def apply_gradients(
    optimizer: Any,
    optimizer_state: list[Array],
    trainable: list[Array],
    tables: Sequence[SparseGradient],
    gradients: list[Array],
) -> tuple[list[Array], list[Array]]:
    """Return the trainable values and the optimizer state after one step.

    Parameters
    ----------
    optimizer : keras.optimizers.Adam
        A built optimizer. Its own values are not used.
    optimizer_state : list of array
        Values of ``optimizer.variables``.
    trainable : list of array
        Values of the trainable variables.
    tables : sequence of SparseGradient
        Gradients of the tables.
    gradients : list of array
        Gradients of all other trainable variables, in their order.
    """
    variables = optimizer._trainable_variables
    mapping = [*zip(optimizer.variables, optimizer_state, strict=True)]
    mapping += [*zip(variables, trainable, strict=True)]
    summed = [_sum_by_row(t.rows, t.values, len(trainable[t.table])) for t in tables]
    indices = {t.table for t in tables}
    others = [variable for index, variable in enumerate(variables) if index not in indices]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        clipped = optimizer._clip_gradients([*(sums for _, sums in summed), *gradients])
        # A learning rate schedule is a function of the iteration.
        rate = keras.ops.convert_to_tensor(optimizer.learning_rate)
        for t, (rows, _), sums in zip(tables, summed, clipped[: len(tables)], strict=True):
            _update_rows(optimizer, rate, variables[t.table], t, rows, sums)
        for gradient, variable in zip(clipped[len(tables) :], others, strict=True):
            optimizer.update_step(gradient, variable, rate)
        optimizer.iterations.assign_add(1)
        return (
            [scope.get_current_value(variable) for variable in variables],
            [scope.get_current_value(variable) for variable in optimizer.variables],
        )


def _sum_by_row(ids: Array, values: Array, n_rows: int) -> tuple[Array, Array]:
    """Sum the values (..., embed_dim) of equal ids.

    Return row indices (n_ids,) and sums (n_ids, embed_dim). The sum is at the last occurrence of
    an id. Other occurrences have the invalid index ``n_rows`` and the sum 0.
    """
    ids = ids.reshape(-1)
    positions = jnp.arange(len(ids))
    last = jnp.zeros(n_rows, positions.dtype).at[ids].max(positions)[ids]
    values = values.reshape(len(ids), -1)
    sums = jnp.zeros_like(values).at[last].add(values)
    return jnp.where(last == positions, ids, n_rows), sums


def _update_rows(
    optimizer: Any, rate: Array, variable: Any, read: SparseGradient, rows: Array, sums: Array
) -> None:
    """Apply one step to the rows of a table; ``rows`` and ``sums`` are from ``_sum_by_row``."""
    number = optimizer._get_variable_index(variable)
    momentum, velocity = optimizer._momentums[number], optimizer._velocities[number]
    step = (optimizer.iterations.value + 1).astype(sums.dtype)
    beta_1, beta_2 = optimizer.beta_1, optimizer.beta_2
    ids = read.rows.reshape(-1)
    v = velocity.value[ids]
    v = v + (sums**2 - v) * (1 - beta_2)
    rate = rate * jnp.sqrt(1 - beta_2**step)
    updates = [(velocity, v)]
    if read.sparse_momentum:
        m = momentum.value[ids]
        m = m + (sums - m) * (1 - beta_1)
        updates.append((momentum, m))
        change = rate * m / (1 - beta_1**step)
    else:
        change = rate * sums
    updates.append((variable, variable.value[ids] - change / (jnp.sqrt(v) + optimizer.epsilon)))
    for target, values in updates:
        target.assign(target.value.at[rows].set(values, mode="drop"))
