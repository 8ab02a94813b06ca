"""Measure all figures of README and the guide, and write their tables.

python tests/benchmarks/figures.py [--only PART ...] [--seeds N] [--resume] [--tables]

Each model is fitted in a new process on one core, with as many processes as cores. The parts "time"
and "speed" use all cores for one fit: nothing else should run. The measurements are stored in
figures.json beside this file, the tables in .ci/docs/_tables and README.md. ``--resume`` skips
what figures.json contains, ``--tables`` measures nothing.
"""

import argparse
import json
import os
import queue
import re
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean
from typing import Any

import accuracy
import grid_search
import one_text
import training
from _common import ROOT, Options, Result, child_command, describe, run

_STORE = Path(__file__).with_name("figures.json")
_TABLES = ROOT / ".ci" / "docs" / "_tables"
_FULL = ("imdb", "counterfactual", "rt_polarity", "chn_hotel")
_OTHER = ("airline", "trec6", "korean", "cornell2", "arabic")
_FEW = ("airline", "arabic", "rt_polarity")
_N_FEW = 500
_DRAWS = 3
_GRU, _FAST, _ACCURATE = '`cell="gru"`, the default', '`preset="fast"`', '`preset="accurate"`'
_NETWORKS: dict[str, dict[str, Any]] = {
    '`cell="simple"`': {"cell": "simple"},
    '`cell="lstm"`': {"cell": "lstm"},
    _GRU: {"cell": "gru"},
    _FAST: {"preset": "fast"},
    _ACCURATE: {"preset": "accurate"},
}
_TF_IDF, _CHARACTERS = "TF-IDF + logistic regression", "TF-IDF of character n-grams"
_NAIVE_BAYES, _LINEAR_PART = "NB-scaled n-grams", "linear part of the ensemble"
_ENSEMBLES = "ensembles"
_LINEAR = (_TF_IDF, _CHARACTERS, _NAIVE_BAYES, _LINEAR_PART)
# names of ensembles by their network
_ENSEMBLE_NAMES = {
    _GRU: "ensemble, `preset=None`",
    _FAST: "ensemble, the default",
    _ACCURATE: f"ensemble, {_ACCURATE}",
}
_MEMORY_NETWORKS = {
    "SimpleRNN": {"cell": "simple"},
    'LSTM, `"keras"`': {"cell": "lstm", "gate_bias": "keras"},
    'LSTM, `"chrono"`': {"cell": "lstm", "gate_bias": "chrono"},
    'GRU, `"keras"`': {"cell": "gru", "gate_bias": "keras"},
    'GRU, `"chrono"`': {"cell": "gru", "gate_bias": "chrono"},
}
_DISTANCES = (20, 60, 120, 240)
_N_NEGATIVE, _N_POSITIVE = 1140, 60
_IMBALANCED = (_GRU, _TF_IDF)
Store = dict[str, Result]


def make_linear(name: str, method: str) -> Any:
    """Return the unfitted linear model of a method."""
    from seqsent import make_sentiment_ensemble

    if method == _LINEAR_PART:
        return dict(make_sentiment_ensemble().estimators)["linear"]
    peers = {_TF_IDF: accuracy._LINEAR, _CHARACTERS: accuracy._CHARACTERS}
    return accuracy.make_linear(name, peers.get(method, accuracy._NAIVE_BAYES))


def fit(part: str, name: str, method: str, seed: str) -> dict[str, Result]:
    """Fit a model, or with "ensembles" the networks and the linear part of all ensembles."""
    import pickle

    from seqsent import make_sentiment_pipeline

    source = f"{name}-{_N_FEW}" if part == "few" else name
    (X, y), (texts, truth) = accuracy.read(source, False, int(seed))
    found, results = {}, {}
    for each in (_LINEAR_PART, *_ENSEMBLE_NAMES) if method == _ENSEMBLES else (method,):
        if each in _NETWORKS:
            model = make_sentiment_pipeline(**_NETWORKS[each], random_state=int(seed))
        else:
            model = make_linear(name, each)
        model.fit(X, y)
        size = {"file MB": len(pickle.dumps(model)) / 1e6}
        found[each] = model.predict_proba(texts)
        results[each] = size | accuracy.judge_probabilities(found[each], truth, model.classes_)
        if method == _ENSEMBLES and each in _ENSEMBLE_NAMES:
            judged = accuracy.judge_probabilities(
                (found[_LINEAR_PART] + found[each]) / 2, truth, model.classes_
            )
            both = size["file MB"] + results[_LINEAR_PART]["file MB"]
            results[_ENSEMBLE_NAMES[each]] = {"file MB": both} | judged
    return results


