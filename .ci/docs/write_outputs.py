"""Run the code of guide pages and replace the outputs that changed.

python .ci/docs/write_outputs.py PAGE ...
"""

import doctest
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import sklearn


class Recorder(doctest.DocTestRunner):
    """Records the output of each example whose output differs from the page."""

    def __init__(self) -> None:
        super().__init__(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
        self.changed: dict[int, str] = {}

    def report_failure(
        self, out: Any, test: doctest.DocTest, example: doctest.Example, got: str
    ) -> None:
        self.changed[example.lineno] = got

    def report_unexpected_exception(
        self, out: Any, test: doctest.DocTest, example: doctest.Example, exc_info: Any
    ) -> None:
        message = traceback.format_exception_only(exc_info[1])[-1]
        self.changed[example.lineno] = f"Traceback (most recent call last):\n    ...\n{message}"


def update(text: str) -> str:
    """Return the text of a page with its true outputs."""
    examples = doctest.DocTestParser().get_examples(text)
    recorder = Recorder()
    with sklearn.config_context():
        recorder.run(doctest.DocTest(examples, {}, "page", None, 0, text), out=lambda _: None)
    lines = text.splitlines(keepends=True)
    for example in reversed(examples):
        if example.lineno in recorder.changed:
            start = example.lineno + example.source.count("\n")
            end = start + example.want.count("\n")
            lines[start:end] = recorder.changed[example.lineno].splitlines(keepends=True)
    return "".join(lines)


if __name__ == "__main__":
    paths = [Path(name).resolve() for name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # pages write files
        for path in paths:
            path.write_text(update(path.read_text(encoding="utf-8")), encoding="utf-8")
