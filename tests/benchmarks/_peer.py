"""Run a peer's program with parts of its text replaced, e.g. the seed or the grid.

python _peer.py PROGRAM '{"old": "new"}' ARGUMENTS...
"""

import json
import sys
from pathlib import Path


def run(program: str, replacements: dict[str, str], arguments: list[str]) -> None:
    source = Path(program).read_text(encoding="utf-8")
    for old, new in replacements.items():
        if source.count(old) != 1:
            raise SystemExit(f"expected {old!r} once in {program}, found {source.count(old)} times")
        source = source.replace(old, new)
    sys.argv = [program, *arguments]
    exec(compile(source, program, "exec"), {"__name__": "__main__", "__file__": program})


if __name__ == "__main__":
    run(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:])
