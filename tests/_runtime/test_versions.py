"""The report of versions and settings, also where Keras cannot be imported."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

import seqsent
from seqsent._runtime import versions

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, str]]:
    """Return a function that returns the printed values by name."""

    def show() -> dict[str, str]:
        seqsent.show_versions()
        lines = capsys.readouterr().out.splitlines()
        return dict(line.split(": ", maxsplit=1) for line in lines if line)

    return show


def test_shows_installed_versions(report: Callable[[], dict[str, str]]) -> None:
    shown = report()
    assert shown["python"].startswith(".".join(map(str, sys.version_info[:3])))
    for package in ["scikit-learn", "keras", "numpy"]:
        assert shown[package] == metadata.version(package)


def test_shows_every_dependency(report: Callable[[], dict[str, str]]) -> None:
    required = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    assert {re.split(r"[^\w-]", requirement)[0] for requirement in required} <= set(report())


def test_shows_missing_packages(
    report: Callable[[], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "_PACKAGES", ("no-such-package",))
    assert report()["no-such-package"] == "not installed"


def test_shows_the_imported_backend(
    report: Callable[[], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    keras = SimpleNamespace(backend=SimpleNamespace(backend=lambda: "numpy"))
    monkeypatch.setitem(sys.modules, "keras", keras)
    monkeypatch.setenv("KERAS_BACKEND", "torch")  # too late: Keras is imported
    shown = report()
    assert shown["backend"] == "numpy"
    assert shown["KERAS_BACKEND"] == "'torch'"


def test_works_if_dependencies_cannot_be_imported(tmp_path: Path) -> None:
    for package in ["jax", "keras", "numpy", "sklearn"]:
        (tmp_path / f"{package}.py").write_text("raise ImportError('broken')")
    root = str(Path(seqsent.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import seqsent; seqsent.show_versions()"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), root])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"\nkeras: {metadata.version('keras')}\n" in done.stdout
