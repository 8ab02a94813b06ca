"""Which folder caches compiled programs, and what makes it unusable."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from seqsent._runtime import cache_folder
from seqsent._runtime.backend import import_keras
from seqsent._runtime.cache_folder import find_folder, use_compilation_cache


@pytest.fixture(autouse=True)
def parent(tmp_path, monkeypatch):
    """Set SEQSENT_CACHE_DIR to a directory that does not exist yet, of the default size."""
    monkeypatch.delenv("JAX_COMPILATION_CACHE_MAX_SIZE", raising=False)
    monkeypatch.setenv("SEQSENT_CACHE_DIR", str(tmp_path / "parent"))
    return tmp_path / "parent"


needs_modes = pytest.mark.skipif(
    not hasattr(os, "geteuid"), reason="access lists protect folders on Windows"
)
needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="only root can act as another user, by setpriv",
)


@pytest.fixture
def umask():
    """Return a function that sets the umask of this process; restore it after the test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@needs_modes
@pytest.mark.parametrize("value", [0o000, 0o022, 0o077, 0o777])
def test_folders_are_created_private_under_every_umask(value, tmp_path, umask, monkeypatch):
    monkeypatch.setenv("SEQSENT_CACHE_DIR", str(tmp_path / "a" / "b"))
    umask(value)
    folder = find_folder()
    assert folder.parent == tmp_path / "a" / "b"
    for created in (tmp_path / "a", tmp_path / "a" / "b", folder):
        assert created.stat().st_mode & 0o777 == 0o700
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


def check_refusal(folder, caplog, unsafe=None):
    """Check that a folder is neither used nor changed, and that one warning names the cause."""
    before = sorted(folder.iterdir()) if folder.exists() else None
    assert find_folder() is None
    assert (sorted(folder.iterdir()) if folder.exists() else None) == before
    (record,) = caplog.records
    assert f"are not cached: {unsafe or folder} " in record.getMessage()
    assert "set SEQSENT_CACHE_DIR=off" in record.getMessage()


@needs_modes
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o755])
def test_folder_open_to_others_is_refused(caplog, mode):
    folder = find_folder()
    folder.chmod(mode)
    check_refusal(folder, caplog)


@needs_modes
@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757])
@pytest.mark.parametrize("exists", [True, False])
def test_parent_that_others_can_write_to_is_refused(parent, exists, mode, monkeypatch, caplog):
    monkeypatch.setenv("SEQSENT_CACHE_DIR", str(parent / "a" / "b"))
    if exists:
        folder = find_folder()
    else:
        parent.mkdir()
        folder = parent / "a"
    parent.chmod(mode)
    check_refusal(folder, caplog, unsafe=parent)
    assert f"Run 'chmod go-w {parent}'" in caplog.text


@needs_modes
def test_sticky_parent_is_accepted(parent):
    parent.mkdir()
    parent.chmod(0o1777)
    assert find_folder().parent == parent


@needs_root
@pytest.mark.parametrize("mode", [0o755, 0o1777])
def test_parent_of_another_user_is_refused(parent, mode, caplog):
    folder = find_folder()
    os.chown(parent, 12345, 12345)
    parent.chmod(mode)
    check_refusal(folder, caplog, unsafe=parent)


@needs_root
def test_folder_of_another_user_is_refused(caplog):
    folder = find_folder()
    os.chown(folder, 12345, 12345)
    check_refusal(folder, caplog)


@needs_root
def test_folder_with_a_file_of_another_user_is_refused(caplog):
    folder = find_folder()
    (folder / "file").write_text("code")
    os.chown(folder / "file", 12345, 12345)
    check_refusal(folder, caplog)


@needs_modes
def test_folder_that_is_a_symbolic_link_is_refused(tmp_path, caplog):
    folder = find_folder()
    folder.rmdir()
    (tmp_path / "private").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "private")
    check_refusal(folder, caplog)


