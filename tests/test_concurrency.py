"""Estimators that are used by several threads at once."""

import copy
import os
import pickle
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from seqsent._runtime.backend import import_keras

keras = import_keras()


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(3, 60, size=(90, 12), dtype=np.int32)
    return X, (X[:, -2] > 30).astype(int)


class Pause(keras.callbacks.Callback):
    """Pause at the end of each epoch until it is released."""

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


@pytest.mark.parametrize("warm_start", [False, True])
def test_fitted_classifier_is_unchanged_until_another_fit_ends(warm_start, data, small_classifier):
    X, y = data
    model = small_classifier(warm_start=warm_start).fit(X, y)
    expected, n_iter = model.predict_proba(X), model.n_iter_
    pause = Pause()
    model.callbacks = [pause]
    thread = threading.Thread(target=model.fit, args=(X, 1 - y))
    thread.start()
    try:
        assert pause.reached.wait(60)
        for other in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            np.testing.assert_array_equal(other.predict_proba(X), expected)
            assert other.n_iter_ == n_iter
    finally:
        pause.released.set()
        thread.join()
    assert not np.array_equal(model.predict_proba(X), expected)


def test_predictions_during_fits_are_correct(data, small_classifier):
    X, y = data
    models = [small_classifier(random_state=seed).fit(X, y) for seed in range(4)]
    expected = [model.predict_proba(X) for model in models]
    with ThreadPoolExecutor(12) as pool:
        # each fit has the same result as before
        fits = [pool.submit(model.fit, X, y) for model in models]
        predictions = [pool.submit(models[i % 4].predict_proba, X) for i in range(200)]
    for fit in fits:
        fit.result()
    for i, prediction in enumerate(predictions):
        np.testing.assert_array_equal(prediction.result(), expected[i % 4])


def open_files():
    folder = Path("/proc/self/fd")  # on Linux only
    files = folder.iterdir() if folder.is_dir() else ()
    return sorted(os.readlink(file) for file in files if file.exists())


def test_fits_leave_no_thread_file_or_folder(data, tmp_path, monkeypatch, small_classifier):
    working, temporary = tmp_path / "working", tmp_path / "temporary"
    for folder in (working, temporary):
        folder.mkdir()
    monkeypatch.chdir(working)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    small_classifier(epochs=1).fit(*data).predict(data[0])  # compiles, and starts threads of JAX
    threads, files = threading.enumerate(), open_files()
    for early_stopping in (False, True):
        model = small_classifier(early_stopping=early_stopping).fit(*data)
        pickle.loads(pickle.dumps(model)).predict(data[0])
    assert threading.enumerate() == threads
    assert open_files() == files
    assert not [*working.iterdir(), *temporary.iterdir()]
