"""Interrupted fits that resume with ``keras.callbacks.BackupAndRestore``."""

import json

import numpy as np
import pytest

from seqsent._runtime.backend import import_keras

keras = import_keras()
BackupAndRestore = keras.callbacks.BackupAndRestore

rng = np.random.default_rng(0)
X = rng.integers(3, 60, size=(90, 12), dtype=np.int32)
X[:40, :6] = 0
Y = (X[:, -2] > 30).astype(int)


class Fail(keras.callbacks.Callback):
    """Raise an error in an epoch: at a batch, or in ``on_train_end``."""

    def __init__(self, epoch, batch=2, error=OSError):
        super().__init__()
        self.at, self.error = (epoch, batch), error

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.at == (self.epoch, batch):
            raise self.error("killed")

    def on_train_end(self, logs=None):
        if self.at == (self.epoch, "end"):
            raise self.error("killed")


class FirstEpoch(keras.callbacks.Callback):
    """Record the epoch at which training begins."""

    epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch if self.epoch is None else self.epoch


@pytest.fixture
def make(small_classifier, tmp_path):
    """Return a function that makes a classifier with a backup and these callbacks."""

    def make(*callbacks, backup=True, **parameters):
        backups = [BackupAndRestore(tmp_path / "backup")] if backup else []
        small = {"cell": "simple", "ngram_range": (1, 2), "ngram_buckets": 50, "batch_size": 16}
        small["callbacks"] = [*callbacks, *backups]
        return small_classifier(**{"epochs": 5, **small, **parameters})

    return make


def assert_equal_fits(model, expected):
    for ours, theirs in zip(model.model_.get_weights(), expected.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert model.history_ == expected.history_
    assert (model.n_iter_, model.best_iter_) == (expected.n_iter_, expected.best_iter_)


# no epoch improves on the first, so that training stops after the fifth
STOPS = {"early_stopping": True, "tol": 10.0, "n_iter_no_change": 4, "epochs": 9}


@pytest.mark.parametrize(
    ("parameters", "failure", "resumes_at"),
    [
        ({}, (1, 0), 1),
        ({"shuffle": False, "optimizer": "rmsprop"}, (3, 4), 3),
        ({}, (4, "end"), None),
        (STOPS, (3, 2), 3),
        (STOPS, (4, "end"), None),
    ],
)
def test_resumed_fit_equals_an_uninterrupted_fit(parameters, failure, resumes_at, make, tmp_path):
    with pytest.raises(OSError, match="killed"):
        make(Fail(*failure), **parameters).fit(X, Y)
    assert (tmp_path / "backup").exists()
    first = FirstEpoch()
    model = make(first, **parameters).fit(X, Y)
    assert first.epoch == resumes_at
    assert_equal_fits(model, make(backup=False, **parameters).fit(X, Y))
    assert not (tmp_path / "backup").exists()


def test_resumed_fit_restores_keras_callbacks(make):
    def callbacks():
        stop = keras.callbacks.EarlyStopping("loss", min_delta=10.0, patience=4)
        stop.restore_best_weights = True
        return stop, keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=2, min_delta=10.0)

    options = {"epochs": 9, "optimizer": keras.optimizers.Adam(0.01)}
    with pytest.raises(OSError, match="killed"):
        make(*callbacks(), Fail(3), **options).fit(X, Y)
    model = make(*callbacks(), **options).fit(X, Y)
    expected = make(*callbacks(), backup=False, **options).fit(X, Y)
    assert_equal_fits(model, expected)
    assert (model.n_iter_, model.best_iter_) == (5, 1)


def test_resumed_fit_ignores_an_inconsistent_keras_backup(make, tmp_path):
    with pytest.raises(OSError, match="killed"):
        make(Fail(2)).fit(X, Y)
    # as if the process had been killed after Keras wrote the weights, before it wrote the epoch
    (tmp_path / "backup" / "training_metadata.json").write_text(json.dumps({"epoch": 1}))
    assert_equal_fits(make().fit(X, Y), make(backup=False).fit(X, Y))


def test_interrupt_of_a_resumed_fit_keeps_the_restored_epochs(make):
    with pytest.raises(OSError, match="killed"):
        make(Fail(2)).fit(X, Y)
    model = make(Fail(2, error=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert model.n_iter_ == len(model.loss_curve_) == 2


@pytest.mark.parametrize("change", [{"dropout": 0.1}, {"random_state": 1}, {"state_dim": 5}, {}])
def test_backup_of_another_fit_is_refused(change, make, tmp_path):
    with pytest.raises(OSError, match="killed"):
        make(Fail(2)).fit(X, Y)
    with pytest.raises(ValueError, match=r"backup of another fit.*Delete it"):
        make(**change).fit(X, Y if change else 1 - Y)
    assert make().fit(X, Y).n_iter_ == 5


def test_incomplete_backup_is_refused(make, tmp_path):
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "latest.weights.h5").touch()
    with pytest.raises(ValueError, match="incomplete backup"):
        make().fit(X, Y)


def test_backup_within_an_epoch_is_refused(make, tmp_path):
    with pytest.raises(ValueError, match="save_freq=2, but a fit resumes at the end of an epoch"):
        make(BackupAndRestore(tmp_path / "other", save_freq=2)).fit(X, Y)