@needs_modes
def test_folder_that_is_a_file_is_refused(parent, caplog):
    folder = find_folder()
    folder.rmdir()
    folder.write_text("")
    assert find_folder() is None
    assert f"{folder} is not a directory" in caplog.text


@needs_modes
def test_symbolic_link_in_a_parent_is_resolved(tmp_path, monkeypatch):
    (tmp_path / "disk" / "home").mkdir(parents=True)
    (tmp_path / "home").symlink_to(tmp_path / "disk" / "home")
    monkeypatch.setenv("SEQSENT_CACHE_DIR", str(tmp_path / "home" / "cache"))
    assert find_folder().parent == tmp_path / "disk" / "home" / "cache"


@needs_modes
def test_symbolic_link_to_an_open_folder_is_refused(tmp_path, monkeypatch, caplog):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "home").symlink_to(tmp_path / "open")
    monkeypatch.setenv("SEQSENT_CACHE_DIR", str(tmp_path / "home" / "cache"))
    check_refusal(tmp_path / "open" / "cache", caplog, unsafe=tmp_path / "open")


@needs_modes
def test_parent_that_is_exchanged_during_the_check_is_refused(tmp_path, monkeypatch, caplog):
    target, real_open = tmp_path / "parent", os.open
    (tmp_path / "planted").mkdir()

    def exchange(name, *args, **kwargs):
        if name == "parent" and not target.is_symlink():
            target.symlink_to(tmp_path / "planted")
        return real_open(name, *args, **kwargs)

    monkeypatch.setattr(os, "open", exchange)
    assert find_folder() is None
    assert f"{target} is not a directory" in caplog.text
    assert not list((tmp_path / "planted").iterdir())


@needs_modes
def test_entry_that_another_process_removes_is_ignored(monkeypatch):
    folder = find_folder()
    (folder / "a-cache").symlink_to("nowhere")
    real_scandir = os.scandir

    class Scan:
        def __init__(self, place):
            self.entries = list(real_scandir(place))

        def __enter__(self):
            (folder / "a-cache").unlink()
            return iter(self.entries)

        def __exit__(self, *exception):
            return None

    monkeypatch.setattr(os, "scandir", Scan)
    assert find_folder() == folder


@pytest.fixture
def shared_place(monkeypatch):
    """Return a sticky folder that every user can reach and write to, as /tmp."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        place = Path(name).resolve()
        place.chmod(0o1777)
        monkeypatch.setenv("SEQSENT_CACHE_DIR", str(place / "cache"))
        yield place


def as_another_user(*command):
    """Run a command as user 12345 and return its exit status."""
    setpriv = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
    return subprocess.run([*setpriv, *map(str, command)], capture_output=True).returncode


@needs_root
def test_another_user_cannot_exchange_the_folder(shared_place):
    folder = find_folder()
    assert folder.parent == shared_place / "cache"
    assert as_another_user("touch", shared_place / "own") == 0
    for path in (folder, folder.parent):
        assert as_another_user("mv", path, shared_place / "moved") != 0
        assert as_another_user("ls", path) != 0
    assert as_another_user("touch", folder / "planted-cache") != 0
    assert find_folder() == folder


@needs_root
def test_folder_planted_by_another_user_is_refused(shared_place, caplog):
    planted = shared_place / "cache"
    assert as_another_user("mkdir", "-m", "700", planted) == 0
    check_refusal(planted, caplog, unsafe=planted)


@needs_root
def test_link_planted_by_another_user_is_resolved_once(shared_place, tmp_path, caplog):
    own = shared_place / "of_another_user"
    assert as_another_user("mkdir", "-m", "777", own) == 0
    assert as_another_user("ln", "-s", own, shared_place / "cache") == 0
    check_refusal(own, caplog, unsafe=own)
    assert as_another_user("ln", "-sfn", tmp_path, shared_place / "cache") == 0
    assert find_folder().parent == tmp_path


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
