"""
====================================
Three recurrent cells, from raw text
====================================

Trains a SimpleRNN, an LSTM and a GRU on reviews and compares them on reviews they have not
seen. The default reviews are written by seqsent itself, so nothing is downloaded. The order of
words decides their label ("dull at first, but in the end lovely"), which is what a recurrent
network can read and a bag of words cannot::

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
parser.add_argument("--data-home", help="folder that holds IMDB, or will hold it")
parser.add_argument("--n-samples", type=int, help="training reviews (default: 1500, IMDB: 25000)")
parser.add_argument("--epochs", type=int, help="passes over the data (default: enough)")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Reviews
# -------
# Two frames with the columns "text" and "label", 0 for negative and 1 for positive. IMDB comes
# with a test set of its own.

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
epochs = options.epochs or "auto"  # which follows from the number of reviews

# %%
# What a network reads
# --------------------
# A vectorizer numbers the words by how frequent they are and makes each review a row of one
# length. Going back from the numbers shows what is left of a text.

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
# A pipeline is an ordinary scikit-learn estimator: text in, labels or probabilities out.

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
# Sentences of your own
# ---------------------
# The probability that each is positive. The first two have the same words in another order.

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
