"""
======================================
Cross-validation on a pandas DataFrame
======================================

Where is a model wrong, and which labels are worth a second look? Cross-validation predicts each
review with a model that has not seen it. The reviews are one column of a DataFrame: a
``ColumnTransformer`` selects the column, ``cross_validate`` computes several scores of a GRU, and
the out-of-fold predictions are joined to the DataFrame::

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

parser = argparse.ArgumentParser(description="Cross-validate a GRU on a pandas DataFrame.")
parser.add_argument("--data", choices=["reviews", "imdb"], default="reviews")
parser.add_argument("--data-home", help="folder of the IMDB data")
parser.add_argument("--n-samples", type=int, default=1000)
parser.add_argument("--epochs", type=int, default=10)
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Reviews
# -------
# IMDB has a column "movie" with the film of a review. All reviews of a film are in the same fold,
# so that the model cannot profit from the film's name.

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
# The pipeline receives the whole DataFrame. The vectorizer expects one column, so the column is
# given as a string and not as a list.

model = make_pipeline(
    ColumnTransformer([("review", SequenceVectorizer(maxlen=maxlen), "text")]),
    RecurrentSentimentClassifier(cell="gru", batch_size=32, epochs=options.epochs, random_state=0),
)

# %%
# Several scores
# --------------

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
# Each review is predicted by a model that was not trained on it.

positive = cross_val_predict(
    model, frame, frame["label"], groups=groups, cv=cv, method="predict_proba"
)[:, 1]
predicted = frame.assign(positive=positive, wrong=(positive > 0.5) != frame["label"])
predicted["error"] = (predicted["positive"] - predicted["label"]).abs()

print()
print("error rate by length of the review")
lengths = pd.qcut(predicted["words"], 3, labels=["short", "medium", "long"])
print(predicted.groupby(lengths, observed=True)["wrong"].agg(["size", "mean"]).round(3).to_string())

# %%
# Confident mistakes
# ------------------
# Five percent of the synthetic reviews have a wrong label. They are at the top of this table.

mistakes = predicted.nlargest(5, "error")[["label", "positive", "text"]]
mistakes["text"] = mistakes["text"].str[-80:]
print()
print(mistakes.round({"positive": 3}).to_string())
