"""
=============================
Comparison with linear models
=============================

Logistic regression on TF-IDF is a strong baseline for text classification, and logistic regression
on n-grams with naive Bayes weights is a stronger one. This example compares both with a preset of
seqsent, and with a vote of preset and naive Bayes, on a CSV file with a column of texts and a
column of labels::

    python beat_the_linear_model.py
    python beat_the_linear_model.py reviews.csv --text comment --label stars
    python beat_the_linear_model.py reviews.csv --preset accurate --output figure.png
"""

# %%
# Options
# -------

import argparse

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews

parser = argparse.ArgumentParser(description="Compare with linear models.")
parser.add_argument("csv", nargs="?", help="CSV file; default: synthetic reviews")
parser.add_argument("--text", default="text", help="column of texts")
parser.add_argument("--label", default="label", help="column of labels")
parser.add_argument("--preset", choices=["fast", "accurate"], default="fast")
parser.add_argument("--characters", action="store_true", help="use character n-grams")
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
# The linear models
# -----------------
# Use ``--characters`` for languages without spaces between words, such as Chinese. Wang and
# Manning (2012, "Baselines and bigrams", ACL) multiply the counts of an n-gram by its log-count
# ratio, the weight that naive Bayes gives to it.

ngrams = {"analyzer": "char", "ngram_range": (1, 3)} if options.characters else {}


class LogCountRatio(TransformerMixin, BaseEstimator):
    """Multiply counts by their log ratio between two classes."""

    def fit(self, X, y):
        counts = [1 + np.asarray(X[y == label].sum(axis=0)).ravel() for label in np.unique(y)]
        negative, positive = (count / count.sum() for count in counts)
        self.ratios_ = np.log(positive / negative)
        return self

    def transform(self, X):
        return X.multiply(self.ratios_).tocsr()


tf_idf = make_pipeline(
    TfidfVectorizer(**{"ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True, **ngrams}),
    LogisticRegression(C=10, max_iter=1000),
)
naive_bayes = make_pipeline(
    CountVectorizer(**{"ngram_range": (1, 3), "min_df": 2, "binary": True, **ngrams}),
    OneVsRestClassifier(make_pipeline(LogCountRatio(), LogisticRegression(C=0.3, max_iter=1000))),
)

# %%
# The network, and the vote
# -------------------------
# Soft voting averages the probabilities. The two models make different mistakes.

network = make_sentiment_pipeline(preset=options.preset, random_state=0)
vote = VotingClassifier([("linear", naive_bayes), ("network", network)], voting="soft")
models = {
    "TF-IDF + logistic regression": tf_idf,
    "naive Bayes + logistic regression": naive_bayes,
    f'preset="{options.preset}"': network,
    "vote of the last two": vote,
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
# Lines connect the accuracies of the models on the same fold.

if options.output:
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    by_fold = pd.DataFrame({name: found["test_accuracy"] for name, found in scores.items()})
    rows = range(len(by_fold.columns))
    ax.plot(by_fold.to_numpy().T, rows, color="0.8", zorder=1)
    ax.scatter(by_fold, [rows] * len(by_fold), color="tab:blue", alpha=0.6, zorder=2)
    ax.scatter(by_fold.mean(), rows, color="black", marker="|", s=300, label="mean", zorder=3)
    ax.set_yticks(rows, by_fold.columns)
    ax.invert_yaxis()
    ax.set_xlabel("accuracy on the test fold")
    ax.legend()
    figure.savefig(options.output, dpi=120)
