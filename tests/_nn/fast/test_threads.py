"""Results and errors of functions that run in threads."""

import threading

import pytest

from seqsent._runtime.backend import import_keras

if import_keras().backend.backend() != "jax":
    pytest.skip("the threads compute on JAX", allow_module_level=True)

from seqsent._nn.fast import threads


@pytest.fixture(params=[1, 2, 3])
def n_cores(request, monkeypatch):
    monkeypatch.setattr(threads, "count_usable_cores", lambda: request.param)
    threads._executor.cache_clear()
    yield request.param
    threads._executor.cache_clear()


def test_results_are_in_order(n_cores):
    names = set()

    def square(number):
        names.add(threading.current_thread().name)
        return number * number

    assert threads.map_in_threads(square, range(20)) == [n * n for n in range(20)]
    assert len(names) <= n_cores


@pytest.mark.parametrize("bad", [0, 1, 3])
def test_errors_reach_the_caller(bad, n_cores):
    def fail_at(number):
        if number == bad:
            raise ValueError(f"number {number}")
        return number

    with pytest.raises(ValueError, match=f"number {bad}"):
        threads.map_in_threads(fail_at, range(4))
    assert threads.map_in_threads(abs, [-1, -2]) == [1, 2]
