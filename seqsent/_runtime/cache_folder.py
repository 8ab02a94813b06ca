"""Folder in which JAX caches compiled programs.

A cached program is code that runs, and JAX does not check who wrote it. The folder is used only
if it belongs to the current user, nobody else may enter it, and every file in it is the user's.
Each user and each kind of processor has a subfolder, so that ``SEQSENT_CACHE_DIR`` may be shared.
"""

import hashlib
import logging
import os
import platform
import stat
from contextlib import suppress
from pathlib import Path

_VARIABLE = "SEQSENT_CACHE_DIR"
# About 1,000 programs. JAX looks at every entry when it adds one, 50 ms at this size.
_MAX_SIZE = 64 << 20

_logger = logging.getLogger(__name__)


def use_compilation_cache() -> None:
    """Let JAX cache compiled programs on disk, unless the user configured a cache."""
    import jax

    if jax.config.jax_compilation_cache_dir is not None:
        return
    folder = find_folder()
    if folder is None:
        return
    _add_missing_access_times(folder)
    jax.config.update("jax_compilation_cache_dir", str(folder))
    if "JAX_COMPILATION_CACHE_MAX_SIZE" not in os.environ:
        jax.config.update("jax_compilation_cache_max_size", _MAX_SIZE)
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        # Most programs compile faster than JAX's threshold of 1 s, but a fit needs several.
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)


def _add_missing_access_times(folder: Path) -> None:
    """Add the access times that a killed process did not write; without one, JAX stops caching."""
    for program in folder.glob("*-cache"):
        access_time = program.with_name(f"{program.name.removesuffix('-cache')}-atime")
        with suppress(OSError):  # disk full
            if not access_time.exists():
                access_time.write_bytes(bytes(8))  # oldest


def find_folder() -> Path | None:
    """Return the cache folder of this user and processor; create it if it is missing.

    ``SEQSENT_CACHE_DIR`` replaces the user's cache directory; "off" or an empty value disables
    the cache. Return None if it is disabled or the folder is not private and writable.
    """
    from platformdirs import user_cache_path

    setting = os.environ.get(_VARIABLE)
    if setting in ("", "off"):
        return None
    try:
        parent = Path(setting).expanduser() if setting else user_cache_path("seqsent") / "programs"
        folder = parent.absolute() / _fingerprint()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_usable = os.access(folder, os.R_OK | os.W_OK | os.X_OK) and _is_private(folder)
    except (OSError, RuntimeError):  # RuntimeError: "~" has no home directory
        return None
    return folder if is_usable else None


def _fingerprint() -> str:
    """Return a name for this user and processor; a program may crash on another processor."""
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        cpuinfo = []
    features = {line for line in cpuinfo if line.startswith(("model name", "flags", "Features"))}
    parts = [platform.machine(), platform.processor(), *sorted(features), str(_user_id())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _user_id() -> int | None:
    """Return the effective user id; None on Windows, where access lists protect folders."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def _is_private(folder: Path) -> bool:
    """Return whether a folder and its files belong to this user and nobody else may enter it."""
    user, status = _user_id(), folder.lstat()
    if user is None:
        return True
    with os.scandir(folder) as entries:
        owners = {status.st_uid, *(entry.stat(follow_symlinks=False).st_uid for entry in entries)}
    is_private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077 and owners == {user}
    if not is_private:
        _logger.warning(
            "Compiled programs are not cached: %s must be a directory with mode 0700, and it and "
            "its files must belong to you, because cached programs are code that runs. Remove it, "
            "or set %s to another directory.",
            folder,
            _VARIABLE,
        )
    return is_private
