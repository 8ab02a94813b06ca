"""Tools of others that take a fitted Pipeline as they take any of scikit-learn's."""

import json
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer, make_sentiment_pipeline
from seqsent.datasets import make_reviews

TEXT = "the room was wonderful"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # theirs are theirs
]


@pytest.fixture(scope="module")
def fitted() -> Pipeline:
    texts, labels = make_reviews(800, return_X_y=True, random_state=0)
    pipeline = make_sentiment_pipeline("gru", maxlen=20, batch_size=32, epochs=4, random_state=0)
    pipeline.fit(texts, labels)
    assert pipeline.predict_proba([TEXT])[0, 1] > 0.6
    return pipeline


def test_lime_finds_the_word(fitted: Pipeline) -> None:
    lime_text = pytest.importorskip("lime.lime_text")
    explainer = lime_text.LimeTextExplainer(class_names=fitted.classes_, random_state=0)
    explanation = explainer.explain_instance(TEXT, fitted.predict_proba, num_samples=200)
    weights = dict(explanation.as_list())
    assert max(weights, key=weights.__getitem__) == "wonderful"
    assert weights["wonderful"] > 0.1


def test_shap_adds_up(fitted: Pipeline) -> None:
    shap = pytest.importorskip("shap")

    def positive(texts: Any) -> Any:
        return fitted.predict_proba(texts)[:, 1]

    explainer = shap.Explainer(positive, shap.maskers.Text(r"\W+"), silent=True)
    explanation = explainer([TEXT])
    values = dict(
        zip([word.strip() for word in explanation.data[0]], explanation.values[0], strict=True)
    )
    assert max(values, key=values.__getitem__) == "wonderful"
    total = explanation.base_values[0] + explanation.values[0].sum()
    assert total == pytest.approx(positive([TEXT])[0], abs=1e-4)


def test_imbalanced_learn_resamples_ids() -> None:
    over_sampling = pytest.importorskip("imblearn.over_sampling")
    from imblearn.pipeline import make_pipeline

    texts, labels = make_reviews(120, return_X_y=True, random_state=0)
    kept = np.r_[np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)[:6]]
    texts, labels = texts[kept], labels[kept]
    vectorizer = SequenceVectorizer(maxlen=20)
    classifier = RecurrentSentimentClassifier(cell="gru", state_dim=4, epochs=1, random_state=0)
    sampler = over_sampling.RandomOverSampler(random_state=0)
    pipeline = make_pipeline(vectorizer, sampler, classifier).fit(texts, labels)

    ids, resampled = sampler.fit_resample(vectorizer.fit_transform(texts), labels)
    assert (resampled == 0).sum() == (resampled == 1).sum() == (labels == 0).sum()
    by_hand = classifier.fit(ids, resampled).predict_proba(vectorizer.transform(texts))
    np.testing.assert_allclose(pipeline.predict_proba(texts), by_hand, atol=1e-6)


APP = """
import joblib
from fastapi import FastAPI

app, model = FastAPI(), joblib.load("model.joblib")

@app.get("/")
def positive(text: str) -> float:
    return float(model.predict_proba([text])[0, 1])
"""


def test_fastapi_answers_many_at_once(
    fitted: Pipeline, tmp_path: Path, serve: Callable[[list[str], str], str]
) -> None:
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    joblib.dump(fitted, tmp_path / "model.joblib")
    (tmp_path / "served.py").write_text(APP)
    address = serve(["uvicorn", "--port=0", "served:app"], r"running on (http://[\d.:]+)")

    def ask(text: str) -> float:
        with urllib.request.urlopen(f"{address}?text={text.replace(' ', '+')}", timeout=60) as page:
            return float(json.load(page))

    texts = make_reviews(24, return_X_y=True, random_state=5)[0].tolist()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, texts))
    np.testing.assert_allclose(answers, fitted.predict_proba(texts)[:, 1], atol=1e-5)
