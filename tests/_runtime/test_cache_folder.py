"""Which folder caches compiled programs, and what makes it unusable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqsent._runtime import cache_folder
from seqsent._runtime.backend import import_keras
from seqsent._runtime.cache_folder import find_folder, use_compilation_cache


@pytest.fixture(autouse=True)
def parent(tmp_path, monkeypatch):
    """Set SEQSENT_CACHE_DIR to a directory that does not exist yet."""
    monkeypatch.setenv("SEQSENT_CACHE_DIR", str(tmp_path / "parent"))
    return tmp_path / "parent"


def test_folder_is_created_private(parent):
    folder = find_folder()
    assert folder.parent == parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert find_folder() == folder


@pytest.mark.skipif(sys.platform != "linux", reason="the directory differs by platform")
def test_default_is_the_cache_directory_of_the_user(tmp_path, monkeypatch):
    monkeypatch.delenv("SEQSENT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find_folder().parent == tmp_path / "seqsent" / "programs"


@pytest.mark.parametrize("setting", ["~/mine", "mine"])
def test_setting_is_expanded(setting, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQSENT_CACHE_DIR", setting)
    assert find_folder().parent == tmp_path / "mine"


@pytest.mark.parametrize("setting", ["", "off", "~nobody-has-this-name/cache", __file__])
def test_no_folder(setting, monkeypatch):
    monkeypatch.setenv("SEQSENT_CACHE_DIR", setting)
    assert find_folder() is None


def test_no_folder_if_it_cannot_be_written(monkeypatch):
    find_folder()
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    assert find_folder() is None


def check_refusal(folder, caplog):
    """Check that the folder is neither used nor changed, and that the user is told."""
    before = sorted(folder.iterdir())
    assert find_folder() is None
    assert sorted(folder.iterdir()) == before
    (record,) = caplog.records
    assert f"{folder} must be a directory with mode 0700" in record.getMessage()
    assert "Remove it, or set SEQSENT_CACHE_DIR" in record.getMessage()


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o755])
def test_folder_open_to_others_is_refused(caplog, mode):
    folder = find_folder()
    folder.chmod(mode)
    check_refusal(folder, caplog)


def test_folder_of_another_user_is_refused(parent, monkeypatch, caplog):
    monkeypatch.setattr(cache_folder, "_user_id", lambda: os.geteuid() + 1)
    folder = parent / cache_folder._fingerprint()
    folder.mkdir(parents=True, mode=0o700)
    check_refusal(folder, caplog)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_folder_with_a_file_of_another_user_is_refused(caplog):
    folder = find_folder()
    (folder / "file").write_text("code")
    os.chown(folder / "file", 12345, 12345)
    check_refusal(folder, caplog)


def test_symbolic_link_is_refused(tmp_path, caplog):
    folder = find_folder()
    folder.rmdir()
    (tmp_path / "private").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "private")
    check_refusal(folder, caplog)


def test_each_user_and_processor_has_a_folder(monkeypatch):
    names = {find_folder().name}
    monkeypatch.setattr(cache_folder, "_user_id", lambda: 12345)
    names.add(cache_folder._fingerprint())
    monkeypatch.setattr(cache_folder.platform, "machine", lambda: "other")
    names.add(cache_folder._fingerprint())
    assert len(names) == 3


needs_jax = pytest.mark.skipif(
    import_keras().backend.backend() != "jax", reason="the cache is JAX's"
)
SETTINGS = (
    "jax_compilation_cache_dir",
    "jax_compilation_cache_max_size",
    "jax_persistent_cache_min_compile_time_secs",
)


@pytest.fixture
def jax_config():
    """Give the settings of JAX's cache their defaults; restore them after the test."""
    import jax

    before = {name: getattr(jax.config, name) for name in SETTINGS}
    for name, value in zip(SETTINGS, (None, -1, 1.0), strict=True):
        jax.config.update(name, value)
    yield jax.config
    for name, value in before.items():
        jax.config.update(name, value)


@needs_jax
def test_jax_uses_the_folder(parent, jax_config):
    use_compilation_cache()
    assert Path(jax_config.jax_compilation_cache_dir).parent == parent
    assert jax_config.jax_compilation_cache_max_size == cache_folder._MAX_SIZE
    assert jax_config.jax_persistent_cache_min_compile_time_secs == 0


@needs_jax
def test_cache_configured_by_the_user_is_unchanged(parent, tmp_path, jax_config):
    jax_config.update("jax_compilation_cache_dir", str(tmp_path / "own"))
    use_compilation_cache()
    assert jax_config.jax_compilation_cache_dir == str(tmp_path / "own")
    assert jax_config.jax_compilation_cache_max_size == -1
    assert not parent.exists()


FIT = """
import numpy as np
from seqsent import RecurrentSentimentClassifier
from seqsent._runtime import cache_folder

cache_folder._MAX_SIZE = 150_000
X = np.arange(40).reshape(10, 4) % 7 + 3
for state_dim in range(4, 9):
    RecurrentSentimentClassifier(state_dim=state_dim, epochs=1, num_words=16).fit(X, [0, 1] * 5)
"""


@needs_jax
@pytest.mark.slow
def test_size_of_the_cache_is_limited(parent):
    done = subprocess.run([sys.executable, "-c", FIT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder,) = parent.iterdir()
    programs = {path.name: path.stat().st_size for path in folder.glob("*-cache")}
    assert 0 < sum(name.startswith("jit_train") for name in programs) < 5
    assert sum(programs.values()) <= 150_000