def take_time(method: str) -> dict[str, Result]:
    """Measure the seconds of a fit on raw IMDB reviews."""
    from seqsent import make_sentiment_pipeline

    (X, y), _ = accuracy.read("imdb", False, 0)
    if method in _NETWORKS:
        model = make_sentiment_pipeline(**_NETWORKS[method], random_state=0)
    else:
        model = make_linear("imdb", method)
    start = time.perf_counter()
    model.fit(X, y)
    return {method: {"seconds": time.perf_counter() - start}}


def remember(distance: str, method: str, seed: str) -> dict[str, Result]:
    """Measure the accuracy when a word at a distance from the end decides the label."""
    from seqsent import make_sentiment_pipeline
    from seqsent.datasets import make_reviews

    import keras  # isort: skip

    texts, labels = make_reviews(
        4000, distance=int(distance), noise=0, return_X_y=True, random_state=int(seed)
    )
    pipeline = make_sentiment_pipeline(
        maxlen=int(distance) + 20,
        optimizer=keras.optimizers.Adam(0.003),
        batch_size=32,
        epochs=8,
        embedding_init="uniform",
        dropout=0.0,
        word_dropout=0.0,
        pooling="last",
        random_state=int(seed),
        **_MEMORY_NETWORKS[method],
    )
    pipeline.fit(texts[:3000], labels[:3000])
    return {method: {"accuracy": pipeline.score(texts[3000:], labels[3000:])}}


def balance(method: str, seed: str) -> dict[str, Result]:
    """Measure the balanced accuracy on IMDB after training on few positive reviews."""
    import numpy as np
    from sklearn.metrics import balanced_accuracy_score

    from seqsent import make_sentiment_pipeline

    (X, y), (texts, truth) = accuracy.read("imdb", False, 0)
    rng = np.random.default_rng(int(seed))
    sizes = {0: _N_NEGATIVE, 1: _N_POSITIVE}
    rows = np.concatenate([rng.choice(np.flatnonzero(y == k), n, False) for k, n in sizes.items()])
    found = {}
    for class_weight in (None, "balanced"):
        if method in _NETWORKS:
            model: Any = make_sentiment_pipeline(class_weight=class_weight, random_state=int(seed))
        else:
            model = make_linear("imdb", method)
            model[-1].set_params(class_weight=class_weight)
        positive = model.fit(X[rows], y[rows]).predict_proba(texts)[:, 1]
        found[str(class_weight)] = balanced_accuracy_score(truth, positive > 0.5)
        if class_weight is None:
            share = _N_POSITIVE / len(rows)
            found["threshold"] = balanced_accuracy_score(truth, positive > share)
    return {method: found}


def list_jobs(parts: Sequence[str], seeds: int) -> list[tuple[str, list[object]]]:
    """Return the child functions to call and their arguments, the longest first."""
    jobs: list[tuple[str, list[object]]] = []
    alone = [m for m in (*_LINEAR, *_NETWORKS) if m not in (_LINEAR_PART, *_ENSEMBLE_NAMES)]
    for method in reversed([*alone, _ENSEMBLES]):
        jobs += [
            ("fit", [part, name, method, seed])
            for part, names in (("full", _FULL), ("other", _OTHER), ("few", _FEW))
            if part in parts
            for name in names
            if part != "full" or method != _CHARACTERS
            for seed in range(_DRAWS if part == "few" else 1 if method in _LINEAR else seeds)
        ]
    if "memory" in parts:
        jobs += [
            ("remember", [distance, method, seed])
            for distance in reversed(_DISTANCES)
            for method in _MEMORY_NETWORKS
            for seed in range(_DRAWS)
        ]
    if "balance" in parts:
        jobs += [("balance", [m, seed]) for m in _IMBALANCED for seed in range(_DRAWS)]
    return jobs


