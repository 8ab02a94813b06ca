"""A training that is killed and begun again ends as if nothing had happened."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from seqsent import RecurrentSentimentClassifier
from seqsent._runtime.backend import import_keras

keras = import_keras()
BackupAndRestore = keras.callbacks.BackupAndRestore
ModelCheckpoint = keras.callbacks.ModelCheckpoint
IS_JAX = keras.backend.backend() == "jax"

rng = np.random.default_rng(0)
X = rng.integers(3, 60, size=(90, 12), dtype=np.int32)
X[:40, :6] = 0
Y = (X[:, -2] > 30).astype(int)

# no epoch counts as better than the first, so that four others are the last
EARLY = {"early_stopping": True, "tol": 10.0, "n_iter_no_change": 4, "epochs": 9}
# what is trained, the epoch and batch in which it is killed, and how often it is stored
LIVES = {
    "that stops early": (EARLY, (3, 2), "epoch"),
    "that has stopped": (EARLY, (4, "end"), "epoch"),
    "of whole epochs": ({}, (2, 5), "epoch"),
    "in its first epoch": ({}, (0, 4), 2),
    "in a later epoch": ({}, (3, 4), 2),
}


def classifier(name, callbacks=()):
    return RecurrentSentimentClassifier(
        cell="simple",
        state_dim=4,
        embed_dim=4,
        ngram_range=(1, 2),
        ngram_buckets=50,
        lazy_updates=True if IS_JAX else None,
        batch_size=16,
        learning_rate=0.02,
        random_state=0,
        callbacks=list(callbacks),
        **{"epochs": 5, **LIVES[name][0]},
    )


def fit(name, callbacks=()):
    return classifier(name, callbacks).fit(X, Y)


def keepers(name, folder):
    """Return a backup and checkpoints in a folder."""
    best = {"monitor": "loss", "save_best_only": True, "save_weights_only": True}
    return [
        ModelCheckpoint(folder / "best.weights.h5", **best),
        ModelCheckpoint(folder / "last.keras"),
        BackupAndRestore(folder / "backup", save_freq=LIVES[name][2], double_checkpoint=True),
    ]


class Die(keras.callbacks.Callback):
    """Ends the process without a chance to tidy up, once all trainings have come so far."""

    def __init__(self, name, barrier):
        super().__init__()
        self.place, self.barrier = LIVES[name][1], barrier

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        self.on_train_batch_end("end")

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            self.barrier.wait(200)
            os.kill(os.getpid(), signal.SIGKILL)


def die(folder):
    """Begin all trainings, each in a thread of its own, and end in the middle of them."""
    barrier = threading.Barrier(len(LIVES))
    threads = []
    for name in LIVES:
        callbacks = [*keepers(name, folder / name), Die(name, barrier)]
        threads.append(threading.Thread(target=fit, args=(name, callbacks)))
        threads[-1].start()
    for thread in threads:
        thread.join()


@pytest.fixture(scope="module")
def remains(tmp_path_factory):
    """The folder of what a killed process has left."""
    folder = tmp_path_factory.mktemp("killed")
    killed = subprocess.run([sys.executable, __file__, folder], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    return folder


def assert_equal_trainings(model, other):
    for ours, expected in zip(model.model_.weights, other.model_.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), expected.numpy())
    assert model.history_ == other.history_
    assert (model.n_iter_, model.best_iter_) == (other.n_iter_, other.best_iter_)
    np.testing.assert_array_equal(model.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("name", LIVES)
def test_a_killed_training_goes_on_to_the_same_end(name, remains, tmp_path):
    folder = shutil.copytree(remains / name, tmp_path / "killed")
    assert (folder / "backup").exists()
    begun = []
    note = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
    model = fit(name, [*keepers(name, folder), note])
    assert begun[:1] == ([] if name == "that has stopped" else [LIVES[name][1][0]])
    unbroken = fit(name, keepers(name, tmp_path / "unbroken"))
    assert_equal_trainings(model, unbroken)
    assert len(model.loss_curve_) == model.n_iter_ == 5
    assert model.best_iter_ == (1 if LIVES[name][0] == EARLY else 5)
    assert not (folder / "backup").exists()
    for file in ("best.weights.h5", "last.keras"):
        weights = []
        for place in (folder, tmp_path / "unbroken"):
            unbroken.model_.load_weights(place / file)
            weights.append([value.numpy() for value in unbroken.model_.weights])
        for ours, expected in zip(*weights, strict=True):
            np.testing.assert_array_equal(ours, expected)


def test_a_backup_of_another_training_is_refused(remains, tmp_path):
    folder = shutil.copytree(remains / "of whole epochs" / "backup", tmp_path / "backup")
    model = classifier("of whole epochs", [BackupAndRestore(folder)])
    for changed, y in [({"dropout": 0.1}, Y), ({"random_state": 1}, Y), ({}, 1 - Y)]:
        with pytest.raises(ValueError, match=r"another training.*Remove it"):
            clone(model).set_params(**changed).fit(X, y)
    assert folder.exists()
    assert model.fit(X, Y).n_iter_ == 5


def test_weights_that_are_merely_read_are_no_backup(remains, tmp_path):
    class Read(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.save_weights(tmp_path / "begun.weights.h5")
            self.model.load_weights(remains / "of whole epochs" / "backup" / "latest.weights.h5")

    model = fit("of whole epochs", [Read()])
    unbroken = fit("of whole epochs")
    assert model.n_iter_ == len(model.loss_curve_) == 5
    assert model.loss_curve_[0] < unbroken.loss_curve_[0]  # it began with better weights


if __name__ == "__main__":
    die(Path(sys.argv[1]))
