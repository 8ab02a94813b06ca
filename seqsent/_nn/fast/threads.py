"""A thread for each core that this process may use."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import jax

from ..._runtime.backend import count_usable_cores

Item = TypeVar("Item")


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count_usable_cores(), thread_name_prefix="seqsent")


def map_in_threads(function: Callable[[Item], Any], items: Sequence[Item]) -> list[Any]:
    """Return the results of a function that computes with JAX, in the order of the items."""

    def run(item: Item) -> Any:
        # JAX runs computations that are only dispatched one after the other.
        return jax.block_until_ready(function(item))

    if len(items) < 2 or count_usable_cores() == 1:
        return [run(item) for item in items]
    return list(_executor().map(run, items))
