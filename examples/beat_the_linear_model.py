"""
=============================
Comparison with linear models
=============================

Logistic regression on TF-IDF is a strong baseline for text classification. n-grams of characters
and the weights of naive Bayes make it stronger. This example compares both with a preset, and with
the ensemble of the preset and the stronger linear model, on a CSV file with a column of texts and a
column of labels::

    python beat_the_linear_model.py
    python beat_the_linear_model.py reviews.csv --text comment --label stars
    python beat_the_linear_model.py reviews.csv --preset accurate --output figure.png
"""

# %%
# Options
# -------

import argparse

import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline

from seqsent import make_sentiment_ensemble
from seqsent.datasets import make_reviews

parser = argparse.ArgumentParser(description="Compare with linear models.")
parser.add_argument("csv", nargs="?", help="CSV file; default: synthetic reviews")
parser.add_argument("--text", default="text", help="column of texts")
parser.add_argument("--label", default="label", help="column of labels")
parser.add_argument("--preset", choices=["fast", "accurate"], default="fast")
parser.add_argument("--folds", type=int, default=5)
parser.add_argument("--n-samples", type=int, default=2000, help="number of synthetic reviews")
parser.add_argument("--output", help="file for the figure")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Texts and labels
# ----------------

if options.csv:
    frame = pd.read_csv(options.csv, keep_default_na=False)
else:
    frame = make_reviews(options.n_samples, as_frame=True, random_state=0).frame
texts, labels = frame[options.text], frame[options.label]
print(f"{len(texts)} texts, labels: {labels.value_counts().to_dict()}")

# %%
# The models
# ----------
# The ensemble is a soft ``VotingClassifier``: it averages the probabilities of a network and of a
# linear model, which make different mistakes. Its linear model uses TF-IDF of words and of
# characters inside words, so it suits languages without spaces, too. It scales them by the square
# root of their log-count ratio, see ``NaiveBayesScaler``.

tf_idf = make_pipeline(
    TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
    LogisticRegression(C=10, max_iter=1000),
)
ensemble = make_sentiment_ensemble(preset=options.preset, random_state=0)
parts = dict(ensemble.estimators)
models = {
    "TF-IDF of words": tf_idf,
    "linear part of the ensemble": parts["linear"],
    f'preset="{options.preset}"': parts["network"],
    "ensemble": ensemble,
}

# %%
# Cross-validated scores
# ----------------------

cv = StratifiedKFold(options.folds, shuffle=True, random_state=0)
scores = {
    name: cross_validate(model, texts, labels, cv=cv, scoring=["accuracy", "neg_log_loss"])
    for name, model in models.items()
}
table = pd.DataFrame(
    {
        "accuracy": {name: found["test_accuracy"].mean() for name, found in scores.items()},
        "std": {name: found["test_accuracy"].std() for name, found in scores.items()},
        "log loss": {name: -found["test_neg_log_loss"].mean() for name, found in scores.items()},
        "seconds": {name: found["fit_time"].mean() for name, found in scores.items()},
    }
)
print(table.round({"accuracy": 4, "std": 4, "log loss": 3, "seconds": 1}).to_string())

# %%
# Accuracy by fold
# ----------------
# A gray line connects the accuracies of the models on one fold. Where the lines are parallel, the
# difference between two models is the same in all folds, even if the folds differ.

if options.output:
    import matplotlib.pyplot as plt

    from seqsent.inspection import COLORS

    figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    by_fold = pd.DataFrame({name: found["test_accuracy"] for name, found in scores.items()})
    rows = range(len(by_fold.columns))
    lines = ax.plot(by_fold.to_numpy().T, rows, color="0.75", zorder=1)
    lines[0].set_label("one fold")
    colors = [COLORS[name] for name in ("linear", "naive_bayes", "preset", "ensemble")]
    ax.scatter(by_fold, [rows] * len(by_fold), color=colors * len(by_fold), zorder=2)
    ax.scatter(by_fold.mean(), rows, color="black", marker="|", s=300, label="mean", zorder=3)
    ax.set_yticks(rows, by_fold.columns)
    ax.invert_yaxis()
    ax.set(title="Accuracy of each fold", xlabel="Accuracy on the test fold")
    ax.legend()
    figure.savefig(options.output, dpi=120)
