"""Work in as many threads as the process may use cores."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

from ..._backend import environment, import_keras

Item = TypeVar("Item")


@cache
def count_threads() -> int:
    """Return how many cores this process may use.

    ``OMP_NUM_THREADS`` limits them: joblib sets it in its worker processes, so that all of
    them together use each core once.
    """
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(_count_cores(), int(limit))) if limit.isdecimal() else _count_cores()


def _count_cores() -> int:
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


@cache
def limit_xla_threads() -> None:
    """Let XLA have as many threads as this process may use, if it has not started yet.

    It starts as many as there are cores when JAX first computes, and heeds no other limit
    than an environment variable of its own, which is left as it was. Where the user set it,
    or nothing limits this process, nothing is done.
    """
    names = "NPROC", "PJRT_NPROC"  # older and newer releases
    is_limited = count_threads() < _count_cores() and not any(name in os.environ for name in names)
    if not is_limited or import_keras().backend.backend() != "jax":
        return
    import jax

    with environment(dict.fromkeys(names, str(count_threads()))):
        jax.devices()


@cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(count_threads() - 1, 1), thread_name_prefix="seqsent")


if hasattr(os, "register_at_fork"):  # threads do not outlive a fork
    os.register_at_fork(after_in_child=_helpers.cache_clear)


def run_in_threads(function: Callable[[Item], Any], items: Sequence[Item]) -> list[Any]:
    """Return what a function that computes on JAX makes of each item.

    Parameters
    ----------
    function : callable
        Is waited for in its thread: JAX computes one after another what is only queued.
    items : sequence
        One argument each. The first is done by the calling thread, as are those that no
        helper has begun when it is done.

    Returns
    -------
    list
        The results, in order.
    """
    import jax

    def run(item: Item) -> Any:
        return jax.block_until_ready(function(item))

    if len(items) < 2 or count_threads() == 1:
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
