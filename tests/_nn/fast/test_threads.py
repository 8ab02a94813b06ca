"""Functions that run in threads."""

import pytest

from seqsent._runtime.backend import import_keras

if import_keras().backend.backend() != "jax":
    pytest.skip("the threads compute on JAX", allow_module_level=True)

from seqsent._nn.fast import threads


@pytest.mark.parametrize("n_cores", [1, 2, 3])
def test_results_are_in_order_and_errors_reach_the_caller(n_cores, monkeypatch):
    monkeypatch.setattr(threads, "count_usable_cores", lambda: n_cores)
    threads._executor.cache_clear()
    assert threads.map_in_threads(lambda n: n * n, range(20)) == [n * n for n in range(20)]
    for bad in (0, 1, 3):
        with pytest.raises(ZeroDivisionError):
            threads.map_in_threads(lambda n, bad=bad: 1 / (n - bad), range(4))
    assert threads.map_in_threads(abs, [-1, -2]) == [1, 2]
    threads._executor.cache_clear()
