"""
=========================
Pruned trials with Optuna
=========================

Optuna proposes parameters, and a callback reports the validation loss of each epoch. Optuna stops
the fit of a trial that is worse than the median of the others at the same epoch. Metadata routing
passes the validation texts through the vectorizer::

    pip install optuna
    python optuna_search.py
    python optuna_search.py --data imdb --n-samples 4000 --n-trials 40
"""

import argparse
from typing import Any

import optuna
import pandas as pd
import sklearn
from sklearn.model_selection import train_test_split

from seqsent import make_sentiment_pipeline  # before keras, because it selects JAX
from seqsent.datasets import fetch_imdb, make_reviews

import keras  # isort: skip


# %%
# Options
# -------
def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Search parameters with Optuna and prune trials.")
    parser.add_argument("--data", choices=["reviews", "imdb"], default="reviews")
    parser.add_argument("--data-home", help="folder of the IMDB data")
    parser.add_argument(
        "--n-samples", type=int, default=1500, help="reviews, two fifths for validation and testing"
    )
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--n-trials", type=int, default=15)
    return parser.parse_args()


def load_reviews(options: argparse.Namespace) -> pd.DataFrame:
    if options.data == "imdb":
        imdb = fetch_imdb(data_home=options.data_home, as_frame=True).frame
        return imdb.sample(options.n_samples, random_state=0)
    return make_reviews(options.n_samples, as_frame=True, random_state=0).frame


# %%
# The callback
# ------------
# The fit uses the callback itself, not a copy. ``TrialPruned`` ends the fit, and Optuna catches it.
class Report(keras.callbacks.Callback):
    def __init__(self, trial: optuna.Trial) -> None:
        super().__init__()
        self.trial = trial

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.trial.report((logs or {})["val_loss"], epoch)
        if self.trial.should_prune():
            raise optuna.TrialPruned


# %%
# The study
# ---------
# The objective is the validation loss of the last epoch.
def search(train: pd.DataFrame, validation: pd.DataFrame, options: argparse.Namespace) -> Any:
    def build_pipeline(trial: Any) -> Any:
        return make_sentiment_pipeline(
            trial.suggest_categorical("cell", ["simple", "lstm", "gru"]),
            state_dim=trial.suggest_categorical("state_dim", [8, 32]),
            learning_rate=trial.suggest_float("learning_rate", 1e-4, 0.1, log=True),
            dropout=trial.suggest_float("dropout", 0.0, 0.6),
            epochs=options.epochs,
            batch_size=32,
            maxlen=150 if options.data == "imdb" else 50,
            random_state=0,
        ).set_params(transform_input=["X_val"])

    def objective(trial: optuna.Trial) -> float:
        pipeline = build_pipeline(trial).set_params(classifier__callbacks=[Report(trial)])
        pipeline.fit(
            train["text"], train["label"], X_val=validation["text"], y_val=validation["label"]
        )
        return pipeline[-1].history_["val_loss"][-1]

    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    )
    study.optimize(objective, n_trials=options.n_trials)
    return study, build_pipeline(study.best_trial)


def main() -> None:
    options = parse_options()
    sklearn.set_config(enable_metadata_routing=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    reviews = load_reviews(options)
    rest, test = train_test_split(reviews, test_size=0.2, stratify=reviews["label"], random_state=0)
    train, validation = train_test_split(
        rest, test_size=0.25, stratify=rest["label"], random_state=0
    )
    study, best = search(train, validation, options)

    trials = study.trials_dataframe(attrs=("number", "value", "state", "params"))
    trials["epochs"] = [len(trial.intermediate_values) for trial in study.trials]
    print(trials.round(3).to_string(index=False))
    n_pruned = (trials["state"] == "PRUNED").sum()
    print(
        f"\n{n_pruned} of {len(trials)} trials pruned; {trials['epochs'].sum()} epochs run", end=""
    )
    print(f" instead of {options.epochs * len(trials)}")
    print("best:", study.best_params)
    best.fit(rest["text"], rest["label"])
    print(f"accuracy on {len(test)} test reviews: {best.score(test['text'], test['label']):.3f}")


if __name__ == "__main__":
    main()
