"""A forked child predicts without the backend, whose threads it does not have; it fits nothing."""

import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest

from seqsent import RecurrentSentimentClassifier, make_sentiment_pipeline
from seqsent._nn.model.architecture import Architecture
from seqsent._nn.model.initializers import InitialWeights
from seqsent._nn.model.numpy_forward import NumpyNetwork
from seqsent._runtime.backend import import_keras

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
keras = import_keras()

TEXTS = ["a good film", "not a good film", "bad", "not bad at all, good", "", "bad film"] * 5
LABELS = ["pos", "neg", "neg", "pos", "neg", "neg"] * 5


# The numpy form against the stock layers


@pytest.fixture(scope="module")
def ids():
    rng = np.random.default_rng(0)
    rows = rng.integers(1, 40, size=(9, 23), dtype=np.int32)
    for row, padding in zip(rows, [0, 1, 5, 14, 22, 23, 0, 3, 9], strict=True):
        row[:padding] = 0
    rows[6, 7] = 0  # between words
    return rows


@pytest.mark.parametrize("mask_padding", [True, False])
@pytest.mark.parametrize("pooling", ["last", "max", "mean", ("max", "mean")])
@pytest.mark.parametrize("shape", [(1, False), (2, True)], ids=["one layer", "two, both ways"])
@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
def test_numpy_predicts_what_keras_does(cell, shape, pooling, mask_padding, ids):
    n_layers, bidirectional = shape
    n_outputs = 3 if pooling == "mean" else 1
    architecture = Architecture(
        cell=cell, state_dim=5, embed_dim=4, n_words=40, n_outputs=n_outputs, n_layers=n_layers,
        bidirectional=bidirectional, pooling=pooling, mask_padding=mask_padding, dropout=0.2,
        train_embedding=pooling != "max",
    )  # fmt: skip
    rng = np.random.default_rng(1)
    model = architecture.assemble(InitialWeights(rng, time_scale=20))
    weights = [w + rng.normal(scale=0.3, size=w.shape) for w in model.get_weights()]
    model.set_weights([w.astype(np.float32) for w in weights])
    ours = NumpyNetwork(architecture, model.get_weights()).predict(ids)
    np.testing.assert_allclose(ours, model.predict(ids, verbose=0), atol=1e-6)


def test_a_cell_without_a_numpy_form(monkeypatch):
    from seqsent._nn.model.cells import CELLS, Cell

    monkeypatch.setitem(CELLS, "other", Cell(layer=keras.layers.SimpleRNN))
    architecture = Architecture(cell="other", n_words=5, n_outputs=1)
    with pytest.raises(ValueError, match="cell='other' has no numpy forward pass"):
        NumpyNetwork(architecture, [])


# Forked processes


@pytest.fixture(scope="module")
def fitted():
    small = {"state_dim": 4, "embed_dim": 4, "epochs": 2, "maxlen": 8, "random_state": 0}
    return make_sentiment_pipeline("gru", **small).fit(TEXTS, LABELS)


def in_forked_child(function, seconds=20):
    """Return what a forked child makes of a function: its result, or its exception."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            result = function()
        except BaseException as error:
            result = f"{type(error).__name__}: {error}"
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(result, pipe)
        os._exit(0)
    os.close(write)
    end = time.monotonic() + seconds
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > end:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            pytest.fail("the child hangs")
        time.sleep(0.01)
    with os.fdopen(read, "rb") as pipe:
        return pickle.load(pipe)


@pytest.mark.filterwarnings("ignore:os.fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
class TestFork:
    def test_predicts_the_same(self, fitted):
        expected = fitted.predict_proba(TEXTS)
        found = in_forked_child(lambda: fitted.predict_proba(TEXTS))
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert in_forked_child(lambda: fitted.predict(TEXTS).tolist()) == list(
            fitted.predict(TEXTS)
        )

    def test_predicts_with_what_a_pickle_holds(self, fitted):
        expected = fitted.predict_proba(TEXTS)
        data = pickle.dumps(fitted)
        found = in_forked_child(lambda: pickle.loads(data).predict_proba(TEXTS))
        np.testing.assert_allclose(found, expected, atol=1e-6)

    def test_fits_nothing_and_says_what_to_do(self, fitted):
        answers = [
            in_forked_child(lambda: fitted.fit(TEXTS, LABELS), seconds=5),
            in_forked_child(
                lambda: RecurrentSentimentClassifier().partial_fit([[1, 2]], [0], [0, 1]),
                seconds=5,
            ),
            in_forked_child(lambda: pickle.loads(pickle.dumps(fitted))[-1].model_, seconds=5),
        ]
        for answer in answers:
            assert answer.startswith("RuntimeError")
            assert "loky" in answer
            assert "spawn" in answer

    def test_a_pool(self, fitted):
        with multiprocessing.get_context("fork").Pool(2) as pool:
            found = pool.map_async(fitted.predict_proba, [TEXTS[:3], TEXTS[3:6]]).get(30)
        np.testing.assert_allclose(np.vstack(found), fitted.predict_proba(TEXTS[:6]), atol=1e-6)

    def test_the_parent_goes_on(self, fitted):
        in_forked_child(lambda: fitted.predict(TEXTS))
        assert fitted.predict_proba(TEXTS).shape == (30, 2)


def test_a_fork_before_the_backend_begins_to_work_uses_it():
    program = """
import os, sys
import numpy as np
from seqsent import RecurrentSentimentClassifier
if os.fork() == 0:
    model = RecurrentSentimentClassifier(epochs=1).fit([[1, 2], [3, 4]] * 5, [0, 1] * 5)
    print(model.n_iter_, flush=True)
    os._exit(0)
os.wait()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["1"]


def test_a_fork_that_has_predicted_ends():
    program = """
import os, sys
from seqsent import make_sentiment_pipeline
model = make_sentiment_pipeline("gru", maxlen=4, epochs=1).fit(["good", "bad"] * 10, [1, 0] * 10)
model.predict(["good film"])
pid = os.fork()
if pid == 0:
    print(len(model.predict(["good film"])), flush=True)
    sys.exit(7)  # in Python's own way, which destroys what the backend holds
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["1", "7"]


APP = """
import json
from urllib.parse import parse_qs
from seqsent import make_sentiment_pipeline

texts, labels = ["good", "bad"] * 10, [1, 0] * 10
model = make_sentiment_pipeline("gru", maxlen=4, epochs=1, random_state=0).fit(texts, labels)
expected = model.predict_proba(["good film"]).tolist()  # a request to warm up

def app(environ, start_response):
    text = parse_qs(environ["QUERY_STRING"])["text"][0]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([model.predict_proba([text]).tolist(), expected]).encode()]
"""


def test_gunicorn_that_loads_before_it_forks(tmp_path, serve):
    pytest.importorskip("gunicorn")
    (tmp_path / "served.py").write_text(APP)
    command = ["gunicorn", "--preload", "--workers=2", "--timeout=20", "--bind=127.0.0.1:0"]
    address = serve([*command, "served:app"], r"Listening at: (\S+)")
    for _ in range(6):
        with urllib.request.urlopen(f"{address}?text=good+film", timeout=15) as response:
            found, expected = json.load(response)
        np.testing.assert_allclose(found, expected, atol=1e-6)
