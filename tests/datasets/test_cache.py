"""Where data lives, and the progress bar."""

import hashlib
import io
from pathlib import Path

import platformdirs
import pytest

from seqsent.datasets import _cache


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_progress_is_shown_on_a_terminal_alone(publisher, tmp_path, monkeypatch, stream):
    publisher.content = content = bytes(1_200_000)
    target = tmp_path / "target.bin"
    monkeypatch.setattr(_cache.sys, "stderr", stream)
    _cache.download(publisher.url, target, hashlib.md5(content).hexdigest(), len(content), "")
    assert target.read_bytes() == content
    shown = stream.getvalue()
    if stream.isatty():
        # a percent is shown once at most
        assert 2 <= shown.count("\r") <= 101
        assert shown.endswith("\rtarget.bin [" + "=" * 30 + "] 100 % 1.2 MB\n")
    else:
        assert shown == ""


def test_data_home(monkeypatch):
    monkeypatch.delenv("SEQSENT_DATA", raising=False)
    assert _cache.get_data_home(None) == Path(platformdirs.user_cache_dir("seqsent", False))
    monkeypatch.setenv("SEQSENT_DATA", "~/reviews")
    assert _cache.get_data_home(None) == Path.home() / "reviews"
    assert _cache.get_data_home("~/others") == Path.home() / "others"
