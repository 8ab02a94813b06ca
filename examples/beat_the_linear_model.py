"""
=====================
Beat the linear model
=====================

Logistic regression on TF-IDF is the first thing to try on texts, and hard to beat; harder, on
n-grams that are scaled as naive Bayes weighs them. Here both meet ``preset="fast"``, if wished
``preset="accurate"``, and a vote of network and naive Bayes, on a table of your own with a column
of texts and one of labels::

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
parser.add_argument("csv", nargs="?", help="a table; without one, synthetic reviews")
parser.add_argument("--text", default="text", help="its column of texts")
parser.add_argument("--label", default="label", help="its column of labels")
parser.add_argument("--preset", choices=["fast", "accurate"], default="fast")
parser.add_argument("--characters", action="store_true", help="n-grams of characters, not of words")
parser.add_argument("--folds", type=int, default=5)
parser.add_argument("--n-samples", type=int, default=2000, help="of the synthetic reviews")
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
# Where no spaces part the words, as in Chinese, they read characters. Wang and Manning (2012,
# "Baselines and bigrams", ACL) multiply each n-gram by the logarithm of its ratio between two
# classes, so that a linear model need not find anew what naive Bayes reads off the counts.

units = {"analyzer": "char", "ngram_range": (1, 3)} if options.characters else {}


class ClassRatios(TransformerMixin, BaseEstimator):
    """Multiply counts by the logarithm of their ratio between two classes."""

    def fit(self, X, y):
        shares = [1 + np.asarray(X[y == label].sum(axis=0)).ravel() for label in np.unique(y)]
        first, second = (share / share.sum() for share in shares)
        self.ratios_ = np.log(second / first)
        return self

    def transform(self, X):
        return X.multiply(self.ratios_).tocsr()


tf_idf = make_pipeline(
    TfidfVectorizer(**{"ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True, **units}),
    LogisticRegression(C=10, max_iter=1000),
)
naive_bayes = make_pipeline(
    CountVectorizer(**{"ngram_range": (1, 3), "min_df": 2, "binary": True, **units}),
    OneVsRestClassifier(make_pipeline(ClassRatios(), LogisticRegression(C=0.3, max_iter=1000))),
)

# %%
# The network, and the vote
# -------------------------
# Soft voting takes the mean of the probabilities: the two kinds err on different texts.

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
        "spread": {name: found["test_accuracy"].std() for name, found in scores.items()},
        "log loss": {name: -found["test_neg_log_loss"].mean() for name, found in scores.items()},
        "seconds": {name: found["fit_time"].mean() for name, found in scores.items()},
    }
)
print(table.round({"accuracy": 4, "spread": 4, "log loss": 3, "seconds": 1}).to_string())

# %%
# The picture
# -----------
# A point is the accuracy on one fold; lines join what was measured on the same fold.

if options.output:
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    by_fold = pd.DataFrame({name: found["test_accuracy"] for name, found in scores.items()})
    places = range(len(by_fold.columns))
    ax.plot(by_fold.to_numpy().T, places, color="0.8", zorder=1)
    ax.scatter(by_fold, [places] * len(by_fold), color="tab:blue", alpha=0.6, zorder=2)
    ax.scatter(by_fold.mean(), places, color="black", marker="|", s=300, label="mean", zorder=3)
    ax.set_yticks(places, by_fold.columns)
    ax.invert_yaxis()
    ax.set_xlabel("accuracy on texts that were held out")
    ax.legend()
    figure.savefig(options.output, dpi=120)
