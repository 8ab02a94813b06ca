"""
=============================
Grid search on a Dask cluster
=============================

A large grid search needs more than one computer. joblib distributes its fits to the workers of a
``dask.distributed`` cluster: local processes, as here, or the workers of a running scheduler. The
scores are the same as in one process. If a worker dies, another one repeats its tasks (``pip
install ".[dask]"``)::

    python distributed_grid_search.py
    python distributed_grid_search.py --address tcp://scheduler:8786
"""

import argparse
import logging
import pickle

import joblib
import pandas as pd
from dask.distributed import Client, LocalCluster
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews


# %%
# Options
# -------
def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run a grid search on a Dask cluster.")
    parser.add_argument("--address", help="of a scheduler; default: start a local cluster")
    parser.add_argument("--workers", type=int, default=2, help="processes of the local cluster")
    parser.add_argument("--n-samples", type=int, default=600)
    parser.add_argument("--epochs", type=int, default=4)
    return parser.parse_args()


# %%
# Data that survives a worker
# ---------------------------
# joblib sends arrays and Series to one worker, and the others copy them from there. If that worker
# dies, the search fails. Lists are sent with each task, so that any worker can repeat a task:
# convert the texts, the labels and the indices of the folds to lists.
def as_lists(folds: StratifiedKFold, labels: list[int]) -> list[tuple[list[int], list[int]]]:
    """Return the training and test indices of each fold."""
    return [(train.tolist(), test.tolist()) for train, test in folds.split(labels, labels)]


# %%
# The search
# ----------
# Each worker runs one fit at a time. Workers on the same computer share the cache of compiled
# programs, so that each candidate is compiled once.
def main() -> None:
    options = parse_options()
    texts, labels = make_reviews(options.n_samples, return_X_y=True, random_state=0)
    texts, labels = list(texts), labels.tolist()
    print(f"{len(texts)} reviews")
    pipeline = make_sentiment_pipeline(
        maxlen=50, batch_size=32, epochs=options.epochs, random_state=0
    )
    print(f"size of the pickled Pipeline: {len(pickle.dumps(pipeline)):,} bytes")

    grid = {"classifier__cell": ["lstm", "gru"], "classifier__state_dim": [8, 32]}
    folds = as_lists(StratifiedKFold(3, shuffle=True, random_state=0), labels)
    search = GridSearchCV(pipeline, grid, cv=folds)
    cluster = options.address or LocalCluster(
        n_workers=options.workers,
        threads_per_worker=1,
        dashboard_address=":0",
        silence_logs=logging.ERROR,  # at the end, Dask kills processes that exit slowly
    )
    with Client(cluster) as client:
        client.wait_for_workers(1)
        n_fits = len(ParameterGrid(grid)) * len(folds)
        print(f"{n_fits} fits on {len(client.scheduler_info()['workers'])} workers", flush=True)
        with joblib.parallel_config("dask", wait_for_workers_timeout=60):
            search.fit(texts, labels)
    if not options.address:
        cluster.close(timeout=30)

    results = pd.DataFrame(search.cv_results_).sort_values("rank_test_score")
    columns = ["param_classifier__cell", "param_classifier__state_dim", "mean_test_score"]
    print(results[columns].round(3).to_string(index=False))


if __name__ == "__main__":  # workers import this file
    main()
