"""What a pickle holds of a vocabulary is what it was, and what cannot have been one is refused."""

import json
import zlib

import pytest

from seqsent._text.packing import pack_vocabulary, pack_words, unpack_vocabulary, unpack_words

ODD_WORDS = [
    "\ud83d\ude00",  # two halves of a pair, which are not the character that they encode
    "\U0001f600",
    "\ud83d",
    "\ude00",
    "\ude00\ud83d",
    "",
    "\0",
    "\n",
    "\r\n",
    " ",
    ",",
    '"',
    "\\ud83d",
    "\u2028",
    "\ufeff",
    "é",
    "e\u0301",
    "NaN",
    "1",
    1,
    -1,
    2**70,
]


def test_odd_words_stay_apart_and_in_order():
    ids = {word: place for place, word in enumerate(ODD_WORDS, 4)}
    counts = {word: place % 3 for place, word in enumerate(ODD_WORDS)}
    found_ids, found_counts = unpack_words(pack_words(ids, counts))
    assert list(found_ids.items()) == list(ids.items())
    assert list(found_counts.items()) == list(counts.items())
    assert list(map(type, found_ids)) == list(map(type, ids))
    for parameter in (ids, ODD_WORDS):
        assert unpack_vocabulary(pack_vocabulary(parameter)) == parameter


def test_what_versions_before_packed():
    # they escaped all characters beyond ASCII
    columns = [["é", "\ud800", "\U0001f600"], [4, 5, 6], [3, 2, 1]]
    packed = zlib.compress(json.dumps(columns).encode())
    ids, counts = unpack_words(packed)
    assert ids == dict(zip(columns[0], columns[1], strict=True))
    assert counts == dict(zip(columns[0], columns[2], strict=True))


@pytest.mark.parametrize(
    ("words", "ids", "counts", "message"),
    [
        (["a", "b"], [4, 2**31], [1, 1], r"the id 2147483648; word ids are below 2\*\*31"),
        (["a", "b"], [4, 0], [1, 1], "ids of words must be whole numbers from 1 on"),
        (["a", "b"], [4, 5.0], [1, 1], "ids of words must be whole numbers"),
        (["a", "b"], [4, True], [1, 1], "ids of words must be whole numbers"),
        (["a", "b"], [4, 5], [1, -1], "counts of words must be whole numbers from 0 on"),
        (["a", "b"], [4, 5], [1, None], "counts of words must be whole numbers"),
        (["a", "b"], [4, 4], [1, 1], "2 different words of 2, 1 different ids of 2, and 2 counts"),
        (["a", "a"], [4, 5], [1, 1], "1 different words of 2"),
        (["a", "b"], [4, 5], [1], "and 1 counts"),
        (["a"], [4, 5], [1, 1], "1 different words of 1, 2 different ids"),
        (["a", None], [4, 5], [1, 1], "something else than str and int"),
    ],
)
def test_what_is_no_vocabulary(words, ids, counts, message):
    packed = zlib.compress(json.dumps([words, ids, counts]).encode())
    with pytest.raises(ValueError, match=message):
        unpack_words(packed)
