"""
============================
A search on several machines
============================

joblib sends the fits of a search to the workers of a ``dask.distributed`` cluster, here processes
of this machine, or those of a scheduler that is running already. The scores are those of a search
in one process. A worker may die: what it was doing is done again by another
(``pip install ".[dask]"``)::

    python distributed_grid_search.py
    python distributed_grid_search.py --address tcp://scheduler:8786
"""

import argparse
import pickle

import joblib
import pandas as pd
from dask.distributed import Client, LocalCluster
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews


# %%
# Options
# -------
def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Search on a cluster of Dask.")
    parser.add_argument("--address", help="of a scheduler; without, a cluster is started here")
    parser.add_argument("--workers", type=int, default=2, help="processes of that cluster")
    parser.add_argument("--n-samples", type=int, default=1200)
    parser.add_argument("--epochs", type=int, default=6)
    return parser.parse_args()


# %%
# Nothing that only one worker has
# --------------------------------
# joblib sends an array or a Series to one worker, from which the others fetch it. When that worker
# dies, its data are lost, and the search with them. A list travels with each task instead, so that
# a task can begin anew anywhere: lists of texts and labels, and lists of places for the folds.
def as_lists(folds: StratifiedKFold, labels: list[int]) -> list[tuple[list[int], list[int]]]:
    """Return the places of each fold, to train on and to test on."""
    return [(train.tolist(), test.tolist()) for train, test in folds.split(labels, labels)]


# %%
# The search
# ----------
# Each worker does one fit at a time. An unfitted Pipeline is small. Compiled programs are kept in
# the cache directory of a machine, so that its workers compile a candidate once.
def main() -> None:
    options = parse_options()
    texts, labels = make_reviews(options.n_samples, return_X_y=True, random_state=0)
    texts, labels = list(texts), labels.tolist()
    pipeline = make_sentiment_pipeline(
        maxlen=50, batch_size=32, epochs=options.epochs, random_state=0
    )
    print(f"an unfitted Pipeline travels as {len(pickle.dumps(pipeline)):,} bytes")

    grid = {"classifier__cell": ["lstm", "gru"], "classifier__state_dim": [8, 32]}
    folds = as_lists(StratifiedKFold(3, shuffle=True, random_state=0), labels)
    search = GridSearchCV(pipeline, grid, cv=folds)
    cluster = options.address or LocalCluster(
        n_workers=options.workers, threads_per_worker=1, dashboard_address=":0"
    )
    with Client(cluster) as client:
        client.wait_for_workers(1)
        print(f"{len(client.scheduler_info()['workers'])} workers")
        with joblib.parallel_config("dask", wait_for_workers_timeout=60):
            search.fit(texts, labels)
    if not options.address:
        cluster.close(timeout=30)

    results = pd.DataFrame(search.cv_results_).sort_values("rank_test_score")
    columns = ["param_classifier__cell", "param_classifier__state_dim", "mean_test_score"]
    print(results[columns].round(3).to_string(index=False))


if __name__ == "__main__":  # workers import this file
    main()
