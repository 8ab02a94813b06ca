"""Texts read in bulk are what they are one by one."""

import random

import pytest

from seqsent._text.analysis import make_analyzer
from seqsent._text.encoding import encode
from seqsent._text.rows import Limit

# lower-casing changes lengths, letters become ASCII, white space that str.split() knows
ODD = (
    "\u0130\u0131\u017f\u212a\u03a3\u03c2\xdf\u1e9e\xc0\xe9\u01c5\u2122\ufb01\u0301\u0307"
    "\x00\x0b\x0c\r\x1c\x1f\x85\xa0\u2028\u3000\ufeff\u597d\uff0c\ud800\U0001f600"
)
PLAIN = "aAbBzZ09 .,!'\"\t\n-_"


def random_texts(n, alphabet, seed=0):
    rng = random.Random(seed)
    return ["".join(rng.choices(alphabet, k=rng.randrange(60))) for _ in range(n)]


@pytest.mark.parametrize("alphabet", [PLAIN, PLAIN + ODD, "ab\x00 "])
@pytest.mark.parametrize(
    "limit", [None, Limit(3, keeps_end=True), Limit(3, keeps_end=False), Limit(0, keeps_end=False)]
)
def test_many_texts_are_encoded_like_one_after_the_other(alphabet, limit):
    texts = [*random_texts(300, alphabet), "", " ", "a" * 8, "a" * 9, "b" * 300_000, ""]
    analyze = make_analyzer()
    numbers = {}

    def number(tokens):
        return [numbers.setdefault(token, len(numbers)) for token in tokens]

    got = []
    for values, lengths in encode(texts, analyze, number, limit):
        values = values.tolist()
        for length in lengths.tolist():
            got.append(values[:length])
            values = values[length:]
        assert not values
    assert got == [number(words_within(limit, analyze(text))) for text in texts]


def words_within(limit, words):
    if limit is None:
        return words
    return words[-limit.n_words :] if limit.keeps_end else words[: limit.n_words]


def test_words_that_share_a_slot_keep_their_numbers():
    # more distinct short words than a table of 2 ** 18 slots can tell apart
    texts = [
        " ".join(f"{n:x}" for n in range(start, start + 1000)) for start in range(0, 2**18, 1000)
    ]
    numbers = {}

    def number(tokens):
        return [numbers.setdefault(token, len(numbers)) for token in tokens]

    for _ in range(2):
        start = 0
        for values, _ in encode(texts, make_analyzer(), number):
            assert values.tolist() == list(range(start, start + len(values)))
            start += len(values)
