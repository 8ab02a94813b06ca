"""Threads give results in order, whatever they are given, and leave no work behind."""

import threading

import pytest

from seqsent._runtime.backend import import_keras

if import_keras().backend.backend() != "jax":
    pytest.skip("the threads compute on JAX", allow_module_level=True)

from seqsent._nn.fast import threads
from seqsent._nn.fast.programs import clear_caches


@pytest.fixture(params=[1, 2, 3])
def n_threads(request, monkeypatch):
    monkeypatch.setattr(threads, "count_usable_cores", lambda: request.param)
    clear_caches()
    yield request.param
    clear_caches()


def test_results_come_in_order(n_threads):
    seen = set()

    def square(number):
        seen.add(threading.current_thread().name)
        return number * number

    assert threads.run_in_threads(square, range(20)) == [n * n for n in range(20)]
    assert len(seen) <= n_threads
    assert threading.current_thread().name in seen


@pytest.mark.parametrize("bad", [0, 1, 3])
def test_errors_reach_the_caller(bad, n_threads):
    def fail_at(number):
        if number == bad:
            raise ValueError(f"number {number}")
        return number

    with pytest.raises(ValueError, match=f"number {bad}"):
        threads.run_in_threads(fail_at, range(4))
    assert threads.run_in_threads(abs, [-1, -2]) == [1, 2]


def test_a_busy_helper_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(threads, "count_usable_cores", lambda: 2)
    clear_caches()
    release, begun = threading.Event(), threading.Barrier(3)

    def block(_):
        begun.wait()
        release.wait()

    blocking = threading.Thread(target=threads.run_in_threads, args=(block, [1, 2]))
    blocking.start()
    begun.wait()  # the helper, too, is at work
    order = []
    try:
        assert threads.run_in_threads(abs, [-1, -2, -3]) == [1, 2, 3]
        threads.run_beside(lambda: order.append("helped"), lambda: order.append("here"))
    finally:
        release.set()
        blocking.join()
        clear_caches()
    assert order == ["here", "helped"]


def test_what_needs_the_callers_lock_stays_with_the_caller(n_threads):
    lock, ran = threading.RLock(), []

    def here():
        with lock:
            ran.append(threading.current_thread())

    with lock:
        threads.run_beside(lambda: ran.append(None), here)
    assert sorted(ran, key=lambda thread: thread is None) == [threading.current_thread(), None]


@pytest.mark.parametrize("bad", ["helped", "here"])
def test_errors_of_either_reach_the_caller(bad, n_threads):
    def fail():
        raise ValueError("bad")

    jobs = {"helped": lambda: None, "here": lambda: None, bad: fail}
    with pytest.raises(ValueError, match="bad"):
        threads.run_beside(**jobs)
