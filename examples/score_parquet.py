"""
================================
Scoring texts larger than memory
================================

``dask.dataframe`` reads a directory of Parquet files part by part, a fitted Pipeline predicts each
part, and the answers are written as Parquet again, on several processes or machines at once
(``pip install ".[dask]"``)::

    python score_parquet.py
    python score_parquet.py --model model.joblib --texts reviews/ --output scored/ --workers 2
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import joblib
import pandas as pd
from dask.distributed import Client, LocalCluster, WorkerPlugin, get_worker

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews


# %%
# Options
# -------
def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Predict the texts of Parquet files.")
    parser.add_argument("--model", type=Path, help="a fitted Pipeline, stored by joblib")
    parser.add_argument("--texts", type=Path, help="directory with a column of texts")
    parser.add_argument("--column", default="text")
    parser.add_argument("--output", type=Path, help="directory that the answers are written to")
    parser.add_argument("--address", help="of a scheduler; without, a cluster is started here")
    parser.add_argument("--workers", type=int, default=2, help="processes of that cluster")
    options = parser.parse_args()
    if (options.model is None) != (options.texts is None):
        parser.error("--model and --texts belong together: what to predict with, and what")
    return options


# %%
# Something to score
# ------------------
# Without options, reviews of the library's own in eight files, and a model that has learned others.
def make_files(folder: Path) -> tuple[Path, Path]:
    """Return the paths of a model and of a directory of texts."""
    texts, labels = make_reviews(1000, return_X_y=True, random_state=0)
    pipeline = make_sentiment_pipeline("gru", maxlen=50, batch_size=32, epochs=4, random_state=0)
    joblib.dump(pipeline.fit(texts, labels), folder / "model.joblib")
    (folder / "texts").mkdir()
    for number in range(8):
        frame = make_reviews(2500, as_frame=True, random_state=1 + number).frame
        frame[["text"]].to_parquet(folder / "texts" / f"part-{number}.parquet")
    return folder / "model.joblib", folder / "texts"


# %%
# One model for each worker
# -------------------------
# A plugin loads it when the worker starts, also when that takes the place of one that died. On
# several machines the path must be one that all of them see.
class Model(WorkerPlugin):
    """Loads a Pipeline once in each worker."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def setup(self, worker: Any) -> None:
        worker.sentiment = joblib.load(self.path)


def score(part: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a part with what the model says of its texts."""
    pipeline = get_worker().sentiment
    probabilities = pipeline.predict_proba(part[column])
    labels = pipeline.classes_[probabilities.argmax(axis=1)]
    return part.assign(predicted=labels, probability=probabilities.max(axis=1))


# %%
# From files to files
# -------------------
# ``meta`` tells Dask the columns to come. No process holds more than a few parts at a time.
def main() -> None:
    options = parse_options()
    with tempfile.TemporaryDirectory() as folder:
        model, texts = options.model, options.texts
        if model is None:
            model, texts = make_files(Path(folder))
        output = options.output or Path(folder) / "scored"
        cluster = options.address or LocalCluster(
            n_workers=options.workers, threads_per_worker=1, dashboard_address=":0"
        )
        with Client(cluster) as client:
            client.wait_for_workers(options.workers if not options.address else 1)
            client.register_plugin(Model(model.resolve()))
            parts = dd.read_parquet(texts)
            classes = joblib.load(model).classes_
            meta = parts._meta.assign(predicted=classes[:0], probability=pd.Series(dtype="float32"))
            start = time.perf_counter()
            parts.map_partitions(score, options.column, meta=meta).to_parquet(
                output, write_index=False
            )
            seconds = time.perf_counter() - start
            n_workers = len(client.scheduler_info()["workers"])
        if not options.address:
            cluster.close(timeout=30)

        scored = pd.read_parquet(output, columns=["predicted"])
        print(f"{len(scored)} texts, {len(scored) / seconds:.0f} per second on {n_workers} workers")
        print(scored["predicted"].value_counts().to_string())


if __name__ == "__main__":  # workers import this file
    main()
