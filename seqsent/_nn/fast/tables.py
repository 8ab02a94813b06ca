"""Embedding tables that are updated where a batch touched them.

Adam moves every row of a table in every step, also those whose words the batch does not hold,
along the mean of their gradients; of a large table that costs more than the network. Here only
rows that a batch touched move. Those of words move at once as far as Adam would move them by and
by. If they waited until their word comes again (as in PyTorch's SparseAdam), rare words would be
learned ten times more slowly: of 1,000 sentences 20 more were misread. The rows of n-grams do wait:
they are many and rare, and what they learn too quickly is the training texts by heart.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp

from ..._runtime.backend import import_keras
from ..._types import Array

keras = import_keras()


def can_be_lazy(optimizer: Any) -> bool:
    """Return whether this module knows what an optimizer does to a row."""
    return (
        type(optimizer) is keras.optimizers.Adam
        and not optimizer.amsgrad
        and not optimizer.weight_decay
        and not optimizer.use_ema
        and not optimizer.gradient_accumulation_steps
        and not optimizer.loss_scale_factor
    )


class Touched(NamedTuple):
    """What a batch read of a table."""

    place: int
    """Of the table, among what is trained."""
    rows: Array
    """The rows that were read, of shape (n_texts, width, ...)."""
    by_read: Array
    """The gradient by what was read there, of shape (n_texts, width, ..., embed_dim)."""
    waits: bool
    """Whether rows move along the mean of their gradients, when they are touched again."""


def update_lazily(
    optimizer: Any,
    optimizer_state: list[Array],
    trainable: list[Array],
    tables: Sequence[Touched],
    by_others: list[Array],
) -> tuple[list[Array], list[Array]]:
    """Return what is trained and the optimizer's state after a step.

    Parameters
    ----------
    optimizer : keras.optimizers.Adam
        Whose own values do not count.
    optimizer_state, trainable : list of array
        The values that count.
    tables : sequence of Touched
        The tables to update where they were touched.
    by_others : list of array
        The gradient by all else that is trained.
    """
    variables = optimizer._trainable_variables
    mapping = [*zip(optimizer.variables, optimizer_state, strict=True)]
    mapping += [*zip(variables, trainable, strict=True)]
    summed = [
        _sum_by_row(table.rows, table.by_read, len(trainable[table.place])) for table in tables
    ]
    places = [table.place for table in tables]
    others = [variable for place, variable in enumerate(variables) if place not in places]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        gradients = optimizer._clip_gradients([*(by for _, by in summed), *by_others])
        rate = keras.ops.convert_to_tensor(optimizer.learning_rate)  # a options's, too
        by_tables, by_others = gradients[: len(tables)], gradients[len(tables) :]
        for touched, (rows, _), by_rows in zip(tables, summed, by_tables, strict=True):
            _update_rows(optimizer, rate, variables[touched.place], touched, rows, by_rows)
        for gradient, variable in zip(by_others, others, strict=True):
            optimizer.update_step(gradient, variable, rate)
        optimizer.iterations.assign_add(1)
        return (
            [scope.get_current_value(variable) for variable in variables],
            [scope.get_current_value(variable) for variable in optimizer.variables],
        )


def _sum_by_row(ids: Array, by_vectors: Array, n_rows: int) -> tuple[Array, Array]:
    """Return at one place of each row its number and the sum of its gradients.

    At the other places of a row the number is ``n_rows``, which is none, and the sum is zero.
    """
    ids = ids.reshape(-1)
    places = jnp.arange(len(ids))
    last_places = jnp.zeros(n_rows, places.dtype).at[ids].max(places)[ids]
    by_vectors = by_vectors.reshape(len(ids), -1)
    sums = jnp.zeros_like(by_vectors).at[last_places].add(by_vectors)
    return jnp.where(last_places == places, ids, n_rows), sums


def _update_rows(
    optimizer: Any, rate: Array, variable: Any, table: Touched, rows: Array, by_rows: Array
) -> None:
    """Do Adam's step at the rows of a table that :func:`_sum_by_row` found."""
    number = optimizer._get_variable_index(variable)
    momentum, velocity = optimizer._momentums[number], optimizer._velocities[number]
    step = (optimizer.iterations.value + 1).astype(by_rows.dtype)
    beta_1, beta_2 = optimizer.beta_1, optimizer.beta_2
    ids = table.rows.reshape(-1)
    v = velocity.value[ids]
    v = v + (by_rows**2 - v) * (1 - beta_2)
    rate = rate * jnp.sqrt(1 - beta_2**step)
    new = [(velocity, v)]
    if table.waits:
        m = momentum.value[ids]
        m = m + (by_rows - m) * (1 - beta_1)
        new.append((momentum, m))
        move = rate * m / (1 - beta_1**step)
    else:
        move = rate * by_rows
    new.append((variable, variable.value[ids] - move / (jnp.sqrt(v) + optimizer.epsilon)))
    for stored, values in new:
        stored.assign(stored.value.at[rows].set(values, mode="drop"))
