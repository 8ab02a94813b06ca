"""RecurrentSentimentClassifier with a user's Keras callbacks."""

import threading

import numpy as np
import pytest

from seqsent._runtime.backend import import_keras

keras = import_keras()


class Record(keras.callbacks.Callback):
    """Record the numbers of epochs. The lock cannot be copied."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.epochs = []

    def on_epoch_end(self, epoch, logs=None):
        assert "log_loss" not in logs
        self.epochs.append(epoch)


def test_epoch_numbers_continue_over_fits(data, small_classifier):
    record = Record()
    model = small_classifier(callbacks=[record], warm_start=True).fit(*data)
    assert record.epochs == [0, 1]
    model.partial_fit(*data)
    model.fit(*data)
    assert record.epochs == [0, 1, 2, 3, 4]
    assert model.n_iter_ == 5


def test_fit_detaches_callbacks_from_the_model(data, small_classifier):
    record = Record()
    small_classifier(callbacks=[record]).fit(*data)
    assert record.model is None


def test_learning_rate_scheduler_continues_over_partial_fits(
    data, small_classifier, learning_rate_of
):
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))
    model = small_classifier(callbacks=[scheduler], num_words=60)
    for epoch in range(3):
        model.partial_fit(*data, classes=[0, 1])
        assert learning_rate_of(model) == pytest.approx(0.1 / (epoch + 1))


class Evaluate(keras.callbacks.Callback):
    """Evaluate, predict with and save the model after each epoch."""

    def __init__(self, X, y, path):
        super().__init__()
        self.X, self.y, self.path = X, y, path
        self.metrics = []

    def on_epoch_end(self, epoch, logs=None):
        X, y = self.X, self.y
        post_padded = np.array([np.roll(row, -(row == 0).sum()) for row in X])
        probabilities = self.model.predict(X, verbose=0)
        if probabilities.shape[1] == 1:
            probabilities = np.hstack([1 - probabilities, probabilities])
        losses = -np.log(probabilities[np.arange(len(y)), y])
        self.assert_loss(losses.mean(), X, y)
        if keras.backend.backend() != "tensorflow":  # traces a step for one shape of labels
            self.assert_loss(losses.mean(), X, y[:, np.newaxis])
        self.assert_loss(losses.mean(), X, y.astype(float), batch_size=16)
        self.assert_loss(losses.mean(), post_padded, y)
        self.assert_loss(losses.mean(), X, y, sample_weight=np.ones(len(y)))
        self.assert_loss(
            np.average(losses, weights=1 + y), X, y, sample_weight=1.0 + y, metric="log_loss"
        )
        self.model.save(self.path)
        self.metrics.append(self.model.evaluate(X, y, verbose=0))

    def assert_loss(self, expected, X, y, metric="log_loss", **arguments):
        metrics = self.model.evaluate(X, y, verbose=0, return_dict=True, **arguments)
        assert metrics[metric] == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [2, 3])
def test_callback_can_evaluate_and_save_the_model(n_classes, data, tmp_path, small_classifier):
    X = data[0][:32]
    y = X[:, -2] % n_classes
    callback = Evaluate(X, y, tmp_path / "model.keras")
    model = small_classifier(callbacks=[callback]).fit(X, y, X_val=X, y_val=y)
    expected = small_classifier().fit(X, y, X_val=X, y_val=y)
    assert model.history_ == expected.history_
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for network in (model.model_, loaded):
        metrics = network.evaluate(X, y, verbose=0)
        np.testing.assert_allclose(metrics, callback.metrics[-1], atol=1e-5)


@pytest.mark.parametrize("restores", [True, False])
def test_best_iter_follows_the_users_early_stopping(restores, data, small_classifier):
    X, _ = data
    y = np.random.default_rng(0).integers(2, size=90)
    stop = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=restores)
    model = small_classifier(callbacks=[stop], epochs=40, learning_rate=0.05)
    model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    losses = model.history_["val_loss"]
    assert model.n_iter_ == len(losses) < 40
    assert model.best_iter_ == (1 + int(np.argmin(losses)) if restores else model.n_iter_)


def test_best_iter_is_the_epoch_of_loaded_weights(data, tmp_path, small_classifier):
    path = tmp_path / "first.weights.h5"

    class LoadFirst(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                self.model.save_weights(path)

        def on_train_end(self, logs=None):
            self.model.load_weights(path)

    model = small_classifier(callbacks=[LoadFirst()], epochs=3).fit(*data)
    assert (model.n_iter_, model.best_iter_) == (3, 1)


def test_model_checkpoint_saves_weights(data, tmp_path, small_classifier):
    path = tmp_path / "best.weights.h5"
    checkpoint = keras.callbacks.ModelCheckpoint(path, save_weights_only=True, monitor="loss")
    model = small_classifier(callbacks=[checkpoint]).fit(*data)
    expected = model.model_.get_weights()
    model.model_.set_weights([np.zeros_like(weights) for weights in expected])
    model.model_.load_weights(path)
    for loaded, weights in zip(model.model_.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(loaded, weights)


def test_error_in_a_callback_leaves_the_classifier_unfitted(data, small_classifier):
    class Prune(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise RuntimeError("pruned")

    prune = Prune()
    model = small_classifier(callbacks=[prune], epochs=3)
    with pytest.raises(RuntimeError, match="pruned"):
        model.fit(*data)
    assert not hasattr(model, "classes_")
    assert not hasattr(model, "n_features_in_")
    assert prune.model is None
