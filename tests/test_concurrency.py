"""While a fit is at work the network of the fit before answers, and is copied and stored."""

import copy
import os
import pickle
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from seqsent import RecurrentSentimentClassifier
from seqsent._runtime.backend import import_keras

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


def test_eight_threads_predict_while_four_fit(data):
    X, y = data
    models = [small(epochs=1, random_state=seed).fit(X, y) for seed in range(4)]
    expected = [model.predict_proba(X) for model in models]
    stop, errors, n_predictions = threading.Event(), [], [0] * 8

    def predict(number):
        try:
            while not stop.is_set():
                found = models[number % 4].predict_proba(X)
                np.testing.assert_array_equal(found, expected[number % 4])
                n_predictions[number] += 1
        except Exception as error:
            errors.append(error)

    def fit(model):
        try:
            for _ in range(3):
                model.fit(X, y)  # which comes to the same each time
        except Exception as error:
            errors.append(error)

    fitting = [threading.Thread(target=fit, args=(model,)) for model in models]
    predicting = [threading.Thread(target=predict, args=(number,)) for number in range(8)]
    for thread in [*predicting, *fitting]:
        thread.start()
    for thread in fitting:
        thread.join()
    stop.set()
    for thread in predicting:
        thread.join()
    assert not errors
    assert all(n_predictions)


def open_files():
    folder = Path("/proc/self/fd")  # Linux alone lists them
    files = folder.iterdir() if folder.is_dir() else ()
    return sorted(os.readlink(file) for file in files if file.exists())


def test_fits_leave_no_thread_file_or_folder_behind(data, tmp_path, monkeypatch):
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    for folder in (here, temporary):
        folder.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    small(epochs=1).fit(*data).predict(data[0])  # starts the threads that help all fits
    threads, files = threading.enumerate(), open_files()
    for early_stopping in (False, True):
        model = small(early_stopping=early_stopping).fit(*data)
        pickle.loads(pickle.dumps(model)).predict(data[0])
    assert threading.enumerate() == threads
    assert open_files() == files
    assert not [*here.iterdir(), *temporary.iterdir()]
