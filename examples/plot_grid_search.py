"""
=========================
Grid search as a heat map
=========================

The heat map shows the mean accuracy and its standard error for each recurrent cell and state size.
Differences below the standard error are not significant::

    python plot_grid_search.py
    python plot_grid_search.py --output grid_search.png --n-jobs 2
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews


# %%
# Options
# -------
def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Plot a grid search over cell and state size.")
    parser.add_argument("--output", help="PNG file; default: show the figure")
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="use few texts")
    return parser.parse_args()


# %%
# The search
# ----------
def search(options: argparse.Namespace) -> pd.DataFrame:
    n_texts, epochs, sizes = (100, 1, [4]) if options.quick else (1200, 6, [4, 8, 16, 32])
    texts, labels = make_reviews(n_texts, return_X_y=True, random_state=0)
    pipeline = make_sentiment_pipeline(maxlen=50, batch_size=32, epochs=epochs, random_state=0)
    grid = {
        "classifier__cell": ["simple", "lstm", "gru"],
        "classifier__state_dim": sizes,
    }
    search = GridSearchCV(pipeline, grid, cv=5, n_jobs=options.n_jobs, refit=False)
    return pd.DataFrame(search.fit(texts, labels).cv_results_)


# %%
# The heat map
# ------------
# ``unstack`` turns the rows of ``cv_results_`` into a table of cells by state sizes.
def draw(results: pd.DataFrame) -> plt.Figure:
    splits = results.filter(regex=r"split\d+_test_score")
    results["standard_error"] = splits.std(axis=1, ddof=1) / np.sqrt(splits.shape[1])
    keys = ["param_classifier__cell", "param_classifier__state_dim"]
    table = results.set_index(keys)[["mean_test_score", "standard_error"]].unstack()
    table = table.loc[["simple", "lstm", "gru"]]
    means, errors = table["mean_test_score"], table["standard_error"]
    print(table.round(3).to_string())

    figure, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
    image = ax.imshow(means.to_numpy(dtype=float), cmap="cividis", aspect="auto")
    middle = (means.to_numpy().min() + means.to_numpy().max()) / 2
    for row, cell in enumerate(means.index):
        for column, size in enumerate(means.columns):
            mean, error = means.loc[cell, size], errors.loc[cell, size]
            color = "black" if mean > middle else "white"
            text = f"{mean:.3f}\n± {error:.3f}"
            ax.text(column, row, text, color=color, ha="center", va="center")
    ax.set_xticks(range(len(means.columns)), means.columns)
    ax.set_yticks(range(len(means.index)), ["SimpleRNN", "LSTM", "GRU"])
    ax.set(xlabel="state_dim (units)", ylabel="Cell")
    figure.colorbar(image, label="Mean accuracy of 5 folds")
    return figure


def main() -> None:
    options = parse_options()
    figure = draw(search(options))
    if options.output:
        figure.savefig(options.output, dpi=80)
    else:
        plt.show()


# Worker processes of n_jobs import this file: the guard prevents that they start a search.
if __name__ == "__main__":
    main()
