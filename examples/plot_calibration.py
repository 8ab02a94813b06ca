"""
============================
Can probabilities be trusted
============================

Of the reviews that a classifier calls positive with a probability of 0.8, eight in ten should be.
A network that was trained until it knew its reviews by heart is surer than it should be.
scikit-learn's ``CalibratedClassifierCV`` mends that with texts that were held out, and its
``CalibrationDisplay`` shows it::

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

parser = argparse.ArgumentParser(description="Draw how far probabilities can be trusted.")
parser.add_argument("--output", help="PNG to write instead of showing the figure")
parser.add_argument("--quick", action="store_true", help="few texts, to try it out")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Reviews of which nobody could be sure
# -------------------------------------
# One label in five is wrong, so that no honest probability lies far above 0.8.

n_texts, n_epochs = (300, 5) if options.quick else (1500, 30)
texts, labels = make_reviews(n_texts + 2000, noise=0.2, return_X_y=True, random_state=0)
train, test = slice(n_texts), slice(n_texts, None)

# %%
# Three classifiers
# -----------------
# Calibrated with ``cv=3``, three networks are trained, each on two thirds of the texts; what each
# says of the last third teaches what its probabilities are worth.

size = {"maxlen": 50, "batch_size": 32, "random_state": 0}
by_heart = make_sentiment_pipeline("gru", dropout=0.0, epochs=n_epochs, **size)
models = {
    "defaults": make_sentiment_pipeline("gru", **size),
    "too long, without dropout": by_heart,
    "the same, calibrated": CalibratedClassifierCV(by_heart, method="isotonic", cv=3),
}
probabilities = {
    name: model.fit(texts[train], labels[train]).predict_proba(texts[test])[:, 1]
    for name, model in models.items()
}

# %%
# Scores of probabilities
# -----------------------
# Log loss and Brier score fall with every step towards the truth; accuracy sees one side of 0.5.

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
# The curves
# ----------

figure, ax = plt.subplots(figsize=(6, 5), layout="constrained")
for name, found in probabilities.items():
    CalibrationDisplay.from_predictions(
        labels[test], found, n_bins=10, strategy="quantile", name=name, ax=ax
    )
ax.set(xlabel="probability of a positive review", ylabel="share of positive reviews")

if options.output:
    figure.savefig(options.output, dpi=80)
else:
    plt.show()
