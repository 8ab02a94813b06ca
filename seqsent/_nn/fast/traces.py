"""What one process leaves on disk for the next: JAX's compiled programs, and our traces.

A trace is a step in JAX's exchange format, as ``jax.export`` writes it. Reading one takes a
few milliseconds; making it runs the Python code of Keras and JAX op by op.
"""

import functools
import hashlib
import importlib.metadata
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from ..._backend import import_keras

_SWITCH = "SEQSENT_CACHE_DIR"


@functools.cache
def enable_compilation_cache() -> Path | None:
    """Keep compiled programs in the user's cache directory, once per process.

    Returns the folder, None where none is kept.

    ``SEQSENT_CACHE_DIR`` names another directory; "off" keeps none. Where the user
    configured a cache of JAX's own, or JAX is not the backend, nothing is done. A
    directory that cannot be written to costs speed and nothing else.
    """
    if import_keras().backend.backend() != "jax":
        return None
    import jax

    wanted = os.environ.get(_SWITCH)
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


def without_python(
    name: str, get_function: Callable[[], Callable[..., Any]], arguments: tuple[Any, ...]
) -> Callable[..., Any]:
    """Return a function whose Python code has been run, now or by an earlier process.

    Parameters
    ----------
    name : str
        All that decides what the function computes beside the code of this package, Keras
        and JAX, and their settings.
    get_function : callable
        Returns the function, where no earlier process has traced it.
    arguments : tuple
        Arguments of the shapes and types to come.

    Returns
    -------
    callable
        The function as it was where nothing is kept on disk or it cannot be.
    """
    from jax import export, jit, tree

    folder = enable_compilation_cache()
    if folder is None:
        return get_function()
    shapes = tree.map(lambda x: (x.shape, str(x.dtype)), arguments)
    path = folder / f"{_digest(repr((name, shapes, _surroundings())).encode())}-trace"
    data = _read(path)
    if data is None:
        function = get_function()
        try:
            data = bytes(export.export(jit(function))(*arguments).serialize())
        except ValueError:
            return function  # it holds what JAX gives no guarantee for
        _write(path, data)
    # JAX would never forget what has been traced in this process, but it does what was read
    traced: Callable[..., Any] = export.deserialize(bytearray(data)).call
    return traced


def _read(path: Path) -> bytes | None:
    """Return what :func:`_write` wrote, None where it is missing or damaged."""
    try:
        digest, data = path.read_bytes().split(b"\n", 1)
    except (OSError, ValueError):
        return None
    return data if digest == _digest(data).encode() else None


def _write(path: Path, data: bytes) -> None:
    """Write a file with its digest in front, whole or not at all."""
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder) / "part"
            part.write_bytes(_digest(data).encode() + b"\n" + data)
            part.replace(path)
    except OSError:
        pass  # costs the next process time, nothing else


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _surroundings() -> tuple[Any, ...]:
    """Return what else decides how code is traced: versions, our sources, settings."""
    import jax

    settings = sorted(
        (name, repr(value)) for name, value in jax.config.values.items() if "cache" not in name
    )
    return _code(), jax.default_backend(), settings


@functools.cache
def _code() -> tuple[str, ...]:
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("jax", "jaxlib", "keras")]
    sources = sorted(Path(__file__).parents[2].rglob("*.py"))
    return (*versions, _digest(b"".join(path.read_bytes() for path in sources)))
