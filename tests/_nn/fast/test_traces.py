"""What is kept on disk for later processes: when it is used, and what becomes of what is wrong."""

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

import seqsent
from seqsent._runtime import backend as _backend
from seqsent._runtime.backend import import_keras

pytestmark = pytest.mark.skipif(
    import_keras().backend.backend() != "jax", reason="the cache is JAX's"
)


@pytest.fixture
def traces():
    from seqsent._nn.fast import traces

    return traces


@pytest.fixture
def folder(tmp_path, traces, monkeypatch):
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setattr(traces, "enable_compilation_cache", lambda: folder)
    return folder


@pytest.fixture
def load(traces):
    """Load or trace a function that adds a number; return the sum, and whether it was traced."""

    def load(name="step", added=1.0, x=(1.0, 2.0)):
        x, calls = np.asarray(x, dtype=np.float32), []

        def get_function():
            calls.append(name)
            return lambda x: x + added

        function = traces.load_or_trace(name, get_function, (x,))
        return np.asarray(function(x)).tolist(), bool(calls)

    return load


def test_a_function_is_traced_once(folder, load):
    assert load() == ([2, 3], True)
    (path,) = folder.iterdir()
    written = path.stat().st_mtime_ns
    os.utime(path, ns=(0, written))
    # were it traced again, it would add 5
    assert load(added=5.0) == ([2, 3], False)
    assert list(folder.iterdir()) == [path]
    assert path.stat().st_mtime_ns == written
    assert path.stat().st_atime_ns > 0  # it counts as used


def test_what_differs_is_traced(folder, load, traces, monkeypatch):
    load()
    assert load("other", 5.0) == ([6, 7], True)
    assert load(added=5.0, x=[1.0]) == ([6], True)
    monkeypatch.setattr(traces, "_code", lambda: ("another release",))
    assert load(added=5.0) == ([6, 7], True)
    assert len(list(folder.iterdir())) == 4


def test_nothing_is_kept_where_there_is_no_folder(load, traces, monkeypatch):
    monkeypatch.setattr(traces, "enable_compilation_cache", lambda: None)
    assert load() == load() == ([2, 3], True)


def swap(path, traces):
    """Give it the content of another, which is whole."""
    _, data = path.read_bytes().split(b"\n", 1)
    other = path.with_name("0" * 64 + "-trace")
    traces._write(other, data)
    assert other.read_bytes() != path.read_bytes()
    other.replace(path)


def make_folder(path, traces):
    path.unlink()
    path.mkdir()


