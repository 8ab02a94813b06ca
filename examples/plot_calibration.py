"""
=======================================
Can I trust the predicted probabilities
=======================================

If a classifier is calibrated, 80 % of the reviews with a predicted probability of 0.8 are positive.
A network that memorizes few training texts is overconfident: it predicts 0.99 where it is right in
80 % of the cases. This example trains with few texts, measures the calibration, and repairs an
overconfident network with scikit-learn's
:class:`~sklearn.calibration.CalibratedClassifierCV`::

    python plot_calibration.py
    python plot_calibration.py --output calibration.png --n-train 2000
"""

# %%
# Options
# -------

import argparse

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss
from sklearn.model_selection import train_test_split

from seqsent import make_sentiment_pipeline
from seqsent.datasets import fetch_imdb, make_reviews
from seqsent.inspection import COLORS

parser = argparse.ArgumentParser(description="Plot calibration curves.")
parser.add_argument("--output", help="PNG file; default: show the figure")
parser.add_argument("--data-home", help="folder of the IMDB data")
parser.add_argument("--n-train", type=int, default=800, help="number of training reviews")
parser.add_argument("--quick", action="store_true", help="use few texts")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Few reviews
# -----------
# The reviews are those of IMDB if ``fetch_imdb`` has downloaded them before, and synthetic ones
# otherwise. One label in five of the synthetic reviews is wrong, as with careless annotators, so
# that no honest probability exceeds 0.8 by much.

n_train, n_epochs = (200, 5) if options.quick else (options.n_train, 30)
try:
    texts, labels = fetch_imdb(
        data_home=options.data_home, download_if_missing=False, return_X_y=True
    )
    name, maxlen = "IMDB", 100
except OSError:
    texts, labels = make_reviews(3000, noise=0.2, return_X_y=True, random_state=0)
    name, maxlen = "synthetic reviews", 50
X_train, X_test, y_train, y_test = train_test_split(
    texts, labels, train_size=n_train, test_size=2000, stratify=labels, random_state=0
)
print(f"{name}: {len(X_train)} reviews for training, {len(X_test)} for testing")

# %%
# Three classifiers
# -----------------
# By default, held-out texts choose the training length and calibrate the probabilities. The second
# classifier is trained for too long and without dropout. ``CalibratedClassifierCV`` trains it three
# times on two thirds of the texts, and corrects its probabilities with the last third. From so few
# texts it should learn a curve with two parameters (``method="sigmoid"``), not a step function
# (``method="isotonic"``).

common = {"maxlen": maxlen, "random_state": 0}
overfitted = make_sentiment_pipeline("gru", dropout=0.0, epochs=n_epochs, **common)
models = {
    "defaults": make_sentiment_pipeline("gru", **common),
    f"{n_epochs} epochs without dropout": overfitted,
    "the same, calibrated": CalibratedClassifierCV(overfitted, method="sigmoid", cv=3),
}
probabilities = {}
for name_of_model, model in models.items():
    print(f"training: {name_of_model}", flush=True)
    probabilities[name_of_model] = model.fit(X_train, y_train).predict_proba(X_test)[:, 1]

# %%
# Scores
# ------
# Accuracy evaluates the predicted class only, log loss and Brier score the probabilities.
# "confidence" is the mean probability of the predicted class. A calibrated model is as confident
# as it is accurate.

table = pd.DataFrame(
    {
        name_of_model: {
            "accuracy": accuracy_score(y_test, positive > 0.5),
            "confidence": np.maximum(positive, 1 - positive).mean(),
            "log loss": log_loss(y_test, positive),
            "Brier score": brier_score_loss(y_test, positive),
        }
        for name_of_model, positive in probabilities.items()
    }
).T
print(table.round(3).to_string())

# %%
# Calibration curves
# ------------------
# Each point is a tenth of the test reviews. Above the diagonal there are more positive
# reviews than predicted, below it fewer. A curve that is flatter than the diagonal means
# overconfidence.

figure, ax = plt.subplots(figsize=(6, 5), layout="constrained")
styles = [
    {"color": COLORS["gru"], "marker": "s"},
    {"color": COLORS["gru"], "marker": "o", "linestyle": ":", "markerfacecolor": "white"},
    {"color": COLORS["ensemble"], "marker": "D", "linestyle": "--"},
]
for (name_of_model, positive), style in zip(probabilities.items(), styles, strict=True):
    CalibrationDisplay.from_predictions(
        y_test, positive, n_bins=10, strategy="quantile", name=name_of_model, ax=ax, **style
    )
ax.set(
    title=f"Calibration of a GRU trained on {len(X_train)} reviews ({name})",
    xlabel="Predicted probability of a positive review",
    ylabel="Fraction of positive reviews",
)

if options.output:
    figure.savefig(options.output, dpi=80)
else:
    plt.show()
