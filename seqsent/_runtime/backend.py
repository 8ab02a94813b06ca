"""Selection and configuration of the Keras backend.

Keras reads its backend once, on its first import, and defaults to TensorFlow. seqsent defaults to
JAX.
"""

import gc
import json
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cache_folder import use_compilation_cache

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


def select_backend() -> str:
    """Return the backend of Keras; select one if Keras is not imported yet.

    The environment variable ``KERAS_BACKEND`` comes first, then a ``keras.json`` with another
    backend than "tensorflow", which Keras writes there by itself, then JAX. The selection is
    written to ``KERAS_BACKEND``, where a later ``import keras`` finds it.
    """
    if "keras" in sys.modules:
        return str(sys.modules["keras"].backend.backend())
    if not os.environ.get("KERAS_BACKEND"):
        os.environ["KERAS_BACKEND"] = _configured_backend() or "jax"
    return os.environ["KERAS_BACKEND"]


def _configured_backend() -> str | None:
    """Return the backend in ``keras.json``, None for Keras's default or an unreadable file."""
    home = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    try:
        backend = json.loads(Path(home, "keras.json").read_text())["backend"]
    except (OSError, ValueError, KeyError):
        return None
    return None if backend == "tensorflow" else str(backend)


def import_keras() -> Any:
    """Import Keras with the selected backend and return the package."""
    select_backend()
    import keras

    return keras


def to_backend(array: "NDArray[Any]", dtype: "DTypeLike") -> Any:
    """Convert a numpy array; Keras would compile a program for each shape under JAX."""
    array = array.astype(dtype)
    if import_keras().backend.backend() != "jax":
        return array
    import jax

    return jax.device_put(array)


def zeros_on_backend(shape: tuple[int, ...], dtype: "DTypeLike" = "float32") -> Any:
    """Return zeros; a Keras initializer that compiles nothing."""
    import numpy as np

    return to_backend(np.zeros(shape), dtype)


def to_numpy(variables: Iterable[Any]) -> "list[NDArray[Any]]":
    """Return copies of the values of Keras variables.

    ``get_weights`` does the same, but numpy 2 warns about it.
    """
    import numpy as np

    return [np.array(tensor_to_numpy(variable.value), order="C") for variable in variables]


def tensor_to_numpy(tensor: Any) -> "NDArray[Any]":
    """Return the values of a tensor, which may share its memory.

    ``keras.ops.convert_to_numpy`` does the same, but numpy 2 warns about it for the variables of
    TensorFlow and the tensors of PyTorch.
    """
    keras = import_keras()
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return tensor.numpy()
    # PyTorch does not convert bfloat16.
    if backend == "torch" and keras.backend.standardize_dtype(tensor.dtype) != "bfloat16":
        return tensor.detach().cpu().numpy()
    return keras.ops.convert_to_numpy(tensor)


@cache
def prepare_backend() -> None:
    """Configure the backend before the first network computes anything."""
    if import_keras().backend.backend() == "jax":
        _limit_xla_threads()
        use_compilation_cache()


@cache
def count_cores() -> int:
    """Return the number of cores by affinity, CPU quota and ``LOKY_MAX_CPU_COUNT``."""
    import joblib  # takes a while, and only the first network needs it

    return int(joblib.cpu_count())


def count_usable_cores() -> int:
    """Return the number of cores, at most ``OMP_NUM_THREADS``, which joblib sets in its workers."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(count_cores(), int(limit))) if limit.isdecimal() else count_cores()


def _limit_xla_threads() -> None:
    """Start JAX with at most ``OMP_NUM_THREADS`` threads, unless the user set XLA's own limit."""
    names = "NPROC", "PJRT_NPROC"  # older and newer releases of XLA
    if count_usable_cores() == count_cores() or any(name in os.environ for name in names):
        return
    import jax

    os.environ.update(dict.fromkeys(names, str(count_usable_cores())))
    try:
        jax.devices()  # reads the variables once
    finally:
        for name in names:
            del os.environ[name]


_is_forked_child = False


def is_forked_child() -> bool:
    """Return whether this process was forked after its parent had started the backend.

    The threads of the backend do not exist in the child: waiting for one would never end.
    """
    return _is_forked_child


def check_not_forked(feature: str) -> None:
    """Raise a RuntimeError in a forked child, where the backend that a feature needs cannot run."""
    if _is_forked_child:
        raise RuntimeError(
            f"{feature} need the Keras backend, which does not run in a process forked after its "
            "parent had started the backend. Start workers with joblib's loky or "
            "multiprocessing.get_context('spawn'), or load and fit estimators in the workers "
            "only. Predictions work in forked processes."
        )


def _after_fork() -> None:
    global _is_forked_child
    is_started = prepare_backend.cache_info().currsize > 0 or bool(_jax_clients())
    if is_started and not _is_forked_child:
        _is_forked_child = True
        _keep_jax_alive()


def _jax_clients() -> list[Any]:
    """Return the XLA clients of JAX, an empty list if JAX has not started."""
    bridge = sys.modules.get("jax._src.xla_bridge")
    return list(getattr(bridge, "_backends", {}).values())


def _keep_jax_alive() -> None:
    """Keep the XLA clients and thread pools of JAX until the process ends.

    Their destructors would wait for the threads of the parent when the interpreter exits. The
    list refers to itself and is frozen, so that the garbage collector never frees it.
    """
    modules = [m for name, m in sys.modules.items() if name.startswith(("jax.", "jaxlib."))]
    alive: list[Any] = [_jax_clients(), [list(vars(module).values()) for module in modules]]
    alive.append(alive)
    gc.freeze()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
