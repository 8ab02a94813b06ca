"""Compact storage of a vocabulary."""

import pytest

from seqsent._text.packing import pack, unpack
from seqsent._text.state import pack_vocabulary, unpack_vocabulary

TOKENS = [
    "\ud83d\ude00",  # two surrogates, different from the character that they encode
    "\U0001f600",
    "\ud83d",
    "\ude00",
    "\ude00\ud83d",
    *("", "\0", "\n", "\r\n", " ", ",", '"', "\\ud83d", "\u2028", "\ufeff", "é", "e\u0301"),
    *("NaN", "1", 1, -1, 2**70),
]


def test_pack_keeps_tokens_of_any_characters():
    tokens, ids = unpack(pack(TOKENS, range(len(TOKENS))))
    assert tokens == TOKENS
    assert list(map(type, tokens)) == list(map(type, TOKENS))
    assert ids == list(range(len(TOKENS)))


@pytest.mark.parametrize(
    "vocabulary",
    [TOKENS, {token: rank for rank, token in enumerate(TOKENS)}, ("a", "b"), {"a": 1.5}, None],
    ids=["list", "dict", "tuple", "dict of float", "none"],
)
def test_packed_vocabulary_round_trip(vocabulary):
    again = unpack_vocabulary(pack_vocabulary(vocabulary))
    assert again == vocabulary
    assert type(again) is type(vocabulary)
