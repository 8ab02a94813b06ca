"""What a report of a fault should tell is told, also where nothing else works."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

import seqsent
from seqsent._runtime import versions as _versions

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, str]]:
    """Return what is printed, by the names in front of the colons."""

    def show() -> dict[str, str]:
        seqsent.show_versions()
        lines = capsys.readouterr().out.splitlines()
        return dict(line.split(": ", maxsplit=1) for line in lines if line)

    return show


@pytest.fixture
def no_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A process that has not imported Keras, nor chosen a backend; the home of Keras."""
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def test_versions_are_the_installed_ones(shown: Callable[[], dict[str, str]]) -> None:
    found = shown()
    assert found["python"].startswith(".".join(map(str, sys.version_info[:3])))
    for package in ["scikit-learn", "keras", "numpy"]:
        assert found[package] == metadata.version(package)


def test_every_dependency_is_shown(shown: Callable[[], dict[str, str]]) -> None:
    required = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    assert {re.split(r"[^\w-]", requirement)[0] for requirement in required} <= set(shown())


def test_missing_and_damaged_packages(
    shown: Callable[[], dict[str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pandas-9.9.dist-info").mkdir()  # without the file that tells the version
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(_versions, "_PACKAGES", ("pandas", "no-such-package"))
    found = shown()
    assert found["pandas"] == "damaged"
    assert found["no-such-package"] == "not installed"


def test_the_backend_without_a_choice(shown: Callable[[], dict[str, str]], no_choice: Path) -> None:
    because = f"neither KERAS_BACKEND nor {no_choice / 'keras.json'} chooses another"
    assert shown()["backend"] == f"jax ({because})"


def test_the_backend_chosen_in_the_environment(
    shown: Callable[[], dict[str, str]], no_choice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    found = shown()
    assert found["backend"] == "torch (chosen by KERAS_BACKEND)"
    assert found["KERAS_BACKEND"] == "'torch'"


def test_the_backend_chosen_in_a_file(shown: Callable[[], dict[str, str]], no_choice: Path) -> None:
    (no_choice / "keras.json").write_text('{"backend": "numpy"}')
    assert shown()["backend"] == f"numpy (chosen by {no_choice / 'keras.json'})"


def test_the_backend_at_work(
    shown: Callable[[], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    keras = SimpleNamespace(backend=SimpleNamespace(backend=lambda: "numpy"))
    monkeypatch.setitem(sys.modules, "keras", keras)
    monkeypatch.setenv("KERAS_BACKEND", "torch")  # too late
    assert shown()["backend"] == "numpy (Keras is imported)"


def test_works_where_keras_and_its_backend_do_not(tmp_path: Path) -> None:
    for package in ["jax", "keras", "numpy", "sklearn"]:
        (tmp_path / f"{package}.py").write_text("raise ImportError('broken')")
    root = str(Path(seqsent.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "seqsent.show_versions"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), root])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"\nkeras: {metadata.version('keras')}\n" in done.stdout


def test_the_module_of_that_name_does_not_hide_the_function() -> None:
    assert import_module("seqsent.show_versions") is seqsent.show_versions
    assert callable(seqsent.show_versions)
