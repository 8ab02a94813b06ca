"""The cache folder and the download of published files."""

import hashlib
import os
from pathlib import Path

import platformdirs
import pytest
import requests

from seqsent.datasets import _common

# requests does not close the connection of a refused response
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

CONTENT = b"published " * 200
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_data_home_is_parameter_or_variable_or_cache_folder(monkeypatch):
    monkeypatch.delenv("SEQSENT_DATA", raising=False)
    assert _common.get_data_home(None) == Path(platformdirs.user_cache_dir("seqsent", False))
    monkeypatch.setenv("SEQSENT_DATA", "~/reviews")
    assert _common.get_data_home(None) == Path.home() / "reviews"
    assert _common.get_data_home("~/others") == Path.home() / "others"


def test_download_requests_a_file_once(publisher, tmp_path):
    publisher.files["/data.bin"] = CONTENT
    for _ in range(2):
        path = _common.download(f"{publisher.url}/data.bin", SHA256, tmp_path / "new")
        assert path == tmp_path / "new" / "data.bin"
        assert path.read_bytes() == CONTENT
    assert publisher.requests == ["/data.bin"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_downloaded_file_is_readable_by_others_if_the_umask_allows(publisher, tmp_path, umask):
    publisher.files["/data.bin"] = CONTENT
    umask(0o022)
    path = _common.download(f"{publisher.url}/data.bin", SHA256, tmp_path)
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("target", ["file", "ftp://127.0.0.1:1/data.bin", "data:,published"])
def test_download_refuses_a_redirect_to_another_scheme(publisher, tmp_path, target):
    """Even to a local file with the right checksum."""
    local = tmp_path / "local"
    local.write_bytes(CONTENT)
    publisher.redirects["/data.bin"] = local.as_uri() if target == "file" else target
    with pytest.raises(OSError, match=r"Downloading .*No connection adapters were found"):
        _common.download(f"{publisher.url}/data.bin", SHA256, tmp_path / "home")
    assert not list((tmp_path / "home").iterdir())


@pytest.mark.parametrize("answer", ["truncated", "corrupted", "missing", "no server"])
def test_failed_download_names_the_address_and_leaves_no_file(publisher, tmp_path, answer):
    if answer == "truncated":
        publisher.files["/data.bin"] = CONTENT[:40]
    elif answer == "corrupted":
        publisher.files["/data.bin"] = CONTENT[:-1] + b"?"
    base = "http://127.0.0.1:1" if answer == "no server" else publisher.url
    with pytest.raises(OSError, match="Try again, or download the file with a browser") as caught:
        _common.download(f"{base}/data.bin", SHA256, tmp_path)
    assert f"Downloading {base}/data.bin to {tmp_path} failed: " in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_interrupted_download_leaves_no_file(publisher, tmp_path, monkeypatch):
    original = requests.Response.iter_content

    def interrupt(self, chunk_size):
        yield from original(self, chunk_size)
        raise KeyboardInterrupt

    publisher.files["/data.bin"] = CONTENT
    monkeypatch.setattr(requests.Response, "iter_content", interrupt)
    with pytest.raises(KeyboardInterrupt):
        _common.download(f"{publisher.url}/data.bin", SHA256, tmp_path)
    assert not list(tmp_path.iterdir())


def test_download_to_a_folder_that_is_a_file(publisher, tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(OSError, match=r"Downloading .* failed: "):
        _common.download(f"{publisher.url}/data.bin", SHA256, tmp_path / "home")
    assert (tmp_path / "home").read_text() == "a file"
