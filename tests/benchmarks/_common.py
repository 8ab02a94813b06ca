"""Options, data, child processes and the table of the benchmarks.

This module imports the standard library only: programs for other interpreters import it, and the
peak memory of a child process includes the size of the process that starts it.
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
# parameters with which seqsent trains like a hand-written Keras program
LIKE_KERAS: dict[str, Any] = {
    "learning_rate": 0.001,
    "optimizer": "rmsprop",
    "embedding_init": "uniform",
    "dropout": 0.0,
    "word_dropout": 0.0,
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
    """Options of the command line."""

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
    """Return the folder of real data, which is not part of the repository."""
    folder = Path(os.environ.get("SEQSENT_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        raise SystemExit(f"no data in {folder}; set SEQSENT_SHARED_DATA to the folder of the data")
    return folder.resolve()


def peer_command(
    name: str, replacements: Mapping[str, str], *arguments: object, python: str = sys.executable
) -> list[str]:
    """Return the command that runs a peer's program with parts of its text replaced."""
    runner = Path(__file__).with_name("_peer.py")
    program = shared_data().parent / "peers" / name
    return [python, *map(str, [runner, program, json.dumps(replacements), *arguments])]


def read_reviews(subset: str, rows: int | None = None) -> tuple[list[str], list[int]]:
    """Return texts and labels of imdb/train.csv.gz or imdb/test.csv.gz.

    With ``rows``, half of them come from each end of the file, which is sorted by label.
    """
    with gzip.open(shared_data() / "imdb" / f"{subset}.csv.gz", "rt", newline="") as file:
        header, *lines = csv.reader(file)
    text, label = header.index("text"), header.index("label")
    if rows is not None:
        lines = lines[: rows // 2] + lines[len(lines) - (rows - rows // 2) :]
    return [line[text] for line in lines], [int(line[label]) for line in lines]


@contextmanager
def fresh_folder() -> Iterator[str]:
    """Yield an empty folder for compiled programs and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="seqsent-benchmark-") as folder:
        yield folder


def environment(*, backend: str = "jax", cache: str = NO_CACHE) -> dict[str, str]:
    """Return the environment of a child process: this checkout, and no other compilation cache."""
    inherited = {name: v for name, v in os.environ.items() if "COMPILATION_CACHE" not in name}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {
        **inherited,
        "KERAS_BACKEND": backend,
        "SEQSENT_CACHE_DIR": cache,
        "PYTHONPATH": path,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def run(command: Sequence[str], **settings: str) -> Result:
    """Run a command and return its result, the JSON in the last line of its output."""
    done = subprocess.run(
        command, env=environment(**settings), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr[-4000:]}")
    result: Result = json.loads(done.stdout.splitlines()[-1])
    print(f"  {Path(command[1]).name} {' '.join(command[2:])[:60]!r}: {result}", file=sys.stderr)
    return result


def child_command(
    script: str, function: str, *arguments: object, python: str = sys.executable
) -> list[str]:
    """Return the command that calls a function of a benchmark in a new process."""
    return [python, script, "--child", function, *map(str, arguments)]


def child_job(
    script: str, function: str, *arguments: object, python: str = sys.executable, **settings: str
) -> Callable[[int], Result]:
    """Return a job for `take_turns` that calls a function of a benchmark in a new process."""
    command = child_command(script, function, *arguments, python=python)
    return lambda repeat: run(command, **settings)


def take_turns(
    jobs: Mapping[str, Callable[[int], Result]], repeats: int
) -> dict[str, list[Result]]:
    """Run the jobs alternately: A B A B ..."""
    results: dict[str, list[Result]] = {name: [] for name in jobs}
    for repeat in range(repeats):
        for name, job in jobs.items():
            results[name].append(job(repeat))
    return results


def values(results: Sequence[Result], name: str) -> list[float]:
    return [float(result[name]) for result in results]


def spread(numbers: Sequence[float], unit: str = "s") -> str:
    """Format median and range."""
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
    """Return a row that compares medians."""
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
    """Return the name and the figures of the candidate with the smallest median."""
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
    """Replace the report between the marks of a README. The file is replaced atomically."""
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise SystemExit(f"{readme} lacks the marks {_BEGIN} and {_END}; nothing was written")
    new = readme.with_suffix(".new")
    new.write_text(f"{before}{_BEGIN}\n{report}\n{_END}{after}", encoding="utf-8")
    new.replace(readme)


def describe(options: Options) -> str:
    """Return date, machine, versions and sizes as a sentence."""
    names = ["numpy", "sklearn", "keras", "jax", "scikeras"]
    here = run([sys.executable, "-c", _VERSIONS, *names])
    parts = [f"Python {platform.python_version()}", *(f"{k} {v}" for k, v in here.items())]
    if options.tensorflow_python:
        there = run([options.tensorflow_python, "-c", _VERSIONS, "tensorflow", "keras"])
        there.pop("seqsent", None)
        parts.append("other interpreter: " + ", ".join(f"{k} {v}" for k, v in there.items()))
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
    get_affinity = getattr(os, "sched_getaffinity", None)  # respects limits of the process
    return len(get_affinity(0)) if get_affinity else os.cpu_count() or 1


def read_options(description: str | None) -> Options:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="small sizes, each run once")
    parser.add_argument("--repeats", type=int, help="runs of each (default 5; 1 with --quick)")
    parser.add_argument("--tensorflow-python", help="a Python with Keras and TensorFlow")
    parser.add_argument(
        "--settings",
        default="{}",
        help="JSON: parameters of RecurrentSentimentClassifier for training.py",
    )
    given = parser.parse_args()
    repeats = given.repeats or (1 if given.quick else 5)
    return Options(given.quick, repeats, given.tensorflow_python, given.settings)


def main(
    measure: Callable[[Options], list[Row]],
    children: Mapping[str, Callable[..., Result]],
    description: str | None,
) -> None:
    """Call a child function if the command line names one, else measure and print the table."""
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(children[sys.argv[2]](*sys.argv[3:])))
        return
    options = read_options(description)
    print(describe(options))
    print()
    print(to_markdown(measure(options)))
