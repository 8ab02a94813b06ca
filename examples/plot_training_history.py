"""
==============
Early stopping
==============

How long should a network train? With ``early_stopping=True`` a fraction of the training reviews is
used for validation. Training stops if the validation loss has not improved for some epochs, and the
weights of the best epoch are restored. The curves show the reason: the training loss decreases even
when the network only memorizes the reviews::

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

parser = argparse.ArgumentParser(description="Plot loss and accuracy of each epoch.")
parser.add_argument("--output", help="PNG file; default: show the figure")
parser.add_argument("--quick", action="store_true", help="use few texts")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Training with and without dropout
# ---------------------------------
# Dropout sets a random fraction of the units to zero in training, which makes it harder to memorize
# texts. ``epochs`` is the maximum; ``n_iter_no_change`` is the number of epochs without improvement
# after which the training stops.

n_texts, epochs = (200, 2) if options.quick else (1500, 40)
texts, labels = make_reviews(n_texts + 500, return_X_y=True, random_state=0)
train, test = slice(n_texts), slice(n_texts, None)
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
    pipelines[name] = pipeline.fit(texts[train], labels[train])

# %%
# Table of the history
# --------------------
# ``history_`` contains a list of each metric, which pandas turns into a table.

for name, pipeline in pipelines.items():
    classifier = pipeline["classifier"]
    print(f"{name}: {classifier.n_iter_} epochs, best epoch {classifier.best_iter_},")
    print(f"accuracy {pipeline.score(texts[test], labels[test]):.3f} on test reviews")
    history = pd.DataFrame(classifier.history_, index=range(1, classifier.n_iter_ + 1))
    print(history.tail(3).rename_axis("epoch").round(3).to_string())

# %%
# Training curves
# ---------------
# Left of the dotted line the network still learns something that holds for other reviews. Right of
# it the validation loss rises while the training loss decreases (overfitting). With dropout this
# happens later, and the curves stay closer to each other.

figure, axes = plt.subplots(2, 2, figsize=(9, 6.5), layout="constrained", sharex=True, sharey="row")
for column, (name, pipeline) in zip(axes.T, pipelines.items(), strict=True):
    for ax, metric in zip(column, ["loss", "accuracy"], strict=True):
        TrainingHistoryDisplay.from_estimator(pipeline, metric=metric, ax=ax)
    column[0].set(title=f"GRU, {name}", xlabel="")
for ax in axes[:, 1]:
    ax.set_ylabel("")

if options.output:
    figure.savefig(options.output, dpi=80)
else:
    plt.show()
