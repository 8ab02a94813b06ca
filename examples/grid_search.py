"""
====================================
Grid search over cell and state size
====================================

``GridSearchCV`` compares the recurrent cells and several state sizes on a column of texts. The
vectorizer is part of the search, so that each fold builds its vocabulary from its own training
texts. Networks of the same shape share a compiled program: only the first fold of a candidate has
to compile it::

    python grid_search.py
    python grid_search.py --data imdb --n-samples 3000 --n-jobs 2
"""

# %%
# Options
# -------

import argparse

import pandas as pd
from sklearn.model_selection import GridSearchCV, train_test_split

from seqsent import make_sentiment_pipeline
from seqsent.datasets import fetch_imdb, make_reviews

parser = argparse.ArgumentParser(description="Search for the best cell and state size.")
parser.add_argument("--data", choices=["reviews", "imdb"], default="reviews")
parser.add_argument("--data-home", help="folder of the IMDB data")
parser.add_argument(
    "--n-samples", type=int, default=1200, help="reviews, a quarter of them for testing"
)
parser.add_argument("--epochs", type=int, help="default: 6, IMDB: 3")
parser.add_argument("--state-dims", type=int, nargs="+", default=[8, 32])
parser.add_argument("--n-jobs", type=int, default=1)
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Reviews
# -------
# A DataFrame with the columns "text" and "label".

is_imdb = options.data == "imdb"
if is_imdb:
    reviews = fetch_imdb(data_home=options.data_home, as_frame=True).frame
    reviews = reviews.sample(options.n_samples, random_state=0)
else:
    reviews = make_reviews(options.n_samples, as_frame=True, random_state=0).frame
train, test = train_test_split(reviews, stratify=reviews["label"], random_state=0)
print(f"{len(train)} training reviews, {len(test)} test reviews")

# %%
# The search
# ----------
# The name of the step is a prefix of the parameter: ``classifier__cell``, ``vectorizer__maxlen``.
# ``verbose=2`` prints a line for each fit. With ``n_jobs=2`` two processes share the fits.

pipeline = make_sentiment_pipeline(
    maxlen=150 if is_imdb else 50,
    batch_size=32,
    epochs=options.epochs or (3 if is_imdb else 6),
    random_state=0,
)
grid = {
    "classifier__cell": ["simple", "lstm", "gru"],
    "classifier__state_dim": options.state_dims,
}
search = GridSearchCV(pipeline, grid, cv=3, n_jobs=options.n_jobs, verbose=2)
search.fit(train["text"], train["label"])

# %%
# Results
# -------
# ``std_test_score`` is the standard deviation over the folds. Among candidates that differ by less,
# the one with the smaller ``mean_fit_time`` is as good a choice as the first.

results = pd.DataFrame(search.cv_results_).sort_values("rank_test_score")
columns = [
    "param_classifier__cell",
    "param_classifier__state_dim",
    "mean_test_score",
    "std_test_score",
    "mean_fit_time",
]
print(results[columns].round(3).to_string(index=False))

# %%
# The best candidate was fitted again on all training reviews. The test reviews have not been part
# of the search:

print()
print("best:", search.best_params_)
print(f"accuracy on {len(test)} test reviews: {search.score(test['text'], test['label']):.3f}")
