"""Inspection returns the same values on JAX, TensorFlow and PyTorch.

With SEQSENT_TEST_BACKENDS=all, a process on each installed backend inspects pickled pipelines.
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
KINDS = ["simple", "lstm", "gru", "stacked", "bidirectional", "unmasked", "three classes"]
TEXTS = ["The film was dull at first, but in the end it was wonderful", "", "not good"]

# reads pipelines from one file and writes the results of all functions to another
PROGRAM = f"""
import pickle, sys
from seqsent import inspection

TEXTS = {TEXTS!r}
METHODS = ["gradient", "occlusion", "integrated_gradients"]

def inspect(pipeline):
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
results = {{kind: inspect(pipeline) for kind, pipeline in pipelines.items()}}
results["backend"] = sys.modules["keras"].backend.backend()
with open(sys.argv[2], "wb") as file:
    pickle.dump(results, file)
"""


def results_on(backend: str, pipelines: Path, results: Path) -> dict:
    """Return the results of a process on a backend."""
    environment = {**os.environ, "KERAS_BACKEND": backend}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(pipelines), str(results)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return pickle.loads(results.read_bytes())


@pytest.mark.skipif(
    os.environ.get("SEQSENT_TEST_BACKENDS") != "all",
    reason="set SEQSENT_TEST_BACKENDS=all to compare backends",
)
@pytest.mark.parametrize(
    "other", [name for name in ("jax", "tensorflow", "torch") if name != BACKEND]
)
def test_results_equal_those_of_another_backend(fitted: Fitted, tmp_path: Path, other: str) -> None:
    if find_spec(other) is None:
        pytest.skip(f"{other} is not installed")
    path = tmp_path / "pipelines.pkl"
    path.write_bytes(pickle.dumps({kind: fitted(kind) for kind in KINDS}))
    here = results_on(BACKEND, path, tmp_path / "here.pkl")
    there = results_on(other, path, tmp_path / "there.pkl")
    assert (here.pop("backend"), there.pop("backend")) == (BACKEND, other)
    assert here.keys() == there.keys() == set(KINDS)
    for kind in KINDS:
        for name, expected in here[kind].items():
            np.testing.assert_allclose(
                there[kind][name], expected, atol=1e-4, err_msg=f"{kind}, {name}"
            )
            if hasattr(expected, "index"):
                assert there[kind][name].index.to_list() == expected.index.to_list()
