"""Compiled gradient programs: shared by equal networks, and freed with them."""

import copy
import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from seqsent._nn.fast import is_usable
from seqsent._runtime.backend import import_keras
from seqsent.inspection._autodiff import LogOdds

Fitted = Callable[[str], Pipeline]

IDS = np.array([[0, 1, 5, 6, 7], [1, 8, 9, 10, 11]], dtype=np.int32)


def gradient(network: LogOdds) -> np.ndarray:
    return network.gradient(IDS, network.vectors(IDS), np.array([0, 1]))


@pytest.mark.skipif(not is_usable(), reason="programs are shared on JAX only")
def test_equal_networks_share_programs(fitted: Fitted) -> None:
    from seqsent._nn.fast.programs import cached_programs

    network = copy.deepcopy(fitted("lstm"))[-1]._fitted_network()
    expected = gradient(LogOdds(network))
    compiled = set(cached_programs)
    other = copy.deepcopy(fitted("lstm"))[-1]._fitted_network()
    other.model.set_weights([2 * weights for weights in other.model.get_weights()])
    assert not np.allclose(gradient(LogOdds(other)), expected)
    np.testing.assert_array_equal(gradient(LogOdds(network)), expected)
    assert set(cached_programs) == compiled


def test_networks_are_freed(fitted: Fitted) -> None:
    pipeline = copy.deepcopy(fitted("simple"))
    gradient(LogOdds(pipeline[-1]._fitted_network()))
    model = weakref.ref(pipeline[-1].model_)
    assert model() is not None
    del pipeline
    gc.collect()
    assert model() is None


def test_backend_without_gradients(fitted: Fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    network = copy.deepcopy(fitted("simple"))[-1]._fitted_network()
    monkeypatch.setattr(import_keras().backend, "backend", lambda: "openvino")
    log_odds = LogOdds(network)
    with pytest.raises(RuntimeError, match=r"'openvino' computes no gradients; set KERAS_BACKEND"):
        gradient(log_odds)
