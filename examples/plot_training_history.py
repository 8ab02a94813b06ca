"""
=====================
When to stop training
=====================

With ``early_stopping=True`` a part of the training reviews is held out. Training stops when the
loss on it has not improved for some epochs, and the weights of the best epoch are kept. The curves
show why: the training loss goes on falling when nothing is left to learn but the reviews
themselves::

    python plot_training_history.py
    python plot_training_history.py --output history.png
"""

# %%
# Options
# -------

import argparse

import matplotlib.pyplot as plt
import pandas as pd

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews
from seqsent.inspection import TrainingHistoryDisplay

parser = argparse.ArgumentParser(description="Draw loss and accuracy over the epochs.")
parser.add_argument("--output", help="PNG to write instead of showing the figure")
parser.add_argument("--quick", action="store_true", help="few texts, to try it out")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Two trainings
# -------------
# The same network without and with dropout, which hides a share of the units from one another in
# training, so that it is harder to learn texts by heart.

n_texts, epochs = (200, 2) if options.quick else (1500, 40)
texts, labels = make_reviews(n_texts + 500, return_X_y=True, random_state=0)
pipelines = {}
for name, dropout in {"no dropout": 0.0, "dropout 0.5": 0.5}.items():
    pipeline = make_sentiment_pipeline(
        "gru",
        maxlen=50,
        batch_size=32,
        dropout=dropout,
        early_stopping=True,
        validation_fraction=0.2,
        n_iter_no_change=5,
        epochs=epochs,
        random_state=0,
    )
    pipelines[name] = pipeline.fit(texts[:n_texts], labels[:n_texts])

# %%
# The history as a table
# ----------------------
# The curves are plain lists, so a frame is one step away.

for name, pipeline in pipelines.items():
    classifier = pipeline["classifier"]
    print(f"{name}: {classifier.n_iter_} epochs, the best was number {classifier.best_iter_},")
    print(f"accuracy {pipeline.score(texts[n_texts:], labels[n_texts:]):.3f} on other reviews")
    print(pd.DataFrame(classifier.history_).tail(3).round(3).to_string())

# %%
# The curves
# ----------

figure, axes = plt.subplots(2, 2, figsize=(9, 6.5), layout="constrained", sharex=True, sharey="row")
for column, (name, pipeline) in zip(axes.T, pipelines.items(), strict=True):
    for ax, metric in zip(column, ["loss", "accuracy"], strict=True):
        TrainingHistoryDisplay.from_estimator(pipeline, metric=metric, ax=ax)
    column[0].set(title=f"GRU, {name}", xlabel="")

if options.output:
    figure.savefig(options.output, dpi=80)
else:
    plt.show()
