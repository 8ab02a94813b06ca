"""
============================
The tutorial program on IMDB
============================

The classic first program with Keras's recurrent layers, as scikit-learn estimators: 25,000 film
reviews as lists of word ids, the last 250 words of each, ``Embedding(10000, 32)``, a recurrent
layer of 32 units, one sigmoid; RMSprop on batches of 128 for five epochs, validated on the test
set after each. Keras downloads the reviews (17 MB), unless ``--data-home`` names a folder that
holds ``imdb.npz`` and ``imdb_word_index.json``::

    python reproduce_tutorial.py
    python reproduce_tutorial.py --cell lstm --n-samples 5000
"""

# %%
# Options
# -------

import argparse
import os

import pandas as pd

from seqsent import SequenceVectorizer, make_sentiment_pipeline
from seqsent.datasets import fetch_imdb_sequences

# A bare "import keras" takes TensorFlow, installed or not. seqsent's choice is JAX.
os.environ.setdefault("KERAS_BACKEND", "jax")
import keras

parser = argparse.ArgumentParser(description="Reproduce the tutorial program on IMDB.")
parser.add_argument("--cell", choices=["simple", "lstm", "gru"], help="default: one by one")
parser.add_argument("--data-home", help="folder that holds IMDB as Keras's word ids")
parser.add_argument("--n-samples", type=int, default=25_000, help="to train, and to test")
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Word ids
# --------
# Word number r by frequency has the id r + 3; 0 is padding, 1 the start, 2 a word beyond the
# 10,000. With Keras's word index, a vectorizer turns ids back into words without being fitted.

source = {"num_words": 10_000, "data_home": options.data_home}
train = fetch_imdb_sequences(**source, subset="train")
test = fetch_imdb_sequences(**source, subset="test")

vectorizer = SequenceVectorizer(analyzer="keras", vocabulary=train.vocabulary)
words = vectorizer.inverse_transform(train.data[:1])[0]
print("ids  :", *train.data[0][:14], "...")
print("words:", *words[:14], "...")
print("label:", train.target_names[train.target[0]])

# %%
# Rows of one length
# ------------------
# Zeros in front of a short review; of a long one the last 250 words are kept.

X_train = keras.utils.pad_sequences(train.data[: options.n_samples], maxlen=250)
X_test = keras.utils.pad_sequences(test.data[: options.n_samples], maxlen=250)
y_train, y_test = train.target[: options.n_samples], test.target[: options.n_samples]
print(f"{len(X_train)} reviews to train on, {len(X_test)} to validate on")

# %%
# Loss and accuracy per epoch
# ---------------------------
# The preset holds the tutorial's settings, down to padding that is read like words. Its LSTM
# and GRU start with Keras's gates; seqsent's own defaults do better.

final = []
for cell in [options.cell] if options.cell else ["simple", "lstm", "gru"]:
    pipeline = make_sentiment_pipeline(
        cell, preset="tutorial", epochs=options.epochs, random_state=options.seed
    )
    classifier = pipeline["classifier"]  # the rows are made already
    classifier.fit(X_train, y_train, X_val=X_test, y_val=y_test)

    columns = ["loss", "accuracy", "val_loss", "val_accuracy"]
    history = pd.DataFrame(classifier.history_, columns=columns)
    history.index = pd.RangeIndex(1, len(history) + 1, name="epoch")
    print(f"\n{cell}, {classifier.model_.count_params()} parameters")
    print(history.round(4).to_string())
    final.append({"cell": cell, "test accuracy": classifier.score(X_test, y_test)})

# %%
# In the end
# ----------

print()
print(pd.DataFrame(final).round(4).to_string(index=False))
