"""Training at tutorial size on IMDB and on short sentences, compared with hand-written Keras.

Measures time, test accuracy and peak memory for each cell. With --tensorflow-python, seqsent is
compared with Keras on TensorFlow, too.
"""

import csv
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

from _common import (
    CELLS,
    LIKE_KERAS,
    Cell,
    Options,
    Result,
    Row,
    child_command,
    count,
    fastest,
    fresh_folder,
    main,
    peer_command,
    ratio_row,
    run,
    shared_data,
    take_turns,
    values,
)

_NUM_WORDS, _MAXLEN, _SENTENCE_MAXLEN, _BATCH_SIZE = 10_000, 250, 60, 128
_SEEDS = 3
_STATES = {"nothing cached": "cold_s", "cache warm": "warm_s"}


def reviews(cell: Cell, seed: str, rows: str, epochs: str, settings: str) -> Result:
    """Do the training of keras_script.py with seqsent's classifier."""
    import keras

    from seqsent.datasets import fetch_imdb_sequences

    def load(subset: str) -> tuple[Any, Any]:
        ids, labels = fetch_imdb_sequences(
            _NUM_WORDS,
            subset=subset,
            data_home=shared_data() / "keras_imdb",
            download_if_missing=False,
            return_X_y=True,
        )
        return keras.utils.pad_sequences(ids[: int(rows)], maxlen=_MAXLEN), labels[: int(rows)]

    train, test = load("train"), load("test")
    return _fit(train, test, cell, seed, epochs, json.loads(settings))


def sentences(cell: Cell, seed: str, rows: str, epochs: str, settings: str) -> Result:
    """Train seqsent's classifier on short sentences."""
    train, test = _load_sentences(int(rows))
    return _fit(train, test, cell, seed, epochs, {**LIKE_KERAS, **json.loads(settings)})


