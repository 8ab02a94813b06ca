"""Ctrl-C at any moment: it reaches the caller, whole epochs stay, and later fits work."""

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from seqsent import RecurrentSentimentClassifier
from seqsent._nn.batches import Batches
from seqsent._runtime.backend import import_keras
from seqsent._runtime.signals import defer_signals, deliver

keras = import_keras()


@pytest.fixture(autouse=True)
def python_raises_keyboard_interrupt():
    """Hear the signal also where the tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_held_back_until_the_end():
    seen = []

    def work():
        with defer_signals():
            os.kill(os.getpid(), signal.SIGINT)
            with defer_signals():  # the inner one delivers nothing
                pass
            seen.append("went on")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert seen == ["went on"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_delivered_where_it_is_asked_for():
    with defer_signals():
        deliver()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            deliver()
        deliver()


def test_a_handler_of_the_users_own_is_called_and_left():
    called = []
    before = signal.signal(signal.SIGINT, lambda number, frame: called.append(number))
    ours = signal.getsignal(signal.SIGINT)
    try:
        with defer_signals():
            os.kill(os.getpid(), signal.SIGINT)
            assert not called
        assert called == [signal.SIGINT]
        assert signal.getsignal(signal.SIGINT) is ours
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_are_left_alone():
    handlers = []

    def look():
        with defer_signals():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


class InterruptAfter(keras.callbacks.Callback):
    """Sends the signal in mid-epoch, after some whole ones."""

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


def small(**parameters):
    defaults = {"state_dim": 4, "embed_dim": 4, "batch_size": 16, "epochs": 5, "random_state": 0}
    defaults["learning_rate_schedule"] = "constant"  # so that fewer epochs are the same epochs
    return RecurrentSentimentClassifier(**{**defaults, **parameters})


def test_the_last_whole_epoch_stays(data):
    callback = InterruptAfter(2)
    model = small(callbacks=[callback])
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data)
    assert (model.n_iter_, model.best_iter_, len(model.loss_curve_)) == (2, 2, 2)
    for kept, expected in zip(model.model_.get_weights(), callback.weights, strict=True):
        np.testing.assert_array_equal(kept, expected)
    whole = small(epochs=2).fit(*data)
    np.testing.assert_allclose(model.predict_proba(data[0]), whole.predict_proba(data[0]))
    assert model.set_params(callbacks=None).fit(*data).n_iter_ == 5


@pytest.mark.parametrize(("batch_size", "n_whole"), [(16, 1), (32, 2), (96, 2)])
def test_short_epochs_end_first(data, monkeypatch, batch_size, n_whole):
    """Without callbacks: the signal comes with a late batch of the second epoch."""
    given = Batches.__getitem__
    n_given = []

    def give(batches, index):
        n_given.append(index)
        last = 1 + 2 * len(batches)  # Keras looks at one first
        if len(n_given) == (last if len(batches) == 1 else last - 1):
            os.kill(os.getpid(), signal.SIGINT)
        return given(batches, index)

    model = small(batch_size=batch_size)
    with monkeypatch.context() as patch:
        patch.setattr(Batches, "__getitem__", give)
        with pytest.raises(KeyboardInterrupt):
            model.fit(*data)
    whole = small(batch_size=batch_size, epochs=n_whole).fit(*data)
    assert (model.n_iter_, model.best_iter_) == (n_whole, n_whole)
    assert model.history_ == whole.history_
    for kept, expected in zip(model.model_.get_weights(), whole.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, expected)


@pytest.mark.parametrize("is_fitted", [False, True])
def test_without_a_whole_epoch_all_stays_as_before(is_fitted, data):
    model = small()
    if is_fitted:
        model.fit(*data)
    before = dict(vars(model))
    model.callbacks = [InterruptAfter(0)]
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data)
    model.callbacks = None
    assert vars(model) == before


# Interrupts fits at moments of chance, and checks after each that all is whole.
STRESS = """
import os, random, signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np
from seqsent import RecurrentSentimentClassifier
from seqsent._runtime.backend import import_keras

# TensorFlow traces each network anew, PyTorch computes step by step
longest = (0.5, 0.08) if import_keras().backend.backend() == "jax" else (3, 3)
rng = np.random.default_rng(0)
X = rng.integers(3, 60, size=(96, 12)).astype("int32")
y = (X[:, -2] > 30).astype(int)
chance = random.Random(0)
armed, fired = threading.Event(), threading.Event()

def fire():
    while True:
        armed.wait()
        armed.clear()
        time.sleep(delay)
        os.kill(os.getpid(), signal.SIGINT)
        fired.set()

threading.Thread(target=fire, daemon=True).start()
counts = {"interrupted": 0, "kept": 0}
n_moments = int(sys.argv[1])
for moment in range(n_moments):
    # now and then a network that is new to the process: built, traced and compiled
    model = RecurrentSentimentClassifier(
        cell=chance.choice(["simple", "lstm", "gru"]), state_dim=4 + moment // 60,
        embed_dim=4, batch_size=16, epochs=6, dropout=0.2, random_state=0,
    )
    step = chance.choice(["fit", "partial_fit", "predict"])
    if step != "fit":
        model.partial_fit(X, y, classes=[0, 1])
    before = dict(vars(model))
    delay = chance.random() ** 2 * longest[moment % 60 >= 8]
    fired.clear()
    try:
        armed.set()
        if step == "fit":
            model.fit(X, y)
        elif step == "partial_fit":
            model.partial_fit(X, y)
        else:
            model.predict(X[: chance.choice([1, 5, 40])])
        while True:
            time.sleep(0.001)
    except KeyboardInterrupt:
        counts["interrupted"] += 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if vars(model) != before:
        counts["kept"] += 1
        assert 1 <= model.n_iter_ <= 6 and len(model.loss_curve_) == model.n_iter_
        assert np.isfinite(model.predict_proba(X)).all()
print(*counts.values())
"""


@pytest.mark.filterwarnings("ignore")
def test_many_moments():
    command = [sys.executable, "-W", "ignore", "-c", STRESS, "50"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    interrupted, kept = map(int, done.stdout.split())
    assert interrupted == 50
    assert kept > 0


def test_a_signal_from_outside(tmp_path):
    program = STRESS.partition("chance =")[0] + (
        "model = RecurrentSentimentClassifier(epochs=100_000, random_state=0, verbose=2)\n"
        "try:\n    model.fit(X, y)\n"
        "except KeyboardInterrupt:\n    print(model.n_iter_, model.score(X, y))\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    for epoch in (1, 2):
        assert child.stdout.readline().startswith(f"Epoch {epoch}/")
    child.send_signal(signal.SIGINT)
    shown, _ = child.communicate(timeout=60)
    n_epochs, accuracy = shown.splitlines()[-1].split()
    assert int(n_epochs) > 1
    assert float(accuracy) > 0.5
