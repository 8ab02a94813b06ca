"""A small classifier, and what the tests of all that it does give it."""

import numpy as np
import pytest

from seqsent import RecurrentSentimentClassifier
from seqsent._runtime.backend import import_keras

keras = import_keras()


@pytest.fixture(scope="session")
def classifier():
    """Make a small one, quick to fit."""

    def make(**parameters):
        small = {"state_dim": 6, "embed_dim": 5, "epochs": 2, "random_state": 0}
        return RecurrentSentimentClassifier(**{**small, **parameters})

    return make


@pytest.fixture(scope="session")
def plain():
    """Train as programs by hand do."""
    return {
        "optimizer": keras.optimizers.Adam(0.006),
        "embedding_init": "uniform",
        "dropout": 0.0,
    }


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(3, 60, size=(90, 12), dtype=np.int32)
    X[:30, :4] = 0
    return X, (X[:, -2] > 30).astype(int)


@pytest.fixture(scope="module")
def fitted(data, classifier):
    return classifier().fit(*data)


@pytest.fixture(scope="session")
def rate_of():
    """Read the learning rate that a fitted classifier's optimizer has."""

    def read(fitted):
        return float(keras.ops.convert_to_numpy(fitted.model_.optimizer.learning_rate.value))

    return read
