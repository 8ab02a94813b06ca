"""What the benchmarks share: options, fresh processes that take turns, data, the table.

Only the standard library, because programs for other interpreters import it, too, and because
a large process passes its size on as the peak memory of those that it starts.
"""

import argparse
import csv
import datetime
import gzip
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

Cell = Literal["simple", "lstm", "gru"]
ROOT = Path(__file__).resolve().parents[2]
CELLS: tuple[Cell, ...] = ("simple", "lstm", "gru")
NO_CACHE = "off"
PLAIN: dict[str, Any] = {  # what makes a fit of seqsent train as programs by hand do
    "learning_rate": 0.001,
    "optimizer": "rmsprop",
    "embedding_init": "uniform",
    "dropout": 0.0,
    "pooling": "last",
}
_BEGIN, _END = "<!-- written by run_all.py: begin -->", "<!-- written by run_all.py: end -->"
Result = dict[str, Any]

_VERSIONS = """
import importlib.metadata as metadata, json, sys
distributions = metadata.packages_distributions()
versions = {n: metadata.version(distributions[n][0]) for n in sys.argv[1:] if n in distributions}
try:
    import seqsent
    versions["seqsent"] = seqsent.__version__
except ImportError:
    pass
print(json.dumps(versions))
"""


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    quick: bool
    repeats: int
    tensorflow_python: str | None
    settings: str


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    letter: str
    work: str
    ours: str
    against: str
    theirs: str
    figure: str
    limit: str
    met: bool | None


