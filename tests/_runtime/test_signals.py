"""Ctrl-C at any moment: it reaches the caller, complete epochs are kept, and later fits work."""

import os
import signal
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pytest

from seqsent._runtime.backend import import_keras
from seqsent._runtime.signals import defer_signals

keras = import_keras()


@pytest.fixture(autouse=True)
def default_handler():
    """Raise KeyboardInterrupt, even in a background job of a shell, which ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_signals_are_deferred_to_the_end_of_the_outer_context():
    reached = []

    def work():
        with defer_signals():
            os.kill(os.getpid(), signal.SIGINT)
            with defer_signals():
                pass
            reached.append("end")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_handler_of_the_user_is_called_and_restored():
    received = []
    signal.signal(signal.SIGINT, lambda number, frame: received.append(number))
    handler = signal.getsignal(signal.SIGINT)
    with defer_signals():
        os.kill(os.getpid(), signal.SIGINT)
        assert not received
    assert received == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is handler


def test_other_threads_do_not_change_handlers():
    handlers = []

    def look():
        with defer_signals():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


class InterruptAfter(keras.callbacks.Callback):
    """Send SIGINT in the middle of an epoch, after a number of complete ones."""

    def __init__(self, n_epochs):
        super().__init__()
        self.n_epochs = n_epochs
        self.weights = None

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == self.n_epochs:
            self.weights = self.model.get_weights()

    def on_train_batch_begin(self, batch, logs=None):
        if self.n_epochs == 0 or (self.weights is not None and batch == 1):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(3, 60, size=(96, 12), dtype=np.int32)
    return X, (X[:, -2] > 30).astype(int)


def test_interrupted_fit_keeps_complete_epochs(data, small_classifier):
    callback = InterruptAfter(2)
    # the learning rate of "rmsprop" does not depend on the number of epochs
    small = partial(small_classifier, optimizer="rmsprop", batch_size=16)
    model = small(epochs=5, callbacks=[callback])
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data)
    assert (model.n_iter_, model.best_iter_, len(model.loss_curve_)) == (2, 2, 2)
    for kept, expected in zip(model.model_.get_weights(), callback.weights, strict=True):
        np.testing.assert_array_equal(kept, expected)
    complete = small(epochs=2).fit(*data)
    np.testing.assert_allclose(model.predict_proba(data[0]), complete.predict_proba(data[0]))
    assert model.set_params(callbacks=None).fit(*data).n_iter_ == 5


@pytest.mark.parametrize("is_fitted", [False, True])
def test_fit_interrupted_in_the_first_epoch_changes_nothing(is_fitted, data, small_classifier):
    model = small_classifier()
    if is_fitted:
        model.fit(*data)
    before = dict(vars(model))
    model.callbacks = [InterruptAfter(0)]
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data)
    model.callbacks = None
    assert vars(model) == before


# Interrupt fits and predictions at random moments, and check that later ones work.
STRESS = """
import os, random, signal, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np
from seqsent import RecurrentSentimentClassifier
from seqsent._runtime.backend import import_keras

# JAX compiles during the first moments; TensorFlow traces every network
delays = [0.5] * 8 + [0.08] * 42 if import_keras().backend.backend() == "jax" else [3] * 50
rng, random = np.random.default_rng(0), random.Random(0)
X = rng.integers(3, 60, size=(96, 12)).astype("int32")
y = (X[:, -2] > 30).astype(int)
n_interrupts = 0

for delay in delays:
    model = RecurrentSentimentClassifier(
        cell=random.choice(["simple", "lstm", "gru"]), state_dim=4, embed_dim=4, batch_size=16,
        epochs=6, dropout=0.2, random_state=0,
    )
    step = random.choice(["fit", "partial_fit", "predict"])
    if step != "fit":
        model.partial_fit(X, y, classes=[0, 1])
    before = dict(vars(model))
    arguments = os.getpid(), signal.SIGINT
    timer = threading.Timer(random.random() ** 2 * delay, os.kill, arguments)
    try:
        timer.start()
        if step == "predict":
            model.predict(X[: random.choice([1, 5, 40])])
        else:
            getattr(model, step)(X, y)
        timer.join()
        time.sleep(0.1)  # Python ignores an interrupt of a weak reference's callback
    except KeyboardInterrupt:
        n_interrupts += 1
        timer.join()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if vars(model) != before:
        assert 1 <= model.n_iter_ <= 6 and len(model.loss_curve_) == model.n_iter_
        assert np.isfinite(model.predict_proba(X)).all()
assert n_interrupts >= len(delays) - 3
"""


def test_interrupts_at_random_moments():
    command = [sys.executable, "-W", "ignore", "-c", STRESS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
