"""Accuracy on real texts, compared with linear models and fastText.

python tests/benchmarks/accuracy.py [--quick] [--seeds N] [--sets NAME ...] [--validate]
    [--rows N [--self-training]] [--methods NAME ...] [--settings JSON]

Measures accuracy, log loss, Brier score, expected calibration error, the seconds of a fit on raw
text, peak memory and the size of a pickle. Each fit runs in a new process. Figures are means and
standard deviations over seeds. With --validate the test sets are not read: IMDB's training
reviews are split by film, the other training sets are split into folds, and the counterfactual
reviews are skipped. fastText is measured if it is installed. With --self-training scikit-learn's
SelfTrainingClassifier receives the texts beyond N without labels.
"""

import argparse
import importlib.util
import json
import pickle
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any, NamedTuple

from _common import Options, Result, child_command, describe, run, shared_data

_SETS = ("imdb", "rt_polarity", "chn_hotel", "counterfactual")
_FOLDS = 5
_N_BINS = 15  # of the calibration error
_FIGURES = ("accuracy", "originals", "revised", "log loss", "Brier score", "calibration error")
_COSTS = ("seconds", "peak MB", "file MB")
_LINEAR = "TF-IDF + logistic regression"
_NB_SVM = "NB-SVM"
_NB_LR = "naive Bayes + logistic regression"
_FASTTEXT = "fastText"
_PEERS = (
    _LINEAR,
    _NB_SVM,
    _NB_LR,
    *([_FASTTEXT] if importlib.util.find_spec("fasttext") else []),
)
# parameters of make_sentiment_pipeline by the name in the table
_RECIPES: dict[str, dict[str, Any]] = {
    "simple": {"cell": "simple"},
    "lstm": {"cell": "lstm"},
    "gru": {"cell": "gru"},
    "fast": {"preset": "fast"},
    "accurate": {"preset": "accurate"},
}
_VOTERS = ("fast", "accurate")  # their probabilities are also averaged with naive Bayes


class Split(NamedTuple):
    """Texts and labels of the training set and the test set."""

    train: tuple[Any, Any]
    test: tuple[Any, Any]


