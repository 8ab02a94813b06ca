"""Searches and predictions on a cluster of Dask: a scheduler and two worker processes."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews

distributed = pytest.importorskip("distributed")

EXAMPLES = Path(__file__).parents[1] / "examples"
GRID = {"classifier__state_dim": [4, 8]}

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # theirs are theirs


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        client.wait_for_workers(2)
        yield client


@pytest.fixture(scope="module")
def data() -> tuple[Any, Any]:
    return make_reviews(300, return_X_y=True, random_state=0)


def new_pipeline() -> Any:
    return make_sentiment_pipeline("simple", maxlen=20, epochs=1, random_state=0)


def test_scores_are_those_of_a_serial_search(client, data):
    texts, labels = pd.Series(data[0]), pd.Series(data[1])
    serial, distant = (GridSearchCV(new_pipeline(), GRID, cv=3) for _ in range(2))
    serial.fit(texts, labels)
    with joblib.parallel_config("dask"):
        distant.fit(texts, labels)
    for number in range(3):
        name = f"split{number}_test_score"
        np.testing.assert_array_equal(distant.cv_results_[name], serial.cv_results_[name])
    np.testing.assert_allclose(
        distant.predict_proba(texts), serial.predict_proba(texts), rtol=0, atol=1e-6
    )


def test_what_travels_is_small():
    assert len(pickle.dumps(new_pipeline())) < 10_000
    assert len(pickle.dumps(make_sentiment_pipeline(preset="accurate"))) < 10_000


def test_a_search_survives_the_loss_of_a_worker(client, data, tmp_path):
    lost = tmp_path / "lost"

    def score(pipeline, texts, labels):
        if not lost.exists():
            lost.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return pipeline.score(texts, labels)

    texts, labels = data[0].tolist(), data[1].tolist()
    folds = [(a.tolist(), b.tolist()) for a, b in StratifiedKFold(3).split(labels, labels)]
    serial = GridSearchCV(new_pipeline(), GRID, cv=folds).fit(texts, labels)
    distant = GridSearchCV(new_pipeline(), GRID, cv=folds, scoring=score, refit=False)
    with joblib.parallel_config("dask"):
        distant.fit(texts, labels)
    assert lost.exists()
    np.testing.assert_array_equal(
        distant.cv_results_["mean_test_score"], serial.cv_results_["mean_test_score"]
    )
    client.wait_for_workers(2)  # a nanny starts another in its place


@pytest.mark.parametrize("n_workers", [1, 2])
def test_parquet_is_scored_as_in_one_process(n_workers, client, data, tmp_path):
    pytest.importorskip("pyarrow")
    texts, labels = data
    pipeline = new_pipeline().fit(texts, labels)
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
    # a cluster of its own, and one that is there
    where = ["--workers", "1"] if n_workers == 1 else ["--address", client.scheduler.address]
    command = [
        sys.executable, "-Werror", EXAMPLES / "score_parquet.py", "--model", "model.joblib",
        "--texts", "texts", "--output", "scored", *where,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout)  # noqa: T201  shown by pytest -rP
    assert (
        f"1500 texts, {int(done.stdout.split()[2])} per second on {n_workers} work" in done.stdout
    )
    found = pd.read_parquet(tmp_path / "scored")
    whole = pd.concat(expected).reset_index(drop=True)
    assert found["text"].tolist() == whole["text"].tolist()
    np.testing.assert_array_equal(found["predicted"], whole["predicted"])
    np.testing.assert_allclose(found["probability"], whole["probability"], atol=1e-5)
