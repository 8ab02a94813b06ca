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

import argparse

import pandas as pd
from sklearn.model_selection import GridSearchCV, train_test_split

from seqsent import make_sentiment_pipeline
from seqsent.datasets import fetch_imdb, make_reviews


# %%
# Options
# -------
def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Search for the best cell and state size.")
    parser.add_argument("--data", choices=["reviews", "imdb"], default="reviews")
    parser.add_argument("--data-home", help="folder of the IMDB data")
    parser.add_argument(
        "--n-samples", type=int, default=2000, help="reviews, a quarter of them for testing"
    )
    parser.add_argument("--epochs", type=int, help="default: 6, IMDB: 3")
    parser.add_argument("--state-dims", type=int, nargs="+", default=[8, 32])
    parser.add_argument("--n-jobs", type=int, default=1)
    return parser.parse_args()


# %%
# Reviews
# -------
# A DataFrame with the columns "text" and "label".
def load_reviews(options: argparse.Namespace) -> pd.DataFrame:
    if options.data == "imdb":
        imdb = fetch_imdb(data_home=options.data_home, as_frame=True).frame
        return imdb.sample(options.n_samples, random_state=0)
    return make_reviews(options.n_samples, as_frame=True, random_state=0).frame


# %%
# The search
# ----------
# The name of the step is a prefix of the parameter: ``classifier__cell``, ``vectorizer__maxlen``.
def main() -> None:
    options = parse_options()
    reviews = load_reviews(options)
    train, test = train_test_split(reviews, stratify=reviews["label"], random_state=0)

    is_imdb = options.data == "imdb"
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
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=options.n_jobs)
    search.fit(train["text"], train["label"])

    results = pd.DataFrame(search.cv_results_).sort_values("rank_test_score")
    columns = [
        "param_classifier__cell",
        "param_classifier__state_dim",
        "mean_test_score",
        "std_test_score",
        "mean_fit_time",
    ]
    print(results[columns].round(3).to_string(index=False))
    print()
    print("best:", search.best_params_)
    print(f"accuracy on {len(test)} test reviews: {search.score(test['text'], test['label']):.3f}")


# Worker processes of n_jobs import this file: the guard prevents that they start a search.
if __name__ == "__main__":
    main()
