"""Fixtures for all tests."""

import os
import re
import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import HealthCheck, settings

import seqsent

# tests do not write to the user's cache of compiled programs
os.environ.setdefault(
    "SEQSENT_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "programs")
)

# With a limited size, JAX reads the whole folder for each new program.
os.environ.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", "-1")

# Most programs of tests run for milliseconds, so skip slow optimizations. At level 0, programs that
# run for seconds take three times as long. XLA_FLAGS="" compiles as users do. JAX 0.12, which
# Python 3.12 and later install, aborts on the second option, TensorFlow on both.
_FLAGS = ["--xla_backend_optimization_level=1", "--xla_cpu_use_fusion_emitters=false"]
if os.environ.get("KERAS_BACKEND", "jax") == "jax":
    os.environ.setdefault("XLA_FLAGS", " ".join(_FLAGS[: 1 if sys.version_info >= (3, 12) else 2]))

# HYPOTHESIS_PROFILE=long tries more inputs, with another seed in each run
_COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,  # creates no folder
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("ci", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("long", max_examples=5000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

_DEFAULT_SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data, which is not part of the repository."""
    folder = Path(os.environ.get("SEQSENT_SHARED_DATA", _DEFAULT_SHARED_DATA))
    if not folder.is_dir():
        pytest.skip(f"no data in {folder}; set SEQSENT_SHARED_DATA to the folder of the data")
    return folder


_SMALL: dict[str, Any] = {
    "state_dim": 6,
    "embed_dim": 5,
    "epochs": 2,
    "dropout": 0.3,
    "word_dropout": 0,
    "random_state": 0,
}


@pytest.fixture(scope="session")
def small_classifier() -> Callable[..., Any]:
    """Return a function that makes an unfitted classifier that trains quickly."""

    def make(**parameters: Any) -> Any:
        return seqsent.RecurrentSentimentClassifier(**{**_SMALL, **parameters})

    return make


@pytest.fixture(scope="session")
def small_pipeline() -> Callable[..., Any]:
    """Return a function that makes an unfitted pipeline for texts that trains quickly."""

    def make(**parameters: Any) -> Any:
        return seqsent.make_sentiment_pipeline(**{**_SMALL, "maxlen": 20, **parameters})

    return make


def _polars_series(texts: list[str]) -> Any:
    return pytest.importorskip("polars").Series("text", texts)


def _arrow_series(texts: list[str]) -> pd.Series:
    pytest.importorskip("pyarrow")
    return pd.Series(texts, dtype="string[pyarrow]")


_CONTAINERS: dict[str, Callable[[list[str]], Any]] = {
    "list": list,
    "tuple": tuple,
    "ndarray object": lambda texts: np.array(texts, dtype=object),
    "ndarray str": lambda texts: np.array(texts, dtype=str),
    "pandas object": lambda texts: pd.Series(texts, dtype=object),
    "pandas string": lambda texts: pd.Series(texts, dtype="string[python]"),
    "pandas arrow": _arrow_series,
    "polars": _polars_series,
}


@pytest.fixture(params=list(_CONTAINERS))
def text_container(request: pytest.FixtureRequest) -> Callable[[list[str]], Any]:
    """Return a function that converts a list of str to one type of container."""
    return _CONTAINERS[request.param]


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    """Return a function that sets the umask until the end of the test."""
    before = os.umask(0)
    os.umask(before)
    yield os.umask
    os.umask(before)


@pytest.fixture
def run_script(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[str, Path]]:
    """Return a function that runs a script in this process, which saves imports and compilation.

    It returns the output of the script and its working directory.
    """
    folder = tmp_path / "working_directory"

    def run(path: Path, *options: object) -> tuple[str, Path]:
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", [str(path), *map(str, options)])
        monkeypatch.setenv("MPLBACKEND", "Agg")
        with sklearn.config_context():
            runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out, folder

    return run


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[list[str], str], str]]:
    """Return a function that runs a module as a server and returns the address it logs.

    The server runs in `tmp_path` and is terminated after the test.
    """
    servers = []

    def start(command: list[str], address: str) -> str:
        log = tmp_path / "log"
        with log.open("w") as file:
            arguments = [sys.executable, "-m", *command]
            servers.append(subprocess.Popen(arguments, cwd=tmp_path, stdout=file, stderr=file))
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if found := re.search(address, log.read_text()):
                return found[1]
            time.sleep(0.1)
        raise TimeoutError(f"{command[0]} did not start: {log.read_text()}")

    yield start
    for server in servers:
        server.terminate()
        server.wait(60)
