"""Threads give results in order, whatever they are given, and leave no work behind."""

import os
import subprocess
import sys
import threading

import pytest

from seqsent._nn.fast import threads as _threads
from seqsent._backend import import_keras

pytestmark = pytest.mark.skipif(
    import_keras().backend.backend() != "jax", reason="the threads compute on JAX"
)


@pytest.fixture(params=[1, 2, 3])
def n_threads(request, monkeypatch):
    monkeypatch.setattr(_threads, "count_threads", lambda: request.param)
    _threads._helpers.cache_clear()
    yield request.param
    _threads._helpers.cache_clear()


def test_results_come_in_order(n_threads):
    seen = set()

    def square(number):
        seen.add(threading.current_thread().name)
        return number * number

    assert _threads.run_in_threads(square, range(20)) == [n * n for n in range(20)]
    assert len(seen) <= n_threads
    assert threading.current_thread().name in seen


@pytest.mark.parametrize("bad", [0, 1, 3])
def test_errors_reach_the_caller(bad, n_threads):
    def fail_at(number):
        if number == bad:
            raise ValueError(f"number {number}")
        return number

    with pytest.raises(ValueError, match=f"number {bad}"):
        _threads.run_in_threads(fail_at, range(4))
    assert _threads.run_in_threads(abs, [-1, -2]) == [1, 2]


def test_a_busy_helper_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(_threads, "count_threads", lambda: 2)
    _threads._helpers.cache_clear()
    release = threading.Event()
    blocked = _threads._helpers().submit(release.wait)
    try:
        assert _threads.run_in_threads(abs, [-1, -2, -3]) == [1, 2, 3]
    finally:
        release.set()
        blocked.result()
        _threads._helpers.cache_clear()


@pytest.mark.parametrize(("limit", "most"), [("1", 1), ("1000", None), ("", None), ("2,1", None)])
def test_the_limit_of_a_worker_process_counts(limit, most):
    code = "from seqsent._nn.fast.threads import count_threads; print(count_threads())"
    environment = {**os.environ, "OMP_NUM_THREADS": limit}
    shown = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert int(shown.stdout) == (most or _threads._count_cores())


COUNT = """
import os
before = dict(os.environ)
from seqsent import build_network
build_network(num_words=5)
import jax
jax.numpy.ones(3).block_until_ready()
print(len(os.listdir("/proc/self/task")), dict(os.environ) == before)
"""


def count_started_threads(**settings):
    limits = ("OMP_NUM_THREADS", "NPROC", "PJRT_NPROC")
    inherited = {name: value for name, value in os.environ.items() if name not in limits}
    shown = subprocess.run(
        [sys.executable, "-c", COUNT],
        env={**inherited, "KERAS_BACKEND": "jax", **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    count, is_environment_left = shown.stdout.split()
    assert is_environment_left == "True"
    return int(count)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="only Linux lists threads")
@pytest.mark.skipif(_threads._count_cores() < 2, reason="one core is no less than the limit")
def test_xla_starts_no_more_threads_than_the_process_may_use():
    limited = count_started_threads(OMP_NUM_THREADS="1")
    assert limited < count_started_threads()
    assert limited < count_started_threads(OMP_NUM_THREADS="1", NPROC="4")
