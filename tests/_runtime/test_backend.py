"""Which backend is chosen, in processes of their own."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from seqsent._runtime.backend import import_keras, tensor_to_numpy

SHOW = (
    "import os; before = os.environ.get('KERAS_BACKEND'); "
    "{first}; from seqsent._runtime.backend import import_keras; keras = import_keras(); "
    "print(keras.backend.backend(), os.environ.get('KERAS_BACKEND') == before)"
)


def run(home, first="pass", **environment):
    inherited = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    return subprocess.run(
        [sys.executable, "-c", SHOW.format(first=first)],
        env={**inherited, "KERAS_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def configure(home, backend):
    (home / "keras.json").write_text(json.dumps({"backend": backend}))


def test_jax_by_default_and_the_environment_left_alone(tmp_path):
    assert run(tmp_path).stdout.split() == ["jax", "True"]


def test_the_backend_that_keras_writes_by_itself_is_no_choice(tmp_path):
    configure(tmp_path, "tensorflow")
    assert run(tmp_path).stdout.split() == ["jax", "True"]


@pytest.mark.parametrize("how", ["environment", "keras.json", "imported"])
def test_an_explicit_choice_is_respected(how, tmp_path):
    # The numpy backend of Keras needs nothing installed; a choice of it proves the point.
    if how == "environment":
        result = run(tmp_path, KERAS_BACKEND="numpy")
    elif how == "keras.json":
        configure(tmp_path, "numpy")
        result = run(tmp_path)
    else:
        first = (
            "os.environ['KERAS_BACKEND'] = 'numpy'; import keras; del os.environ['KERAS_BACKEND']"
        )
        result = run(tmp_path, first=first)
    assert result.stdout.split() == ["numpy", "True"], result.stderr


def test_a_broken_configuration_is_no_choice(tmp_path):
    (tmp_path / "keras.json").write_text("{")
    assert run(tmp_path).stdout.split()[0] == "jax"


def show(first, home, **environment):
    code = f"import os; before = dict(os.environ); {first}; "
    # where TensorFlow is installed, Keras imports it, which sets variables of its own
    others = ("KMP", "TF", "TPU") if find_spec("tensorflow") else ()
    code += f"ours = [n for n in {{*os.environ, *before}} if not n.startswith({others})]; "
    code += "same = all(os.environ.get(n) == before.get(n) for n in ours); "
    code += "print(keras.backend.backend(), same)"
    inherited = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**inherited, "KERAS_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split(), done.stderr


@pytest.mark.parametrize(
    "first",
    [
        "import seqsent; import keras",
        "import seqsent; from keras import ops; import keras.layers, keras",
        "import seqsent, importlib; keras = importlib.import_module('keras')",
        "from seqsent import SequenceVectorizer; import keras; import seqsent",
    ],
)
def test_whoever_imports_keras_after_seqsent_gets_jax(first, tmp_path):
    assert show(first, tmp_path) == (["jax", "True"], "")


def test_a_choice_between_the_two_imports_counts(tmp_path):
    chosen = "import seqsent; os.environ['KERAS_BACKEND'] = 'numpy'; import keras"
    assert show(chosen, tmp_path)[0][0] == "numpy"
    configure(tmp_path, "numpy")
    assert show("import seqsent; import keras", tmp_path)[0][0] == "numpy"


def test_nothing_is_left_behind(tmp_path):
    first = "import seqsent, sys; import keras; "
    first += "assert not [f for f in sys.meta_path if type(f).__module__.startswith('seqsent')]; "
    first += "assert 'exec_module' not in vars(keras.__loader__)"
    assert show(first, tmp_path) == (["jax", "True"], "")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32"])
def test_a_tensor_as_an_array(dtype):
    tensor = import_keras().ops.cast(np.array([[1, 2, 3], [4, 5, 6]]), dtype)
    found = tensor_to_numpy(tensor)
    assert isinstance(found, np.ndarray)
    assert found.dtype.name == dtype
    assert found.tolist() == [[1, 2, 3], [4, 5, 6]]
