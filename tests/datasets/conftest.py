"""Small data sets in their published form, and a local web server that publishes them."""

import gc
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqsent.datasets import _imdb

N_REVIEWS = 3  # per label and subset
WORD_INDEX = {"the": 1, "film": 2, "sang": 3, "softly": 4}


class Publisher(ThreadingHTTPServer):
    """Serve ``files`` and ``redirects`` by path, and record the paths of all requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.requests: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        content = self.server.files.get(self.path, b"")
        if self.path in self.server.redirects:
            self.send_response(302)
            self.send_header("Location", self.server.redirects[self.path])
        else:
            self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Publisher() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    gc.collect()  # connections that requests left open, before the next test's warning filters


@pytest.fixture
def review_files() -> list[tuple[str, str]]:
    """Return the names and contents of the archive's files."""
    files = []
    films = range(100, 100 + N_REVIEWS)
    urls = "".join(f"http://www.imdb.com/title/tt{film:07}/usercomments\n" for film in films)
    for subset in ("train", "test"):
        for sentiment, rating in (("pos", 9), ("neg", 2)):
            files.append((f"aclImdb/{subset}/urls_{sentiment}.txt", urls))
            for i in reversed(range(N_REVIEWS)):
                text = f'{subset} {sentiment} {i}:<br />a "quote", an é\x85\r and NA'
                files.append((f"aclImdb/{subset}/{sentiment}/{i}_{rating}.txt", text))
    return [*files, ("aclImdb/train/unsup/0_0.txt", "no label"), ("aclImdb/README", "read me")]


@pytest.fixture
def pack(monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """Pack an archive and let `fetch_imdb` expect its checksum."""

    def pack(files: Iterable[tuple[str, str]], others: Iterable[tarfile.TarInfo] = ()) -> bytes:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, text in files:
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
            for member in others:
                archive.addfile(member)
        monkeypatch.setattr(_imdb, "_SHA256", hashlib.sha256(packed.getvalue()).hexdigest())
        return packed.getvalue()

    return pack


@pytest.fixture
def write_sequences() -> Callable[..., None]:
    """Write ranks of words and their index into a folder, as Keras publishes them."""

    def as_array(reviews: Sequence[list[Any]]) -> np.ndarray:
        array = np.empty(len(reviews), dtype=object)
        array[:] = reviews
        return array

    def write(folder: Path, x_train: Sequence[list[Any]] = ([1, 2, 3], [1, 4], [2])) -> None:
        np.savez(
            folder / "imdb.npz",
            x_train=as_array(x_train),
            y_train=np.arange(len(x_train)) % 2 == 0,
            x_test=as_array([[4, 3], [2]]),
            y_test=np.array([0, 1]),
        )
        (folder / "imdb_word_index.json").write_text(json.dumps(WORD_INDEX))

    return write
