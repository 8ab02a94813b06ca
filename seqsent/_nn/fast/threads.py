"""Work in as many threads as the process may use cores."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import jax

from ..._runtime.backend import count_usable_cores

Item = TypeVar("Item")


@cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(count_usable_cores() - 1, 1), thread_name_prefix="seqsent")


def forget_helpers() -> None:
    """Let the helpers end, and count the cores anew when they are next needed."""
    _helpers.cache_clear()


if hasattr(os, "register_at_fork"):  # threads do not outlive a fork
    os.register_at_fork(after_in_child=forget_helpers)


def run_in_threads(function: Callable[[Item], Any], items: Sequence[Item]) -> list[Any]:
    """Return what a function that computes on JAX makes of each item, in order.

    It is waited for in its thread: JAX computes one after another what is only queued. The
    first item is done by the calling thread, as are those that no helper has begun when it
    is done.
    """

    def run(item: Item) -> Any:
        return jax.block_until_ready(function(item))

    if len(items) < 2 or count_usable_cores() == 1:
        return [run(item) for item in items]
    futures = [_helpers().submit(run, item) for item in items[1:]]
    try:
        results = {0: run(items[0])}
        for place in range(len(items) - 1, 0, -1):  # helpers begin at the other end
            if futures[place - 1].cancel():
                results[place] = run(items[place])
        return [results[0]] + [
            results[place] if place in results else future.result()
            for place, future in enumerate(futures, start=1)
        ]
    finally:
        for future in futures:
            future.cancel()


def run_beside(helped: Callable[[], None], here: Callable[[], None]) -> None:
    """Run one function in a helper while the calling thread runs another.

    What ``here`` does may need locks that the caller holds; ``helped`` must need none. Where
    no helper is free in time, the caller runs both.
    """
    if count_usable_cores() == 1:
        here()
        helped()
        return
    future: Future[None] = _helpers().submit(helped)
    try:
        here()
    finally:
        is_left = future.cancel()
    if is_left:
        helped()
    else:
        future.result()
