"""
=================================
Three recurrent cells on raw text
=================================

This example trains a SimpleRNN, an LSTM and a GRU on reviews and compares them on test reviews. The
default reviews are synthetic: nothing is downloaded. Their label depends on word order ("dull at
first, but in the end lovely"), which a recurrent network can learn and a bag of words cannot::

    python quickstart.py
    python quickstart.py --data imdb
"""

# %%
# Options
# -------

import argparse
import textwrap
import time

import pandas as pd
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split

from seqsent import SequenceVectorizer, make_sentiment_pipeline
from seqsent.datasets import fetch_imdb, make_reviews

parser = argparse.ArgumentParser(description="Compare three recurrent cells on reviews.")
parser.add_argument("--data", choices=["reviews", "imdb"], default="reviews")
parser.add_argument("--data-home", help="folder of the IMDB data")
parser.add_argument("--n-samples", type=int, help="training reviews (default: 1500, IMDB: 25000)")
parser.add_argument("--epochs", type=int, help='default: "auto"')
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Reviews
# -------
# Two DataFrames with the columns "text" and "label" (0 for negative, 1 for positive).

if options.data == "imdb":
    train = fetch_imdb(subset="train", data_home=options.data_home, as_frame=True).frame
    test = fetch_imdb(subset="test", data_home=options.data_home, as_frame=True).frame
    if options.n_samples:
        train = train.sample(options.n_samples, random_state=0)
        test = test.sample(options.n_samples, random_state=0)
    settings = {"maxlen": 250}
else:
    n_train = options.n_samples or 1500
    reviews = make_reviews(n_train + 500, as_frame=True, random_state=0).frame
    train, test = train_test_split(reviews, train_size=n_train, random_state=0)
    settings = {"maxlen": 50}
epochs = options.epochs or "auto"  # depends on the number of reviews

# %%
# Rows of word ids
# ----------------
# The vectorizer gives each word an id by its frequency and turns each review into a row of fixed
# length. ``inverse_transform`` returns the words of a row.

vectorizer = SequenceVectorizer(maxlen=settings["maxlen"]).fit(train["text"])
ids = vectorizer.transform(train["text"].head(1))
words = vectorizer.inverse_transform(ids)[0]
print(f"{len(train)} reviews to train on, {len(test)} to test on. The first one:")
print("text :", textwrap.shorten(train["text"].iloc[0], 200))
print("ids  :", *ids[ids > 0][:20], "...")
print("words:", textwrap.shorten(" ".join(words), 200))

# %%
# Three cells
# -----------
# A pipeline is a scikit-learn estimator that accepts texts.

rows = []
pipelines = {}
for cell in ["simple", "lstm", "gru"]:
    start = time.perf_counter()
    pipeline = make_sentiment_pipeline(cell, **settings, epochs=epochs, random_state=0)
    pipeline.fit(train["text"], train["label"])
    probabilities = pipeline.predict_proba(test["text"])
    rows.append(
        {
            "cell": cell,
            "parameters": pipeline["classifier"].model_.count_params(),
            "accuracy": accuracy_score(test["label"], probabilities.argmax(axis=1)),
            "log loss": log_loss(test["label"], probabilities),
            "seconds": time.perf_counter() - start,
        }
    )
    pipelines[cell] = pipeline

print()
print(pd.DataFrame(rows).round({"accuracy": 3, "log loss": 3, "seconds": 1}).to_string(index=False))

# %%
# New sentences
# -------------
# The table shows the probability of a positive review. The first two sentences have the same words
# in a different order.

sentences = [
    "The film was dull at first, but in the end it was wonderful.",
    "The film was wonderful at first, but in the end it was dull.",
    "This movie was great, not disappointing at all.",
    "I expected something excellent. The plot was poor and so was this movie.",
]
positive = {
    cell: pipeline.predict_proba(sentences)[:, 1].round(2) for cell, pipeline in pipelines.items()
}
print()
print(pd.DataFrame({**positive, "sentence": sentences}).to_string(index=False))
