"""Interrupts of a fit."""

import signal

import numpy as np
import pytest

from seqsent._nn.batches import Batches
from seqsent._runtime.backend import import_keras

keras = import_keras()

rng = np.random.default_rng(0)
X = rng.integers(3, 60, size=(96, 12), dtype=np.int32)
Y = (X[:, -2] > 30).astype(np.int32)  # Keras reads int64 with a warning of JAX 0.12


class Interrupt(keras.callbacks.Callback):
    """Send an interrupt in an epoch, before a batch or at its end."""

    def __init__(self, epoch, batch=2):
        super().__init__()
        self.at = epoch, batch
        self.weights = {}

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            signal.raise_signal(signal.SIGINT)

    def on_epoch_end(self, epoch, logs=None):
        self.weights[epoch] = self.model.get_weights()
        self.on_train_batch_begin("end")


@pytest.fixture(autouse=True)
def keyboard_interrupt():
    """Handle SIGINT as a foreground process does."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def assert_equal_weights(model, weights):
    for ours, expected in zip(model.model_.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize(
    "parameters", [{}, {"early_stopping": True}, {"optimizer": "sgd"}], ids=str
)
@pytest.mark.parametrize("batch", [0, 2, "end"])
def test_interrupted_fit_keeps_the_last_complete_epoch(batch, parameters, small_classifier):
    interrupt = Interrupt(2, batch)
    model = small_classifier(batch_size=16, epochs=5, callbacks=[interrupt], **parameters)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    n_epochs = 3 if batch == "end" else 2
    assert (model.n_iter_, model.best_iter_, len(model.loss_curve_)) == (n_epochs,) * 3
    assert_equal_weights(model, interrupt.weights[n_epochs - 1])
    assert np.isfinite(model.predict_proba(X)).all()
    assert model.model_.evaluate(X, Y, verbose=0)[0] == pytest.approx(
        -np.log(model.predict_proba(X)[np.arange(len(Y)), Y]).mean(), abs=1e-5
    )


def test_interrupted_fit_can_be_continued(small_classifier):
    model = small_classifier(batch_size=16, warm_start=True, callbacks=[Interrupt(1)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert model.set_params(callbacks=None).fit(X, Y).n_iter_ == 3


@pytest.mark.parametrize(("seconds", "n_epochs"), [(-1.0, 2), (1e9, 1)])
def test_interrupted_fit_without_callbacks_keeps_the_last_copy(
    seconds, n_epochs, small_classifier, monkeypatch
):
    shuffle, calls = Batches.shuffle, []

    def interrupt_third_epoch(batches, rng):
        calls.append(rng)
        if len(calls) == 3:
            raise KeyboardInterrupt
        shuffle(batches, rng)

    monkeypatch.setattr("seqsent._nn.train.history._SECONDS_BETWEEN_COPIES", seconds)
    monkeypatch.setattr(Batches, "shuffle", interrupt_third_epoch)
    model = small_classifier(optimizer="sgd", epochs=5)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    monkeypatch.undo()
    assert (model.n_iter_, model.best_iter_) == (n_epochs, n_epochs)
    expected = small_classifier(optimizer="sgd", epochs=n_epochs).fit(X, Y)
    assert model.history_ == expected.history_
    assert_equal_weights(model, expected.model_.get_weights())
