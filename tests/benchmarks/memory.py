"""Resident memory after many fits with different cells and sizes, compared with ten fits.

With glibc a second row is measured after malloc_trim, which returns free memory to the system.
The difference between the rows is memory that the allocator reserves.
"""

import ctypes
import gc
import os
from itertools import product
from pathlib import Path
from statistics import median

from _common import CELLS, Cell, Options, Result, Row, child_job, main, spread, take_turns, values

_STATE_DIMS = (8, 16, 24)
_LIMIT_MB = 10
_KINDS = {"two": "2 networks", "nine": "9 networks", "different": "all different"}


def fits(early: str, late: str, kind: str, trims: str) -> Result:
    """Fit few networks repeatedly, or many different ones."""
    import numpy as np

    from seqsent import RecurrentSentimentClassifier

    mixes: dict[str, list[tuple[Cell, int]]] = {
        "two": [("simple", 8), ("simple", 16)],
        "nine": list(product(CELLS, _STATE_DIMS)),
        "different": [(CELLS[i % len(CELLS)], 8 + i) for i in range(int(late))],
    }
    networks = mixes[kind]
    rng = np.random.default_rng(0)
    result = {}
    for done in range(1, int(late) + 1):
        cell, state_dim = networks[done % len(networks)]
        rows = int(rng.integers(200, 400))
        X, y = rng.integers(3, 1000, size=(rows, 50)), rng.integers(0, 2, size=rows)
        classifier = RecurrentSentimentClassifier(cell=cell, state_dim=state_dim, epochs=1)
        classifier.fit(X, y).predict(X)
        if done in (int(early), int(late)):
            del classifier
            gc.collect()
            if trims == "True":
                ctypes.CDLL(None).malloc_trim(0)
            result["early_mb" if done == int(early) else "late_mb"] = _resident_mb()
    return result


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(options: Options) -> list[Row]:
    if not Path("/proc/self/statm").exists():
        return []  # not Linux
    early, late, kinds = (2, 6, ("two",)) if options.quick else (10, 50, ("nine", "different"))
    can_trim = hasattr(ctypes.CDLL(None), "malloc_trim")  # glibc
    variants = product(kinds, (False, True) if can_trim else (False,))
    results = take_turns(
        {
            _KINDS[kind] + ", free memory given back" * trims: child_job(
                __file__, "fits", early, late, kind, trims
            )
            for kind, trims in variants
        },
        options.repeats,
    )
    rows = []
    for name, runs in results.items():
        before, after = values(runs, "early_mb"), values(runs, "late_mb")
        growth = median([b - a for a, b in zip(before, after, strict=True)])
        rows.append(
            Row(
                "i",
                f"resident memory after {late} fits, {name}",
                spread(after, "MB"),
                f"after fit {early}",
                spread(before, "MB"),
                f"{growth:+.1f} MB",
                f"+{_LIMIT_MB} MB",
                growth <= _LIMIT_MB,
            )
        )
    return rows


if __name__ == "__main__":
    main(measure, {"fits": fits}, __doc__)
