"""JAX's persistent compilation cache, so that a later process need not compile again."""

import functools
import hashlib
import os
import platform
from pathlib import Path

from platformdirs import user_cache_path

from ._backend import import_keras

_SWITCH = "SEQSENT_CACHE_DIR"


@functools.cache
def enable_compilation_cache() -> None:
    """Keep compiled programs in the user's cache directory, once per process.

    ``SEQSENT_CACHE_DIR`` names another directory; "off" keeps none. Where the user
    configured a cache of JAX's own, or JAX is not the backend, nothing is done. A
    directory that cannot be written to costs speed and nothing else.
    """
    if import_keras().backend.backend() != "jax":
        return
    import jax

    wanted = os.environ.get(_SWITCH)
    if wanted in ("", "off") or jax.config.jax_compilation_cache_dir is not None:
        return
    root = Path(wanted) if wanted else user_cache_path("seqsent") / "programs"
    folder = root / _machine()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if not os.access(folder, os.W_OK):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        # Most programs take less than JAX's threshold of 1 s, and together many seconds.
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)


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