def shared_data() -> Path:
    """The folder of real data, which is not part of the project."""
    folder = Path(os.environ.get("SEQSENT_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        raise SystemExit(
            f"no data in {folder}: set SEQSENT_SHARED_DATA to the folder that holds it"
        )
    return folder.resolve()


def changed_peer(
    name: str, replacements: Mapping[str, str], *arguments: object, python: str = sys.executable
) -> list[str]:
    """The command that runs the program of somebody without seqsent, changed in places."""
    runner = Path(__file__).with_name("_peer.py")
    program = shared_data().parent / "peers" / name
    return [python, *map(str, [runner, program, json.dumps(replacements), *arguments])]


def read_reviews(part: str, rows: int | None = None) -> tuple[list[str], list[int]]:
    """Texts and labels of imdb/train.csv.gz or imdb/test.csv.gz, from both ends of the file."""
    with gzip.open(shared_data() / "imdb" / f"{part}.csv.gz", "rt", newline="") as file:
        header, *lines = csv.reader(file)
    text, label = header.index("text"), header.index("label")
    if rows is not None:  # sorted by label
        lines = lines[: rows // 2] + lines[len(lines) - (rows - rows // 2) :]
    return [line[text] for line in lines], [int(line[label]) for line in lines]


@contextmanager
def fresh_folder() -> Iterator[str]:
    """An empty folder for compiled programs, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="seqsent-benchmark-") as folder:
        yield folder


def environment(*, backend: str = "jax", cache: str = NO_CACHE) -> dict[str, str]:
    """The caller's environment without its compilation caches, with this checkout's seqsent."""
    kept = {name: v for name, v in os.environ.items() if "COMPILATION_CACHE" not in name}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {
        **kept,
        "KERAS_BACKEND": backend,
        "SEQSENT_CACHE_DIR": cache,
        "PYTHONPATH": path,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def run(command: Sequence[str], **settings: str) -> Result:
    """Run a program to its end; the last line that it prints is its result."""
    done = subprocess.run(
        command, env=environment(**settings), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr[-4000:]}")
    result: Result = json.loads(done.stdout.splitlines()[-1])
    print(f"  {Path(command[1]).name} {' '.join(command[2:])[:60]!r}: {result}", file=sys.stderr)
    return result


def child(script: str, name: str, *arguments: object, python: str = sys.executable) -> list[str]:
    """The command that runs one of a benchmark's own parts in a fresh process."""
    return [python, script, "--child", name, *map(str, arguments)]


def part(
    script: str, name: str, *arguments: object, python: str = sys.executable, **settings: str
) -> Callable[[int], Result]:
    """The same as a job for `take_turns`."""
    command = child(script, name, *arguments, python=python)
    return lambda repeat: run(command, **settings)


def take_turns(
    jobs: Mapping[str, Callable[[int], Result]], repeats: int
) -> dict[str, list[Result]]:
    """Run the jobs one after another, and all of them again: A B A B ..."""
    results: dict[str, list[Result]] = {name: [] for name in jobs}
    for repeat in range(repeats):
        for name, job in jobs.items():
            results[name].append(job(repeat))
    return results


def values(results: Sequence[Result], name: str) -> list[float]:
    return [float(result[name]) for result in results]


def spread(numbers: Sequence[float], unit: str = "s") -> str:
    """Median and range, readable."""
    digits = 0 if median(numbers) >= 100 else 2 if median(numbers) >= 1 else 3
    text = f"{median(numbers):.{digits}f} {unit}"
    if len(numbers) > 1:
        text += f" ({min(numbers):.{digits}f} - {max(numbers):.{digits}f})"
    return text


def ratio_row(
    letter: str,
    work: str,
    ours: Sequence[float],
    against: str,
    theirs: Sequence[float],
    limit: float,
    unit: str = "s",
) -> Row:
    """A line that compares medians."""
    ratio = median(ours) / median(theirs)
    return Row(
        letter,
        work,
        spread(ours, unit),
        against,
        spread(theirs, unit),
        f"{ratio:.2f} x",
        f"{limit:g} x",
        ratio <= limit,
    )


def fastest(candidates: Mapping[str, Sequence[float]]) -> tuple[str, Sequence[float]]:
    """The candidate of the smallest median, and its name."""
    name = min(candidates, key=lambda name: median(candidates[name]))
    return name, candidates[name]


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def to_markdown(rows: Sequence[Row]) -> str:
    header = ["#", "work", "seqsent", "against", "its figure", "ratio", "at most", "met"]
    lines = [header, ["---"] * len(header)]
    for row in rows:
        met = "" if row.met is None else "yes" if row.met else "no"
        lines.append(
            [row.letter, row.work, row.ours, row.against, row.theirs, row.figure, row.limit, met]
        )
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def replace_table(readme: Path, report: str) -> None:
    """Put a new report between the marks of a README, which is written whole or not at all."""
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise SystemExit(f"{readme} lacks the marks {_BEGIN} and {_END}; nothing was written")
    new = readme.with_suffix(".new")
    new.write_text(f"{before}{_BEGIN}\n{report}\n{_END}{after}", encoding="utf-8")
    new.replace(readme)


def describe(options: Options) -> str:
    """Date, machine and versions."""
    names = ["numpy", "sklearn", "keras", "jax", "scikeras"]
    here = run([sys.executable, "-c", _VERSIONS, *names])
    parts = [f"Python {platform.python_version()}", *(f"{k} {v}" for k, v in here.items())]
    if options.tensorflow_python:
        there = run([options.tensorflow_python, "-c", _VERSIONS, "tensorflow", "keras"])
        there.pop("seqsent", None)
        parts.append("beside it " + ", ".join(f"{k} {v}" for k, v in there.items()))
    size = "small sizes (--quick)" if options.quick else "full sizes"
    return (
        f"{datetime.date.today().isoformat()}; {_processor()}, {_cores()} cores, "
        f"{platform.system()}; {', '.join(parts)}; {size}, medians of "
        f"{count(options.repeats, 'alternating run')} in fresh processes (least - most)."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _cores() -> int:
    # those that this process may use
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def read_options(description: str | None) -> Options:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="small sizes, each run once")
    parser.add_argument("--repeats", type=int, help="runs of each (default 5; 1 with --quick)")
    parser.add_argument("--tensorflow-python", help="a Python with Keras and TensorFlow")
    parser.add_argument(
        "--settings",
        default="{}",
        help="JSON: parameters of RecurrentSentimentClassifier that beat its defaults in training",
    )
    given = parser.parse_args()
    repeats = given.repeats or (1 if given.quick else 5)
    return Options(given.quick, repeats, given.tensorflow_python, given.settings)


def main(
    measure: Callable[[Options], list[Row]],
    children: Mapping[str, Callable[..., Result]],
    description: str | None,
) -> None:
    """Run one of the parts if the command line asks for it, or else measure and print."""
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(children[sys.argv[2]](*sys.argv[3:])))
        return
    options = read_options(description)
    print(describe(options))
    print()
    print(to_markdown(measure(options)))
