"""Predictions of random configurations, made in every way that seqsent and Keras offer.

SEQSENT_TEST_CONFIGURATIONS=150 tries more configurations.
"""

import io
import os
import pickle
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io

from seqsent import RecurrentSentimentClassifier
from seqsent._nn.model.numpy_forward import NumpyNetwork
from seqsent._runtime.backend import import_keras

keras = import_keras()
N_CONFIGURATIONS = int(os.environ.get("SEQSENT_TEST_CONFIGURATIONS", "3"))
N_ROWS, MAXLEN, N_IDS = 40, 10, 30
N_ROWS_AUTO = 120  # enough for epochs="auto" to calibrate
POOLINGS = [None, "last", "max", "mean", ("max", "mean"), ["mean", "max"]]
CLASSES = [[0, 1], ["bad", "good"], [False, True], ["bad", "fair", "good"], [3, 1, 2, 9]]


def draw_embedding(rng: np.random.Generator, tmp_path) -> dict[str, Any]:
    """Return word vectors in one of the forms that ``fit`` accepts, with matching sizes."""
    matrix = rng.normal(size=(N_IDS, int(rng.integers(1, 9)))).astype("float32")
    sizes = {
        "embed_dim": [None, matrix.shape[1]][rng.integers(2)],
        "num_words": [None, N_IDS][rng.integers(2)],
    }
    form = rng.integers(4)
    if form == 0:
        np.save(tmp_path / "vectors.npy", matrix)
        return {"embedding_weights": tmp_path / "vectors.npy", **sizes}
    if form == 1:
        return {"embedding_weights": pd.DataFrame(matrix), **sizes}
    if form == 2:
        return {"embedding_weights": matrix, **sizes}
    sizes = {
        "embed_dim": [None, 1, 7][rng.integers(3)],
        "num_words": [None, N_IDS, 99][rng.integers(3)],
    }
    return {"embedding_weights": None, **sizes}


def draw_optimizer(rng: np.random.Generator) -> dict[str, Any]:
    if rng.random() < 0.6:
        name = ["adam", "rmsprop", "sgd", "Nadam"][rng.integers(4)]
        return {"optimizer": name, "learning_rate": [None, 0.02][rng.integers(2)]}
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)
    instances = [
        keras.optimizers.Adam(0.01, clipnorm=0.5),
        keras.optimizers.AdamW(schedule),
        keras.optimizers.SGD(0.01, momentum=0.9),
    ]
    return {"optimizer": instances[rng.integers(3)], "learning_rate": None}


def draw_parameters(rng: np.random.Generator, classes: list[Any], tmp_path) -> dict[str, Any]:
    """Return a value of every parameter of RecurrentSentimentClassifier."""

    def one_of(*values: Any) -> Any:
        return values[rng.integers(len(values))]

    is_jax = keras.backend.backend() == "jax"
    train_embedding = one_of(True, True, False)
    ngram_ranges = [(1, 1), (1, 2), [1, 3]] if train_embedding else [(1, 1)]  # others are refused
    epochs = "auto" if rng.random() < 0.1 else one_of(1, 2)
    weights = {
        label: float(weight) for label, weight in zip(classes, rng.uniform(0.5, 2, 9), strict=False)
    }
    return {
        "cell": one_of("simple", "lstm", "gru"),
        "state_dim": int(rng.integers(1, 9)),
        "dropout": one_of(0.0, 0.3),
        "epochs": epochs,
        "random_state": one_of(0, None, np.random.RandomState(1)),
        "oov_char": one_of(None, 2, 5),
        "n_layers": one_of(1, 1, 2, 3),
        "bidirectional": one_of(False, True),
        "pooling": POOLINGS[rng.integers(len(POOLINGS))],
        "gate_bias": one_of("chrono", "keras"),
        "mask_padding": one_of(True, True, False),
        "embedding_init": one_of("ppmi", "uniform"),
        "train_embedding": train_embedding,
        "embedding_dropout": one_of(None, 0.2),
        "ngram_range": one_of(*ngram_ranges),
        "ngram_buckets": int(rng.integers(2, 50)),
        "batch_size": "auto" if epochs == "auto" else one_of("auto", 1, 7, 64),
        "adversarial": one_of(0.0, 0.05) if is_jax else 0.0,
        "train_maxlen": one_of("auto", None, 1, 6),
        "word_dropout": one_of(0.0, 3.0),
        "class_weight": one_of(None, "balanced", weights),
        "early_stopping": one_of(False, False, True),
        "validation_fraction": one_of(0.2, 0.5),
        "n_iter_no_change": int(rng.integers(1, 3)),
        "tol": one_of(0.0, 1e-3),
        "callbacks": one_of(None, [], [keras.callbacks.TerminateOnNaN()]),
        "shuffle": one_of(True, False),
        "warm_start": one_of(False, True),
        "verbose": one_of(0, 1, 2),
        **draw_embedding(rng, tmp_path),
        **draw_optimizer(rng),
    }


