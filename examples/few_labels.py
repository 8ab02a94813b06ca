"""
==========================
Few labels, and many texts
==========================

Reviews are cheap, and labels cost work. ``self_training=True`` learns from both: texts whose label
is -1 decide, with all others, where the word vectors start, and then get the labels of which a
first network is sure. Here is what that is worth, beside logistic regression on TF-IDF in
scikit-learn's own ``SelfTrainingClassifier``, on a table of your own in which the label may be
missing::

    python few_labels.py
    python few_labels.py reviews.csv --text comment --label stars --n-labels 200 1000
    python few_labels.py reviews.csv --preset fast --output figure.png
"""

# %%
# Options
# -------

import argparse

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews

parser = argparse.ArgumentParser(description="Learn from few labels and many texts.")
parser.add_argument("csv", nargs="?", help="a table; without one, synthetic reviews")
parser.add_argument("--text", default="text", help="its column of texts")
parser.add_argument("--label", default="label", help="its column of labels, empty where unknown")
parser.add_argument("--n-labels", type=int, nargs="+", default=[400, 800], help="to learn from")
parser.add_argument("--preset", choices=["fast", "accurate"], help="a GRU with defaults without")
parser.add_argument("--n-samples", type=int, default=4000, help="of the synthetic reviews")
parser.add_argument("--output", help="file for the figure")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Texts and labels
# ----------------
# A quarter of the texts with a label is kept to measure on.

if options.csv:
    frame = pd.read_csv(options.csv, keep_default_na=False, dtype={options.label: str})
else:
    frame = make_reviews(options.n_samples, as_frame=True, random_state=0).frame.astype(str)
texts, labels = frame[options.text], frame[options.label]
is_known = labels != ""
X_train, X_test, y_train, y_test = train_test_split(
    texts[is_known], labels[is_known], stratify=labels[is_known], random_state=0
)
X_unknown = texts[~is_known]
print(f"{len(X_train)} texts with a label and {len(X_unknown)} without, {len(X_test)} to test on")

# %%
# With and without the texts that have no label
# ---------------------------------------------

tf_idf = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
linear = LogisticRegression(C=10, max_iter=1000)
self_trained = SelfTrainingClassifier(linear, threshold=0.9, max_iter=1)
network = {"preset": options.preset} if options.preset else {"cell": "gru"}
models = {
    "TF-IDF": {
        "labelled": make_pipeline(tf_idf, linear),
        "all": make_pipeline(clone(tf_idf), self_trained),
    },
    "network": {
        "labelled": make_sentiment_pipeline(**network, random_state=0),
        "all": make_sentiment_pipeline(**network, self_training=True, random_state=0),
    },
}

scores = []
for n_labels in options.n_labels:
    X_some, X_rest, y_some, _ = train_test_split(
        X_train, y_train, train_size=n_labels, stratify=y_train, random_state=0
    )
    X_all = pd.concat([X_some, X_rest, X_unknown])
    y_all = np.concatenate([y_some.to_numpy(object), np.full(len(X_all) - n_labels, -1)])
    for name, by_texts in models.items():
        by_texts["labelled"].fit(X_some, y_some)
        by_texts["all"].fit(X_all, y_all)
        for which, model in by_texts.items():
            scores.append((n_labels, name, which, model.score(X_test, y_test)))

table = pd.DataFrame(scores, columns=["labels", "model", "texts", "accuracy"])
table = table.pivot(index="labels", columns=["model", "texts"], values="accuracy")
print(table.round(3).to_string())

# %%
# The picture
# -----------

if options.output:
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    for color, name in zip(("tab:orange", "tab:blue"), models, strict=True):
        for style, which in zip((":", "-"), models[name], strict=True):
            label = f"{name}, {which} texts"
            ax.plot(table.index, table[name, which], style, marker="o", color=color, label=label)
    ax.set_xscale("log")
    ax.set_xticks(table.index, table.index, minor=False)
    ax.minorticks_off()
    ax.set_xlabel("texts with a label")
    ax.set_ylabel("accuracy on texts that were held out")
    ax.legend()
    figure.savefig(options.output, dpi=120)
