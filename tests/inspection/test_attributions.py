"""Scores of tokens, computed from predictions with changed ids or embeddings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.pipeline import Pipeline

from seqsent._runtime.backend import import_keras
from seqsent.datasets import make_reviews
from seqsent.inspection import gradient_by_lag, token_attributions

Fitted = Callable[[str], Pipeline]

TEXTS = ["The film was dull at first, but in the end it was wonderful", "", "not a good film"]
METHODS = ["gradient", "occlusion", "integrated_gradients"]
KINDS = [
    "simple",
    "lstm",
    "gru",
    "stacked",
    "bidirectional",
    "unmasked",
    "three classes",
    "bigrams",
]


def log_odds(classifier: Any, ids: np.ndarray, class_index: int) -> np.ndarray:
    return logit(classifier.predict_proba(ids)[:, class_index])


@pytest.mark.parametrize("kind", KINDS)
def test_integrated_gradients_are_complete(fitted: Fitted, kind: str) -> None:
    pipeline = fitted(kind)
    label = pipeline.classes_[1]
    scores = token_attributions(
        pipeline, TEXTS, method="integrated_gradients", class_of_interest=label
    )
    sums = scores.groupby("text")["score"].sum()
    classifier, ids = pipeline[-1], pipeline[:-1].transform(TEXTS)
    embedding = classifier.model_.get_layer("embedding")
    tables = embedding.get_weights()
    of_texts = log_odds(classifier, ids, 1)
    try:
        zeros = [np.zeros_like(table) for table in tables]
        zeros[0][0] = tables[0][0]  # the vector of padding stays
        embedding.set_weights(zeros)
        of_zero_vectors = log_odds(classifier, ids, 1)
    finally:
        embedding.set_weights(tables)
    np.testing.assert_allclose(sums, of_texts - of_zero_vectors, atol=1e-2)
    assert np.abs(sums).max() > 0.1


def test_an_inspected_network_can_be_saved(fitted: Fitted, tmp_path: Path) -> None:
    pipeline = fitted("gru")
    token_attributions(pipeline, TEXTS)
    pipeline[-1].model_.save(tmp_path / "network.keras")
    loaded = import_keras().models.load_model(tmp_path / "network.keras", compile=False)
    ids = pipeline[:-1].transform(TEXTS)
    outputs = loaded.predict(ids, verbose=0)
    np.testing.assert_allclose(outputs, pipeline[-1].predict_proba(ids)[:, 1:], atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_ngram_score(fitted: Fitted, method: str) -> None:
    assert "ngram_score" not in token_attributions(fitted("gru"), TEXTS, method=method)
    pipeline = fitted("bigrams")
    scores = token_attributions(pipeline, TEXTS, method=method)
    if method == "occlusion":
        assert "ngram_score" not in scores
        return
    is_first = scores["position"] == 0
    assert (scores.loc[is_first, "ngram_score"] == 0).all()  # no word before it
    assert (scores.loc[~is_first, "ngram_score"] != 0).all()
    embedding = pipeline[-1].model_.get_layer("embedding")
    words, bigrams = embedding.get_weights()
    try:
        embedding.set_weights([0 * words, bigrams])
        bigrams_only = token_attributions(pipeline, TEXTS, method=method)
    finally:
        embedding.set_weights([words, bigrams])
    np.testing.assert_allclose(bigrams_only["ngram_score"], bigrams_only["score"])


@pytest.mark.parametrize("kind", KINDS)
def test_occlusion_is_the_difference_without_the_word(fitted: Fitted, kind: str) -> None:
    pipeline = fitted(kind)
    classifier, ids = pipeline[-1], pipeline[:-1].transform(TEXTS)
    label = pipeline.classes_[0]
    scores = token_attributions(pipeline, TEXTS, method="occlusion", class_of_interest=label)
    expected = []
    for row in ids:
        for column in np.flatnonzero(row):
            occluded = row.copy()
            occluded[column] = 0
            with_word, without_word = log_odds(classifier, np.stack([row, occluded]), 0)
            expected.append(with_word - without_word)
    np.testing.assert_allclose(scores["score"], expected, atol=1e-3)
    assert np.abs(expected).max() > 0.05


@pytest.mark.parametrize("kind", ["gru", "three classes"])
def test_gradient_score_equals_finite_differences(fitted: Fitted, kind: str) -> None:
    pipeline = fitted(kind)
    classifier, ids = pipeline[-1], pipeline[:-1].transform(["film wonderful"])
    embedding = classifier.model_.get_layer("embedding")
    table = embedding.get_weights()[0]
    label = pipeline.classes_[1]
    scores = token_attributions(pipeline, "film wonderful", class_of_interest=label)["score"]
    expected = []
    try:
        for word in ids[0][ids[0] != 0]:
            values = []
            for factor in (1.02, 0.98):
                scaled = table.copy()
                scaled[word] *= factor
                embedding.set_weights([scaled])
                values.append(log_odds(classifier, ids, 1)[0])
            expected.append((values[0] - values[1]) / 0.04)
    finally:
        embedding.set_weights([table])
    np.testing.assert_allclose(scores, expected, atol=2e-3)
    assert np.abs(expected).max() > 0.05


@pytest.mark.parametrize("method", METHODS)
def test_columns_and_rows_of_several_texts(fitted: Fitted, method: str) -> None:
    scores = token_attributions(fitted("gru"), TEXTS, method=method)
    assert scores.columns.to_list() == ["text", "position", "word", "class", "probability", "score"]
    assert scores["text"].to_list() == [0] * 14 + [1] + [2] * 5
    assert scores["position"].to_list() == [*range(14), 0, *range(5)]
    assert scores["word"].to_list()[-6:] == ["[START]", "[START]", "not", "a", "good", "film"]
    assert (scores["class"] == "positive").all()
    assert scores["score"].dtype == np.float64
    one_by_one = [token_attributions(fitted("gru"), text, method=method) for text in TEXTS]
    np.testing.assert_allclose(scores["score"], pd.concat(one_by_one)["score"], atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_scores_of_two_classes_have_opposite_signs(fitted: Fitted, method: str) -> None:
    positive, negative = (
        token_attributions(fitted("lstm"), TEXTS, method=method, class_of_interest=label)
        for label in ("positive", "negative")
    )
    np.testing.assert_allclose(positive["score"], -negative["score"], atol=1e-3)
    assert (negative["class"] == "negative").all()


def test_default_of_three_classes_is_the_predicted_one(fitted: Fitted) -> None:
    pipeline = fitted("three classes")
    texts, _ = make_reviews(70, return_X_y=True, random_state=1)
    scores = token_attributions(pipeline, texts)
    classes = scores.groupby("text")["class"].first()
    np.testing.assert_array_equal(classes, pipeline.predict(texts))
    assert classes.nunique() > 1
    given = token_attributions(pipeline, texts[0], class_of_interest=classes.iloc[0])
    np.testing.assert_allclose(given["score"], scores.loc[scores["text"] == 0, "score"], atol=1e-4)


def test_gradient_score_is_the_gradient_norm_times_a_scalar_embedding(fitted: Fitted) -> None:
    pipeline = fitted("one dimension")
    ids = pipeline[:-1].transform([TEXTS[2]])[0][-5:]
    table = pipeline[-1].model_.get_layer("embedding").get_weights()[0]
    norms = gradient_by_lag(pipeline, TEXTS[2])["mean"].to_numpy()[::-1]
    scores = token_attributions(pipeline, TEXTS[2])["score"]
    np.testing.assert_allclose(np.abs(scores), norms * np.abs(table[ids, 0]), rtol=1e-4)
    assert np.abs(scores).min() > 1e-4


def test_integrated_gradients_that_do_not_converge(fitted: Fitted) -> None:
    pipeline = fitted("simple")
    model = pipeline[-1].model_
    weights = model.get_weights()
    try:
        model.set_weights([weights[0], *(1e4 * values for values in weights[1:])])
        with pytest.raises(ValueError, match=r"did not converge.*1024 points"):
            token_attributions(pipeline, TEXTS[0], method="integrated_gradients")
    finally:
        model.set_weights(weights)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"method": "saliency"}, "method"), ({"class_of_interest": "fair"}, "negative.*positive")],
)
def test_rejects_invalid_arguments(fitted: Fitted, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        token_attributions(fitted("gru"), TEXTS, **arguments)
