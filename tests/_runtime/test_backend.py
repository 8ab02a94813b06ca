"""Selection of the Keras backend, in new processes."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from seqsent._runtime.backend import count_cores, import_keras, tensor_to_numpy

IMPORT = "from seqsent._runtime.backend import import_keras; keras = import_keras()"
# The numpy backend of Keras needs no package.
SELECT = "os.environ['KERAS_BACKEND'] = 'numpy'"


def run(code, **environment):
    """Return the output of a new process without KERAS_BACKEND, and check that it succeeds."""
    inherited = {name: v for name, v in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def backend_after(code, home, **environment):
    code = f"import os; {code}; print(keras.backend.backend())"
    return run(code, KERAS_HOME=str(home), **environment)


@pytest.mark.parametrize("config", [None, '{"backend": "tensorflow"}', "{"])
def test_jax_is_the_default(config, tmp_path):
    """Keras writes "tensorflow" to keras.json by itself."""
    if config is not None:
        (tmp_path / "keras.json").write_text(config)
    assert backend_after(IMPORT, tmp_path) == "jax"


def test_keras_json_selects_the_backend(tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "numpy"}))
    assert backend_after(IMPORT, tmp_path) == "numpy"


def test_environment_variable_takes_precedence(tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "torch"}))
    assert backend_after(IMPORT, tmp_path, KERAS_BACKEND="numpy") == "numpy"


def test_imported_keras_keeps_its_backend(tmp_path):
    first = f"{SELECT}; import keras; del os.environ['KERAS_BACKEND']"
    assert backend_after(f"{first}; {IMPORT}", tmp_path) == "numpy"


@pytest.mark.parametrize(
    "first",
    [
        "import seqsent; from keras import ops; import keras.layers, keras",
        "from seqsent import SequenceVectorizer; import keras",
    ],
)
def test_keras_imported_after_seqsent_runs_on_jax(first, tmp_path):
    assert backend_after(first, tmp_path) == "jax"


def test_backend_can_be_selected_after_importing_seqsent(tmp_path):
    assert backend_after(f"import seqsent; {SELECT}; import keras", tmp_path) == "numpy"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32"])
def test_tensor_to_numpy_keeps_values_and_dtype(dtype):
    tensor = import_keras().ops.cast(np.array([[1, 2, 3], [4, 5, 6]]), dtype)
    array = tensor_to_numpy(tensor)
    assert isinstance(array, np.ndarray)
    assert array.dtype.name == dtype
    assert array.tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(("limit", "most"), [("1", 1), ("1000", None), ("2,1", None)])
def test_omp_num_threads_limits_usable_cores(limit, most):
    code = "from seqsent._runtime.backend import count_usable_cores; print(count_usable_cores())"
    assert int(run(code, OMP_NUM_THREADS=limit)) == (most or count_cores())


COUNT_THREADS = """
import os
from seqsent import build_network
build_network(num_words=5)
assert os.environ.get("NPROC", "4") == "4"
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="only Linux lists threads")
@pytest.mark.skipif(count_cores() < 2, reason="one core is not below the limit")
def test_omp_num_threads_limits_threads_of_xla():
    def count(**settings):
        return int(run(COUNT_THREADS, KERAS_BACKEND="jax", **settings))

    limited = count(OMP_NUM_THREADS="1")
    assert limited < count(OMP_NUM_THREADS="")
    assert limited < count(OMP_NUM_THREADS="1", NPROC="4")
