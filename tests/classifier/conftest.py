"""Data and classifiers of these tests."""

import numpy as np
import pytest

from seqsent._runtime.backend import import_keras

keras = import_keras()


@pytest.fixture(scope="session")
def keras_defaults():
    """Parameters that train like a program written with Keras."""
    return {
        "optimizer": keras.optimizers.Adam(0.006),
        "embedding_init": "uniform",
        "dropout": 0.0,
        "word_dropout": 0.0,
    }


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(3, 60, size=(90, 12), dtype=np.int32)
    X[:30, :4] = 0
    return X, (X[:, -2] > 30).astype(int)


@pytest.fixture(scope="module")
def fitted(data, small_classifier):
    return small_classifier().fit(*data)


@pytest.fixture(scope="session")
def learning_rate_of():
    """Return a function that reads the learning rate of a fitted classifier's optimizer."""

    def read(model):
        return float(keras.ops.convert_to_numpy(model.model_.optimizer.learning_rate.value))

    return read
