"""Run every benchmark and write the table to README.md.

python tests/benchmarks/run_all.py [--quick] [--repeats N] [--tensorflow-python PATH]

With --quick the table is printed only.
"""

from pathlib import Path

import cold_start
import grid_search
import import_time
import large_tables
import many_texts
import memory
import one_text
import parallel_search
import scaling
import training
import vectorizing
from _common import Options, Row, describe, read_options, replace_table, to_markdown

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
    large_tables,
)


def measure(options: Options) -> list[Row]:
    rows = [row for benchmark in _BENCHMARKS for row in benchmark.measure(options)]
    return sorted(rows, key=lambda row: row.letter)


if __name__ == "__main__":
    options = read_options(__doc__)
    report = f"{describe(options)}\n\n{to_markdown(measure(options))}"
    print(report)
    if not options.quick:
        replace_table(Path(__file__).with_name("README.md"), report)
