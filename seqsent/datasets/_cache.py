"""Where downloaded data lives, and how it comes there: right, or not at all."""

import hashlib
import io
import logging
import os
import sys
import textwrap
import time
import urllib.request
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.error import HTTPError

import platformdirs

from .._runtime.files import replaced_when_complete

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_logger = logging.getLogger(__name__)
_CHUNK = 1 << 18
# Seconds in which a server must send something, and in which what it sends must be so many bytes:
# so even a server that sends byte by byte is left at last.
_TIMEOUT = 60.0
_LEAST = 60_000


def get_data_home(data_home: str | os.PathLike[str] | None) -> Path:
    """Return the folder of downloaded data, which need not exist."""
    if data_home is not None:
        return Path(data_home).expanduser()
    chosen = os.environ.get("SEQSENT_DATA")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("seqsent", False)


def checksum_of(file: io.BufferedReader, algorithm: str = "md5") -> str:
    # against damage, not against attack: also where the system forbids MD5 for security
    new = partial(hashlib.new, algorithm, usedforsecurity=False)
    return hashlib.file_digest(file, new).hexdigest()


def download(
    url: str, target: Path, checksum: str, size: int, by_hand: str, algorithm: str = "md5"
) -> None:
    """Download to ``target``, which is written only if the checksum of the whole is right.

    ``by_hand`` says what a person may do instead.

    Raises
    ------
    OSError
        If anything fails: the connection, the server, what it sent, the disk.
    """
    _logger.info("Downloading %s to %s", url, target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replaced_when_complete(target) as temporary:
            received = _receive(url, temporary, _ProgressBar(target.name, size))
            with temporary.open("rb") as file:
                found = checksum_of(file, algorithm)
            if found != checksum:
                raise OSError(
                    f"damaged or incomplete: {received} bytes of {size} arrived with "
                    f"{algorithm.upper()} {found}, expected {checksum}"
                )
    # a server that breaks HTTP's rules, or redirects to what is no address, has errors of its own
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, HTTPError):
            error.close()  # it holds the connection
        reason = str(error) if type(error) is OSError else f"{type(error).__name__}: {error}"
        raise OSError(
            # some quote the server, at any length
            f"The download of {url} to {target} failed ({textwrap.shorten(reason, 500)}). "
            f"Nothing was kept. Try again, or {by_hand}"
        ) from error


def _receive(url: str, temporary: Path, progress: "_ProgressBar") -> int:
    """Write what a server sends, but no more than is wanted; return the number of bytes."""
    opener = urllib.request.build_opener(_Handler)
    with (
        opener.open(url, timeout=_TIMEOUT) as response,
        temporary.open("wb") as file,
        progress,
    ):
        while chunk := response.read(min(_CHUNK, progress.total - progress.done)):
            file.write(chunk)
            progress.advance(len(chunk))
    return progress.done


class _Steady(io.RawIOBase):
    """What a server sends, head and body, as long as it is quick enough."""

    def __init__(self, received: io.RawIOBase) -> None:
        self.received = received
        self.since, self.n_bytes = time.monotonic(), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        n_bytes = self.received.readinto(buffer)
        self.n_bytes += n_bytes or 0
        seconds = time.monotonic() - self.since
        if seconds > _TIMEOUT:
            if self.n_bytes < _LEAST:
                raise TimeoutError(f"{self.n_bytes} bytes in {seconds:.0f} s")
            self.since, self.n_bytes = time.monotonic(), 0
        return n_bytes

    def close(self) -> None:
        self.received.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fp = io.BufferedReader(_Steady(self.fp.detach()))


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Handler(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Opens addresses as urllib does, and reads what comes as :class:`_Steady` does."""

    def http_open(self, request: urllib.request.Request) -> HTTPResponse:
        return self.do_open(_Connection, request)

    def https_open(self, request: urllib.request.Request) -> HTTPResponse:
        return self.do_open(_SecureConnection, request)


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
        percent = 100 * self.done // self.total
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