DAMAGES = {
    "of another name": swap,
    "truncated": lambda path, traces: path.write_bytes(path.read_bytes()[:-1]),
    "of a digest alone": lambda path, traces: path.write_bytes(path.read_bytes()[:64]),
    "empty": lambda path, traces: path.write_bytes(b""),
    "changed": lambda path, traces: path.write_bytes(path.read_bytes()[:-1] + b"!"),
    "of nonsense": lambda path, traces: traces._write(path, b"nonsense" * 50),
    "a folder": make_folder,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_trace_that_is_wrong_is_made_anew(folder, load, traces, damage):
    load()
    (path,) = folder.iterdir()
    DAMAGES[damage](path, traces)
    assert load(added=5.0) == ([6, 7], True)
    if damage != "a folder":
        assert load() == ([6, 7], False)
    assert list(folder.iterdir()) == [path]


def test_a_trace_that_cannot_be_read_is_made_anew(folder, load, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    load()
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert load(added=5.0) == ([6, 7], True)


def test_a_folder_that_is_gone_or_full_costs_time_only(folder, load):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        assert load() == load() == ([2, 3], True)
        assert not list(folder.iterdir())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    folder.rmdir()
    assert load() == load() == ([2, 3], True)
    assert not folder.exists()


def test_several_may_trace_at_once(folder, load, traces, monkeypatch):
    together, write, found = threading.Barrier(3), traces._write, []

    def write_together(path, data):
        together.wait(60)
        write(path, data)

    monkeypatch.setattr(traces, "_write", write_together)
    threads = [threading.Thread(target=lambda: found.append(load())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [([2, 3], True)] * 3
    assert load() == ([2, 3], False)
    assert len(list(folder.iterdir())) == 1


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


def test_every_source_that_is_traced_tells_traces_apart(package, traces, monkeypatch):
    monkeypatch.setattr(traces, "_PACKAGE", package)
    found = [traces._code.__wrapped__()]
    for name in TRACED:
        change_sources(package, name)
        found.append(traces._code.__wrapped__())
    assert len(set(found)) == 1 + len(TRACED)
    change_sources(package, *NOT_TRACED)
    assert traces._code.__wrapped__() == found[-1]


@pytest.fixture
def no_cache(monkeypatch):
    """JAX's settings as they are in a new process; as they were, afterwards."""
    import jax

    names = "jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs"
    before = {name: getattr(jax.config, name) for name in names}
    jax.config.update("jax_compilation_cache_dir", None)
    monkeypatch.delenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", raising=False)
    with warnings.catch_warnings():
        yield jax.config
    for name, value in before.items():
        jax.config.update(name, value)


def test_jax_keeps_its_programs_in_the_folder(tmp_path, monkeypatch, no_cache):
    monkeypatch.setenv("SEQSENT_CACHE_DIR", str(tmp_path))
    folder = _backend.enable_compilation_cache.__wrapped__()
    assert folder.parent == tmp_path
    assert no_cache.jax_compilation_cache_dir == str(folder)
    assert no_cache.jax_persistent_cache_min_compile_time_secs == 0


def test_it_can_be_turned_off(monkeypatch, no_cache):
    monkeypatch.setenv("SEQSENT_CACHE_DIR", "off")
    assert _backend.enable_compilation_cache.__wrapped__() is None
    assert no_cache.jax_compilation_cache_dir is None


def test_a_cache_of_the_users_own_is_left_alone(tmp_path, monkeypatch, no_cache):
    monkeypatch.setenv("SEQSENT_CACHE_DIR", str(tmp_path / "mine"))
    no_cache.update("jax_compilation_cache_dir", str(tmp_path / "own"))
    assert _backend.enable_compilation_cache.__wrapped__() is None
    assert no_cache.jax_compilation_cache_dir == str(tmp_path / "own")
    assert not (tmp_path / "mine").exists()


# fits in a process of its own, where warnings are errors; counts how often a step was traced
PROCESS = """
import json, warnings
import numpy as np
from seqsent import RecurrentSentimentClassifier
import keras
from seqsent._nn.model.cells import CELLS, Cell
from seqsent._nn.fast import steps

traced = []
train = steps.Steps.train
def count(self, *arguments):
    traced.append(1)
    return train(self, *arguments)
count.__name__ = "train"
steps.Steps.train = count

def fit(optimizer="adam"):
    traced.clear()
    X = np.arange(40).reshape(10, 4) % 7 + 3
    model = RecurrentSentimentClassifier(
        cell="simple", state_dim=4, embed_dim=4, epochs=1, random_state=0, num_words=16,
        optimizer=optimizer,
    )
    loss = model.fit(X, [0, 1] * 5).loss_curve_[0]
    found.append([len(traced), loss])

class MyCell(keras.layers.SimpleRNN): pass
class MyOptimizer(keras.optimizers.SGD): pass

found = []
warnings.simplefilter("error")
{before}
fit()
{after}
print(json.dumps(found))
"""

# what else reaches the program: here, how outputs are clipped
EPSILON = "keras.config.set_epsilon(1e-3); fit(); keras.config.set_epsilon(1e-7)"
OWN = "fit(MyOptimizer(0.1)); CELLS['simple'] = Cell(layer=MyCell); fit()"
NO_ROOM = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"


def start(cache_dir, before="", after=""):
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS.format(before=before, after=after)],
        env={**os.environ, "SEQSENT_CACHE_DIR": str(cache_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process):
    """Return how often each fit traced its step, with its loss, and what was complained of."""
    with process:
        output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return json.loads(output.splitlines()[-1]), errors


def files_below(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_processes_share_what_is_right_and_no_other(tmp_path):
    """Two at once on an empty folder, a third after them, a last one where all is wrong."""
    with start(tmp_path) as first:
        (_, (n_traced, loss_clipped)), _ = end(start(tmp_path, after=EPSILON))
        ((_, loss),), _ = end(first)
    assert n_traced == 1
    kept = files_below(tmp_path)
    assert {path.name.rpartition("-")[2] for path in kept} == {"cache", "trace"}
    found, _ = end(start(tmp_path, after=f"{EPSILON}; {OWN}"))
    assert found[:2] == [[0, loss], [0, loss_clipped]]
    # cells and optimizers of the user's own are of one process: no traces of them are kept
    assert [n_traced for n_traced, _ in found[2:]] == [1, 1]
    changed = files_below(tmp_path)
    assert {path: changed[path] for path in kept} == kept
    assert {path.name[-6:] for path in changed.keys() - kept.keys()} == {"-cache"}

    for path in changed:
        path.write_bytes(path.read_bytes()[:50])
    found, errors = end(start(tmp_path, before=NO_ROOM, after="fit('sgd')"))
    assert found[0] == [1, loss]
    assert "Error reading persistent compilation cache entry" in errors
    assert "Error writing persistent compilation cache entry" in errors
