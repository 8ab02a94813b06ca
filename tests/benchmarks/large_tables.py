"""How the time of a training step grows with the words that the embedding table holds."""

import resource
import time
from statistics import median
from typing import Any

from _common import Options, Result, Row, main, part, ratio_row, spread, take_turns, values

_SMALLEST = 10_000
_LIMIT = 1.15
_BATCH_SIZE, _WIDTH = 64, 250


def step(n_words: str, batches: str) -> Result:
    """The median step of a fit, and the peak memory of its process."""
    import keras
    import numpy as np

    from seqsent import RecurrentSentimentClassifier

    class Steps(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
        seconds: list[float] = []  # noqa: RUF012  # one fit, one list

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.start = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.seconds.append(time.perf_counter() - self.start)

    rng = np.random.default_rng(0)
    size = int(batches) * _BATCH_SIZE, _WIDTH
    ids = rng.zipf(1.2, size)  # as frequent as words of a language are
    ids = np.where(ids < int(n_words), ids, rng.integers(1, int(n_words), size)).astype(np.int32)
    steps = Steps()
    classifier = RecurrentSentimentClassifier(
        cell="gru",
        num_words=int(n_words),
        batch_size=_BATCH_SIZE,
        epochs=2,
        callbacks=[steps],
        random_state=0,
    )
    classifier.fit(ids, rng.integers(0, 2, size[0]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"step_s": median(steps.seconds), "peak_mb": peak}


def measure(options: Options) -> list[Row]:
    sizes, batches = ((88_000,), 4) if options.quick else ((88_000, 400_000, 1_000_000), 40)
    results = take_turns(
        {f"{n}": part(__file__, "step", n, batches) for n in (_SMALLEST, *sizes)}, options.repeats
    )
    smallest = results.pop(f"{_SMALLEST}")
    rows = []
    for n_words, runs in results.items():
        work = f"training step, {_BATCH_SIZE} texts of {_WIDTH} words, a table of"
        work = f"{work} {int(n_words):,} words, peak {spread(values(runs, 'peak_mb'), 'MB')}"
        ours, theirs = ([1000 * s for s in values(r, "step_s")] for r in (runs, smallest))
        rows.append(ratio_row("l", work, ours, f"{_SMALLEST:,} words", theirs, _LIMIT, "ms"))
    return rows


if __name__ == "__main__":
    main(measure, {"step": step}, __doc__)
