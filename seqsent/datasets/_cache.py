"""Where downloaded data lives, and files that are there whole or not at all."""

import hashlib
import logging
import os
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs

_logger = logging.getLogger(__name__)
_CHUNK = 1 << 18
_TIMEOUT = 60.0


def get_data_home(data_home: str | os.PathLike[str] | None) -> Path:
    """Return the folder of downloaded data, which need not exist."""
    if data_home is not None:
        return Path(data_home).expanduser()
    chosen = os.environ.get("SEQSENT_DATA")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("seqsent", False)


@contextmanager
def replaced_when_complete(target: Path) -> Iterator[Path]:
    """Give the path of a temporary file that takes the place of ``target`` if nothing fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # in the same folder: only there is the replacement one step; a name of its own for each process
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, _new_md5).hexdigest()


def _new_md5() -> "hashlib._Hash":
    # against damage, not against attack: also where the system forbids MD5 for security
    return hashlib.md5(usedforsecurity=False)


def download(url: str, target: Path, checksum: str) -> None:
    """Download to ``target``, which is written only if the MD5 sum of the whole is right.

    Raises
    ------
    OSError
        If the server cannot be reached or what it sent is not what was expected.
    """
    _logger.info("Downloading %s to %s", url, target)
    with replaced_when_complete(target) as temporary:
        with (
            urllib.request.urlopen(url, timeout=_TIMEOUT) as response,
            temporary.open("wb") as file,
            _ProgressBar(target.name, int(response.headers.get("Content-Length", 0))) as progress,
        ):
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                progress.advance(len(chunk))
        received = md5(temporary)
        if received != checksum:
            raise OSError(
                f"The download of {url} is damaged or incomplete: {progress.done} bytes of "
                f"{progress.total or 'unknown many'} arrived with MD5 {received}, expected "
                f"{checksum}. Nothing was kept; try again."
            )


class _ProgressBar:
    """A line on the error stream where a person waits there: never in a log file."""

    def __init__(self, title: str, total: int) -> None:
        self.title = title
        self.total = total
        self.done = 0
        self.shown = -1
        self.visible = sys.stderr is not None and sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def advance(self, n_bytes: int) -> None:
        self.done += n_bytes
        percent = 100 * self.done // self.total if self.total else 0
        if self.visible and percent != self.shown:
            self.shown = percent
            bar = "=" * (percent * 30 // 100)
            megabytes = f"{self.done / 1e6:.1f} MB"
            sys.stderr.write(f"\r{self.title} [{bar:<30}] {percent:3d} % {megabytes}")
            sys.stderr.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.visible:
            sys.stderr.write("\n")
