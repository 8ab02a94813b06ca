"""The code blocks of a page are one doctest, run on JAX in an empty folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sklearn

from seqsent._runtime.backend import select_backend

if select_backend() != "jax":
    collect_ignore_glob = ["*.md"]  # other backends draw other random numbers


@pytest.fixture(autouse=True)
def separate_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run a page in an empty folder, and restore the settings of scikit-learn."""
    monkeypatch.chdir(tmp_path)
    with sklearn.config_context():
        yield
