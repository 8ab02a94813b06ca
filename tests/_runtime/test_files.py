"""Files that are whole or absent."""

import os
import threading

import pytest

from seqsent._runtime.files import replaced_when_complete


def test_concurrent_writers_leave_one_whole_file(tmp_path):
    target, barrier = tmp_path / "file", threading.Barrier(4)

    def write(letter):
        with replaced_when_complete(target) as temporary:
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
        with replaced_when_complete(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_process_left_is_removed_by_a_later_one(tmp_path):
    target = tmp_path / "file"
    names = ["file1.part", "file2.part", "file.txt", "other1.part"]
    for name in names:
        (tmp_path / name).write_text("half")
        if name != "file2.part":  # that one may be at work
            os.utime(tmp_path / name, (0, 0))
    with replaced_when_complete(target) as temporary:
        temporary.write_text("whole")
    assert {path.name for path in tmp_path.iterdir()} == {"file", *names[1:]}