def read(name: str, validate: bool, seed: int) -> Split:
    """Return a data set. For validation the seed selects the fold."""
    import pandas as pd
    from sklearn.model_selection import GroupKFold, StratifiedKFold

    def table(path: str) -> pd.DataFrame:
        return pd.read_csv(shared_data() / path, keep_default_na=False)

    def split(frame: pd.DataFrame, folds: Any, fold: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        groups = frame.get("movie")
        train, test = list(folds.split(frame, frame["label"], groups))[fold]
        return frame.iloc[train], frame.iloc[test]

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
    labels = ["label", "revised"] if name == "counterfactual" else "label"
    return Split(
        (train["text"].to_numpy(), train["label"].to_numpy()),
        (test["text"].to_numpy(), test[labels].to_numpy()),
    )


def make_linear(name: str, method: str = _LINEAR) -> Any:
    """Return a linear model on word n-grams, or on character n-grams for Chinese."""
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    is_chinese = name == "chn_hotel"
    units = {"analyzer": "char", "ngram_range": (1, 3)} if is_chinese else {"ngram_range": (1, 2)}
    if method == _NB_SVM:
        return make_pipeline(CountVectorizer(binary=True, **units), ClassRatios(), LinearSVC(C=0.1))
    if method == _NB_LR:  # as in examples/beat_the_linear_model.py
        vectorizer = CountVectorizer(binary=True, min_df=2, **{**units, "ngram_range": (1, 3)})
        return make_pipeline(vectorizer, ClassRatios(), LogisticRegression(C=0.3, max_iter=1000))
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


class FastText:
    """fastText with the settings of its tutorial and word pairs, on shuffled texts."""

    def fit(self, texts: Any, labels: Any) -> "FastText":
        import fasttext  # type: ignore[import-not-found]
        import numpy as np

        self.classes_ = np.unique(labels)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            for row in np.random.default_rng(0).permutation(len(texts)):
                index = int(np.searchsorted(self.classes_, labels[row]))
                file.write(f"__label__{index} {self._words(texts[row])}\n")
            file.flush()
            self.model = fasttext.train_supervised(file.name, wordNgrams=2, verbose=0)
        return self

    @staticmethod
    def _words(text: str) -> str:
        words = text.lower().split()
        has_spaces = len(words) > len(text) / 20
        return " ".join(words if has_spaces else text)  # else characters

    def predict_proba(self, texts: Any) -> Any:
        import numpy as np

        found = np.zeros((len(texts), len(self.classes_)))
        for row, text in enumerate(texts):
            # fastText's public predict needs numpy 1
            answers = self.model.f.predict(self._words(text) + "\n", -1, 0.0, "strict")
            for probability, label in answers:
                found[row, int(label.removeprefix("__label__"))] = min(probability, 1.0)
        return found / found.sum(axis=1, keepdims=True)


def make(name: str, method: str, parameters: dict[str, Any], seed: int, self_training: bool) -> Any:
    """Return the unfitted model of a method."""
    if method == _FASTTEXT:
        return FastText()
    if method in _PEERS:
        model = make_linear(name, method)
    else:
        # not imported at the top, so that the peak memory of peers excludes it
        from seqsent import make_sentiment_pipeline

        model = make_sentiment_pipeline(**parameters, random_state=seed)
    if not self_training:
        return model
    from sklearn.pipeline import make_pipeline
    from sklearn.semi_supervised import SelfTrainingClassifier

    # the vectorizer learns from all texts, the classifier from labels and pseudo-labels
    return make_pipeline(*model[:-1], SelfTrainingClassifier(model[-1], threshold=0.9, max_iter=1))


def fit(
    name: str, method: str, parameters: str, seed: str, validate: str, rows: str, unlabelled: str
) -> dict[str, Result]:
    """Fit and measure one model, and its average with naive Bayes."""
    import numpy as np

    (X, y), (texts, truth) = read(name, validate == "True", int(seed))
    self_training = unlabelled == "True"
    order = np.random.default_rng(int(seed)).permutation(len(X))
    selected = order[: int(rows) or None]
    if self_training:
        y = np.where(np.isin(np.arange(len(y)), selected), y, -1)
        selected = order
    results: dict[str, Result] = {}

    def fit_and_measure_costs(method: str) -> Any:
        model = make(name, method, json.loads(parameters), int(seed), self_training)
        start = time.perf_counter()
        model.fit(X[selected], y[selected])
        results[method] = {
            "seconds": time.perf_counter() - start,
            "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        if method != _FASTTEXT:  # fastText models cannot be pickled
            results[method]["file MB"] = len(pickle.dumps(model)) / 1e6
        return model

    model = fit_and_measure_costs(method)
    if not hasattr(model, "predict_proba"):
        results[method] |= judge(model.predict(texts), truth)
        return results
    probabilities = model.predict_proba(texts)
    results[method] |= judge_probabilities(probabilities, truth, model.classes_)
    if method in _VOTERS and not self_training:
        mean = (probabilities + fit_and_measure_costs(_NB_LR).predict_proba(texts)) / 2
        costs = {cost: sum(r[cost] for r in results.values()) for cost in ("seconds", "file MB")}
        costs["peak MB"] = results.pop(_NB_LR)["peak MB"]
        vote = costs | judge_probabilities(mean, truth, model.classes_)
        results[f"vote: {method}, naive Bayes"] = vote
    return results


def judge(predicted: Any, truth: Any) -> Result:
    """Return the accuracy; for counterfactual texts, of originals and revised texts."""
    if truth.ndim == 1:
        return {"accuracy": float((predicted == truth).mean())}
    right = predicted == truth[:, 0]
    kinds = enumerate(("originals", "revised"))
    return {kind: float(right[truth[:, 1] == revised].mean()) for revised, kind in kinds}


def judge_probabilities(probabilities: Any, truth: Any, classes: Any) -> Result:
    """Return the accuracy and the figures of merit of the probabilities."""
    import numpy as np
    from sklearn.metrics import log_loss

    predicted = classes[probabilities.argmax(axis=1)]
    result = judge(predicted, truth)
    if truth.ndim > 1:
        return result
    right = predicted == truth
    confidence = probabilities.max(axis=1)
    bins = np.minimum((confidence * _N_BINS).astype(int), _N_BINS - 1)
    gaps = [abs((right - confidence)[bins == b].sum()) for b in range(_N_BINS)]
    squares = (probabilities - (truth[:, np.newaxis] == classes)) ** 2
    return result | {
        "log loss": float(log_loss(truth, probabilities)),
        "Brier score": float(squares.sum(axis=1).mean() / 2),  # two classes count once
        "calibration error": float(sum(gaps) / len(truth)),
    }


def _line(name: str, method: str, runs: Sequence[Result]) -> str:
    cells = [name, method]
    for figure in _FIGURES:
        numbers = [run[figure] for run in runs if figure in run]
        spread = f" ± {stdev(numbers):.4f}" if len(numbers) > 1 else ""
        cells.append(f"{fmean(numbers):.4f}{spread}" if numbers else "")
    for figure in _COSTS:
        costs = [run[figure] for run in runs if figure in run]
        cells.append(f"{fmean(costs):.0f}" if costs else "")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Measure and print the table line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--quick", action="store_true", help="2,000 training texts, one seed")
    parser.add_argument("--seeds", type=int, help="fits of each (default 3; 1 with --quick)")
    parser.add_argument("--sets", nargs="+", choices=_SETS, default=_SETS)
    parser.add_argument("--validate", action="store_true", help="measure on validation sets")
    parser.add_argument("--rows", type=int, default=0, help="number of training texts")
    parser.add_argument(
        "--self-training", action="store_true", help="use the others without labels"
    )
    parser.add_argument("--methods", nargs="+", choices=[*_PEERS, *_RECIPES])
    parser.add_argument("--settings", help="JSON: parameters of the only network to measure")
    given = parser.parse_args()
    if given.self_training and not given.rows:
        parser.error("--self-training needs --rows, the number of labelled texts")
    seeds = given.seeds or (1 if given.quick else 3)
    recipes = {given.settings: json.loads(given.settings)} if given.settings else _RECIPES
    print(describe(Options(given.quick, seeds, None, "{}")))
    columns = ("texts", "method", *_FIGURES, *_COSTS)
    print("\n| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for name in given.sets:
        if given.validate and name == "counterfactual":
            continue
        methods: dict[str, Any] = {**{peer: {} for peer in _PEERS}, **recipes}
        for method, parameters in methods.items():
            if given.methods and method not in given.methods:
                continue
            if given.self_training and method in _PEERS and method != _LINEAR:
                continue  # ClassRatios needs two classes, fastText is no scikit-learn model
            rows = given.rows or (2000 if given.quick else 0)
            arguments = [name, method, json.dumps(parameters)]
            options = given.validate, rows, given.self_training
            runs = [
                run(child_command(__file__, "fit", *arguments, seed, *options))
                for seed in range(seeds if rows or given.validate or method not in _PEERS else 1)
            ]
            for measured in runs[0]:
                print(_line(name, measured, [run[measured] for run in runs]), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(fit(*sys.argv[3:])))
    else:
        main()
