"""Movie reviews as they are published, and a server of this machine that publishes them."""

import hashlib
import io
import socket
import socketserver
import tarfile
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest

from seqsent.datasets import _imdb

N_REVIEWS = 3  # of each label, in each half


@pytest.fixture
def review_files() -> list[tuple[str, str]]:
    """The names and contents of the archive's files."""
    files = []
    films = range(100, 100 + N_REVIEWS)
    urls = "".join(f"http://www.imdb.com/title/tt{film:07}/usercomments\n" for film in films)
    for part in ("train", "test"):
        for sentiment, rating in (("pos", 9), ("neg", 2)):
            files.append((f"aclImdb/{part}/urls_{sentiment}.txt", urls))
            for i in reversed(range(N_REVIEWS)):
                text = f'{part} {sentiment} {i}:<br />a "quote", an é\x85\r and NA'
                files.append((f"aclImdb/{part}/{sentiment}/{i}_{rating}.txt", text))
    return [*files, ("aclImdb/train/unsup/0_0.txt", "no label"), ("aclImdb/README", "read me")]


@pytest.fixture
def pack(monkeypatch) -> Callable[..., bytes]:
    """Make an archive of files and other members that `fetch_imdb` takes for the published one."""

    def pack(files: Iterable[tuple[str, str]], others: Iterable[tarfile.TarInfo] = ()) -> bytes:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, text in files:
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
            for member in others:
                archive.addfile(member)
        content = packed.getvalue()
        monkeypatch.setattr(_imdb, "_MD5", hashlib.md5(content).hexdigest())
        monkeypatch.setattr(_imdb, "_SIZE", len(content))
        return content

    return pack


class Publisher(socketserver.ThreadingTCPServer):
    """A web server that sends ``content``, or answers in any way that ``answer`` says.

    ``answer`` gets the server and the connection. One that waits does so by ``wait``, which
    raises ConnectionError when the test is over.
    """

    request_queue_size = 64

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.content = content
        self.answer: Callable[[Publisher, socket.socket], None] = Publisher.send_all
        self.n_requests = 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}/aclImdb_v1.tar.gz"
        self.is_over = threading.Event()

    def wait(self, seconds: float = 60) -> None:
        if self.is_over.wait(seconds):
            raise ConnectionError

    def send_head(self, connection: socket.socket, status: str = "200 OK", *lines: str) -> None:
        head = "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""])
        connection.sendall(head.encode("latin1"))

    def send_all(self, connection: socket.socket) -> None:
        self.send_head(connection, "200 OK", f"Content-Length: {len(self.content)}")
        connection.sendall(self.content)


class _Connection(socketserver.BaseRequestHandler):
    server: Publisher

    def handle(self) -> None:
        self.server.n_requests += 1
        with suppress(ConnectionError):  # the client may leave at any time
            head = b""
            while b"\r\n\r\n" not in head:
                head += self.request.recv(4096)
            self.server.answer(self.server, self.request)


@pytest.fixture
def publisher(review_files, pack, monkeypatch):
    """The publisher of the reviews, as `fetch_imdb` knows it."""
    with Publisher(pack(review_files)) as server:
        monkeypatch.setattr(_imdb, "_URL", server.url)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.is_over.set()
        server.shutdown()
        thread.join()
