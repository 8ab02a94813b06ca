"""
============================
Calibration of probabilities
============================

If a classifier is calibrated, 80 % of the reviews with a predicted probability of 0.8 are positive.
A network that overfits is overconfident. scikit-learn's ``CalibratedClassifierCV`` corrects its
probabilities with held-out texts, and ``CalibrationDisplay`` draws the calibration curves::

    python plot_calibration.py
    python plot_calibration.py --output calibration.png
"""

# %%
# Options
# -------

import argparse

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews

parser = argparse.ArgumentParser(description="Plot calibration curves.")
parser.add_argument("--output", help="PNG file; default: show the figure")
parser.add_argument("--quick", action="store_true", help="use few texts")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Noisy labels
# ------------
# One label in five is wrong, so that calibrated probabilities are at most about 0.8.

n_texts, n_epochs = (300, 5) if options.quick else (1500, 30)
texts, labels = make_reviews(n_texts + 2000, noise=0.2, return_X_y=True, random_state=0)
train, test = slice(n_texts), slice(n_texts, None)

# %%
# Three classifiers
# -----------------
# With ``cv=3`` three networks are trained, each on two thirds of the texts, and calibrated on the
# last third. The calibrated probabilities are the mean of the three.

common = {"maxlen": 50, "batch_size": 32, "random_state": 0}
overfitted = make_sentiment_pipeline("gru", dropout=0.0, epochs=n_epochs, **common)
models = {
    "defaults": make_sentiment_pipeline("gru", **common),
    f"{n_epochs} epochs without dropout": overfitted,
    "the same, calibrated": CalibratedClassifierCV(overfitted, method="isotonic", cv=3),
}
probabilities = {
    name: model.fit(texts[train], labels[train]).predict_proba(texts[test])[:, 1]
    for name, model in models.items()
}

# %%
# Scores
# ------
# Log loss and Brier score evaluate the probabilities, accuracy only the predicted class.

table = pd.DataFrame(
    {
        name: {
            "accuracy": accuracy_score(labels[test], found > 0.5),
            "log loss": log_loss(labels[test], found),
            "Brier score": brier_score_loss(labels[test], found),
        }
        for name, found in probabilities.items()
    }
).T
print(table.round(3).to_string())

# %%
# Calibration curves
# ------------------

figure, ax = plt.subplots(figsize=(6, 5), layout="constrained")
for name, found in probabilities.items():
    CalibrationDisplay.from_predictions(
        labels[test], found, n_bins=10, strategy="quantile", name=name, ax=ax
    )
ax.set(xlabel="probability of a positive review", ylabel="fraction of positive reviews")

if options.output:
    figure.savefig(options.output, dpi=80)
else:
    plt.show()
