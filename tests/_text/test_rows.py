"""Rows of documents of any length, with expected values worked out by hand."""

import numpy as np
import pytest

from seqsent._text.rows import RowLayout, Truncation, remove_oov, truncate
from seqsent._types import RaggedIds

DOCUMENTS = RaggedIds(np.array([5, 6, 7, 8, 0, 9]), np.array([3, 0, 1, 2]))


def as_lists(documents):
    ends = np.cumsum(documents.lengths)[:-1]
    return [ids.tolist() for ids in np.split(documents.ids, ends)]


@pytest.mark.parametrize(
    ("truncation", "expected"),
    [
        (Truncation(2, keep_end=True), [[6, 7], [], [8], [0, 9]]),
        (Truncation(2, keep_end=False), [[5, 6], [], [8], [0, 9]]),
        (Truncation(1, keep_end=True), [[7], [], [8], [9]]),
        (Truncation(0, keep_end=False), [[], [], [], []]),
        (Truncation(9, keep_end=True), [[5, 6, 7], [], [8], [0, 9]]),
    ],
)
def test_truncate_and_slice_keep_the_same_tokens(truncation, expected):
    assert as_lists(truncate(DOCUMENTS, truncation)) == expected
    assert [ids[truncation.as_slice()] for ids in as_lists(DOCUMENTS)] == expected


def test_remove_oov_removes_zeros():
    assert as_lists(remove_oov(DOCUMENTS)) == [[5, 6, 7], [], [8], [9]]


@pytest.mark.parametrize(
    ("padding", "truncating", "start_char", "expected"),
    [
        ("pre", "pre", 1, [[6, 7], [0, 1], [1, 8], [0, 9]]),
        ("pre", "post", 1, [[1, 5], [0, 1], [1, 8], [1, 0]]),
        ("post", "pre", 1, [[6, 7], [1, 0], [1, 8], [0, 9]]),
        ("post", "post", None, [[5, 6], [0, 0], [8, 0], [0, 9]]),
    ],
)
def test_fill_pads_and_truncates(padding, truncating, start_char, expected):
    layout = RowLayout(2, padding, truncating, start_char, drop_oov=False)
    assert layout.fill([DOCUMENTS, DOCUMENTS], 8).tolist() == expected * 2
