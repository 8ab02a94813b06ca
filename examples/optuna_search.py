"""
=========================
Pruned trials with Optuna
=========================

A grid search trains every candidate to the end. Optuna proposes parameters from the results of
earlier trials, and it prunes: a callback reports the validation loss of each epoch, and the fit of
a trial ends if it is worse than the median of the others at the same epoch::

    pip install optuna
    python optuna_search.py
    python optuna_search.py --data imdb --n-samples 4000 --n-trials 40
"""

# %%
# Options
# -------

import argparse

import optuna
import sklearn
from sklearn.model_selection import train_test_split

from seqsent import make_sentiment_pipeline  # before keras, because it selects JAX
from seqsent.datasets import fetch_imdb, make_reviews

import keras  # isort: skip

parser = argparse.ArgumentParser(description="Search parameters with Optuna and prune trials.")
parser.add_argument("--data", choices=["reviews", "imdb"], default="reviews")
parser.add_argument("--data-home", help="folder of the IMDB data")
parser.add_argument(
    "--n-samples", type=int, default=1000, help="reviews, two fifths for validation and testing"
)
parser.add_argument("--epochs", type=int, default=6)
parser.add_argument("--n-trials", type=int, default=10)
options = parser.parse_args()  # in a notebook: parser.parse_args([])

# %%
# Reviews
# -------
# The validation reviews choose the parameters, the test reviews measure the result.

is_imdb = options.data == "imdb"
if is_imdb:
    reviews = fetch_imdb(data_home=options.data_home, as_frame=True).frame
    reviews = reviews.sample(options.n_samples, random_state=0)
else:
    reviews = make_reviews(options.n_samples, as_frame=True, random_state=0).frame
rest, test = train_test_split(reviews, test_size=0.2, stratify=reviews["label"], random_state=0)
train, validation = train_test_split(rest, test_size=0.25, stratify=rest["label"], random_state=0)
print(f"{len(train)} reviews for training, {len(validation)} for validation, {len(test)} to test")

# %%
# Pruning
# -------
# Keras calls the callback after each epoch. ``TrialPruned`` ends the fit, and Optuna catches it.
# ``callbacks`` are used as given, not copied, so that the callback belongs to its trial.


class Report(keras.callbacks.Callback):
    def __init__(self, trial):
        super().__init__()
        self.trial = trial

    def on_epoch_end(self, epoch, logs=None):
        self.trial.report(logs["val_loss"], epoch)
        if self.trial.should_prune():
            raise optuna.TrialPruned


# %%
# The objective
# -------------
# The objective is the validation loss of the last epoch. Metadata routing passes the validation
# texts through the vectorizer: ``transform_input`` names the arguments of ``fit`` to transform.


def build_pipeline(trial):
    return make_sentiment_pipeline(
        trial.suggest_categorical("cell", ["simple", "lstm", "gru"]),
        state_dim=trial.suggest_categorical("state_dim", [8, 32]),
        learning_rate=trial.suggest_float("learning_rate", 1e-4, 0.1, log=True),
        dropout=trial.suggest_float("dropout", 0.0, 0.6),
        epochs=options.epochs,
        batch_size=32,
        maxlen=150 if is_imdb else 50,
        random_state=0,
    )


def objective(trial):
    pipeline = build_pipeline(trial)
    pipeline.set_params(transform_input=["X_val"], classifier__callbacks=[Report(trial)])
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline.fit(
            train["text"], train["label"], X_val=validation["text"], y_val=validation["label"]
        )
    return pipeline[-1].history_["val_loss"][-1]


# %%
# The study
# ---------
# A line for each trial shows the progress.


def round_float(value):
    return float(f"{value:.2g}") if isinstance(value, float) else value


def print_trial(study, trial):
    parameters = ", ".join(f"{name} {round_float(value)}" for name, value in trial.params.items())
    epochs = len(trial.intermediate_values)
    print(
        f"trial {trial.number:2}: {trial.state.name:8} after {epochs} epochs, "
        f"loss {trial.value:.3f}, {parameters}",
        flush=True,
    )


optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(
    sampler=optuna.samplers.TPESampler(seed=0),
    pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
)
study.optimize(objective, n_trials=options.n_trials, callbacks=[print_trial])

# %%
# Result
# ------
# Pruned trials end early, which leaves time for more trials.

trials = study.get_trials()
n_pruned = sum(trial.state.name == "PRUNED" for trial in trials)
n_epochs = sum(len(trial.intermediate_values) for trial in trials)
print(f"{n_pruned} of {len(trials)} trials pruned; {n_epochs} epochs run instead of", end=" ")
print(options.epochs * len(trials))

# %%
# The best parameters, trained on the training and validation reviews:

print("best:", {name: round_float(value) for name, value in study.best_params.items()})
best = build_pipeline(study.best_trial).fit(rest["text"], rest["label"])
print(f"accuracy on {len(test)} test reviews: {best.score(test['text'], test['label']):.3f}")
