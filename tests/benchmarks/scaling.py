"""Time of a fit when the number of texts doubles and when their length doubles."""

import time
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from _common import (
    Options,
    Result,
    Row,
    child_job,
    fresh_folder,
    main,
    spread,
    take_turns,
    values,
)

_TOLERANCE = 0.1


def fit(rows: str, words: str) -> Result:
    """Measure the second fit of a process, which compiles nothing."""
    import numpy as np

    from seqsent import RecurrentSentimentClassifier

    rng = np.random.default_rng(0)
    X = rng.integers(3, 10_000, size=(int(rows), int(words)))
    y = rng.integers(0, 2, size=int(rows))
    classifier = RecurrentSentimentClassifier(
        cell="lstm", num_words=10_000, batch_size=128, epochs=5, random_state=0
    )
    classifier.fit(X, y)
    start = time.perf_counter()
    classifier.fit(X, y)
    return {"fit_s": time.perf_counter() - start}


def _doubling(work: str, before: Sequence[float], after: Sequence[float]) -> Row:
    growth = median(after) / (2 * median(before))
    return Row(
        "j",
        work,
        spread(after),
        "twice the time of half",
        spread([2 * seconds for seconds in before]),
        f"{growth:.2f} x",
        f"{1 + _TOLERANCE:g} x",
        growth <= 1 + _TOLERANCE,
    )


def measure(options: Options) -> list[Row]:
    # multiples of the batch size, so that no batch is smaller
    rows, words, steps = (1024, 50, 2) if options.quick else (4096, 100, 3)
    texts_double = [(rows * 2**step, words) for step in range(steps)]
    words_double = [(rows, words * 2**step) for step in range(steps)]
    with fresh_folder() as cache:
        results = take_turns(
            {
                f"{size}": child_job(__file__, "fit", *size, cache=cache)
                for size in dict.fromkeys([*texts_double, *words_double])
            },
            options.repeats,
        )
    table = []
    for sizes in (texts_double, words_double):
        for small, large in pairwise(sizes):
            work = f"fit, {small[0]:,} texts of {small[1]} words to {large[0]:,} of {large[1]}"
            before, after = (values(results[f"{size}"], "fit_s") for size in (small, large))
            table.append(_doubling(work, before, after))
    return table


if __name__ == "__main__":
    main(measure, {"fit": fit}, __doc__)
