"""Accuracy and calibration on real texts of many kinds, compared with linear models.

python tests/benchmarks/accuracy.py [--validate] [--quick] [--seeds N] [--sets NAME ...]
    [--methods NAME ...] [--settings JSON]

Measures accuracy, macro-averaged F1, log loss, expected calibration error and the seconds of a
fit on raw text. Each fit runs in a new process. With --validate the test sets are not read:
IMDB's training reviews are split by film, the other training sets into folds, and the
counterfactual reviews are skipped. The last table compares each method with the best of the
linear models on each set: wins, losses, mean rank and worst difference. It judges defaults and
presets.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any, NamedTuple

from _common import Options, Result, child_command, describe, run, shared_data

_VALIDATION = ("airline", "trec6", "korean", "cornell2", "arabic")
_SETS = (
    "imdb", "imdb-2000", "imdb-500", "rt_polarity", "rt_polarity-500", "chn_hotel", *_VALIDATION,
    "counterfactual",
)  # fmt: skip
_FOLDS = 5
_N_BINS = 15  # of the calibration error
_FIGURES = ("accuracy", "originals", "revised", "macro-F1", "log loss", "calibration error")
_LINEAR = "TF-IDF + logistic regression"
_NAIVE_BAYES = "naive Bayes + logistic regression"
_CHARACTERS = "TF-IDF of characters + logistic regression"
_PEERS = (_LINEAR, _NAIVE_BAYES, _CHARACTERS)
# parameters of make_sentiment_pipeline, or of make_sentiment_ensemble, by the name in the table
_RECIPES: dict[str, dict[str, Any]] = {
    "simple": {"cell": "simple"},
    "lstm": {"cell": "lstm"},
    "gru": {"cell": "gru"},
    "fast": {"preset": "fast"},
    "accurate": {"preset": "accurate"},
    "ensemble": {},
}


class Split(NamedTuple):
    """Texts and labels of the training set and the test set."""

    train: tuple[Any, Any]
    test: tuple[Any, Any]


def read(name: str, validate: bool, seed: int) -> Split:
    """Return a data set. For validation the seed selects the fold.

    A number in the name is the number of training texts, which the seed selects.
    """
    import pandas as pd
    from sklearn.model_selection import GroupKFold, StratifiedKFold

    def table(path: str) -> pd.DataFrame:
        return pd.read_csv(shared_data() / path, keep_default_na=False)

    def split(frame: pd.DataFrame, folds: Any, fold: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        groups = frame.get("movie")
        train, test = list(folds.split(frame, frame["label"], groups))[fold]
        return frame.iloc[train], frame.iloc[test]

    name, _, n_rows = name.partition("-")
    if name in ("imdb", "counterfactual"):
        train = table("imdb/train.csv.gz")
        if name == "counterfactual":
            originals = table("imdb_counterfactual/in_imdb_train.csv")["id"]
            train = train[~train["id"].isin(originals)]
            test = table("imdb_counterfactual/test.csv.gz")
        elif validate:
            train, test = split(train, GroupKFold(_FOLDS), seed % _FOLDS)
        else:
            test = table("imdb/test.csv.gz")
    else:
        path = f"validation/{name}.csv.gz" if name in _VALIDATION else f"{name}/all.csv"
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
        train, test = split(table(path), folds, 0)
        if validate:
            train, test = split(train, folds, seed % _FOLDS)
    if n_rows:
        train = train.sample(int(n_rows), random_state=seed)
    labels = ["label", "revised"] if name == "counterfactual" else "label"
    return Split(
        (train["text"].to_numpy(), train["label"].to_numpy()),
        (test["text"].to_numpy(), test[labels].to_numpy()),
    )


def make_linear(name: str, method: str = _LINEAR) -> Any:
    """Return a linear model on word n-grams, or on character n-grams for Chinese."""
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline

    units: dict[str, Any] = {"ngram_range": (1, 2)}
    if name == "chn_hotel":
        units = {"analyzer": "char", "ngram_range": (1, 3)}
    if method == _NAIVE_BAYES:
        vectorizer = CountVectorizer(binary=True, min_df=2, **{**units, "ngram_range": (1, 3)})
        scaled = make_pipeline(ClassRatios(), LogisticRegression(C=0.3, max_iter=1000))
        return make_pipeline(vectorizer, OneVsRestClassifier(scaled))
    if method == _CHARACTERS:
        units = {"analyzer": "char_wb", "ngram_range": (2, 5)}
    vectorizer = TfidfVectorizer(min_df=2, sublinear_tf=True, **units)
    return make_pipeline(vectorizer, LogisticRegression(C=10, max_iter=1000))


class ClassRatios:
    """Multiplies counts by the log-count ratio of two classes (Wang & Manning, 2012)."""

    def fit(self, X: Any, y: Any) -> "ClassRatios":
        import numpy as np

        shares = [1 + np.asarray(X[y == label].sum(axis=0)).ravel() for label in np.unique(y)]
        first, second = (share / share.sum() for share in shares)
        self.ratios = np.log(second / first)
        return self

    def transform(self, X: Any) -> Any:
        return X.multiply(self.ratios).tocsr()


def make(name: str, method: str, parameters: dict[str, Any], seed: int) -> Any:
    """Return the unfitted model of a method."""
    if method in _PEERS:
        return make_linear(name, method)
    from seqsent import make_sentiment_ensemble, make_sentiment_pipeline

    function = make_sentiment_ensemble if method == "ensemble" else make_sentiment_pipeline
    return function(**parameters, random_state=seed)


def fit(name: str, method: str, parameters: str, seed: str, validate: str) -> Result:
    """Fit and measure one model."""
    (X, y), (texts, truth) = read(name, validate == "True", int(seed))
    model = make(name, method, json.loads(parameters), int(seed))
    start = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
    found = judge_probabilities(model.predict_proba(texts), truth, model.classes_)
    return {**found, "seconds": seconds}


def judge_probabilities(probabilities: Any, truth: Any, classes: Any) -> Result:
    """Return the figures of merit; for counterfactual texts, the accuracy of both kinds."""
    import numpy as np
    from sklearn.metrics import f1_score, log_loss

    predicted = classes[probabilities.argmax(axis=1)]
    if truth.ndim > 1:
        right = predicted == truth[:, 0]
        kinds = enumerate(("originals", "revised"))
        return {kind: float(right[truth[:, 1] == revised].mean()) for revised, kind in kinds}
    right = predicted == truth
    confidence = probabilities.max(axis=1)
    bins = np.minimum((confidence * _N_BINS).astype(int), _N_BINS - 1)
    gaps = [abs((right - confidence)[bins == b].sum()) for b in range(_N_BINS)]
    return {
        "accuracy": float(right.mean()),
        "macro-F1": float(f1_score(truth, predicted, average="macro")),
        "log loss": float(log_loss(truth, probabilities, labels=classes)),
        "calibration error": float(sum(gaps) / len(truth)),
    }


def _line(name: str, method: str, runs: Sequence[Result]) -> str:
    cells = [name, method]
    for figure in (*_FIGURES, "seconds"):
        numbers = [run[figure] for run in runs if figure in run]
        digits = 0 if figure == "seconds" else 4
        spread = f" ± {stdev(numbers):.{digits}f}" if len(numbers) > 1 and digits else ""
        cells.append(f"{fmean(numbers):.{digits}f}{spread}" if numbers else "")
    return "| " + " | ".join(cells) + " |"


def summarize(means: Mapping[str, Mapping[str, Result]]) -> list[str]:
    """Return a table that compares each method with the best linear model of each set.

    ``means`` are results by set and method. Ties count as wins.
    """
    lines = [
        "| method | sets | accuracy: wins | mean rank | mean difference | worst difference | "
        "log loss: wins | worst ratio | largest calibration error |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    means = {name: found for name, found in means.items() if name != "counterfactual"}
    for method in dict.fromkeys(method for found in means.values() for method in found):
        differences, ratios, errors, ranks = [], [], [], []
        for found in means.values():
            peers = [found[peer] for peer in _PEERS if peer in found]
            if method not in found or not peers:
                continue
            own = found[method]
            differences.append(own["accuracy"] - max(peer["accuracy"] for peer in peers))
            ratios.append(own["log loss"] / min(peer["log loss"] for peer in peers))
            errors.append(own["calibration error"])
            ranks.append(1 + sum(f["accuracy"] > own["accuracy"] for f in found.values()))
        if differences:
            wins, low = sum(d >= 0 for d in differences), sum(r <= 1 for r in ratios)
            lines.append(
                f"| {method} | {len(ranks)} | {wins} | {fmean(ranks):.1f} | "
                f"{fmean(differences):+.4f} | {min(differences):+.4f} | {low} | "
                f"{max(ratios):.3f} | {max(errors):.4f} |"
            )
    return lines


def main() -> None:
    """Measure and print the tables line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--quick", action="store_true", help="one seed, sets of few texts")
    parser.add_argument("--seeds", type=int, help="fits of each (default 3; 1 with --quick)")
    parser.add_argument("--sets", nargs="+", choices=_SETS)
    parser.add_argument("--validate", action="store_true", help="measure on validation sets")
    parser.add_argument("--methods", nargs="+", choices=[*_PEERS, *_RECIPES])
    parser.add_argument("--settings", help="JSON: parameters of the only network to measure")
    given = parser.parse_args()
    seeds = given.seeds or (1 if given.quick else 3)
    names = given.sets or (("imdb-500", "rt_polarity-500") if given.quick else _SETS)
    recipes = {given.settings: json.loads(given.settings)} if given.settings else _RECIPES
    print(describe(Options(given.quick, seeds, None, "{}")))
    columns = ("texts", "method", *_FIGURES, "seconds")
    print("\n| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    means: dict[str, dict[str, Result]] = {}
    for name in names:
        if given.validate and name == "counterfactual":
            continue
        for method, parameters in {**{peer: {} for peer in _PEERS}, **recipes}.items():
            if given.methods and method not in given.methods:
                continue
            is_fixed = method in _PEERS and not given.validate and "-" not in name
            arguments = [name, method, json.dumps(parameters)]
            runs = [
                run(child_command(__file__, "fit", *arguments, seed, given.validate))
                for seed in range(1 if is_fixed else seeds)
            ]
            print(_line(name, method, runs), flush=True)
            found = {figure: fmean(one[figure] for one in runs) for figure in runs[0]}
            means.setdefault(name, {})[method] = found
    print("\nCompared with the best linear model of each set:\n")
    print("\n".join(summarize(means)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(fit(*sys.argv[3:])))
    else:
        main()