def measure(parts: Sequence[str], seeds: int, resume: bool) -> None:
    """Run the jobs on all cores and store each result when it is there."""
    store: Store = json.loads(_STORE.read_text()) if _STORE.exists() else {}
    store["about"] = {"text": describe(Options(False, 1, None, "{}")).split("; full")[0] + "."}
    cores: queue.SimpleQueue[int] = queue.SimpleQueue()
    for core in (usable := sorted(os.sched_getaffinity(0))):
        cores.put(core)

    def work(job: tuple[str, list[object]]) -> None:
        function, arguments = job
        key = " | ".join(map(str, [function, *arguments]))
        if resume and key in store:
            return
        core = cores.get()
        try:
            command = child_command(__file__, function, *arguments)
            store[key] = run(["taskset", "-c", str(core), *command])
        finally:
            cores.put(core)
        _STORE.write_text(json.dumps(store, indent=0, sort_keys=True) + "\n")

    with ThreadPoolExecutor(len(usable)) as pool:
        list(pool.map(work, list_jobs(parts, seeds)))
    if "time" in parts:
        for method in (_TF_IDF, _NAIVE_BAYES, _LINEAR_PART, *_NETWORKS):
            store[f"time | {method}"] = run(child_command(__file__, "take_time", method))
    if "speed" in parts:
        options = Options(False, _DRAWS, None, "{}")
        rows = [
            *grid_search.measure(options),
            training.measure_reviews(options, "lstm")[0],
            one_text.measure(options)[0],
        ]
        store["speed"] = {"rows": [[r.work, r.ours, r.against, r.theirs, r.figure] for r in rows]}
    _STORE.write_text(json.dumps(store, indent=0, sort_keys=True) + "\n")


def mean(store: Store, method: str, figure: str, *key: str) -> float | None:
    """Return the mean of a figure over the seeds of one data set."""
    start = " | ".join(["fit", *key, ""])
    found = [r[method][figure] for k, r in store.items() if k.startswith(start) and method in r]
    return fmean(found) if found else None


def seconds(store: Store, method: str) -> float | None:
    """Return the seconds of a fit; an ensemble fits a network and the linear part."""
    networks = {ensemble: network for network, ensemble in _ENSEMBLE_NAMES.items()}
    parts = [networks[method], _LINEAR_PART] if method in networks else [method]
    found = [store.get(f"time | {part}", {}).get(part) for part in parts]
    return None if None in found else sum(times["seconds"] for times in found)


def to_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def accuracy_table(store: Store, part: str, columns: dict[str, tuple[str, str]]) -> str:
    """Return accuracies by method and data set, the best of a column in bold."""
    methods = [*_LINEAR, *_NETWORKS, *_ENSEMBLE_NAMES.values()]
    found = {
        column: {m: mean(store, m, figure, part, name) for m in methods}
        for column, (name, figure) in columns.items()
    }
    methods = [m for m in methods if any(values[m] is not None for values in found.values())]
    best = {c: max((v for v in values.values() if v), default=None) for c, values in found.items()}

    def cell(column: str, method: str) -> str:
        value = found[column][method]
        if value is None:
            return ""
        text = f"{value:.3f}"
        return f"**{text}**" if best[column] and text == f"{best[column]:.3f}" else text

    header = ["method", *columns]
    rows = [[method, *(cell(column, method) for column in columns)] for method in methods]
    if part == "full":
        header += ["seconds", "MB"]
        for row in rows:
            costs = [seconds(store, row[0]), mean(store, row[0], "file MB", part, "imdb")]
            row += ["" if cost is None else f"{cost:.0f}" for cost in costs]
    return to_table(header, rows)


def few_table(store: Store, figures: str, columns: dict[str, tuple[str, str]]) -> str:
    """Return accuracy and log loss, or the calibration error."""
    methods = [*_LINEAR[:3], *_NETWORKS, *_ENSEMBLE_NAMES.values()]
    rows = []
    for method in methods:
        cells = []
        for part, name in columns.values():
            values = [mean(store, method, f, part, name) for f in figures.split("+")]
            if None in values:
                cells.append("")
            elif len(values) == 2:
                cells.append(f"{values[0]:.3f} ({values[1]:.2f})")
            else:
                cells.append(f"{values[0]:.3f}")
        if any(cells):
            rows.append([method, *cells])
    return to_table(["method", *columns], rows)


