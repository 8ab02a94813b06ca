"""Movie reviews as they are published, and a server of this machine that publishes them."""

import hashlib
import io
import json
import socket
import socketserver
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqsent.datasets import _imdb, _imdb_sequences

_WORD_INDEX = {"the": 1, "film": 2, "sang": 3, "softly": 4}
N_REVIEWS = 3  # of each label, in each half


@pytest.fixture
def write_sequences() -> Callable[..., None]:
    """Write reviews into a folder as Keras publishes them: ranks of words, and their index."""

    def as_array(reviews: Sequence[list[Any]]) -> np.ndarray:
        # reviews of one length would otherwise become a matrix
        array = np.empty(len(reviews), dtype=object)
        array[:] = reviews
        return array

    def write(folder: Path, x_train: Sequence[list[Any]] = ([1, 2, 3], [1, 4], [2])) -> None:
        arrays = {
            "x_train": as_array(x_train),
            "y_train": np.arange(len(x_train)) % 2 == 0,
            "x_test": as_array([[4, 3], [2]]),
            "y_test": np.array([0, 1]),
        }
        np.savez(folder / "imdb.npz", **arrays)
        (folder / "imdb_word_index.json").write_text(json.dumps(_WORD_INDEX))

    return write


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
        self.asked: list[str] = []  # the paths of all requests
        self.url = f"http://127.0.0.1:{self.server_address[1]}/aclImdb_v1.tar.gz"
        self.is_over = threading.Event()

    @property
    def n_requests(self) -> int:
        return len(self.asked)

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
        with suppress(ConnectionError):  # the client may leave at any time
            head = b""
            while b"\r\n\r\n" not in head:
                head += self.request.recv(4096)
            self.server.asked.append(head.split()[1].decode())
            self.server.answer(self.server, self.request)


@contextmanager
def publishing(content: bytes) -> Iterator[Publisher]:
    with Publisher(content) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.is_over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def publisher(review_files, pack, monkeypatch):
    """The publisher of the reviews, as `fetch_imdb` knows it."""
    with publishing(pack(review_files)) as server:
        monkeypatch.setattr(_imdb, "_URL", server.url)
        yield server


@pytest.fixture
def publisher_of_sequences(tmp_path, monkeypatch, write_sequences):
    """The publisher of Keras's two files, as `fetch_imdb_sequences` knows it.

    It sends what lies under these names in the test's folder "published".
    """
    folder = tmp_path / "published"
    folder.mkdir()
    write_sequences(folder)
    published = {}
    for name, (_, algorithm, _) in _imdb_sequences._PUBLISHED.items():
        content = (folder / name).read_bytes()
        checksum = hashlib.new(algorithm, content).hexdigest()
        published[name] = (len(content), algorithm, checksum)
    monkeypatch.setattr(_imdb_sequences, "_PUBLISHED", published)

    def answer(server: Publisher, connection: socket.socket) -> None:
        server.content = (folder / server.asked[-1].rpartition("/")[2]).read_bytes()
        server.send_all(connection)

    with publishing(b"") as server:
        server.answer = answer
        monkeypatch.setattr(_imdb_sequences, "_URL", f"{server.url.rpartition('/')[0]}/")
        yield server
