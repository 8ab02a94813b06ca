"""
==============================================
Prediction on Parquet files larger than memory
==============================================

A model that was trained on one computer often has to label more texts than fit into memory.
``dask.dataframe`` reads a directory of Parquet files in partitions, a fitted Pipeline predicts each
partition, and the results are written as Parquet files, on several processes or computers in
parallel (``pip install ".[dask]"``)::

    python score_parquet.py
    python score_parquet.py --model model.joblib --texts reviews/ --output scored/ --workers 2
"""

import argparse
import logging
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
    parser = argparse.ArgumentParser(description="Predict texts in Parquet files.")
    parser.add_argument("--model", type=Path, help="joblib file of a fitted Pipeline")
    parser.add_argument("--texts", type=Path, help="directory of Parquet files")
    parser.add_argument("--column", default="text", help="column of texts")
    parser.add_argument("--output", type=Path, help="directory of the results")
    parser.add_argument("--address", help="of a scheduler; default: start a local cluster")
    parser.add_argument("--workers", type=int, default=2, help="processes of the local cluster")
    options = parser.parse_args()
    if (options.model is None) != (options.texts is None):
        parser.error("--model and --texts must be given together")
    return options


# %%
# Default data
# ------------
# Without options, the texts are synthetic reviews in eight files, and the model is trained here.
def make_files(folder: Path) -> tuple[Path, Path]:
    """Return the paths of a model and a directory of texts."""
    texts, labels = make_reviews(1000, return_X_y=True, random_state=0)
    pipeline = make_sentiment_pipeline("gru", maxlen=50, batch_size=32, epochs=4, random_state=0)
    joblib.dump(pipeline.fit(texts, labels), folder / "model.joblib")
    (folder / "texts").mkdir()
    for number in range(8):
        frame = make_reviews(1000, as_frame=True, random_state=1 + number).frame
        frame[["text"]].to_parquet(folder / "texts" / f"part-{number}.parquet")
    return folder / "model.joblib", folder / "texts"


# %%
# One model per worker
# --------------------
# A plugin loads the model when a worker starts. Workers on other computers need access to the path.
class LoadModel(WorkerPlugin):
    """Load a Pipeline once in each worker."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def setup(self, worker: Any) -> None:
        worker.pipeline = joblib.load(self.path)


def predict(partition: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a partition with its predictions."""
    pipeline = get_worker().pipeline
    probabilities = pipeline.predict_proba(partition[column])
    labels = pipeline.classes_[probabilities.argmax(axis=1)]
    return partition.assign(predicted=labels, probability=probabilities.max(axis=1))


# %%
# Prediction
# ----------
# ``meta`` describes the columns of the result. Each process has a few partitions in memory.
def main() -> None:
    options = parse_options()
    with tempfile.TemporaryDirectory() as folder:
        model, texts = options.model, options.texts
        if model is None:
            model, texts = make_files(Path(folder))
        output = options.output or Path(folder) / "scored"
        cluster = options.address or LocalCluster(
            n_workers=options.workers,
            threads_per_worker=1,
            dashboard_address=":0",
            silence_logs=logging.ERROR,  # at the end, Dask kills processes that exit slowly
        )
        with Client(cluster) as client:
            client.wait_for_workers(options.workers if not options.address else 1)
            client.register_plugin(LoadModel(model.resolve()))
            frame = dd.read_parquet(texts)
            classes = joblib.load(model).classes_
            meta = frame._meta.assign(predicted=classes[:0], probability=pd.Series(dtype="float32"))
            start = time.perf_counter()
            frame.map_partitions(predict, options.column, meta=meta).to_parquet(
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
