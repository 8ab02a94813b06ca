"""Time of a training step depending on the number of word and word-pair vectors."""

import resource
import time
from statistics import median
from typing import Any

from _common import Options, Result, Row, child_job, main, ratio_row, spread, take_turns, values

_SMALLEST = 10_000
_PAIRS = (2**18, 2**20)
_LIMIT = 1.15
_BATCH_SIZE, _WIDTH = 64, 250


def step(n_words: str, n_pairs: str, batches: str) -> Result:
    """Return the median step time of a fit and the peak memory of the process."""
    import keras
    import numpy as np

    from seqsent import RecurrentSentimentClassifier

    class Steps(keras.callbacks.Callback):  # type: ignore[name-defined]
        seconds: list[float] = []  # noqa: RUF012

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.start = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.seconds.append(time.perf_counter() - self.start)

    rng = np.random.default_rng(0)
    size = int(batches) * _BATCH_SIZE, _WIDTH
    ids = rng.zipf(1.2, size)  # Zipf's law of word frequencies
    ids = np.where(ids < int(n_words), ids, rng.integers(1, int(n_words), size)).astype(np.int32)
    steps = Steps()
    ngrams = {"ngram_range": (1, 2), "ngram_buckets": int(n_pairs)} if n_pairs != "0" else {}
    classifier = RecurrentSentimentClassifier(
        cell="gru",
        num_words=int(n_words),
        embedding_init="uniform",
        **ngrams,
        batch_size=_BATCH_SIZE,
        epochs=2,
        callbacks=[steps],
        random_state=0,
    )
    classifier.fit(ids, rng.integers(0, 2, size[0]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"step_s": median(steps.seconds), "peak_mb": peak}


def measure(options: Options) -> list[Row]:
    words = (88_000,) if options.quick else (88_000, 400_000, 1_000_000)
    batches = 4 if options.quick else 40
    sizes = {f"{n:,} words": (n, 0) for n in (_SMALLEST, *words)}
    sizes |= {f"{_SMALLEST:,} words and {n:,} pairs": (_SMALLEST, n) for n in _PAIRS}
    results = take_turns(
        {name: child_job(__file__, "step", *size, batches) for name, size in sizes.items()},
        options.repeats,
    )
    smallest = f"{_SMALLEST:,} words"
    theirs = [1000 * seconds for seconds in values(results.pop(smallest), "step_s")]
    rows = []
    for name, runs in results.items():
        work = f"training step, {_BATCH_SIZE} texts of {_WIDTH} words, tables of {name}"
        work = f"{work}, peak {spread(values(runs, 'peak_mb'), 'MB')}"
        ours = [1000 * seconds for seconds in values(runs, "step_s")]
        rows.append(ratio_row("l", work, ours, smallest, theirs, _LIMIT, "ms"))
    return rows


if __name__ == "__main__":
    main(measure, {"step": step}, __doc__)
