"""The same answers on JAX, TensorFlow and torch.

Runs where SEQSENT_TEST_BACKENDS=all is set, on those of the backends that are installed: the
networks are pickled, and a process on another backend gives its answers.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from seqsent._runtime.backend import import_keras

Fitted = Callable[[str], Pipeline]

BACKEND = import_keras().backend.backend()
KINDS = ["simple", "lstm", "gru", "stacked", "both ways", "unmasked", "three classes"]
TEXTS = ["The film was dull at first, but in the end it was wonderful", "", "not good"]

# Reads pipelines, writes what the functions say about them.
PROGRAM = f"""
import pickle, sys
from seqsent import inspection

TEXTS = {TEXTS!r}
METHODS = ["gradient", "occlusion", "integrated_gradients"]

def answer(pipeline):
    scores = {{
        method: inspection.token_attributions(pipeline, TEXTS, method=method)["score"]
        for method in METHODS
    }}
    return {{
        "gates": inspection.gate_activations(pipeline, TEXTS[0], "all"),
        "lags": inspection.gradient_by_lag(pipeline, TEXTS),
        "running": inspection.running_sentiment(pipeline, TEXTS[0]),
        "states": inspection.hidden_states(pipeline, TEXTS),
        "neighbors": inspection.word_neighbors(pipeline, "film"),
        **scores,
    }}

with open(sys.argv[1], "rb") as file:
    pipelines = pickle.load(file)
answers = {{kind: answer(pipeline) for kind, pipeline in pipelines.items()}}
answers["backend"] = sys.modules["keras"].backend.backend()
with open(sys.argv[2], "wb") as file:
    pickle.dump(answers, file)
"""


def answers_on(backend: str, pipelines: Path, answers: Path) -> dict:
    """Return what a process on a backend says."""
    environment = {**os.environ, "KERAS_BACKEND": backend}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(pipelines), str(answers)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return pickle.loads(answers.read_bytes())


@pytest.mark.skipif(
    os.environ.get("SEQSENT_TEST_BACKENDS") != "all",
    reason="set SEQSENT_TEST_BACKENDS=all to compare backends",
)
@pytest.mark.parametrize(
    "other", [name for name in ("jax", "tensorflow", "torch") if name != BACKEND]
)
def test_other_backend(fitted: Fitted, tmp_path: Path, other: str) -> None:
    if find_spec(other) is None:
        pytest.skip(f"{other} is not installed")
    path = tmp_path / "pipelines.pkl"
    path.write_bytes(pickle.dumps({kind: fitted(kind) for kind in KINDS}))
    here = answers_on(BACKEND, path, tmp_path / "here.pkl")
    there = answers_on(other, path, tmp_path / "there.pkl")
    assert (here.pop("backend"), there.pop("backend")) == (BACKEND, other)
    assert here.keys() == there.keys() == set(KINDS)
    for kind in KINDS:
        for question, expected in here[kind].items():
            np.testing.assert_allclose(
                there[kind][question], expected, atol=1e-4, err_msg=f"{kind}, {question}"
            )
            if hasattr(expected, "index"):
                assert there[kind][question].index.to_list() == expected.index.to_list()