def memory_table(store: Store) -> str:
    def score(distance: int, method: str) -> str:
        start = f"remember | {distance} | {method} | "
        found = [r[method]["accuracy"] for k, r in store.items() if k.startswith(start)]
        return f"{fmean(found):.2f}" if found else ""

    rows = [[str(d), *(score(d, method) for method in _MEMORY_NETWORKS)] for d in _DISTANCES]
    return to_table(["k", *_MEMORY_NETWORKS], rows)


def balance_table(store: Store) -> str:
    def score(method: str, figure: str) -> str:
        found = [r[method] for k, r in store.items() if k.startswith(f"balance | {method} | ")]
        return f"{fmean(result[figure] for result in found):.2f}" if found else ""

    header = ["method", "`class_weight=None`", '`"balanced"`', "`None`, threshold 0.05"]
    figures = ("None", "balanced", "threshold")
    return to_table(header, [[m, *(score(m, f) for f in figures)] for m in _IMBALANCED])


_FULL_COLUMNS = {
    "IMDB": ("imdb", "accuracy"),
    "revised IMDB": ("counterfactual", "revised"),
    "sentences": ("rt_polarity", "accuracy"),
    "Chinese": ("chn_hotel", "accuracy"),
}
_OTHER_COLUMNS = {
    "tweets, 3 classes": ("airline", "accuracy"),
    "questions, 6 classes": ("trec6", "accuracy"),
    "Korean": ("korean", "accuracy"),
    "long film reviews": ("cornell2", "accuracy"),
    "Arabic tweets": ("arabic", "accuracy"),
}
_FEW_COLUMNS = {
    "tweets, 3 classes": ("few", "airline"),
    "Arabic tweets": ("few", "arabic"),
    "sentences": ("few", "rt_polarity"),
}
_CALIBRATION_COLUMNS = {
    "25,000 reviews": ("full", "imdb"),
    "8,500 sentences": ("full", "rt_polarity"),
    "500 tweets": ("few", "airline"),
    "500 sentences": ("few", "rt_polarity"),
}


def write_tables() -> None:
    """Write the tables for which there are measurements."""
    store: Store = json.loads(_STORE.read_text())
    tables: dict[str, Callable[[], str]] = {
        "accuracy": lambda: accuracy_table(store, "full", _FULL_COLUMNS),
        "other_texts": lambda: accuracy_table(store, "other", _OTHER_COLUMNS),
        "few_texts": lambda: few_table(store, "accuracy+log loss", _FEW_COLUMNS),
        "calibration": lambda: few_table(store, "calibration error", _CALIBRATION_COLUMNS),
        "memory": lambda: memory_table(store),
        "balance": lambda: balance_table(store),
        "speed": lambda: to_table(
            ["task", "seqsent", "compared with", "its time", "ratio"], store["speed"]["rows"]
        ),
        "measured": lambda: f"Measured on {store['about']['text']}\n",
    }
    needs = {"accuracy": "fit | full", "other_texts": "fit | other", "few_texts": "fit | few"}
    needs |= {"calibration": "fit | full", "memory": "remember", "measured": "about"}
    for name, make in tables.items():
        if any(key.startswith(needs.get(name, name)) for key in store):
            (_TABLES / f"{name}.md").write_text(make(), encoding="utf-8")
    readme = ROOT / "README.md"
    table = (_TABLES / "accuracy.md").read_text(encoding="utf-8")
    text = readme.read_text(encoding="utf-8")
    new, count = re.subn(r"^\| method \|.*\n(\|.*\n)*", lambda _: table, text, flags=re.M)
    if count != 1:
        raise SystemExit("README.md needs one table that starts with '| method |'")
    readme.write_text(new, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parts = ("full", "other", "few", "memory", "balance", "time", "speed")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, metavar="PART")
    parser.add_argument("--seeds", type=int, default=1, help="fits of a network on full data")
    parser.add_argument("--resume", action="store_true", help="skip what figures.json contains")
    parser.add_argument("--tables", action="store_true", help="write the tables only")
    options = parser.parse_args()
    if not options.tables:
        measure(options.only, options.seeds, options.resume)
    write_tables()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        functions = {"fit": fit, "remember": remember, "balance": balance, "take_time": take_time}
        print(json.dumps(functions[sys.argv[2]](*sys.argv[3:])))
    else:
        main()
