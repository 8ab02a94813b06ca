"""fetch_imdb and a publisher, a disk or another process that does its worst."""

import errno
import gc
import itertools
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from seqsent._runtime import files as _files
from seqsent.datasets import _cache, _imdb, fetch_imdb

HALF = 200  # bytes of an archive of some 600


def files_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder for the data; all else that might be written to is looked at in the end."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret").write_text("secret")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    yield tmp_path / "home"
    assert {path.name for path in tmp_path.iterdir()} <= {"elsewhere", "home"}
    assert files_in(elsewhere) == ["secret"]
    assert (elsewhere / "secret").read_text() == "secret"


def check_reviews(home, **parameters):
    frame = fetch_imdb(data_home=home, as_frame=True, **parameters).frame
    assert frame["label"].tolist() == [0, 0, 0, 1, 1, 1]
    assert frame["text"].str[:12].tolist()[2:4] == ["train neg 2:", "train pos 0:"]
    assert files_in(home) == ["imdb/test.csv.gz", "imdb/train.csv.gz"]


def raw(content):
    return lambda server, connection: connection.sendall(content)


def forever(content, head=b""):
    def answer(server, connection):
        connection.sendall(head)
        while True:
            connection.sendall(content)
            server.wait(0)

    return answer


def body(content, *lines):
    """Send a content with lines of the head that need not fit it."""

    def answer(server, connection):
        server.send_head(connection, "200 OK", *lines)
        connection.sendall(content(server.content))

    return answer


def redirect(target):
    return lambda server, connection: server.send_head(
        connection, "302 Found", f"Location: {target}"
    )


def reset(server, connection):
    server.send_head(connection, "200 OK", f"Content-Length: {len(server.content)}")
    connection.sendall(server.content[:HALF])
    # without a farewell: the last bytes may be lost, the client sees a reset
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def stall(n_bytes):
    def answer(server, connection):
        if n_bytes is not None:
            server.send_head(connection)
            connection.sendall(server.content[:n_bytes])
        server.wait()

    return answer


def trickle(content=None, head=b"HTTP/1.1 200 OK\r\n"):
    """Send byte by byte the right archive, or a content again and again."""

    def answer(server, connection):
        connection.sendall(head)
        for byte in server.content if content is None else itertools.cycle(content):
            connection.sendall(byte.to_bytes())
            server.wait(0.02)

    return answer


def corrupt(content):
    return content[:HALF] + bytes([content[HALF] ^ 1]) + content[HALF + 1 :]


WHOLE = "Content-Length: 10000"
ANSWERS = {
    "closes at once": lambda server, connection: None,
    "truncates": body(lambda content: content[:HALF], WHOLE),
    "truncates and says so": body(lambda content: content[:HALF], f"Content-Length: {HALF}"),
    "says less than it sends": body(lambda content: content, "Content-Length: 5"),
    "corrupts": body(corrupt),
    "sends nothing": body(lambda content: b""),
    "sends a page": body(lambda content: b"<html>Please log in</html>" * 50),
    "resets half-way": reset,
    "compresses unasked": body(lambda content: b"\x1f\x8b" + content, "Content-Encoding: gzip"),
    "is no web server": raw(b"220 mail.example.org ESMTP\r\n"),
    "has a status of letters": raw(b"HTTP/1.1 fine\r\n\r\n"),
    "has a version of its own": raw(b"HTTP/7.7 200 OK\r\n\r\n"),
    "sends a status line without end": forever(b"HTTP" * 4096),
    "sends a header without end": forever(b"x" * 16384, b"HTTP/1.1 200 OK\r\nX: "),
    "sends headers without end": forever(b"X: y\r\n" * 99, b"HTTP/1.1 200 OK\r\n"),
    "sends a body without end": forever(b"x" * 16384, b"HTTP/1.1 200 OK\r\n\r\n"),
    "has chunks of no size": body(lambda content: b"many\r\n", "Transfer-Encoding: chunked"),
    "has chunks of less than none": body(
        lambda content: b"-5\r\nx\r\n", "Transfer-Encoding: chunked"
    ),
    "cuts a chunk": body(lambda content: b"fff\r\n" + content[:9], "Transfer-Encoding: chunked"),
    "has lost it": lambda server, connection: server.send_head(connection, "404 Not Found"),
    "is broken": lambda server, connection: server.send_head(connection, "500 Oops"),
    "wants a password": lambda server, connection: server.send_head(
        connection, "401 Unauthorized", "WWW-Authenticate: ?"
    ),
    "redirects to a file": redirect((Path.cwd() / "pyproject.toml").as_uri()),
    "redirects to data": redirect("data:text/plain,hello"),
    "redirects in a circle": redirect("/aclImdb_v1.tar.gz"),
    "redirects to no port": redirect("http://127.0.0.1:port/"),
    "redirects to nobody": redirect("http://127.0.0.1:1/"),
    "redirects to a name that is none": redirect(f"http://{'x' * 70}.example/"),
    "stalls before the head": stall(None),
    "stalls before the body": stall(0),
    "stalls half-way": stall(HALF),
    "trickles its status": trickle(b"H", b""),
    "trickles its head": trickle(b"X: y\r\n"),
    "trickles one header": trickle(b"y", b"HTTP/1.1 200 OK\r\nX: "),
    "trickles that one may go on": trickle(b"HTTP/1.1 100 Continue\r\n\r\n", b""),
    "trickles": trickle(head=b"HTTP/1.1 200 OK\r\n\r\n"),
    "trickles a chunk": trickle(
        b"x", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n"
    ),
    "trickles the size of a chunk": trickle(
        b"0", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    ),
}


