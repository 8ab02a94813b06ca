"""Run every benchmark and print the table as Markdown, with the limits and whether they are met.

python tests/benchmarks/run_all.py [--quick] [--repeats N] [--tensorflow-python PATH]
"""

import cold_start
import grid_search
import import_time
import many_texts
import memory
import one_text
import parallel_search
import scaling
import training
import vectorizing
from _common import Options, Row, main

_BENCHMARKS = (
    grid_search,
    training,
    cold_start,
    one_text,
    many_texts,
    vectorizing,
    import_time,
    memory,
    scaling,
    parallel_search,
)


def measure(options: Options) -> list[Row]:
    rows = [row for benchmark in _BENCHMARKS for row in benchmark.measure(options)]
    return sorted(rows, key=lambda row: row.letter)


if __name__ == "__main__":
    main(measure, {}, __doc__)
