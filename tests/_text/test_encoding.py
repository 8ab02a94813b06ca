"""Ids of many documents at once and of one at a time."""

import random

import pytest

from seqsent._text.analysis import make_analyzer
from seqsent._text.encoding import encode
from seqsent._text.rows import Truncation

# characters of which lower-casing changes the number or that become ASCII, white space that
# str.split() removes, a lone surrogate
UNUSUAL = (
    "\u0130\u0131\u017f\u212a\u03a3\u03c2\xdf\u1e9e\xc0\xe9\u01c5\u2122\ufb01\u0301\u0307"
    "\x00\x0b\x0c\r\x1c\x1f\x85\xa0\u2028\u3000\ufeff\u597d\uff0c\ud800\U0001f600\u0e48\u0e21"
)
COMMON = "aAbBzZ09 .,!'\"\t\n-_"


@pytest.fixture
def look_up():
    ids = {}
    return lambda tokens: [ids.setdefault(token, len(ids)) for token in tokens]


@pytest.mark.parametrize("alphabet", [COMMON, COMMON + UNUSUAL, "ab\x00 "])
@pytest.mark.parametrize(
    ("truncation", "in_row"),
    [
        (None, slice(None)),
        (Truncation(3, keep_end=True), slice(-3, None)),
        (Truncation(3, keep_end=False), slice(3)),
        (Truncation(0, keep_end=False), slice(0)),
    ],
)
def test_bulk_encoding_equals_the_analyzer(alphabet, truncation, in_row, look_up):
    rng = random.Random(0)
    texts = ["".join(rng.choices(alphabet, k=rng.randrange(60))) for _ in range(300)]
    texts += ["", " ", "a" * 8, "a" * 9, "b" * 300_000, ""]
    analyze = make_analyzer()
    found = []
    for ids, lengths in encode(texts, analyze, look_up, truncation):
        ids = ids.tolist()
        for length in lengths.tolist():
            found.append(ids[:length])
            ids = ids[length:]
        assert not ids
    assert found == [look_up(analyze(text)[in_row]) for text in texts]


def test_words_with_one_hash_slot_keep_their_ids(look_up):
    # more distinct short words than the 2 ** 18 slots of the table
    texts = [
        " ".join(f"{n:x}" for n in range(start, start + 1000)) for start in range(0, 2**18, 1000)
    ]
    for _ in range(2):
        start = 0
        for ids, _ in encode(texts, make_analyzer(), look_up):
            assert ids.tolist() == list(range(start, start + len(ids)))
            start += len(ids)
