"""The folder of compiled programs: where it is, whose it is, and how large it gets.

What it holds becomes code that runs, and neither JAX nor we can tell who made it. So it is used
only if it is a folder of this user's that nobody else may enter, with nothing of another user's
in it. It is made so, with a name of its own for each user: one ``SEQSENT_CACHE_DIR`` may serve
many. Where folder, disk or names are not as they should be, nothing is kept, and a fit goes on.

All folders of a user in one place, there is one for each kind of processor, hold up to 256 MiB
together: after each program that is compiled, what was used longest ago is removed.
"""

import hashlib
import logging
import os
import platform
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_SWITCH = "SEQSENT_CACHE_DIR"
_LARGEST = 256 << 20
_FOLDER = re.compile(r"[0-9a-f]{16}")
# JAX's programs, and its notes of their use; our traces, also those half written
_KEPT = re.compile(r"[0-9a-f]{64}-(cache|atime|trace)")

_logger = logging.getLogger(__name__)


def find_folder() -> Path | None:
    """Return the folder for this user and this kind of processor, which is made if missing.

    ``SEQSENT_CACHE_DIR`` names another place than the user's cache directory; "off" keeps
    nothing. None is returned then, and where no folder can be trusted and written to.
    """
    from platformdirs import user_cache_path

    wanted = os.environ.get(_SWITCH)
    if wanted in ("", "off"):
        return None
    place = Path(wanted) if wanted else user_cache_path("seqsent") / "programs"
    try:
        folder = place.expanduser().absolute() / _name()
        str(folder).encode()  # JAX takes no other names
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_usable = os.access(folder, os.R_OK | os.W_OK | os.X_OK) and _is_private(folder)
    except (OSError, ValueError, RuntimeError):  # or nobody knows where "~" is
        return None
    return folder if is_usable else None


def _name() -> str:
    """Name this user and this kind of processor: programs for one may fail on another."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    described = sorted(
        {line for line in lines if line.startswith(("model name", "flags", "Features"))}
    )
    kind = "\n".join([platform.machine(), platform.processor(), *described, str(_user())])
    return hashlib.sha256(kind.encode()).hexdigest()[:16]


def _user() -> int | None:
    """Return who this process is to files; None on Windows, whose folders say it otherwise."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def _is_private(folder: Path) -> bool:
    """Return whether a folder and all in it are this user's, and nobody else may enter it."""
    user, status = _user(), folder.lstat()
    if user is None:
        return True
    with os.scandir(folder) as entries:
        owners = {status.st_uid, *(entry.stat(follow_symlinks=False).st_uid for entry in entries)}
    is_private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077 and owners == {user}
    if not is_private:
        _logger.warning(
            "No compiled programs are kept in %s: others may enter it, or it or something in it "
            "is not yours, and whoever could write there could have his code run here. Remove "
            "it, or name another place in %s.",
            folder,
            _SWITCH,
        )
    return is_private


def keep_small(folder: Path) -> None:
    """Remove what was used longest ago from a folder and those beside it, if it is too much."""
    files: list[tuple[float, int, str]] = []
    with suppress(OSError):
        for other in folder.parent.iterdir():
            if _FOLDER.fullmatch(other.name):
                files += _files_in(other)
    total = 0
    for _, size, path in sorted(files, reverse=True):
        total += size
        if total > _LARGEST:
            with suppress(OSError):
                os.unlink(path)


def _files_in(folder: Path) -> Iterator[tuple[float, int, str]]:
    """Yield when a file was used last, as far as the file system tells, its size and path."""
    with suppress(OSError):  # another user's, or removed by another process
        if folder.lstat().st_uid != (_user() or 0):
            return
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if _KEPT.search(entry.name)]
        for entry in found:
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                yield max(status.st_atime, status.st_mtime), status.st_size, entry.path
