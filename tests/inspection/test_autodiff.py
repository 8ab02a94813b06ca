"""Compiled programs are shared between equal networks and freed with them."""

import copy
import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from seqsent._nn.fast import is_usable
from seqsent._runtime.backend import import_keras
from seqsent.inspection._autodiff import VerdictFunction

Fitted = Callable[[str], Pipeline]

IDS = np.array([[0, 1, 5, 6, 7], [1, 8, 9, 10, 11]], dtype=np.int32)
on_jax = pytest.mark.skipif(not is_usable(), reason="programs are shared under JAX only")


def scores(verdict: VerdictFunction) -> np.ndarray:
    return verdict.gradient(IDS, verdict.vectors(IDS), np.array([0, 1]))


@on_jax
def test_equal_networks_share_programs(fitted: Fitted) -> None:
    from seqsent._nn.fast.programs import shared_programs

    network = copy.deepcopy(fitted("lstm"))[-1]._fitted_network()
    before = scores(VerdictFunction(network))
    compiled = set(shared_programs)
    twin = copy.deepcopy(fitted("lstm"))[-1]._fitted_network()
    twin.model.set_weights([2 * weights for weights in twin.model.get_weights()])
    assert not np.allclose(scores(VerdictFunction(twin)), before)
    np.testing.assert_array_equal(scores(VerdictFunction(network)), before)
    assert set(shared_programs) == compiled


def test_networks_are_freed(fitted: Fitted) -> None:
    pipeline = copy.deepcopy(fitted("simple"))
    scores(VerdictFunction(pipeline[-1]._fitted_network()))
    model = weakref.ref(pipeline[-1].model_)
    assert model() is not None
    del pipeline
    gc.collect()
    assert model() is None


def test_class_scores_of_two_classes_are_opposite(fitted: Fitted) -> None:
    verdict = VerdictFunction(fitted("gru")[-1]._fitted_network())
    vectors = verdict.vectors(IDS)
    first, second = (verdict.gradient(IDS, vectors, np.full(2, place)) for place in (0, 1))
    np.testing.assert_allclose(first, -second, rtol=1e-5, atol=1e-7)


def test_backend_without_gradients(fitted: Fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    network = copy.deepcopy(fitted("simple"))[-1]._fitted_network()
    monkeypatch.setattr(import_keras().backend, "backend", lambda: "openvino")
    with pytest.raises(RuntimeError, match=r"'openvino' computes no gradients; set KERAS_BACKEND"):
        VerdictFunction(network)
