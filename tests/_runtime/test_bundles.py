"""Applications that bundle seqsent without source files, outside a folder or without metadata."""

import compileall
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import seqsent

PROGRAM = """
import importlib.metadata
import pickle

def fail(name):
    raise importlib.metadata.PackageNotFoundError(name)

importlib.metadata.version = importlib.metadata.distribution = fail

import seqsent
from seqsent.inspection import token_attributions

print(seqsent.__file__)
X, y = ["good film", "bad film", "fine plot", "poor plot"] * 5, [1, 0, 1, 0] * 5
pipeline = seqsent.make_sentiment_pipeline(epochs=1, state_dim=4, random_state=0).fit(X, y)
probabilities = pipeline.predict_proba(X)
assert (pickle.loads(pickle.dumps(pipeline)).predict_proba(X) == probabilities).all()
token_attributions(pipeline, X[:1])
pipeline[-1].model_.summary()
seqsent.show_versions()
"""


def copy_as_zip_archive(folder: Path) -> Path:
    source = Path(seqsent.__file__).parent
    return Path(shutil.make_archive(str(folder), "zip", source.parent, source.name))


def copy_as_bytecode(folder: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(seqsent.__file__).parent, folder / "seqsent", ignore=ignored)
    assert compileall.compile_dir(folder, quiet=1, legacy=True)
    for source in folder.rglob("*.py"):
        source.unlink()
    return folder


@pytest.mark.parametrize("copy", [copy_as_zip_archive, copy_as_bytecode])
def test_everything_works_in_a_bundle_without_metadata(copy, tmp_path):
    bundle = copy(tmp_path / "bundle")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(bundle)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(bundle))
    assert "seqsent: not installed" in done.stdout
