"""RecurrentSentimentClassifier: callbacks of the user's own."""

import threading

import numpy as np
import pytest

from seqsent._runtime.backend import import_keras

keras = import_keras()


class Look(keras.callbacks.Callback):
    """Records, and holds what cannot be copied."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.epochs = []

    def on_epoch_end(self, epoch, logs=None):
        assert "log_loss" not in logs
        self.epochs.append(epoch)


def test_callbacks_are_the_users_own(data, classifier):
    look = Look()
    model = classifier(callbacks=[look], warm_start=True).fit(*data)
    assert look.epochs == [0, 1]
    model.partial_fit(*data)
    model.fit(*data)
    assert look.epochs == [0, 1, 2, 3, 4]  # so that a schedule by epoch advances
    assert model.n_iter_ == 5
    assert look.model is None


def test_a_schedule_by_epoch_advances(data, classifier, rate_of):
    rates = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))
    model = classifier(callbacks=[rates], num_words=60)
    for epoch in range(3):
        model.partial_fit(*data, classes=[0, 1])
        assert rate_of(model) == pytest.approx(0.1 / (epoch + 1))


class Ask(keras.callbacks.Callback):
    """Asks the model in every way, as a user's own validation would."""

    def __init__(self, X, y, path):
        super().__init__()
        self.X, self.y, self.path = X, y, path
        self.figures = []

    def on_epoch_end(self, epoch, logs=None):
        X, y, quiet = self.X, self.y, {"verbose": 0}
        behind = np.array([np.roll(row, -(row == 0).sum()) for row in X])
        probabilities = self.model.predict(X, **quiet)
        of_labels = np.hstack([1 - probabilities, probabilities])
        if probabilities.shape[1] > 1:
            of_labels = probabilities
        loss = -np.log(of_labels[np.arange(len(y)), y])
        for evaluated, expected in [
            (self.model.evaluate(X, y, **quiet), loss.mean()),
            (self.model.evaluate(X, y[:, np.newaxis], **quiet), loss.mean()),
            (self.model.evaluate(X, y.astype(float), batch_size=16, **quiet), None),
            (self.model.evaluate(behind, y, **quiet), loss.mean()),
            (self.model.evaluate(X, y, sample_weight=np.ones(len(y)), **quiet), loss.mean()),
            (
                self.model.evaluate(X, y, sample_weight=1.0 + y, **quiet),
                np.average(loss, weights=1 + y),
            ),
        ]:
            names = dict(zip(self.model.metrics_names, evaluated, strict=False))
            assert np.isfinite(evaluated).all(), names
            if expected is not None:
                np.testing.assert_allclose(evaluated[-1], expected, atol=1e-5)
        self.model.save(self.path)
        self.figures.append(self.model.evaluate(X, y, **quiet))


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_callback_may_ask_the_model(n_classes, data, tmp_path, classifier):
    X = data[0][:32]
    y = X[:, -2] % n_classes
    ask = Ask(X, y, tmp_path / "model.keras")
    model = classifier(callbacks=[ask]).fit(X, y, X_val=X, y_val=y)
    plain = classifier().fit(X, y, X_val=X, y_val=y)
    assert model.history_ == plain.history_
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
    # Keras on TensorFlow cannot be asked in both forms, one after the other
    forms = [y] if keras.backend.backend() == "tensorflow" else [y, y[:, np.newaxis]]
    for labels in forms:
        after = model.model_.evaluate(X, labels, verbose=0)
        np.testing.assert_allclose(after, ask.figures[-1], atol=1e-5)
    opened = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(opened.evaluate(X, y, verbose=0), ask.figures[-1], atol=1e-5)


def test_early_stopping_of_the_users_own(data, classifier):
    X, _ = data
    noise = np.random.default_rng(0).integers(2, size=90)
    stop = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    model = classifier(callbacks=[stop], epochs=40, learning_rate=0.05)
    model.fit(X[:60], noise[:60], X_val=X[60:], y_val=noise[60:])
    losses = model.history_["val_loss"]
    assert model.n_iter_ == len(losses) < 40
    assert model.best_iter_ == 1 + int(np.argmin(losses))
    keeping = keras.callbacks.EarlyStopping("val_loss", patience=2)
    model.set_params(callbacks=[keeping]).fit(X[:60], noise[:60], X_val=X[60:], y_val=noise[60:])
    assert model.best_iter_ == model.n_iter_ < 40


def test_checkpoints_and_backups_of_the_users_own(data, tmp_path, classifier):
    X, y = data
    checkpoint = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.weights.h5", save_weights_only=True, monitor="loss", save_best_only=True
    )

    class GoBack(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            self.model.load_weights(tmp_path / "first.weights.h5")

        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                self.model.save_weights(tmp_path / "first.weights.h5")

    model = classifier(callbacks=[checkpoint, GoBack()], epochs=3).fit(X, y)
    assert (model.n_iter_, model.best_iter_) == (3, 1)
    assert (tmp_path / "best.weights.h5").exists()

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("power cut")

    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(RuntimeError, match="power cut"):
        classifier(callbacks=[backup, Stop()], epochs=5).fit(X, y)
    model = classifier(callbacks=[backup], epochs=5).fit(X, y)
    assert model.n_iter_ == 5
    assert len(model.loss_curve_) == 5


def test_a_callback_that_raises_changes_nothing(data, classifier):
    class Prune(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise RuntimeError("pruned")

    prune = Prune()
    unfitted = classifier(callbacks=[prune], epochs=3)
    with pytest.raises(RuntimeError, match="pruned"):
        unfitted.fit(*data)
    assert not hasattr(unfitted, "classes_")
    assert not hasattr(unfitted, "n_features_in_")
    assert prune.model is None
    assert classifier().fit(*data).n_iter_ == 2
