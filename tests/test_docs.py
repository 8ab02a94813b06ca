"""The site builds without warnings and has a page for each public name and each example."""

import inspect
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = (".ci/docs", "examples", "CHANGELOG.md")


def public_names() -> list[str]:
    modules = [import_module(n) for n in ("seqsent", "seqsent.datasets", "seqsent.inspection")]
    return [
        f"{module.__name__}.{name}"
        for module in modules
        for name in module.__all__
        if not inspect.ismodule(getattr(module, name))
    ]


def copy_sources(folder: Path) -> None:
    """Copy the sources of the site without the files that a build adds."""
    ignored = shutil.ignore_patterns("generated", "gallery", "__pycache__")
    for name in SOURCES:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)


@pytest.mark.slow
def test_site_builds_with_a_page_per_public_name(tmp_path: Path) -> None:
    for package in ("matplotlib", "myst_parser", "numpydoc", "pydata_sphinx_theme"):
        pytest.importorskip(package)
    copy_sources(tmp_path)
    pages = tmp_path / "pages"
    # without running the examples, which have tests of their own
    options = ["-q", "-W", "-b", "html", "-D", "plot_gallery=0"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(tmp_path / ".ci" / "docs"), str(pages)],
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
        assert name.endswith("Display") == ('class="plot-directive' in page), name
        assert f"{name}.set_fit_request" not in page
    examples = {path.stem for path in (ROOT / "examples").glob("*.py")}
    assert examples <= {path.stem for path in (pages / "gallery").glob("*.html")}
    equations = (pages / "generated" / "seqsent.RecurrentSentimentClassifier.html").read_text(
        "utf-8"
    )
    assert equations.count("<math") == 5  # two in the text, three displayed
    assert "cdn." not in equations
