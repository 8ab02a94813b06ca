"""Folder in which JAX caches compiled programs.

A cached program is code that runs, and JAX does not check who wrote it. The folder is used only
if it and its files belong to the current user, nobody else may enter it, and nobody but root may
replace one of its parents. Otherwise another user could exchange the folder of a running process.
On Windows nothing is checked: access lists protect the user's cache directory there.
Each user and each kind of processor has a subfolder, so that ``SEQSENT_CACHE_DIR`` may be shared.
"""

import errno
import hashlib
import logging
import os
import platform
import stat
from contextlib import ExitStack, suppress
from pathlib import Path

_VARIABLE = "SEQSENT_CACHE_DIR"
# About 1,000 programs. JAX looks at every entry when it adds one, 50 ms at this size.
_MAX_SIZE = 64 << 20
# Linux opens a parent that may be passed through but not listed. Windows has no such flags.
_OPEN_PARENT = (
    getattr(os, "O_PATH", 0) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
)

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
        # JAX gets the path without symbolic links, which others could change later.
        folder = Path(os.path.realpath(parent), _fingerprint())
        if _user_id() is None:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            _make_private(folder)
        is_usable = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    except _UnsafeFolderError as error:
        _logger.warning("%s", error)
        return None
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


class _UnsafeFolderError(Exception):
    """Another user could exchange compiled programs."""

    def __init__(self, path: Path, problem: str, advice: str) -> None:
        super().__init__(
            f"Compiled programs are not cached: {path} {problem}, so others could replace the "
            f"programs, which are code that runs. {advice}, set {_VARIABLE} to a directory that "
            f"only you can change, or set {_VARIABLE}=off."
        )


def _make_private(folder: Path) -> None:
    """Create a folder and its parents with mode 0700 where missing, and check all of them.

    Each directory is opened from its checked parent, so that what is checked is what is used.
    """
    with ExitStack() as opened:
        directory = None
        for path in (*reversed(folder.parents), folder):
            directory = _open_or_create(path, directory)
            opened.callback(os.close, directory)
            if path == folder:
                _check_folder(path, directory)
            else:
                _check_parent(path, os.fstat(directory))


def _open_or_create(path: Path, parent: int | None) -> int:
    """Open a directory that is no symbolic link; ``parent`` is the descriptor of its parent."""
    name = path.name or path.anchor
    try:
        return os.open(name, _OPEN_PARENT, dir_fd=parent)
    except FileNotFoundError:
        with suppress(FileExistsError):  # another process was faster
            os.mkdir(name, 0o700, dir_fd=parent)
            os.chmod(name, 0o700, dir_fd=parent)  # the umask may have taken the user's own bits
        return os.open(name, _OPEN_PARENT, dir_fd=parent)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        raise _UnsafeFolderError(path, "is not a directory", "Remove it") from error


def _check_parent(path: Path, status: os.stat_result) -> None:
    if status.st_uid not in (0, _user_id()):
        raise _UnsafeFolderError(path, f"belongs to user {status.st_uid}", "Change its owner")
    is_sticky = status.st_mode & stat.S_ISVTX  # only owners rename what is inside, as in /tmp
    if status.st_mode & 0o022 and not is_sticky:
        raise _UnsafeFolderError(path, "can be changed by other users", f"Run 'chmod go-w {path}'")


def _check_folder(path: Path, directory: int) -> None:
    status = os.fstat(directory)
    owners = {status.st_uid, *_owners_of_files(directory)}
    if status.st_mode & 0o077 or owners != {_user_id()}:
        problem = "must have mode 0700, and it and its files must belong to you"
        raise _UnsafeFolderError(path, problem, "Remove it")


def _owners_of_files(directory: int) -> set[int]:
    readable = os.open(".", os.O_RDONLY, dir_fd=directory)
    owners = set()
    try:
        with os.scandir(readable) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # another process removed it
                    owners.add(entry.stat(follow_symlinks=False).st_uid)
    finally:
        os.close(readable)
    return owners
