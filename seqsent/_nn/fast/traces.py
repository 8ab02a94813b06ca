"""What one process leaves on disk for the next, beside JAX's compiled programs: our traces.

A trace is a step in JAX's exchange format, as ``jax.export`` writes it. Reading one takes a
few milliseconds; making it runs the Python code of Keras and JAX op by op.
"""

import hashlib
import importlib.metadata
import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import jax
from jax import export

from ..._runtime.backend import enable_compilation_cache
from ..._runtime.files import replaced_when_complete

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
    traced = _read(path)
    if traced is None:
        function = get_function()
        try:
            data = bytes(export.export(jax.jit(function))(*arguments).serialize())
        except ValueError:
            return function  # it holds what JAX gives no guarantee for
        _write(path, data)
        # JAX would never forget what has been traced in this process, but it does what was read
        traced = export.deserialize(bytearray(data))
    call: Callable[..., Any] = traced.call
    return call


def _read(path: Path) -> export.Exported | None:
    """Return what :func:`_write` wrote, None where it is missing, damaged or of another name."""
    try:
        digest, data = path.read_bytes().split(b"\n", 1)
        if digest != _seal(path, data):
            return None
        with suppress(OSError):
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))  # used, but not changed
        return export.deserialize(bytearray(data))
    except Exception:  # of whatever kind: JAX has many for what it cannot read
        return None


def _write(path: Path, data: bytes) -> None:
    """Write a file with its digest in front, whole or not at all."""
    # what fails costs the next process time, nothing else
    with suppress(OSError), replaced_when_complete(path) as part:
        part.write_bytes(_seal(path, data) + b"\n" + data)


def _seal(path: Path, data: bytes) -> bytes:
    """Return the digest of a trace and of all that it was made of, which is in the file's name."""
    return _digest(path.name.encode() + data).encode()


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
    sources = [_PACKAGE / "_runtime" / "backend.py", *sorted((_PACKAGE / "_nn").rglob("*.py"))]
    return (*versions, _digest(b"".join(path.read_bytes() for path in sources)))
