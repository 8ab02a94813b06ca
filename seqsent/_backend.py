"""Keras and its backend, chosen and prepared once for a process.

Keras reads its backend once, when it is first imported, and falls back on
TensorFlow. seqsent runs on JAX unless the user chose otherwise.
"""

import hashlib
import json
import os
import platform
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from platformdirs import user_cache_path

_CACHE_SWITCH = "SEQSENT_CACHE_DIR"

_import_lock = threading.Lock()
_environment_lock = threading.Lock()


def import_keras() -> Any:
    """Import Keras on the backend the user chose, or else on JAX, and return the package.

    A choice is a ``keras`` that is imported already, the environment variable
    ``KERAS_BACKEND``, or a ``keras.json`` that names another backend than the
    "tensorflow" that Keras writes there by itself. The environment is left as it
    was, so that programs started from this one make their own choice.
    """
    with _import_lock:
        if "keras" in sys.modules or os.environ.get("KERAS_BACKEND") or _is_configured():
            import keras

            return keras
        with _environment({"KERAS_BACKEND": "jax"}):
            import keras
        return keras


def _is_configured() -> bool:
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        backend = json.loads((home / "keras.json").read_text())["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return backend != "tensorflow"


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


def to_backend(array: NDArray[Any], dtype: DTypeLike) -> Any:
    """Hand an array over; what Keras does under JAX compiles a program for each shape."""
    array = array.astype(dtype)
    if import_keras().backend.backend() != "jax":
        return array
    import jax

    return jax.device_put(array)


def zeros_on_backend(shape: tuple[int, ...], dtype: DTypeLike = "float32") -> Any:
    """Return zeros as an initializer of Keras does."""
    return to_backend(np.zeros(shape), dtype)


@cache
def prepare_backend() -> None:
    """Set up what a first network needs of its backend, before it computes anything."""
    _limit_xla_threads()
    enable_compilation_cache()


@cache
def enable_compilation_cache() -> Path | None:
    """Keep JAX's compiled programs in the user's cache directory; return the folder.

    ``SEQSENT_CACHE_DIR`` names another directory; "off" keeps none. Where the user
    configured a cache of JAX's own, or JAX is not the backend, nothing is done and None
    returned. A directory that cannot be written to costs speed and nothing else.
    """
    if import_keras().backend.backend() != "jax":
        return None
    import jax

    wanted = os.environ.get(_CACHE_SWITCH)
    if wanted in ("", "off") or jax.config.jax_compilation_cache_dir is not None:
        return None
    root = Path(wanted) if wanted else user_cache_path("seqsent") / "programs"
    folder = root / _machine()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    if not os.access(folder, os.W_OK):
        return None
    jax.config.update("jax_compilation_cache_dir", str(folder))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        # Most programs take less than JAX's threshold of 1 s, and together many seconds.
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    return folder


def _machine() -> str:
    """Name this kind of processor: programs compiled for one may fail on another."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    described = sorted(
        {line for line in lines if line.startswith(("model name", "flags", "Features"))}
    )
    kind = "\n".join([platform.machine(), platform.processor(), *described])
    return hashlib.sha256(kind.encode()).hexdigest()[:16]


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
