"""Files of format 1, which release 1.0 wrote, are read and predict the recorded probabilities."""

import json
import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.utils.fixes import parse_version

from seqsent._runtime.backend import import_keras

FOLDER = Path(__file__).parent / "files"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
TRUSTED = [
    "seqsent._classifier.RecurrentSentimentClassifier",
    "seqsent._naive_bayes_scaler.NaiveBayesScaler",
    "seqsent._pipeline.SentimentPipeline",
    "seqsent._vectorizer.SequenceVectorizer",
]


def load(name, kind):
    path = FOLDER / f"{name}.{kind}"
    if kind == "pickle":
        return pickle.loads(path.read_bytes())
    if kind == "joblib":
        return joblib.load(path)
    return pytest.importorskip("skops.io").load(path, trusted=TRUSTED)


@pytest.fixture(params=["joblib", "pickle", "skops"])
def kind(request):
    return request.param


@pytest.mark.parametrize("name", ["lstm", "gru_with_ngrams"])
def test_classifier_predicts_the_recorded_probabilities(name, kind):
    found = load(name, kind).predict_proba(EXPECTED["ids"])
    np.testing.assert_allclose(found, EXPECTED[name], atol=1e-5)


def test_pipeline_predicts_the_recorded_probabilities(kind):
    found = load("pipeline", kind).predict_proba(EXPECTED["texts"])
    np.testing.assert_allclose(found, EXPECTED["pipeline"], atol=1e-5)


def test_vectorizer_returns_the_recorded_ids(kind):
    found = load("vectorizer", kind).transform(EXPECTED["texts"])
    np.testing.assert_array_equal(found, EXPECTED["ids"])


def test_scaler_returns_the_recorded_values(kind):
    scaler = load("scaler", kind)
    counts = [[1, 2, 0], [1, 0, 1], [2, 1, 0], [1, 0, 3]]
    np.testing.assert_allclose(scaler.transform(counts), EXPECTED["scaler"])


def test_keras_file_predicts_the_recorded_probabilities():
    keras = import_keras()
    if parse_version(keras.__version__) < parse_version("3.15"):
        pytest.skip("Keras 3.15 wrote the file; older versions need not read it")
    network = keras.saving.load_model(FOLDER / "lstm.keras")
    found = network.predict(np.array(EXPECTED["ids"], dtype=np.int32), verbose=0)[:, 0]
    np.testing.assert_allclose(found, np.array(EXPECTED["lstm"])[:, 1], atol=1e-5)
