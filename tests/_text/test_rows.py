"""Texts of any length become rows of one length; worked out by hand."""

import numpy as np
import pytest

from seqsent._text.rows import Limit, cut, drop_unknown, fill_rows, limit_of_row
from seqsent._types import Ragged

TEXTS = Ragged(np.array([5, 6, 7, 8, 0, 9]), np.array([3, 0, 1, 2]))


def as_lists(texts):
    ends = np.cumsum(texts.lengths)[:-1]
    return [part.tolist() for part in np.split(texts.numbers, ends)]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (Limit(2, keeps_end=True), [[6, 7], [], [8], [0, 9]]),
        (Limit(2, keeps_end=False), [[5, 6], [], [8], [0, 9]]),
        (Limit(1, keeps_end=True), [[7], [], [8], [9]]),
        (Limit(0, keeps_end=False), [[], [], [], []]),
        (Limit(9, keeps_end=True), [[5, 6, 7], [], [8], [0, 9]]),
    ],
)
def test_cut(limit, expected):
    assert as_lists(cut(TEXTS, limit)) == expected
    assert [text[limit.as_slice()] for text in as_lists(TEXTS)] == expected


def test_limit_of_a_row():
    assert limit_of_row(4, truncating="pre", has_start=True) == Limit(4, keeps_end=True)
    assert limit_of_row(4, truncating="post", has_start=True) == Limit(3, keeps_end=False)
    assert limit_of_row(4, truncating="post", has_start=False) == Limit(4, keeps_end=False)


def test_drop_unknown():
    assert as_lists(drop_unknown(TEXTS)) == [[5, 6, 7], [], [8], [9]]


@pytest.mark.parametrize(
    ("padding", "truncating", "start_char", "expected"),
    [
        ("pre", "pre", 1, [[6, 7], [0, 1], [1, 8], [0, 9]]),
        ("pre", "post", 1, [[1, 5], [0, 1], [1, 8], [1, 0]]),
        ("post", "pre", 1, [[6, 7], [1, 0], [1, 8], [0, 9]]),
        ("post", "post", None, [[5, 6], [0, 0], [8, 0], [0, 9]]),
    ],
)
def test_fill_rows(padding, truncating, start_char, expected):
    out = np.zeros((4, 2), dtype=np.int32)
    fill_rows(out, TEXTS, padding=padding, truncating=truncating, start_char=start_char)
    assert out.tolist() == expected
