"""Gradient norms by lag, compared with finite differences."""

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
    """Return the gradient norms of the words, the last first, from central differences.

    Each word gets an unused row of the embedding, so that one word moves at a time.
    """
    classifier, ids = pipeline[-1], pipeline[:-1].transform([text])
    embedding = classifier.model_.get_layer("embedding")
    table = embedding.get_weights()[0]
    columns = np.flatnonzero(ids[0])
    unused = np.arange(len(table) - len(columns), len(table))
    copied = table.copy()
    copied[unused] = table[ids[0, columns]]
    unique_ids = ids.copy()
    unique_ids[0, columns] = unused
    predicted = classifier.predict_proba(ids)[0].argmax()
    norms = []
    try:
        for row in unused[::-1]:
            slopes = []
            for axis in range(table.shape[1]):
                values = []
                for step in (STEP, -STEP):
                    moved = copied.copy()
                    moved[row, axis] += step
                    embedding.set_weights([moved])
                    values.append(logit(classifier.predict_proba(unique_ids)[0, predicted]))
                slopes.append((values[0] - values[1]) / (2 * STEP))
            norms.append(float(np.linalg.norm(slopes)))
    finally:
        embedding.set_weights([table])
    return norms


@pytest.mark.parametrize(
    "kind", ["simple", "lstm", "gru", "stacked", "bidirectional", "unmasked", "three classes"]
)
def test_norms_equal_finite_differences(fitted: Fitted, kind: str) -> None:
    pipeline = fitted(kind)
    expected = numeric_norms(pipeline, TEXTS[0])
    curve = gradient_by_lag(pipeline, TEXTS[0])
    np.testing.assert_allclose(curve["mean"], expected, rtol=2e-2, atol=2e-3)
    assert max(expected) > 0.05


def test_statistics_over_texts(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    curve = gradient_by_lag(pipeline, TEXTS)
    of_each_text = [gradient_by_lag(pipeline, text)["mean"].to_numpy() for text in TEXTS]
    assert curve.index.name == "lag"
    assert curve.index.to_list() == list(range(9))
    assert curve["n_texts"].to_list() == [4, 3, 3, 2, 2, 2, 2, 1, 1]
    for lag in range(9):
        norms = [norms[lag] for norms in of_each_text if len(norms) > lag]
        expected = [np.mean(norms), np.std(norms), *np.quantile(norms, [0.1, 0.5, 0.9])]
        statistics = curve.loc[lag, ["mean", "std", "10%", "50%", "90%"]]
        np.testing.assert_allclose(statistics, expected, rtol=1e-4)


def test_several_batches(fitted: Fitted) -> None:
    pipeline = fitted("lstm")
    many = gradient_by_lag(pipeline, TEXTS * 40)
    few = gradient_by_lag(pipeline, TEXTS)
    np.testing.assert_allclose(many["mean"], few["mean"], rtol=1e-4)
    assert many["n_texts"].to_list() == (40 * few["n_texts"]).to_list()


def test_max_lag(fitted: Fitted) -> None:
    all_lags = gradient_by_lag(fitted("gru"), TEXTS)
    up_to_two = gradient_by_lag(fitted("gru"), TEXTS, max_lag=2)
    np.testing.assert_allclose(up_to_two, all_lags.head(3), rtol=1e-5)
    assert len(gradient_by_lag(fitted("gru"), TEXTS, max_lag=100)) == 9
    with pytest.raises(ValueError, match="max_lag"):
        gradient_by_lag(fitted("gru"), TEXTS, max_lag=-1)