def check_refusal(publisher, home, answer):
    """Nothing is kept, the error has the address, and the next attempt finds all in order."""
    publisher.answer = answer
    with pytest.raises(OSError, match=r"The download of .* Nothing was kept\. Try ag") as caught:
        fetch_imdb(data_home=home)
    assert f"The download of {publisher.url} to {home}" in str(caught.value)
    assert files_in(home) == []
    publisher.answer = type(publisher).send_all
    check_reviews(home)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_bad_answer_is_an_error_with_the_address_and_leaves_nothing(
    publisher, home, monkeypatch, name
):
    monkeypatch.setattr(_cache, "_TIMEOUT", 0.3)
    check_refusal(publisher, home, ANSWERS[name])


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket")  # urllib leaves it open
def test_a_redirect_to_what_is_no_address(publisher, home):
    check_refusal(publisher, home, redirect("http://[::1/"))
    gc.collect()


def test_what_arrived_is_told(publisher, home):
    publisher.answer = ANSWERS["truncates"]
    told = rf"damaged or incomplete: {HALF} bytes of {len(publisher.content)} arrived with MD5"
    with pytest.raises(OSError, match=rf"{told} .*expected {_imdb._MD5}"):
        fetch_imdb(data_home=home)


def test_nobody_at_the_address(publisher, home, monkeypatch):
    monkeypatch.setattr(_imdb, "_URL", "http://127.0.0.1:1/aclImdb_v1.tar.gz")
    with pytest.raises(OSError, match=r"of http://127\.0\.0\.1:1/aclImdb.* put one of the"):
        fetch_imdb(data_home=home)
    assert files_in(home) == []


@pytest.mark.parametrize(
    "lines", [(), ("Content-Length: many",), ("Content-Length: -1",), ("X-Ça: va",)]
)
def test_a_right_archive_is_taken_whatever_is_said_of_it(publisher, home, lines):
    publisher.answer = body(lambda content: content, *lines)
    check_reviews(home)


def test_a_right_archive_is_taken_in_chunks_and_after_a_redirect(publisher, home):
    def answer(server, connection):
        if server.n_requests == 1:
            redirect("/elsewhere")(server, connection)
        else:
            server.send_head(connection, "200 OK", "Transfer-Encoding: chunked")
            size = b"%x\r\n" % len(server.content)
            connection.sendall(size + server.content + b"\r\n0\r\n\r\n")

    publisher.answer = answer
    check_reviews(home)


