"""
=================================================
Fewer epochs for bad guesses: a study that prunes
=================================================

Optuna proposes parameters, and a callback tells it the validation loss after each epoch. A trial
that falls behind the others is pruned: its fit ends there, and the time goes to better ones.
Texts stay raw; metadata routing carries the validation texts through the vectorizer::

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

from seqsent import make_sentiment_pipeline  # before keras, for which it chooses JAX
from seqsent.datasets import fetch_imdb, make_reviews

import keras  # isort: skip


# %%
# Options
# -------
def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Let Optuna choose parameters, and prune trials.")
    parser.add_argument("--data", choices=["reviews", "imdb"], default="reviews")
    parser.add_argument("--data-home", help="folder that holds IMDB, or will hold it")
    parser.add_argument("--n-samples", type=int, default=1500, help="two fifths are held out")
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
# The fit uses this very object, so that what it tells the trial arrives. What it raises ends the
# fit, reaches Optuna, and leaves the pipeline as it was.
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
# The validation loss of the last epoch is what a trial is judged by. Each trial fits a pipeline
# of its own.
def search(train: pd.DataFrame, validation: pd.DataFrame, options: argparse.Namespace) -> Any:
    def pipeline_of(trial: Any) -> Any:
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
        pipeline = pipeline_of(trial).set_params(classifier__callbacks=[Report(trial)])
        pipeline.fit(
            train["text"], train["label"], X_val=validation["text"], y_val=validation["label"]
        )
        return pipeline[-1].history_["val_loss"][-1]

    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    )
    study.optimize(objective, n_trials=options.n_trials)
    return study, pipeline_of(study.best_trial)


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
    print(f"accuracy on {len(test)} other reviews: {best.score(test['text'], test['label']):.3f}")


if __name__ == "__main__":
    main()
