"""Keras and its backend, chosen and prepared once for a process.

Keras reads its backend once, when it is first imported, and falls back on
TensorFlow. seqsent runs on JAX unless the user chose otherwise.
"""

import ctypes
import importlib.util
import json
import os
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .cache_folder import find_folder

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_COMPLAINTS = "Error (reading|writing) persistent compilation cache entry"

_environment_lock = threading.Lock()


def choose_backend() -> None:
    """See to it that Keras, whoever imports it, comes on the backend the user chose, or on JAX.

    A choice is a ``keras`` that is imported already, the environment variable
    ``KERAS_BACKEND``, or a ``keras.json`` that names another backend than the
    "tensorflow" that Keras writes there by itself. The environment is left as it
    was, so that programs started from this one make their own choice.
    """
    if "keras" not in sys.modules and not any(isinstance(f, _KerasFinder) for f in sys.meta_path):
        sys.meta_path.insert(0, _KerasFinder())


class _KerasFinder(MetaPathFinder):
    """Finds Keras where it is, and has it run with the backend chosen."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None or _users_choice():
            return spec
        loader, run = spec.loader, spec.loader.exec_module

        def run_on_jax(module: ModuleType) -> None:
            vars(loader).pop("exec_module")
            with _environment({"KERAS_BACKEND": "jax"}):
                run(module)

        # of this one loader, and taken off again when it runs
        loader.exec_module = run_on_jax  # type: ignore[method-assign]
        return spec


def import_keras() -> Any:
    """Import Keras, see :func:`choose_backend`, and return the package."""
    choose_backend()
    import keras

    return keras


def backend_and_reason() -> tuple[str, str]:
    """Return the backend that Keras has, or would have if it were imported now, and why."""
    if "keras" in sys.modules:
        return sys.modules["keras"].backend.backend(), "Keras is imported"
    if choice := _users_choice():
        backend, where = choice
        return backend, f"chosen by {where}"
    return "jax", f"neither KERAS_BACKEND nor {_keras_json()} chooses another"


def _users_choice() -> tuple[str, str] | None:
    """Return the backend that the user chose, and where; None where nothing is chosen."""
    if backend := os.environ.get("KERAS_BACKEND"):
        return backend, "KERAS_BACKEND"
    path = _keras_json()
    try:
        backend = json.loads(path.read_text())["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None if backend == "tensorflow" else (str(backend), str(path))


def _keras_json() -> Path:
    home = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    return Path(home) / "keras.json"


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for as long as the context lasts."""
    with _environment_lock:
        before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def to_backend(array: "NDArray[Any]", dtype: "DTypeLike") -> Any:
    """Hand an array over; what Keras does under JAX compiles a program for each shape."""
    array = array.astype(dtype)
    if import_keras().backend.backend() != "jax":
        return array
    import jax

    return jax.device_put(array)


def zeros_on_backend(shape: tuple[int, ...], dtype: "DTypeLike" = "float32") -> Any:
    """Return zeros as an initializer of Keras does."""
    import numpy as np

    return to_backend(np.zeros(shape), dtype)


def to_numpy(variables: Iterable[Any]) -> "list[NDArray[Any]]":
    """Return copies of the values of Keras's variables.

    ``get_weights`` does the same in a way that numpy 2 warns of.
    """
    import numpy as np

    return [np.array(tensor_to_numpy(variable.value), order="C") for variable in variables]


def tensor_to_numpy(tensor: Any) -> "NDArray[Any]":
    """Return a tensor's values, which may be the tensor's own memory.

    ``keras.ops.convert_to_numpy`` does the same, but for TensorFlow's variables and PyTorch's
    tensors in a way that numpy 2 warns of.
    """
    keras = import_keras()
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return tensor.numpy()
    # PyTorch makes no array of bfloat16
    if backend == "torch" and keras.backend.standardize_dtype(tensor.dtype) != "bfloat16":
        return tensor.detach().cpu().numpy()
    return keras.ops.convert_to_numpy(tensor)


@cache
def prepare_backend() -> None:
    """Set up what a first network needs of its backend, before it computes anything."""
    _limit_xla_threads()
    enable_compilation_cache()


_is_forked_child = False


def is_forked_child() -> bool:
    """Return whether this process was forked from one in which the backend had begun to work.

    A backend's threads do not outlive a fork: what waits for them here would wait for ever.
    """
    return _is_forked_child


def refuse_in_fork(what: str) -> None:
    """Raise a RuntimeError where the backend cannot work; ``what`` was asked of it."""
    if _is_forked_child:
        raise RuntimeError(
            f"{what} need the backend of Keras, which does not work in a process that was forked "
            "from one where it had begun to. Start processes otherwise (joblib's loky, or "
            "multiprocessing.get_context('spawn')), or load and fit estimators in the workers "
            "only. Predictions work in both."
        )


def _note_fork() -> None:
    global _is_forked_child
    _is_forked_child = (
        _is_forked_child or prepare_backend.cache_info().currsize > 0 or bool(_jax_clients())
    )
    if _is_forked_child:
        _keep_owners_of_threads()


def _jax_clients() -> list[Any]:
    """Return what JAX computes with, empty where it has not computed yet, for whomever."""
    bridge = sys.modules.get("jax._src.xla_bridge")
    return list(getattr(bridge, "_backends", {}).values())


def _keep_owners_of_threads() -> None:
    """Let nothing that JAX's modules hold be destroyed in this process, not at its end either.

    A pool of threads and an XLA client wait for their threads when they are destroyed.
    """
    modules = [m for name, m in sys.modules.items() if name.startswith(("jax.", "jaxlib."))]
    kept = _jax_clients(), [list(vars(module).values()) for module in modules]
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


@cache
def enable_compilation_cache() -> Path | None:
    """Keep JAX's compiled programs in the folder of :mod:`._cache_folder`; return it.

    Where the user configured a cache of JAX's own, JAX is not the backend or no folder can be
    used, nothing is done and None returned. What fails later costs time and nothing else.
    """
    if import_keras().backend.backend() != "jax":
        return None
    import jax

    if jax.config.jax_compilation_cache_dir is not None:
        return None
    folder = find_folder()
    if folder is None:
        return None
    jax.config.update("jax_compilation_cache_dir", str(folder))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        # Most programs take less than JAX's threshold of 1 s, and together many seconds.
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    # A damaged file or a full disk is told, and stops no fit where warnings are errors.
    warnings.filterwarnings("default", _COMPLAINTS, UserWarning)
    return folder


@cache
def count_usable_cores() -> int:
    """Return how many cores this process may use.

    ``OMP_NUM_THREADS`` limits them: joblib sets it in its worker processes, so that all of
    them together use each core once.
    """
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(count_cores(), int(limit))) if limit.isdecimal() else count_cores()


def count_cores() -> int:
    """Return how many cores the operating system lets this process run on."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def _limit_xla_threads() -> None:
    """Let XLA have as many threads as this process may use, if it has not started yet.

    It starts as many as there are cores when JAX first computes, and heeds no other limit
    than an environment variable of its own, which is left as it was. Where the user set it,
    or nothing limits this process, nothing is done.
    """
    names = "NPROC", "PJRT_NPROC"  # older and newer releases
    is_limited = count_usable_cores() < count_cores()
    if not is_limited or any(name in os.environ for name in names):
        return
    if import_keras().backend.backend() != "jax":
        return
    import jax

    with _environment(dict.fromkeys(names, str(count_usable_cores()))):
        jax.devices()