def member(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_no_member_of_an_archive_is_written_or_followed(publisher, home, pack, review_files):
    """Whatever it is called and whatever it is; the reviews beside it are read."""
    outside, review = home.parent / "evil", "aclImdb/train/neg/7_1.txt"
    evil = [
        ("../evil", "evil"),
        ("aclImdb/train/neg/../../../../evil", "evil"),
        ("aclImdb/train/neg/../3_1.txt", "evil"),
        (str(outside), "evil"),
        ("imdb/train.csv", "text,label\nevil,1\n"),
    ]
    others = [
        member(review, tarfile.SYMTYPE, str(home.parent / "elsewhere" / "secret")),
        member(review, tarfile.LNKTYPE, "../elsewhere/secret"),
        member(review, tarfile.CHRTYPE),
        member(review, tarfile.BLKTYPE),
        member(review, tarfile.FIFOTYPE),
        member(review, tarfile.DIRTYPE),
        member("aclImdb/train", tarfile.SYMTYPE, str(home.parent)),
        member("evil", tarfile.SYMTYPE, str(outside)),
    ]
    publisher.content = pack([*evil, *review_files], others)
    check_reviews(home)


def test_a_data_home_that_is_a_file(publisher, home):
    home.write_text("a file")
    with pytest.raises(OSError, match=r"(?s)The download of .*Not a directory.*home") as caught:
        fetch_imdb(data_home=home)
    assert publisher.url in str(caught.value)
    assert home.read_text() == "a file"
    home.unlink()
    check_reviews(home)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_data_home_that_cannot_be_written_to(publisher, home, monkeypatch, code):
    def refuse(*args, dir, **kwargs):
        raise OSError(code, os.strerror(code), str(dir))

    with monkeypatch.context() as patch:
        patch.setattr(_files.tempfile, "mkstemp", refuse)
        with pytest.raises(OSError, match=f"The download of .*{os.strerror(code)}.*home") as caught:
            fetch_imdb(data_home=home)
    assert publisher.url in str(caught.value)
    assert publisher.n_requests == 0
    check_reviews(home)


@contextmanager
def small_disk():
    """Let no file grow beyond 300 bytes, not even pytest's own output."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_up(publisher, home):
    full = pytest.raises(OSError, match=r"The download of .*File too large.*Nothing was kept")
    with full, small_disk():
        fetch_imdb(data_home=home)
    assert files_in(home) == []


def test_a_disk_with_room_for_the_archive_alone(tmp_path, monkeypatch, publisher):
    """The reviews are there, and kept as what they came as."""

    def fill(self, path, **options):
        path.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pandas.DataFrame.to_csv", fill)
        for _ in range(2):
            assert len(fetch_imdb(data_home=tmp_path).data) == 6
            assert files_in(tmp_path) == ["imdb/aclImdb_v1.tar.gz"]
    assert publisher.n_requests == 1


def test_what_a_killed_process_left_is_neither_believed_nor_kept(publisher, home, monkeypatch):
    (home / "imdb").mkdir(parents=True)
    part = home / "imdb" / "aclImdb_v1.tar.gzabc.part"
    part.write_bytes(publisher.content[:HALF])
    os.utime(part, (0, 0))
    check_reviews(home)


@pytest.mark.parametrize("moment", ["before its own is there", "while its own is read"])
def test_another_process_is_quicker(publisher, home, monkeypatch, moment):
    """It has made tables of the archive, and deleted it, when this one comes to read it."""
    module, name = {
        "before its own is there": (_imdb, "download"),
        "while its own is read": (_imdb, "_load_archive"),
    }[moment]
    original = getattr(module, name)

    def overtaken(*args):
        if name == "download":
            original(*args)
        monkeypatch.setattr(module, name, original)
        fetch_imdb(data_home=home)  # the other process
        (home / "imdb" / "aclImdb_v1.tar.gz").unlink(missing_ok=True)
        return None if name == "download" else original(*args)

    monkeypatch.setattr(module, name, overtaken)
    check_reviews(home)


PROCESS = """
import json, sys
from seqsent.datasets import _imdb, fetch_imdb
url, checksum, home = sys.argv[1:]
_imdb._URL, _imdb._MD5 = url, checksum
print(json.dumps(fetch_imdb(data_home=home).data.tolist()))
sys.exit("keras" in sys.modules)
"""


def test_processes_that_ask_at_once_get_the_same(publisher, home):
    """And load no Keras for it."""
    together = threading.Barrier(2)

    def answer(server, connection):
        together.wait(60)
        server.send_all(connection)

    publisher.answer = answer
    command = [sys.executable, "-c", PROCESS, publisher.url, _imdb._MD5, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        texts = fetch_imdb(data_home=home).data.tolist()
        output, _ = other.communicate(timeout=120)
    assert other.returncode == 0
    assert json.loads(output) == texts
    check_reviews(home, download_if_missing=False)
    assert publisher.n_requests == 2
