"""Files are written completely or not at all."""

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
