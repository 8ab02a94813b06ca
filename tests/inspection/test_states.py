"""Texts as vectors: what the output layer sees."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.cluster import KMeans
from sklearn.pipeline import Pipeline

from seqsent.datasets import make_reviews
from seqsent.inspection import hidden_states

Fitted = Callable[[str], Pipeline]


@pytest.mark.parametrize(
    ("kind", "n_state"),
    [("simple", 8), ("lstm", 4), ("stacked", 16), ("unmasked", 4), ("three classes", 4)],
)
def test_output_layer_reads_them(fitted: Fitted, kind: str, n_state: int) -> None:
    pipeline = fitted(kind)
    texts, _ = make_reviews(100, return_X_y=True, random_state=1)
    states = hidden_states(pipeline, texts)
    assert states.shape == (100, n_state)
    assert states.dtype == np.float32
    kernel, bias = pipeline[-1].model_.get_layer("output").get_weights()
    logits = states @ kernel + bias
    probabilities = softmax(logits, axis=1) if logits.shape[1] > 1 else expit(logits)
    expected = pipeline.predict_proba(texts)[:, -probabilities.shape[1] :]
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_clusters(fitted: Fitted) -> None:
    texts, _ = make_reviews(30, return_X_y=True, random_state=1)
    states = hidden_states(fitted("gru"), texts)
    labels = KMeans(n_clusters=2, n_init=1, random_state=0).fit_predict(states)
    assert set(labels) == {0, 1}


def test_one_text(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    one, rows = hidden_states(pipeline, "not good"), pipeline[:-1].transform(["not good"])
    assert one.shape == (1, 4)
    np.testing.assert_array_equal(one, hidden_states(pipeline[-1], rows))
