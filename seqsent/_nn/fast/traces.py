"""What one process leaves on disk for the next, beside JAX's compiled programs: our traces.

A trace is a step in JAX's exchange format, as ``jax.export`` writes it. Reading one takes a
few milliseconds; making it runs the Python code of Keras and JAX op by op.
"""

import hashlib
import importlib.metadata
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jax
from jax import export

from ..._backend import enable_compilation_cache

_PACKAGE = Path(__file__).parents[2]


def load_or_trace(
    name: str, get_function: Callable[[], Callable[..., Any]], arguments: tuple[Any, ...]
) -> Callable[..., Any]:
    """Return a function whose Python code has been run, by an earlier process or now.

    ``name`` is all that decides what the function computes beside the code of this package,
    Keras and JAX, and their settings; ``arguments`` have the shapes and types to come.
    ``get_function`` is called where no earlier process has traced it, and what it returns is
    returned where nothing is kept on disk or this function cannot be.
    """
    folder = enable_compilation_cache()
    if folder is None:
        return get_function()
    shapes = jax.tree.map(lambda x: (x.shape, str(x.dtype)), arguments)
    path = folder / f"{_digest(repr((name, shapes, _surroundings())).encode())}-trace"
    data = _read(path)
    if data is None:
        function = get_function()
        try:
            data = bytes(export.export(jax.jit(function))(*arguments).serialize())
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
    settings = sorted(
        (name, repr(value)) for name, value in jax.config.values.items() if "cache" not in name
    )
    return _code(), jax.default_backend(), settings


@cache
def _code() -> tuple[str, ...]:
    """Return what tells the code apart that is traced: the network half, Keras and JAX."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("jax", "jaxlib", "keras")]
    sources = [_PACKAGE / "_backend.py", *sorted((_PACKAGE / "_nn").rglob("*.py"))]
    return (*versions, _digest(b"".join(path.read_bytes() for path in sources)))
