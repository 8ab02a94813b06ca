"""The report of versions and settings for bug reports."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

import seqsent
from seqsent._runtime import versions

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture
def report(capsys):
    """Return a function that returns the printed values by name."""

    def show():
        seqsent.show_versions()
        lines = capsys.readouterr().out.splitlines()
        return dict(line.split(": ", maxsplit=1) for line in lines if line)

    return show


def test_shows_python_and_every_dependency(report):
    shown = report()
    assert shown["python"].startswith(".".join(map(str, sys.version_info[:3])))
    for requirement in tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]:
        package = re.split(r"[^\w-]", requirement)[0]
        assert shown[package] == metadata.version(package)


def test_shows_missing_packages(report, monkeypatch):
    monkeypatch.setattr(versions, "_PACKAGES", ("no-such-package",))
    assert report()["no-such-package"] == "not installed"


def test_shows_the_imported_backend(report, monkeypatch):
    keras = SimpleNamespace(backend=SimpleNamespace(backend=lambda: "numpy"))
    monkeypatch.setitem(sys.modules, "keras", keras)
    monkeypatch.setenv("KERAS_BACKEND", "torch")  # too late: Keras is imported
    shown = report()
    assert (shown["backend"], shown["KERAS_BACKEND"]) == ("numpy", "'torch'")


def test_works_if_dependencies_cannot_be_imported(tmp_path):
    for package in ["jax", "keras", "numpy", "sklearn"]:
        (tmp_path / f"{package}.py").write_text("raise ImportError('broken')")
    root = Path(seqsent.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import seqsent; seqsent.show_versions()"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"\nkeras: {metadata.version('keras')}\n" in done.stdout
