"""Forked processes predict with numpy, and refuse to fit."""

import json
import os
import pickle
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest
from sklearn.base import clone

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")

TEXTS = ["a good film", "not a good film", "bad", "not bad at all, good", "", "bad film"] * 5
LABELS = ["pos", "neg", "neg", "pos", "neg", "neg"] * 5


@pytest.fixture(scope="module")
def fitted(small_pipeline):
    return small_pipeline(cell="gru").fit(TEXTS, LABELS)


def in_forked_child(function, seconds=20):
    """Return the result of a function in a forked child, or the text of its exception."""
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
    def test_predictions_are_equal_in_child_and_parent(self, fitted):
        expected, pickled = fitted.predict_proba(TEXTS), pickle.dumps(fitted)
        for load in (lambda: fitted, lambda: pickle.loads(pickled)):
            probabilities = in_forked_child(lambda load=load: load().predict_proba(TEXTS))
            np.testing.assert_allclose(probabilities, expected, atol=1e-6)
        np.testing.assert_array_equal(fitted.predict_proba(TEXTS), expected)

    @pytest.mark.parametrize("what", ["fit", "partial_fit", "model_"])
    def test_backend_is_refused(self, what, fitted):
        functions = {
            "fit": lambda: fitted.fit(TEXTS, LABELS),
            "partial_fit": lambda: clone(fitted[-1]).partial_fit([[1, 2]], [0], [0, 1]),
            "model_": lambda: pickle.loads(pickle.dumps(fitted))[-1].model_,
        }
        error = in_forked_child(functions[what], seconds=5)
        assert error.startswith("RuntimeError")
        assert "loky" in error
        assert "spawn" in error


def run(program):
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.split()


def test_child_fits_if_the_parent_has_not_started_the_backend():
    program = """
import os
from seqsent import RecurrentSentimentClassifier
if os.fork() == 0:
    model = RecurrentSentimentClassifier(epochs=1).fit([[1, 2], [3, 4]] * 5, [0, 1] * 5)
    print(model.n_iter_, flush=True)
    os._exit(0)
os.wait()
"""
    assert run(program) == ["1"]


def test_child_exits_normally():
    program = """
import os, sys
from seqsent import make_sentiment_pipeline
model = make_sentiment_pipeline("gru", maxlen=4, epochs=1).fit(["good", "bad"] * 10, [1, 0] * 10)
model.predict(["good film"])
pid = os.fork()
if pid == 0:
    print(len(model.predict(["good film"])), flush=True)
    sys.exit(7)  # destroys the objects of JAX, unlike os._exit
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    assert run(program) == ["1", "7"]


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


def test_gunicorn_preload(tmp_path, serve):
    pytest.importorskip("gunicorn")
    (tmp_path / "served.py").write_text(APP)
    command = ["gunicorn", "--preload", "--workers=2", "--timeout=20", "--bind=127.0.0.1:0"]
    address = serve([*command, "served:app"], r"Listening at: (\S+)")
    for _ in range(6):
        with urllib.request.urlopen(f"{address}?text=good+film", timeout=15) as response:
            found, expected = json.load(response)
        np.testing.assert_allclose(found, expected, atol=1e-6)
