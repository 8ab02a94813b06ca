"""
==================================
Cross-validation on a pandas frame
==================================

The reviews are one column of a frame among others. A ``ColumnTransformer`` picks the column,
``cross_validate`` scores a GRU in several ways, and the out-of-fold predictions are joined back
to the frame, where the surest mistakes show which labels deserve a second look::

    python cross_validation_pandas.py
    python cross_validation_pandas.py --data imdb --n-samples 5000
"""

# %%
# Options
# -------

import argparse

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import (
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import make_pipeline

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer
from seqsent.datasets import fetch_imdb, make_reviews

parser = argparse.ArgumentParser(description="Cross-validate a GRU on a pandas frame.")
parser.add_argument("--data", choices=["reviews", "imdb"], default="reviews")
parser.add_argument("--data-home", help="folder that holds IMDB, or will hold it")
parser.add_argument("--n-samples", type=int, default=2000)
parser.add_argument("--epochs", type=int, help="default: as many as the texts need")
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# A frame
# -------
# IMDB's has the columns "rating" and "movie" beside text and label. Reviews of one film stay in
# one fold there, so that its name cannot help.

if options.data == "imdb":
    frame = fetch_imdb(data_home=options.data_home, as_frame=True).frame
    frame = frame.sample(options.n_samples, random_state=0)
    groups = frame["movie"]
    cv = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    maxlen = 150
else:
    frame = make_reviews(options.n_samples, as_frame=True, random_state=0).frame
    groups = None
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    maxlen = 50
frame["words"] = frame["text"].str.split().str.len()

# %%
# The model
# ---------
# The whole frame goes in. A vectorizer takes one column: its name stands alone, not in a list.

model = make_pipeline(
    ColumnTransformer([("review", SequenceVectorizer(maxlen=maxlen), "text")]),
    RecurrentSentimentClassifier(
        cell="gru", batch_size=32, epochs=options.epochs or "auto", random_state=0
    ),
)

# %%
# Several scores at once
# ----------------------

scores = cross_validate(
    model,
    frame,
    frame["label"],
    groups=groups,
    cv=cv,
    scoring=["accuracy", "roc_auc", "average_precision", "neg_log_loss"],
)
print(pd.DataFrame(scores).agg(["mean", "std"]).T.round(3).to_string())

# %%
# Out-of-fold predictions
# -----------------------
# Each review is judged by the model that has not seen it. The frame keeps its index, so that
# predictions are joined like any other column.

positive = cross_val_predict(
    model, frame, frame["label"], groups=groups, cv=cv, method="predict_proba"
)[:, 1]
judged = frame.assign(positive=positive, wrong=(positive > 0.5) != frame["label"])
judged["surprise"] = (judged["positive"] - judged["label"]).abs()

print()
print("share of mistakes by length of the review")
lengths = pd.qcut(judged["words"], 3, labels=["short", "medium", "long"])
print(judged.groupby(lengths, observed=True)["wrong"].agg(["size", "mean"]).round(3).to_string())

# %%
# The surest mistakes
# -------------------
# One label in twenty of the synthetic reviews contradicts its text: here they are.

surest = judged.nlargest(5, "surprise")[["label", "positive", "text"]]
surest["text"] = surest["text"].str[-80:]
print()
print(surest.round({"positive": 3}).to_string())
