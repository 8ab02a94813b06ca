"""
=========================
Few labels and many texts
=========================

Texts without a label improve a network in two ways. ``train_word_vectors`` computes word vectors
from all texts, and scikit-learn's ``SelfTrainingClassifier`` predicts the missing labels and adds
the confident predictions (pseudo-labels) to the training data. Knowledge about words helps as well:
pretrained word vectors, and a lexicon that assigns a number to words. This example compares the
network with TF-IDF and logistic regression, on a CSV file in which labels may be missing::

    python few_labels.py
    python few_labels.py reviews.csv --text comment --label stars --n-labels 200 1000
    python few_labels.py reviews.csv --preset fast --output figure.png
    python few_labels.py reviews.csv --vectors glove.6B.50d.txt --lexicon vader
    python few_labels.py reviews.csv --lexicon words.csv
"""

# %%
# Options
# -------

import argparse

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

from seqsent import make_sentiment_pipeline
from seqsent.datasets import load_word_vectors, make_reviews, train_word_vectors

parser = argparse.ArgumentParser(description="Learn from few labels and many texts.")
parser.add_argument("csv", nargs="?", help="CSV file; default: synthetic reviews")
parser.add_argument("--text", default="text", help="column of texts")
parser.add_argument("--label", default="label", help="column of labels, empty if missing")
parser.add_argument("--n-labels", type=int, nargs="+", default=[400, 800], help="numbers of labels")
parser.add_argument("--preset", choices=["fast", "accurate"], help="default: a GRU")
parser.add_argument("--epochs", type=int, help="passes over the texts; default: chosen by fit")
parser.add_argument("--vectors", help="file of word vectors, such as GloVe")
parser.add_argument("--lexicon", help='CSV file of words and numbers, or "vader" (vaderSentiment)')
parser.add_argument("--n-samples", type=int, default=4000, help="number of synthetic reviews")
parser.add_argument("--output", help="file for the figure")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Texts and labels
# ----------------
# A quarter of the labelled texts is used for testing.

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
print(f"{len(X_train)} labelled, {len(X_unknown)} unlabelled and {len(X_test)} test texts")

# %%
# Knowledge about words
# ---------------------
# A lexicon becomes one more dimension of the word vectors: the number of a word, or 0. They are
# divided by their standard deviation. Entries of ``embedding_weights`` may be NaN, here those of
# words without a pretrained vector: the classifier initializes them from the training texts.


def read_lexicon(source):
    """Return a dict of words and numbers."""
    if source == "vader":
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        return SentimentIntensityAnalyzer().lexicon
    return pd.read_csv(source, index_col=0).iloc[:, 0].to_dict()


def make_word_vectors(texts, vectorizer, embed_dim):
    """Return a vector for each id of a fitted vectorizer."""
    if options.vectors:
        found = load_word_vectors(options.vectors, texts=texts, num_words=vectorizer.num_words)
        vectors = found.embedding_weights  # the vectorizer has the same ids
    else:
        ids = vectorizer.transform(texts)
        vectors = train_word_vectors(ids, embed_dim, num_words=vectorizer.n_words_, random_state=0)
    if options.lexicon:
        lexicon = read_lexicon(options.lexicon)
        numbers = pd.Series(vectorizer.vocabulary_.keys()).map(lexicon)
        column = np.zeros(vectorizer.n_words_)
        column[list(vectorizer.vocabulary_.values())] = (numbers / numbers.std()).fillna(0)
        vectors = np.column_stack([vectors, column])
    return vectors


# %%
# Models of the labelled texts and of all texts
# ---------------------------------------------
# ``SelfTrainingClassifier`` expects -1 for a missing label. It gets the word ids, because the
# vectorizer learns its vocabulary from all texts.


def make_linear(classifier):
    tf_idf = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return make_pipeline(tf_idf, classifier)


def make_network(texts=None):
    """Return a network, with self-training and word vectors if there are unlabelled texts."""
    cell = None if options.preset else "gru"
    epochs = options.epochs or "auto"
    pipeline = make_sentiment_pipeline(cell, preset=options.preset, epochs=epochs, random_state=0)
    if texts is None:
        return pipeline
    vectorizer, classifier = pipeline["vectorizer"].fit(texts), pipeline["classifier"]
    vectors = make_word_vectors(texts, vectorizer, classifier.embed_dim or 32)
    classifier.set_params(embedding_weights=vectors, num_words=None, embed_dim=None)
    return make_pipeline(vectorizer, SelfTrainingClassifier(classifier, threshold=0.9, max_iter=1))


linear = LogisticRegression(C=10, max_iter=1000)
scores = []
for n_labels in options.n_labels:
    X_some, X_rest, y_some, _ = train_test_split(
        X_train, y_train, train_size=n_labels, stratify=y_train, random_state=0
    )
    X_all = pd.concat([X_some, X_rest, X_unknown])
    y_all = np.concatenate([y_some.to_numpy(object), np.full(len(X_all) - n_labels, -1)])
    self_trained = SelfTrainingClassifier(linear, threshold=0.9, max_iter=1)
    models = {
        ("TF-IDF", "labelled"): make_linear(linear).fit(X_some, y_some),
        ("TF-IDF", "all"): make_linear(self_trained).fit(X_all, y_all),
        ("network", "labelled"): make_network().fit(X_some, y_some),
        ("network", "all"): make_network(X_all).fit(X_all, y_all),
    }
    scores += [(n_labels, *name, model.score(X_test, y_test)) for name, model in models.items()]

table = pd.DataFrame(scores, columns=["labels", "model", "texts", "accuracy"])
table = table.pivot(index="labels", columns=["model", "texts"], values="accuracy")
print(table.round(3).to_string())

# %%
# Accuracy by number of labels
# ----------------------------
# Solid lines with filled markers use all texts, dotted lines with open markers only the labelled
# ones.

if options.output:
    import matplotlib.pyplot as plt

    from seqsent.inspection import COLORS

    figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    for name, texts in table.columns:
        style = {"color": COLORS["linear" if name == "TF-IDF" else "gru"]}
        if texts == "all":
            style |= {"linestyle": "-", "marker": "o"}
        else:
            style |= {"linestyle": ":", "marker": "s", "markerfacecolor": "white"}
        ax.plot(table.index, table[name, texts], label=f"{name}, {texts} texts", **style)
    ax.set_xscale("log")
    ax.set_xticks(table.index, table.index, minor=False)
    ax.minorticks_off()
    ax.set(xlabel="Labels", ylabel="Accuracy on the test texts")
    ax.legend()
    figure.savefig(options.output, dpi=120)
