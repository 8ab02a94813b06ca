"""Searches and predictions on a Dask cluster of two worker processes."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews

distributed = pytest.importorskip("distributed")

EXAMPLES = Path(__file__).parents[1] / "examples"
GRID = {"classifier__state_dim": [4, 8]}

# warnings of Dask are no errors here
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def client():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        client.wait_for_workers(2)
        yield client


@pytest.fixture(scope="module")
def data():
    return make_reviews(300, return_X_y=True, random_state=0)


@pytest.fixture
def pipeline(small_pipeline):
    return small_pipeline(cell="simple", epochs=1)


def test_search_on_dask_equals_serial_search(client, data, pipeline):
    texts, labels = pd.Series(data[0]), pd.Series(data[1])
    serial = GridSearchCV(pipeline, GRID, cv=3).fit(texts, labels)
    with joblib.parallel_config("dask"):
        distributed_search = clone(serial).fit(texts, labels)
    for number in range(3):
        name = f"split{number}_test_score"
        np.testing.assert_array_equal(
            distributed_search.cv_results_[name], serial.cv_results_[name]
        )
    np.testing.assert_allclose(
        distributed_search.predict_proba(texts), serial.predict_proba(texts), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("preset", [None, "accurate"])
def test_unfitted_pipeline_pickles_to_few_bytes(preset):
    assert len(pickle.dumps(make_sentiment_pipeline(preset=preset))) < 10_000


def test_search_continues_after_a_worker_was_killed(client, data, pipeline, tmp_path):
    killed = tmp_path / "killed"

    def score(pipeline, texts, labels):
        if not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return pipeline.score(texts, labels)

    texts, labels = data[0].tolist(), data[1].tolist()
    folds = [(a.tolist(), b.tolist()) for a, b in StratifiedKFold(3).split(labels, labels)]
    serial = GridSearchCV(pipeline, GRID, cv=folds).fit(texts, labels)
    distributed_search = GridSearchCV(pipeline, GRID, cv=folds, scoring=score, refit=False)
    with joblib.parallel_config("dask"):
        distributed_search.fit(texts, labels)
    assert killed.exists()
    np.testing.assert_array_equal(
        distributed_search.cv_results_["mean_test_score"], serial.cv_results_["mean_test_score"]
    )
    client.wait_for_workers(2)  # the nanny restarts the worker


@pytest.mark.parametrize("n_workers", [1, 2])
def test_score_parquet_equals_predict_proba(n_workers, client, data, pipeline, tmp_path):
    pytest.importorskip("pyarrow")
    texts, labels = data
    pipeline.fit(texts, labels)
    joblib.dump(pipeline, tmp_path / "model.joblib")
    (tmp_path / "texts").mkdir()
    expected = []
    for number in range(3):
        frame = make_reviews(500, as_frame=True, random_state=number).frame[["text"]]
        frame.to_parquet(tmp_path / "texts" / f"part-{number}.parquet")
        probabilities = pipeline.predict_proba(frame["text"])
        expected.append(
            frame.assign(
                predicted=probabilities.argmax(axis=1), probability=probabilities.max(axis=1)
            )
        )
    # the script starts a cluster, or connects to a running one
    cluster = ["--workers", "1"] if n_workers == 1 else ["--address", client.scheduler.address]
    command = [
        sys.executable, "-Werror", EXAMPLES / "score_parquet.py", "--model", "model.joblib",
        "--texts", "texts", "--output", "scored", *cluster,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout)  # noqa: T201  pytest -rP shows it
    assert (
        f"1500 texts, {int(done.stdout.split()[2])} per second on {n_workers} work" in done.stdout
    )
    found = pd.read_parquet(tmp_path / "scored")
    whole = pd.concat(expected).reset_index(drop=True)
    assert found["text"].tolist() == whole["text"].tolist()
    np.testing.assert_array_equal(found["predicted"], whole["predicted"])
    np.testing.assert_allclose(found["probability"], whole["probability"], atol=1e-5)
