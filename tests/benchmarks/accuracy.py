"""Accuracy on real texts, against TF-IDF with logistic regression in the same run.

python tests/benchmarks/accuracy.py [--quick] [--seeds N] [--sets NAME ...] [--validate]
    [--settings JSON]

Each fit runs in a process of its own: accuracy, log loss and expected calibration error, seconds
of the fit, text included, and peak memory, as mean and spread over seeds. With --validate nothing
is read of what settings are reported on: IMDB's training reviews are split by film, and of the
other sets the part that is reported on is left out. Counterfactual reviews are never validated on.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any, NamedTuple

from _common import Options, Result, child, describe, run, shared_data

_SETS = ("imdb", "rt_polarity", "chn_hotel", "counterfactual")
_FOLDS = 5
_BINS = 15  # of the calibration error
_LINEAR = "TF-IDF + logistic regression"
# what make_sentiment_pipeline is given, by the name in the table
_RECIPES: dict[str, dict[str, Any]] = {
    "seqsent, simple": {"cell": "simple"},
    "seqsent, lstm": {"cell": "lstm"},
    "seqsent, gru": {"cell": "gru"},
}


class Split(NamedTuple):
    """Texts and labels to train on, and to measure on."""

    train: tuple[Any, Any]
    test: tuple[Any, Any]


def read(name: str, validate: bool, seed: int) -> Split:
    """Return a set's texts; on validation the seed chooses the fold."""
    import pandas as pd
    from sklearn.model_selection import GroupKFold, StratifiedKFold

    def table(path: str) -> pd.DataFrame:
        return pd.read_csv(shared_data() / path, keep_default_na=False)

    def split(frame: pd.DataFrame, folds: Any, fold: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        groups = frame.get("movie")
        rest, part = list(folds.split(frame, frame["label"], groups))[fold]
        return frame.iloc[rest], frame.iloc[part]

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
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
        train, test = split(table(f"{name}/all.csv"), folds, 0)
        if validate:
            train, test = split(train, folds, seed % _FOLDS)
    parts = [(part["text"].to_numpy(), part["label"].to_numpy()) for part in (train, test)]
    if name == "counterfactual":
        parts[1] = (parts[1][0], test[["label", "revised"]].to_numpy())
    return Split(*parts)


def make_linear(name: str) -> Any:
    """The peer: uni- and bigrams, of characters up to three where no spaces part the words."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    of_characters = {"analyzer": "char", "ngram_range": (1, 3)}
    units = of_characters if name == "chn_hotel" else {"ngram_range": (1, 2)}
    vectorizer = TfidfVectorizer(min_df=2, sublinear_tf=True, **units)
    return make_pipeline(vectorizer, LogisticRegression(C=10, max_iter=1000))


def fit(name: str, method: str, parameters: str, seed: str, validate: str, rows: str) -> Result:
    """Fit one Pipeline and measure it."""
    import numpy as np
    from sklearn.metrics import log_loss

    from seqsent import make_sentiment_pipeline

    train, (texts, truth) = read(name, validate == "True", int(seed))
    chosen = np.random.default_rng(int(seed)).permutation(len(train[0]))[: int(rows) or None]
    pipeline = make_linear(name)
    if method != _LINEAR:
        pipeline = make_sentiment_pipeline(**json.loads(parameters), random_state=int(seed))
    start = time.perf_counter()
    pipeline.fit(train[0][chosen], train[1][chosen])
    result: Result = {"seconds": time.perf_counter() - start}
    probabilities = pipeline.predict_proba(texts)
    places = probabilities.argmax(axis=1)
    if name == "counterfactual":
        right = pipeline.classes_[places] == truth[:, 0]
        for revised, figure in enumerate(("originals", "revised")):
            result[figure] = right[truth[:, 1] == revised].mean()
    else:
        right = pipeline.classes_[places] == truth
        confidence = probabilities.max(axis=1)
        bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
        gaps = [abs((right - confidence)[bins == b].sum()) for b in range(_BINS)]
        result |= {
            "accuracy": right.mean(),
            "log loss": log_loss(truth, probabilities),
            "calibration error": sum(gaps) / len(truth),
        }
    result["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {figure: float(value) for figure, value in result.items()}


def _line(name: str, method: str, runs: Sequence[Result]) -> str:
    cells = [name, method]
    for figure in ("accuracy", "originals", "revised", "log loss", "calibration error"):
        numbers = [run[figure] for run in runs if figure in run]
        spread = f" ± {stdev(numbers):.4f}" if len(numbers) > 1 else ""
        cells.append(f"{fmean(numbers):.4f}{spread}" if numbers else "")
    cells += [f"{fmean(run[figure] for run in runs):.0f}" for figure in ("seconds", "peak MB")]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Measure what the command line asks for, and print the table line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--quick", action="store_true", help="2,000 training texts, one seed")
    parser.add_argument("--seeds", type=int, help="fits of each (default 3; 1 with --quick)")
    parser.add_argument("--sets", nargs="+", choices=_SETS, default=_SETS)
    parser.add_argument("--validate", action="store_true", help="measure on parts to choose by")
    parser.add_argument("--settings", help="JSON: a recipe of parameters to measure alone")
    given = parser.parse_args()
    seeds = given.seeds or (1 if given.quick else 3)
    recipes = {given.settings: json.loads(given.settings)} if given.settings else _RECIPES
    print(describe(Options(given.quick, seeds, None, "{}")))
    print(
        "\n| texts | method | accuracy | originals | revised | log loss | calibration error |",
        end="",
    )
    print(" seconds | peak MB |\n" + "|---" * 9 + "|")
    for name in given.sets:
        if given.validate and name == "counterfactual":
            continue
        for method, parameters in {_LINEAR: {}, **recipes}.items():
            rows = 2000 if given.quick else 0
            arguments = [name, method, json.dumps(parameters)]
            runs = [
                run(child(__file__, "fit", *arguments, seed, given.validate, rows))
                for seed in range(1 if method == _LINEAR and not given.validate else seeds)
            ]
            print(_line(name, method, runs), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(fit(*sys.argv[3:])))
    else:
        main()
