"""Gradients by lag against finite differences."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import logit
from sklearn.pipeline import Pipeline

from seqsent.inspection import gradient_by_lag

Fitted = Callable[[str], Pipeline]

TEXTS = ["The film was dull at first", "not good", "it was a wonderful film in the end", ""]
STEP = 1e-2


def numeric_norms(pipeline: Pipeline, text: str) -> list[float]:
    """Return the norm of the gradient at each word, the last first, by central differences.

    Each word gets a vector of its own, which is then moved.
    """
    classifier, ids = pipeline[-1], pipeline[:-1].transform([text])
    embedding = classifier.model_.get_layer("embedding")
    table = embedding.get_weights()[0]
    places = np.flatnonzero(ids[0])
    free = np.arange(len(table) - len(places), len(table))  # ids that no text uses
    own_rows = ids.copy()
    own_rows[0, places] = free
    norms = []
    best = classifier.predict_proba(ids)[0].argmax()
    try:
        for place, row in zip(places[::-1], free[::-1], strict=True):
            slopes = []
            for axis in range(table.shape[1]):
                values = []
                for sign in (1, -1):
                    moved = table.copy()
                    moved[free] = table[ids[0, places]]
                    moved[row, axis] += sign * STEP
                    embedding.set_weights([moved])
                    values.append(logit(classifier.predict_proba(own_rows)[0, best]))
                slopes.append((values[0] - values[1]) / (2 * STEP))
            norms.append(float(np.linalg.norm(slopes)))
            assert own_rows[0, place] == row
    finally:
        embedding.set_weights([table])
    return norms


@pytest.mark.parametrize(
    "kind", ["simple", "lstm", "gru", "stacked", "both ways", "unmasked", "three classes"]
)
def test_finite_differences(fitted: Fitted, kind: str) -> None:
    pipeline = fitted(kind)
    expected = numeric_norms(pipeline, TEXTS[0])
    curve = gradient_by_lag(pipeline, TEXTS[0])
    np.testing.assert_allclose(curve["mean"], expected, rtol=2e-2, atol=2e-3)
    assert max(expected) > 0.05


def test_statistics_over_texts(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    curve = gradient_by_lag(pipeline, TEXTS)
    alone = [gradient_by_lag(pipeline, text)["mean"].to_numpy() for text in TEXTS]
    assert curve.index.name == "lag"
    assert curve.index.to_list() == list(range(9))
    assert curve["n_texts"].to_list() == [4, 3, 3, 2, 2, 2, 2, 1, 1]
    for lag in range(9):
        values = [norms[lag] for norms in alone if len(norms) > lag]
        row = curve.loc[lag]
        expected = [np.mean(values), np.std(values), *np.quantile(values, [0.1, 0.5, 0.9])]
        np.testing.assert_allclose(row[["mean", "std", "10%", "50%", "90%"]], expected, rtol=1e-4)


def test_many_texts_in_batches(fitted: Fitted) -> None:
    pipeline = fitted("lstm")
    many = gradient_by_lag(pipeline, TEXTS * 40)
    few = gradient_by_lag(pipeline, TEXTS)
    np.testing.assert_allclose(many["mean"], few["mean"], rtol=1e-4)
    assert many["n_texts"].to_list() == (40 * few["n_texts"]).to_list()


def test_max_lag(fitted: Fitted) -> None:
    whole = gradient_by_lag(fitted("gru"), TEXTS)
    part = gradient_by_lag(fitted("gru"), TEXTS, max_lag=2)
    np.testing.assert_allclose(part, whole.head(3), rtol=1e-5)
    assert len(gradient_by_lag(fitted("gru"), TEXTS, max_lag=100)) == 9
    with pytest.raises(ValueError, match="max_lag"):
        gradient_by_lag(fitted("gru"), TEXTS, max_lag=-1)


def test_weights_that_change_are_seen(fitted: Fitted) -> None:
    pipeline = fitted("simple")
    model = pipeline[-1].model_
    before, weights = gradient_by_lag(pipeline, TEXTS), model.get_weights()
    try:
        model.set_weights([0.5 * values for values in weights])
        assert not np.allclose(gradient_by_lag(pipeline, TEXTS)["mean"], before["mean"])
    finally:
        model.set_weights(weights)
    np.testing.assert_allclose(gradient_by_lag(pipeline, TEXTS), before)
