"""Where data lives, files that are whole or absent, and the progress bar."""

import io
import threading
from pathlib import Path

import platformdirs
import pytest

from seqsent.datasets import _cache


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_progress_is_shown_on_a_terminal_alone(tmp_path, monkeypatch, stream):
    source = tmp_path / "source.bin"
    source.write_bytes(bytes(600_000))
    monkeypatch.setattr(_cache.sys, "stderr", stream)
    _cache.download(source.as_uri(), tmp_path / "target.bin", _cache.md5(source))
    assert (tmp_path / "target.bin").read_bytes() == source.read_bytes()
    shown = stream.getvalue()
    if stream.isatty():
        assert shown.count("\r") == 3
        assert shown.endswith("\rtarget.bin [" + "=" * 30 + "] 100 % 0.6 MB\n")
    else:
        assert shown == ""


def test_concurrent_writers_leave_one_whole_file(tmp_path):
    target, barrier = tmp_path / "folder" / "file", threading.Barrier(4)

    def write(letter):
        with _cache.replaced_when_complete(target) as temporary:
            temporary.write_text(letter * 1000)
            barrier.wait()

    threads = [threading.Thread(target=write, args=letter) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_text() in {letter * 1000 for letter in "abcd"}
    assert list(target.parent.iterdir()) == [target]


def test_failure_keeps_the_file_that_was_there(tmp_path):
    target = tmp_path / "file"
    target.write_text("whole")

    def fail():
        with _cache.replaced_when_complete(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


def test_data_home(monkeypatch):
    monkeypatch.delenv("SEQSENT_DATA", raising=False)
    assert _cache.get_data_home(None) == Path(platformdirs.user_cache_dir("seqsent", False))
    monkeypatch.setenv("SEQSENT_DATA", "~/reviews")
    assert _cache.get_data_home(None) == Path.home() / "reviews"
    assert _cache.get_data_home("~/others") == Path.home() / "others"
