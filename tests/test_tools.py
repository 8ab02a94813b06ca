"""Third-party tools that accept scikit-learn pipelines: LIME, SHAP, imbalanced-learn, FastAPI."""

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest

from seqsent import SequenceVectorizer, make_sentiment_pipeline
from seqsent.datasets import make_reviews

TEXT = "the room was wonderful"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # warnings of these tools are no errors
]


@pytest.fixture(scope="module")
def fitted():
    texts, labels = make_reviews(800, return_X_y=True, random_state=0)
    pipeline = make_sentiment_pipeline("gru", maxlen=20, batch_size=32, epochs=4, random_state=0)
    pipeline.fit(texts, labels)
    assert pipeline.predict_proba([TEXT])[0, 1] > 0.6
    return pipeline


def test_lime_gives_the_decisive_word_the_largest_weight(fitted):
    lime_text = pytest.importorskip("lime.lime_text")
    explainer = lime_text.LimeTextExplainer(class_names=fitted.classes_, random_state=0)
    explanation = explainer.explain_instance(TEXT, fitted.predict_proba, num_samples=200)
    weights = dict(explanation.as_list())
    assert max(weights, key=weights.__getitem__) == "wonderful"
    assert weights["wonderful"] > 0.1


def test_shap_values_add_up_to_the_probability(fitted):
    shap = pytest.importorskip("shap")

    def positive(texts):
        return fitted.predict_proba(texts)[:, 1]

    explainer = shap.Explainer(positive, shap.maskers.Text(r"\W+"), silent=True)
    explanation = explainer([TEXT])
    values = dict(
        zip([word.strip() for word in explanation.data[0]], explanation.values[0], strict=True)
    )
    assert max(values, key=values.__getitem__) == "wonderful"
    total = explanation.base_values[0] + explanation.values[0].sum()
    assert total == pytest.approx(positive([TEXT])[0], abs=1e-4)


def test_imbalanced_learn_resamples_rows_of_ids(small_classifier):
    over_sampling = pytest.importorskip("imblearn.over_sampling")
    from imblearn.pipeline import make_pipeline

    texts, labels = make_reviews(120, return_X_y=True, random_state=0)
    imbalanced = np.r_[np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)[:6]]
    texts, labels = texts[imbalanced], labels[imbalanced]
    vectorizer = SequenceVectorizer(maxlen=20)
    classifier = small_classifier()
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


def test_fastapi_serves_concurrent_requests(fitted, tmp_path, serve):
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    joblib.dump(fitted, tmp_path / "model.joblib")
    (tmp_path / "application.py").write_text(APP)
    address = serve(["uvicorn", "--port=0", "application:app"], r"running on (http://[\d.:]+)")

    def request(text):
        with urllib.request.urlopen(f"{address}?text={text.replace(' ', '+')}", timeout=60) as page:
            return float(json.load(page))

    texts = make_reviews(24, return_X_y=True, random_state=5)[0].tolist()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(request, texts))
    np.testing.assert_allclose(answers, fitted.predict_proba(texts)[:, 1], atol=1e-5)
