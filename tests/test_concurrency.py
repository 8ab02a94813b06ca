"""While a fit is at work the network of the fit before answers, and is copied and stored."""

import copy
import pickle
import threading

import numpy as np
import pytest

from seqsent import RecurrentSentimentClassifier
from seqsent._backend import import_keras

keras = import_keras()


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(3, 60, size=(90, 12), dtype=np.int32)
    return X, (X[:, -2] > 30).astype(int)


class Pause(keras.callbacks.Callback):
    """Waits in the middle of a training, so that others can look."""

    def __init__(self):
        super().__init__()
        self.reached, self.released = threading.Event(), threading.Event()

    def __deepcopy__(self, memo):
        return Pause()

    def __reduce__(self):
        return Pause, ()

    def on_epoch_end(self, epoch, logs=None):
        self.reached.set()
        assert self.released.wait(60)


def small(**parameters):
    return RecurrentSentimentClassifier(
        **{"state_dim": 4, "embed_dim": 4, "epochs": 2, "random_state": 0, **parameters}
    )


@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize(
    "way", [lambda model: model, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))],
    ids=["predict", "deepcopy", "pickle"],
)  # fmt: skip
def test_in_the_middle_of_a_fit(way, warm_start, data):
    X, y = data
    model = small(warm_start=warm_start).fit(X, y)
    before = model.predict_proba(X), model.n_iter_
    pause = Pause()
    model.callbacks = [pause]
    thread = threading.Thread(target=model.fit, args=(X, 1 - y))
    thread.start()
    try:
        assert pause.reached.wait(60)
        other = way(model)
        np.testing.assert_array_equal(other.predict_proba(X), before[0])
        assert other.n_iter_ == before[1]
    finally:
        pause.released.set()
        thread.join()
    assert not np.array_equal(model.predict_proba(X), before[0])


def test_predictions_beside_one_fit_after_the_other(data):
    X, y = data
    model = small(epochs=1).fit(X, y)
    stop, errors = threading.Event(), []

    def predict():
        while not stop.is_set():
            try:
                assert np.isfinite(model.predict_proba(X[:7])).all()
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=predict) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        model.fit(X, y)
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors
