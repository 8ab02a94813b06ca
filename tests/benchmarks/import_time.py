"""Start Python and import seqsent, compared with importing scikit-learn."""

import subprocess
import sys
import time

from _common import Options, Result, Row, environment, main, ratio_row, take_turns, values

_RUNS_PER_REPEAT = 5  # one run is short


def _time_import(name: str) -> Result:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {name}"], env=environment(), check=True)
    return {"seconds": time.perf_counter() - start}


def measure(options: Options) -> list[Row]:
    jobs = {name: lambda repeat, name=name: _time_import(name) for name in ("sklearn", "seqsent")}
    repeats = 3 if options.quick else _RUNS_PER_REPEAT * options.repeats
    take_turns(jobs, 1)  # writes missing .pyc files
    results = take_turns(jobs, repeats)
    ours, theirs = (values(results[name], "seconds") for name in ("seqsent", "sklearn"))
    return [ratio_row("h", "import seqsent", ours, "import sklearn", theirs, 1.2)]


if __name__ == "__main__":
    main(measure, {}, __doc__)
