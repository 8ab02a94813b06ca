"""The documentation builds without warnings and has a page for each public name."""

import inspect
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / ".ci" / "docs"


def public_names() -> list[str]:
    modules = [import_module(n) for n in ("seqsent", "seqsent.datasets", "seqsent.inspection")]
    return [
        f"{module.__name__}.{name}"
        for module in modules
        for name in module.__all__
        if not inspect.ismodule(getattr(module, name))
    ]


@pytest.mark.slow
def test_documentation_builds_with_a_page_per_public_name(tmp_path: Path) -> None:
    for package in ("matplotlib", "myst_parser", "numpydoc"):
        pytest.importorskip(package)
    pages, doctrees = tmp_path / "pages", tmp_path / "doctrees"
    command = ["-m", "sphinx", "-q", "-W", "-b", "html", "-d", doctrees, SOURCE, pages]
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in public_names():
        page = (pages / "generated" / f"{name}.html").read_text(encoding="utf-8")
        assert f'id="{name}"' in page, name
        assert "&gt;&gt;&gt; " in page, f"{name} has no example"
        assert name.endswith("Display") == ("<img " in page), name
        assert f"{name}.set_fit_request" not in page
