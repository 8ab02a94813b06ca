"""
=========================
Grid search as a heat map
=========================

Does a larger state help, and which cell? A grid search with cross-validation answers with a mean
accuracy for each combination, and with its standard error: differences below it are not
significant. This example draws both as a heat map::

    python plot_grid_search.py
    python plot_grid_search.py --output grid_search.png --n-jobs 2 --state-dims 4 8 16 32
"""

# %%
# Options
# -------

import argparse

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews

parser = argparse.ArgumentParser(description="Plot a grid search over cell and state size.")
parser.add_argument("--output", help="PNG file; default: show the figure")
parser.add_argument("--state-dims", type=int, nargs="+", default=[4, 16])
parser.add_argument("--n-jobs", type=int, default=1)
parser.add_argument("--quick", action="store_true", help="use few texts")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# The search
# ----------
# ``verbose=2`` prints a line for each fit. With scikit-learn 1.9 or later,
# ``search.set_callbacks(ProgressBar(max_propagation_depth=None))`` shows progress bars of the
# search, its folds and their epochs instead (``from sklearn.callback import ProgressBar``).

n_texts, epochs = (100, 1) if options.quick else (1200, 8)
texts, labels = make_reviews(n_texts, return_X_y=True, random_state=0)
pipeline = make_sentiment_pipeline(maxlen=50, batch_size=32, epochs=epochs, random_state=0)
grid = {
    "classifier__cell": ["simple", "lstm", "gru"],
    "classifier__state_dim": options.state_dims,
}
search = GridSearchCV(pipeline, grid, cv=3, n_jobs=options.n_jobs, refit=False, verbose=2)
results = pd.DataFrame(search.fit(texts, labels).cv_results_)

# %%
# A table of cells by state sizes
# -------------------------------
# ``unstack`` turns the rows of ``cv_results_`` into a table.

splits = results.filter(regex=r"split\d+_test_score")
results["standard_error"] = splits.std(axis=1, ddof=1) / np.sqrt(splits.shape[1])
keys = ["param_classifier__cell", "param_classifier__state_dim"]
table = results.set_index(keys)[["mean_test_score", "standard_error"]].unstack()
table = table.loc[["simple", "lstm", "gru"]]
means, errors = table["mean_test_score"], table["standard_error"]
print(table.round(3).to_string())

# %%
# The heat map
# ------------

figure, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
image = ax.imshow(means.to_numpy(dtype=float), cmap="cividis", aspect="auto")
middle = (means.to_numpy().min() + means.to_numpy().max()) / 2
for row, cell in enumerate(means.index):
    for column, size in enumerate(means.columns):
        mean, error = means.loc[cell, size], errors.loc[cell, size]
        color = "black" if mean > middle else "white"
        ax.text(column, row, f"{mean:.3f}\n± {error:.3f}", color=color, ha="center", va="center")
ax.set_xticks(range(len(means.columns)), means.columns)
ax.set_yticks(range(len(means.index)), ["SimpleRNN", "LSTM", "GRU"])
ax.set(
    title="Accuracy and its standard error",
    xlabel="Units of the state (state_dim)",
    ylabel="Cell",
)
figure.colorbar(image, label=f"Mean accuracy of {splits.shape[1]} folds")

if options.output:
    figure.savefig(options.output, dpi=80)
else:
    plt.show()