def sentences_by_hand(cell: Cell, seed: str, rows: str, epochs: str) -> Result:
    """Train a Keras model on short sentences."""
    import keras

    train, test = _load_sentences(int(rows))
    keras.utils.set_random_seed(int(seed))
    layers = {"simple": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    start = time.perf_counter()
    model = keras.Sequential(
        [
            keras.Input((_SENTENCE_MAXLEN,), dtype="int32"),
            keras.layers.Embedding(_NUM_WORDS, 32),
            layers[cell](32),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
    model.fit(*train, batch_size=_BATCH_SIZE, epochs=int(epochs), verbose=0)
    fit_s = time.perf_counter() - start
    accuracy = model.evaluate(*test, batch_size=_BATCH_SIZE, verbose=0)[1]
    return {"fit_s": fit_s, "test_accuracy": float(accuracy), "peak_rss_mb": _peak_mb()}


def _fit(
    train: tuple[Any, Any],
    test: tuple[Any, Any],
    cell: Cell,
    seed: str,
    epochs: str,
    settings: dict[str, Any],
) -> Result:
    from seqsent import RecurrentSentimentClassifier

    sizes = {"num_words": _NUM_WORDS, "state_dim": 32, "embed_dim": 32, "batch_size": _BATCH_SIZE}
    parameters = {**sizes, "epochs": int(epochs), **settings}
    classifier = RecurrentSentimentClassifier(cell=cell, random_state=int(seed), **parameters)
    start = time.perf_counter()
    classifier.fit(*train)
    fit_s = time.perf_counter() - start
    accuracy = classifier.score(*test)
    return {"fit_s": fit_s, "test_accuracy": float(accuracy), "peak_rss_mb": _peak_mb()}


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _load_sentences(rows: int) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Return ids and labels to train and to test on; every fifth sentence is a test sentence."""
    import keras
    import numpy as np

    with (shared_data() / "rt_polarity" / "all.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    order = np.random.default_rng(0).permutation(len(lines))[:rows]
    words = [lines[i]["text"].lower().split() for i in order]
    counts = Counter(word for text in words for word in text).most_common(_NUM_WORDS - 3)
    rank = {word: i + 3 for i, (word, _) in enumerate(counts)}
    ids = keras.utils.pad_sequences(
        [[1] + [rank.get(word, 2) for word in text] for text in words], maxlen=_SENTENCE_MAXLEN
    )
    labels = np.array([int(lines[i]["label"]) for i in order])
    is_test = np.arange(len(ids)) % 5 == 0
    return (ids[~is_test], labels[~is_test]), (ids[is_test], labels[is_test])


def measure_reviews(options: Options, cell: Cell) -> list[Row]:
    rows, epochs = (1000, 1) if options.quick else (25_000, 5)

    def by_hand(backend: str, python: str, repeat: int) -> Result:
        seeded = {"set_random_seed(0)": f"set_random_seed({repeat % _SEEDS})"}
        command = peer_command("keras_script.py", seeded, cell, rows, epochs, python=python)
        return run(command, backend=backend)

    def ours(repeat: int) -> list[str]:
        return child_command(
            __file__, "reviews", cell, repeat % _SEEDS, rows, epochs, options.settings
        )

    # compilation is a small share of a fit of this length
    results = _alternate(options, ours, by_hand, with_warm_cache=False)
    name = f"fit on {rows:,} IMDB reviews, {count(epochs, 'epoch')}, {cell}"
    return [*_compare("b", name, results, 0.75), _compare_memory(name, results)]


def _measure_sentences(options: Options, cell: Cell) -> list[Row]:
    rows, epochs = (1000, 1) if options.quick else (20_000, 5)

    def by_hand(backend: str, python: str, repeat: int) -> Result:
        seed = repeat % _SEEDS
        command = child_command(
            __file__, "sentences_by_hand", cell, seed, rows, epochs, python=python
        )
        return run(command, backend=backend)

    def ours(repeat: int) -> list[str]:
        return child_command(
            __file__, "sentences", cell, repeat % _SEEDS, rows, epochs, options.settings
        )

    results = _alternate(options, ours, by_hand)
    return _compare("b'", f"fit on short sentences, {count(epochs, 'epoch')}, {cell}", results, 0.5)


def _alternate(
    options: Options, ours: Any, by_hand: Any, with_warm_cache: bool = True
) -> dict[str, list[Result]]:
    def cold_and_warm(repeat: int) -> Result:
        with fresh_folder() as cache:
            cold = run(ours(repeat), cache=cache)
            result = {**cold, "cold_s": cold["fit_s"]}
            if with_warm_cache:
                result["warm_s"] = run(ours(repeat), cache=cache)["fit_s"]
        return result

    jobs = {"Keras on JAX": lambda repeat: by_hand("jax", sys.executable, repeat)}
    if options.tensorflow_python:
        jobs["Keras on TensorFlow"] = lambda repeat: by_hand(
            "tensorflow", str(options.tensorflow_python), repeat
        )
    return take_turns({**jobs, "seqsent": cold_and_warm}, options.repeats)


def _compare(
    letter: str, name: str, results: Mapping[str, Sequence[Result]], limit: float
) -> list[Row]:
    ours = results["seqsent"]
    others = {key: runs for key, runs in results.items() if key != "seqsent"}
    times = {key: values(runs, "fit_s") for key, runs in others.items()}
    rows = [
        ratio_row(letter, f"{name}, {state}", values(ours, field), other, runs, limit)
        for other, runs in sorted(times.items(), key=lambda item: median(item[1]))
        for state, field in _STATES.items()
        if field in ours[0]
    ]
    accuracies = {key: _mean_accuracy(runs) for key, runs in others.items()}
    most_accurate = max(accuracies, key=lambda key: accuracies[key])
    found, limit_accuracy = _mean_accuracy(ours), accuracies[most_accurate]
    label = f"{name}: test accuracy, mean of {count(min(_SEEDS, len(ours)), 'seed')}"
    rows.append(
        Row(
            letter,
            label,
            f"{found:.4f}",
            most_accurate,
            f"{limit_accuracy:.4f}",
            f"{found - limit_accuracy:+.4f}",
            "no lower",
            found >= limit_accuracy,
        )
    )
    return rows


def _mean_accuracy(runs: Sequence[Result]) -> float:
    return fmean(values(runs, "test_accuracy")[:_SEEDS])


def _compare_memory(name: str, results: Mapping[str, Sequence[Result]]) -> Row:
    peaks = {key: values(runs, "peak_rss_mb") for key, runs in results.items()}
    ours = peaks.pop("seqsent")
    smallest, theirs = fastest(peaks)
    return ratio_row("g", f"{name}: peak memory", ours, smallest, theirs, 1.0, "MB")


def measure(options: Options) -> list[Row]:
    cells = ("simple",) if options.quick else CELLS
    rows = [measure_reviews(options, cell) for cell in cells]
    rows += [_measure_sentences(options, cell) for cell in cells]
    return [row for group in rows for row in group]


if __name__ == "__main__":
    main(
        measure,
        {"reviews": reviews, "sentences": sentences, "sentences_by_hand": sentences_by_hand},
        __doc__,
    )
