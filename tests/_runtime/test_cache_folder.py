"""The folder of compiled programs: where, whose, how large; and nothing that stops a fit."""

import os
import sys
import threading
from pathlib import Path

import pytest

from seqsent._runtime import cache_folder as _cache_folder
from seqsent._runtime.cache_folder import find_folder, keep_small

KEY = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """The place that SEQSENT_CACHE_DIR names; the working directory must stay empty."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("SEQSENT_CACHE_DIR", str(tmp_path / "place"))
    yield tmp_path / "place"
    assert not list((tmp_path / "here").iterdir())


def test_a_folder_is_made_where_nobody_else_may_enter(place):
    folder = find_folder()
    assert folder.parent == place
    assert folder.stat().st_mode & 0o777 == 0o700
    assert find_folder() == folder
    assert list(place.iterdir()) == [folder]


@pytest.mark.skipif(sys.platform != "linux", reason="the place differs by platform")
def test_the_place_is_the_users_cache_directory(tmp_path, monkeypatch):
    monkeypatch.delenv("SEQSENT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find_folder().parent == tmp_path / "seqsent" / "programs"


def test_a_tilde_is_the_users_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("SEQSENT_CACHE_DIR", "~/mine")
    assert find_folder().parent == tmp_path / "mine"


def test_a_relative_place_stays_where_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQSENT_CACHE_DIR", "mine")
    assert find_folder().parent == tmp_path / "mine"
    monkeypatch.chdir(tmp_path / "here")


def test_a_place_may_have_a_name_in_any_script(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQSENT_CACHE_DIR", str(tmp_path / "программы"))
    assert find_folder().parent == tmp_path / "программы"


@pytest.mark.parametrize("named", ["", "off", "~nobody-has-this-name/place", "bytes"])
def test_no_place_at_all(tmp_path, monkeypatch, named):
    if named == "bytes":  # that are not UTF-8
        named = os.fsdecode(os.fsencode(tmp_path / "place") + b"\xff")
    monkeypatch.setenv("SEQSENT_CACHE_DIR", named)
    assert find_folder() is None
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_a_place_that_is_a_file(place):
    place.write_text("a file")
    assert find_folder() is None
    assert place.read_text() == "a file"


@pytest.mark.parametrize("error", [PermissionError, FileNotFoundError, OSError])
def test_a_place_that_cannot_be_written_to(place, monkeypatch, error):
    def refuse(*args, **kwargs):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        assert find_folder() is None
    find_folder()
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    assert find_folder() is None


def check_refusal(folder, caplog):
    """Nothing in it is used, nor changed; the user is told why and what to do."""
    before = sorted(folder.iterdir())
    assert find_folder() is None
    assert sorted(folder.iterdir()) == before
    (record,) = caplog.records
    assert f"No compiled programs are kept in {folder}: others may" in record.getMessage()
    assert "Remove it, or name another place in SEQSENT_CACHE_DIR" in record.getMessage()


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o755, 0o1777])
def test_a_folder_that_others_may_enter_is_not_used(caplog, mode):
    folder = find_folder()
    folder.chmod(mode)
    check_refusal(folder, caplog)


def test_a_folder_of_another_user_is_not_used(place, monkeypatch, caplog):
    monkeypatch.setattr(_cache_folder, "_user", lambda: os.geteuid() + 1)  # who did not make it
    folder = place / _cache_folder._name()
    folder.mkdir(parents=True, mode=0o700)
    check_refusal(folder, caplog)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_folder_with_a_file_of_another_user_is_not_used(caplog):
    folder = find_folder()
    (folder / "file").write_text("code")
    os.chown(folder / "file", 12345, 12345)
    check_refusal(folder, caplog)


def test_a_link_to_a_folder_is_not_used(tmp_path, caplog):
    """Though it is this user's and private: it is not made for programs."""
    folder = find_folder()
    folder.rmdir()
    (tmp_path / "private").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "private")
    check_refusal(folder, caplog)


def test_each_user_and_each_kind_of_processor_has_a_folder_of_its_own(monkeypatch):
    names = {_cache_folder._name()}
    monkeypatch.setattr(_cache_folder, "_user", lambda: 12345)
    names.add(_cache_folder._name())
    monkeypatch.setattr(_cache_folder.platform, "machine", lambda: "abacus")
    names.add(_cache_folder._name())
    assert len(names) == 3


def write(folder, name, time, size=40):
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_bytes(bytes(size))
    os.utime(folder / name, (time, time))
    return folder / name


def test_what_was_used_longest_ago_is_removed(place, monkeypatch):
    monkeypatch.setattr(_cache_folder, "_LARGEST", 100)
    folder, other = find_folder(), place / "fedcba9876543210"
    old = [
        write(folder, f"jit_train-{KEY}-cache", 1),
        write(other, f"{KEY}-trace", 2),
        write(folder, f"{KEY}-tracehalf.part", 3),
    ]
    new = [write(other, f"jit_test-{KEY}-cache", 5), write(folder, f"jit_test-{KEY}-cache", 6)]
    os.utime(new[0], (7, 5))  # used since
    keep_small(folder)
    assert [path.exists() for path in old + new] == [False, False, False, True, True]
    keep_small(folder)
    assert all(path.exists() for path in new)
    last = write(folder, f"{KEY}-trace", 8)
    keep_small(folder)
    assert [path.exists() for path in [*new, last]] == [True, False, True]


def test_nothing_else_is_ever_removed(place, monkeypatch):
    monkeypatch.setattr(_cache_folder, "_LARGEST", 100)
    folder = find_folder()
    others = [
        write(folder, "notes.txt", 1, size=1000),
        write(folder, "my-cache", 1, size=1000),
        write(place, f"{KEY}-trace", 1, size=1000),
        write(place / "other", f"{KEY}-trace", 1, size=1000),
        write(folder / "deeper", f"{KEY}-trace", 1, size=1000),
    ]
    kept = write(folder, f"{KEY}-trace", 1)
    keep_small(folder)
    assert all(path.exists() for path in [*others, kept])


def test_what_another_user_keeps_in_the_same_place_is_left_alone(monkeypatch):
    monkeypatch.setattr(_cache_folder, "_LARGEST", 10)
    path = write(find_folder(), f"{KEY}-trace", 1)
    with monkeypatch.context() as patch:
        patch.setattr(_cache_folder, "_user", lambda: os.geteuid() + 1)
        keep_small(path.parent)
    assert path.exists()
    keep_small(path.parent)
    assert not path.exists()


def test_several_may_tidy_up_at_once(monkeypatch):
    monkeypatch.setattr(_cache_folder, "_LARGEST", 100)
    folder = find_folder()
    paths = [write(folder, f"{i}-{KEY}-cache", i) for i in range(200)]
    failures = []

    def tidy():
        try:
            keep_small(folder)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=tidy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sorted(folder.iterdir()) == sorted(paths[-2:])
    keep_small(folder / "gone" / "long since")
