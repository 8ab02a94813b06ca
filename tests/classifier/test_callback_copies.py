"""Clones and pickles of a fitted RecurrentSentimentClassifier with callbacks."""

import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_validate

from seqsent._runtime.backend import import_keras

keras = import_keras()


class Board(keras.callbacks.Callback):
    """Open a file and a lock and store the model during a fit, as TensorBoard does."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.lock = threading.Lock()
        self.steps = []
        self.counts = {}

    def on_train_begin(self, logs=None):
        self.file, self.event, self.fitted = self.path.open("a"), threading.Event(), self.model

    def on_epoch_end(self, epoch, logs=None):
        with self.lock:
            self.file.write(f"{epoch}\n")
            self.steps.append(epoch)
            self.counts[epoch] = 1

    def on_train_end(self, logs=None):
        self.file.close()


def callbacks_that_hold_files(folder):
    return {
        "CSVLogger": keras.callbacks.CSVLogger(folder / "log.csv"),
        "BackupAndRestore": keras.callbacks.BackupAndRestore(folder / "backup"),
        "EarlyStopping": keras.callbacks.EarlyStopping("loss", restore_best_weights=True),
        "ModelCheckpoint": keras.callbacks.ModelCheckpoint(folder / "best.keras", monitor="loss"),
        "custom": Board(folder / "board.txt"),
    }


@pytest.mark.parametrize("name", callbacks_that_hold_files(Path()))
def test_a_fitted_classifier_with_a_callback_can_be_cloned(name, data, tmp_path, small_classifier):
    callback = callbacks_that_hold_files(tmp_path)[name]
    fitted = small_classifier(callbacks=[callback]).fit(*data).fit(*data)
    (copied,) = clone(clone(fitted)).callbacks
    assert copied is not callback
    assert type(copied) is type(callback)
    assert getattr(copied, "best_weights", None) is None
    assert clone(fitted).fit(*data).n_iter_ == 2


@pytest.mark.parametrize("name", ["CSVLogger", "BackupAndRestore", "EarlyStopping"])
def test_fitted_classifier_with_a_callback_can_be_pickled(name, data, tmp_path, small_classifier):
    callback = callbacks_that_hold_files(tmp_path)[name]
    fitted = small_classifier(callbacks=[callback]).fit(*data)
    other = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(other.predict_proba(data[0]), fitted.predict_proba(data[0]))
    assert other.fit(*data).n_iter_ == 2


@pytest.mark.slow
def test_fitted_classifier_with_a_csv_logger_can_be_cross_validated(
    data, tmp_path, small_classifier
):
    logger = keras.callbacks.CSVLogger(tmp_path / "log.csv", append=True)
    fitted = small_classifier(callbacks=[logger]).fit(*data)
    assert cross_validate(fitted, *data, cv=2, n_jobs=2)["test_score"].shape == (2,)
    assert (tmp_path / "log.csv").read_text().count("\n") >= 4


def test_clone_keeps_attributes_that_the_user_changed_after_the_fit(data, small_classifier):
    stop = keras.callbacks.EarlyStopping("loss", patience=5)
    fitted = small_classifier(callbacks=[stop]).fit(*data)
    stop.patience, stop.wait = 7, 100
    copied = clone(fitted).callbacks[0]
    assert (copied.patience, copied.wait) == (7, 100)


def test_pickle_keeps_what_a_callback_recorded(data, small_classifier):
    history = keras.callbacks.History()
    fitted = small_classifier(callbacks=(history,)).fit(*data)
    (copied,) = pickle.loads(pickle.dumps(fitted)).callbacks
    assert copied.epoch == [0, 1]
    assert copied.history == history.history
