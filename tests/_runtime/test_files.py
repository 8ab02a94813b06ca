"""Files are written completely or not at all."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from seqsent._runtime.files import replaced_when_complete


def test_concurrent_writers_leave_one_complete_file(tmp_path):
    target, barrier = tmp_path / "file", threading.Barrier(4)

    def write(letter):
        with replaced_when_complete(target) as temporary:
            temporary.write_text(letter * 1000)
            barrier.wait()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, "abcd"))
    assert target.read_text() in {letter * 1000 for letter in "abcd"}
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("mode", [0o644, 0o664, 0o600])
def test_mode_of_a_file_follows_the_umask(mode, tmp_path, umask):
    target = tmp_path / "file"
    umask(0o666 - mode)
    with replaced_when_complete(target) as temporary:
        temporary.write_text("new")
    assert target.stat().st_mode & 0o777 == mode


def test_interrupted_writer_leaves_the_old_file(tmp_path):
    target = tmp_path / "file"
    target.write_text("old")

    def fail():
        with replaced_when_complete(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
