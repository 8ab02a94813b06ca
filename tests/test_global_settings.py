"""Settings of Keras, JAX and the machine that change after a model was built."""

import os
import subprocess
import sys

import numpy as np
import pytest

from seqsent._runtime.backend import count_cores, import_keras
from seqsent.inspection import token_attributions

keras = import_keras()
TEXTS = ["good film", "bad film", "fine plot", "poor plot"] * 10
LABELS = [1, 0, 1, 0] * 10
POLICIES = ["mixed_float16", "bfloat16"]


@pytest.fixture(params=POLICIES)
def set_policy(request):
    """Return a function that sets a global dtype policy until the end of the test."""
    before = keras.config.dtype_policy()
    yield lambda: keras.config.set_dtype_policy(request.param)
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("cell", ["simple", "lstm"])
def test_predictions_do_not_depend_on_a_later_dtype_policy(cell, set_policy, small_pipeline):
    fitted = small_pipeline(cell=cell).fit(TEXTS, LABELS)
    expected = fitted.predict_proba(TEXTS)
    set_policy()
    np.testing.assert_array_equal(fitted.predict_proba(TEXTS), expected)


@pytest.mark.parametrize("pooling", ["last", ("max", "mean")])
def test_fit_does_not_depend_on_the_dtype_policy(pooling, set_policy, small_pipeline):
    expected = small_pipeline(cell="gru", pooling=pooling).fit(TEXTS, LABELS)
    set_policy()
    fitted = small_pipeline(cell="gru", pooling=pooling).fit(TEXTS, LABELS)
    assert fitted[-1].loss_curve_ == expected[-1].loss_curve_
    assert fitted[-1].model_.dtype_policy.name == "float32"
    if keras.backend.backend() != "numpy":
        attributions = token_attributions(fitted, TEXTS[:2])
        assert np.isfinite(attributions.select_dtypes("number")).all(axis=None)


def test_nan_weights_are_named_instead_of_predicting_the_first_class(small_pipeline):
    fitted = small_pipeline().fit(TEXTS, LABELS)
    weights = fitted[-1].model_.get_weights()
    weights[2][0] = np.nan
    fitted[-1].model_.set_weights(weights)
    for predict in (fitted.predict, fitted.predict_proba, fitted.predict_log_proba):
        with pytest.raises(ValueError, match=r"Weight array 2 .* NaN or infinity. Fit again"):
            predict(TEXTS)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="an option of JAX")
def test_fit_and_predict_run_without_jit(small_pipeline):
    import jax

    with jax.disable_jit():
        pipeline = small_pipeline(state_dim=7, epochs=1).fit(TEXTS[:8], LABELS[:8])
        found = pipeline.predict_proba(TEXTS[:2])
    assert found.shape == (2, 2)
    assert np.isfinite(found).all()


@pytest.mark.slow
def test_hidden_states_need_no_gradients():
    code = """
import numpy as np
from seqsent import make_sentiment_pipeline
from seqsent.inspection import hidden_states, token_attributions
pipeline = make_sentiment_pipeline(state_dim=3, embedding_init="uniform", maxlen=5)
ids = pipeline[0].fit_transform(["good film", "bad film"])
from seqsent._nn.model.architecture import Architecture
from seqsent._nn.network import Network
import keras
network = Network.draw(
    Architecture(n_words=10, n_outputs=1, state_dim=3), keras.optimizers.SGD(), seed=0,
    gate_bias="chrono", time_scale=5, tables=(),
)
states = network.vector_functions.states(ids, np.zeros((2, 5, 32), np.float32))
assert states.shape == (2, 3)
try:
    network.vector_functions.grad_vectors(ids, np.zeros((2, 5, 32), np.float32), states)
except RuntimeError as error:
    assert "computes no gradients" in str(error)
"""
    environment = {**os.environ, "KERAS_BACKEND": "numpy"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_the_number_of_cores_heeds_joblibs_limit(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert count_cores.__wrapped__() == 1
