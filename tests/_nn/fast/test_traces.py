"""What is kept on disk, in processes of their own: where, when it is used, and when it fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import seqsent
from seqsent._backend import import_keras

pytestmark = pytest.mark.skipif(
    import_keras().backend.backend() != "jax", reason="the cache is JAX's"
)

FIT = """
import jax, numpy as np
from seqsent import RecurrentSentimentClassifier
X = np.arange(40).reshape(10, 4) % 7 + 3
model = RecurrentSentimentClassifier(cell="simple", epochs=1, random_state=0, num_words=16)
loss = model.fit(X, [0, 1] * 5).loss_curve_[0]
print(jax.config.jax_compilation_cache_dir, loss)
"""


SHOW = """
from seqsent._backend import enable_compilation_cache
enable_compilation_cache()
import jax
print(jax.config.jax_compilation_cache_dir, 0)
"""


def fit(home, cache_dir=None, program=FIT, **environment):
    """Return the cache folder that a fit used, and its loss."""
    ours = {k: v for k, v in os.environ.items() if k not in ("SEQSENT_CACHE_DIR", "KERAS_HOME")}
    ours |= {"XDG_CACHE_HOME": str(home), "KERAS_HOME": str(home), "LOCALAPPDATA": str(home)}
    if cache_dir is not None:
        ours["SEQSENT_CACHE_DIR"] = str(cache_dir)
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**ours, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    folder, loss = result.stdout.split()
    return folder, float(loss)


def find_place(home, cache_dir=None, **environment):
    """Return the cache folder that a fit would use."""
    return fit(home, cache_dir, SHOW, **environment)[0]


def files_below(folder):
    """Compiled programs and traces; JAX notes beside them when they were used last."""
    found = [path for path in folder.rglob("*") if path.name.endswith(("-cache", "-trace"))]
    assert not list(folder.rglob("part"))
    return sorted(found)


@pytest.mark.slow
def test_programs_are_kept_and_a_broken_cache_changes_nothing(tmp_path):
    folder, loss = fit(tmp_path, tmp_path / "mine")
    kept = files_below(tmp_path / "mine")
    assert {path.name.rpartition("-")[2] for path in kept} == {"cache", "trace"}
    assert folder.startswith(str(tmp_path / "mine"))
    times = [path.stat().st_mtime_ns for path in kept]
    assert fit(tmp_path, tmp_path / "mine") == (folder, loss)
    assert [path.stat().st_mtime_ns for path in kept] == times
    assert files_below(tmp_path / "mine") == kept  # a second process compiles nothing new
    for path in kept:
        path.write_bytes(path.read_bytes()[:50])
    assert fit(tmp_path, tmp_path / "mine") == (folder, loss)


COUNT_TRACES = """
from seqsent._nn.fast import steps
traced = []
train = steps.Steps.train
def count(self, *arguments):
    traced.append(1)
    return train(self, *arguments)
count.__name__ = "train"
steps.Steps.train = count
"""


def count_traces(cache_dir, optimizer="'adam'", before="", first=""):
    """Fit in a process of its own; return how often the training step was traced."""
    fit = FIT.replace("epochs=1", f"epochs=1, optimizer={optimizer}")
    code = first + COUNT_TRACES + before + fit + "\nprint(len(traced))"
    environment = {**os.environ, "SEQSENT_CACHE_DIR": str(cache_dir)}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return int(result.stdout.split()[-1])


def test_a_second_process_traces_only_what_differs(tmp_path):
    assert count_traces(tmp_path) == 1
    assert count_traces(tmp_path) == 0
    # what else reaches the program: here, how outputs are clipped
    assert count_traces(tmp_path, before="import keras; keras.config.set_epsilon(1e-3)\n") == 1


def change_sources(package, *names):
    for path in map(package.joinpath, names):
        path.write_text(path.read_text() + "\n# changed\n")


TRACED = ("_nn/cells.py", "_nn/fast/layers.py", "_nn/objective.py", "_backend.py")
NOT_TRACED = ("_vectorizer.py", "_text/analysis.py", "_classifier.py", "inspection/_axes.py")


@pytest.fixture
def package(tmp_path):
    """A copy of the sources."""
    folder = tmp_path / "source" / "seqsent"
    shutil.copytree(Path(seqsent.__file__).parent, folder)
    return folder


def test_every_source_that_is_traced_tells_traces_apart(package, monkeypatch):
    from seqsent._nn.fast import traces

    monkeypatch.setattr(traces, "_PACKAGE", package)
    found = [traces._code.__wrapped__()]
    for name in TRACED:
        change_sources(package, name)
        found.append(traces._code.__wrapped__())
    assert len(set(found)) == 1 + len(TRACED)
    change_sources(package, *NOT_TRACED)
    assert traces._code.__wrapped__() == found[-1]


@pytest.mark.slow
def test_traces_are_of_this_code_and_no_other(package, tmp_path):
    """An edit of what is traced makes traces anew; one of anything else does not."""
    prefix = f"import sys; sys.path.insert(0, {str(package.parent)!r})\n"

    def count():
        return count_traces(tmp_path / "cache", first=prefix)

    assert count() == 1
    change_sources(package, *NOT_TRACED)
    assert count() == 0
    change_sources(package, *TRACED)
    assert count() == 1


@pytest.mark.slow
def test_a_cell_of_the_users_own_is_traced_each_time(tmp_path):
    own = (
        "import keras\nfrom seqsent._nn.cells import CELLS, Cell\n"
        "class Mine(keras.layers.SimpleRNN): pass\nCELLS['simple'] = Cell(layer=Mine)\n"
    )
    assert count_traces(tmp_path, before=own) == 1
    assert not list(tmp_path.rglob("*-trace"))


@pytest.mark.slow
def test_an_optimizer_of_the_users_own_is_traced_each_time(tmp_path):
    own = "import keras\nclass Mine(keras.optimizers.SGD): pass\n"
    assert count_traces(tmp_path, "Mine(0.1)", before=own) == 1
    assert not list(tmp_path.rglob("*-trace"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the place differs by platform")
def test_the_place_is_the_users_cache_directory(tmp_path):
    assert find_place(tmp_path).startswith(str(tmp_path / "seqsent" / "programs"))


@pytest.mark.slow
def test_it_can_be_turned_off(tmp_path):
    assert fit(tmp_path, "off")[0] == "None"
    assert not files_below(tmp_path)
    assert find_place(tmp_path, "") == "None"


@pytest.mark.slow
def test_a_cache_of_the_users_own_is_left_alone(tmp_path):
    own = str(tmp_path / "own")
    assert find_place(tmp_path, tmp_path / "mine", JAX_COMPILATION_CACHE_DIR=own) == own
    assert not (tmp_path / "mine").exists()


@pytest.mark.slow
def test_a_place_that_cannot_be_written_to_costs_speed_only(tmp_path):
    (tmp_path / "file").write_text("no directory")
    assert fit(tmp_path, tmp_path / "file")[0] == "None"
