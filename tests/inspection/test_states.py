"""States that the output layer reads."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.pipeline import Pipeline

from seqsent.datasets import make_reviews
from seqsent.inspection import hidden_states

Fitted = Callable[[str], Pipeline]


@pytest.mark.parametrize(
    ("kind", "n_features"),
    [("simple", 8), ("lstm", 4), ("stacked", 16), ("unmasked", 4), ("three classes", 4)],
)
def test_output_layer_of_the_states_predicts(fitted: Fitted, kind: str, n_features: int) -> None:
    pipeline = fitted(kind)
    texts, _ = make_reviews(100, return_X_y=True, random_state=1)
    states = hidden_states(pipeline, texts)
    assert states.shape == (100, n_features)
    assert states.dtype == np.float32
    kernel, bias = pipeline[-1].model_.get_layer("output").get_weights()
    logits = states @ kernel + bias
    probabilities = softmax(logits, axis=1) if logits.shape[1] > 1 else expit(logits)
    expected = pipeline.predict_proba(texts)[:, -probabilities.shape[1] :]
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_one_text_and_its_ids_have_the_same_state(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    of_text, ids = hidden_states(pipeline, "not good"), pipeline[:-1].transform(["not good"])
    assert of_text.shape == (1, 4)
    np.testing.assert_array_equal(of_text, hidden_states(pipeline[-1], ids))