def draw_rows(rng: np.random.Generator, n_rows: int = N_ROWS) -> np.ndarray:
    """Return rows with padding on either side and between words, one of them empty."""
    rows = rng.integers(1, N_IDS, size=(n_rows, MAXLEN))
    lengths = rng.integers(1, MAXLEN + 1, size=(n_rows, 1))
    rows[np.arange(MAXLEN) < MAXLEN - lengths] = 0
    rows[rng.random(rows.shape) < 0.05] = 0
    rows[::7] = rows[::7, ::-1]
    rows[0] = 0
    return rows.astype("int32")


def copies(classifier: Any) -> dict[str, Any]:
    """Return copies of a fitted classifier by all formats that store it."""
    buffer = io.BytesIO()
    joblib.dump(classifier, buffer)
    buffer.seek(0)
    stored = skops.io.dumps(classifier)
    trusted = skops.io.get_untrusted_types(data=stored)
    return {
        "pickle": pickle.loads(pickle.dumps(classifier)),
        "joblib": joblib.load(buffer),
        "skops": skops.io.loads(stored, trusted=trusted),
    }


def as_probabilities(outputs: np.ndarray) -> np.ndarray:
    """Return the probabilities of the classes for outputs of the network."""
    outputs = np.asarray(outputs, dtype=float)
    if outputs.shape[1] == 1:
        outputs = np.hstack([1 - outputs, outputs])
    return outputs / outputs.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(N_CONFIGURATIONS))
@pytest.mark.filterwarnings("ignore:.*epochs without improvement")
def test_all_ways_to_predict_agree(seed, tmp_path):
    rng = np.random.default_rng(seed)
    classes = CLASSES[rng.integers(len(CLASSES))]
    parameters = draw_parameters(rng, classes, tmp_path)
    assert parameters.keys() == RecurrentSentimentClassifier().get_params().keys()
    X = draw_rows(rng, N_ROWS_AUTO if parameters["epochs"] == "auto" else N_ROWS)
    y = np.array(classes)[np.arange(len(X)) % len(classes)]
    classifier = RecurrentSentimentClassifier(**parameters).fit(X, y)
    if parameters["warm_start"]:
        classifier.fit(X, y)
    rows = draw_rows(rng)
    expected = classifier.predict_proba(rows)
    assert np.ptp(expected, axis=0).max() > 0  # they depend on the row

    for name, copy in copies(classifier).items():
        np.testing.assert_allclose(copy.predict_proba(rows), expected, atol=1e-6, err_msg=name)
    classifier.model_.save(tmp_path / "network.keras")
    outputs = {
        "numpy": NumpyNetwork.from_state(classifier._network_state()).predict(rows),
        "keras": classifier.model_.predict(rows, verbose=0),
        ".keras": keras.models.load_model(tmp_path / "network.keras").predict(rows, verbose=0),
    }
    for name, values in outputs.items():
        found = as_probabilities(values)
        np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0, err_msg=name)
