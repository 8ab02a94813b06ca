"""Words counted chunk by chunk, in bounded memory."""

import random
from collections import Counter

import numpy as np
import pytest

from seqsent._text.analysis import make_analyzer
from seqsent._text.running_counts import RunningCounts
from seqsent._text.vocabulary import CorpusCounts


def add(counts, texts, **options):
    tally = CorpusCounts(
        make_analyzer(),
        texts,
        keep_texts=False,
        documents_per_word=counts.document_counts is not None,
    )
    return counts.add(tally, **options)


def as_dict(counts):
    return dict(zip(counts.words, counts.counts.tolist(), strict=True))


def test_counts_of_chunks_add_up():
    counts = RunningCounts.begin(documents_per_word=True)
    counts = add(counts, ["a b a", "b"], room=None)
    counts = add(counts, ["c a", "", "d"], room=None)
    assert as_dict(counts) == {"a": 3, "b": 2, "c": 1, "d": 1}
    assert counts.document_counts.tolist() == [2, 2, 1, 1]
    assert (counts.n_documents, counts.longest) == (5, 3)
    assert add(counts, ["x x a y"], room=9, only={"a": 4, "y": 5}).counts.tolist() == [
        4,
        2,
        1,
        1,
        1,
    ]


def test_the_rarest_go_where_there_is_no_room():
    counts = add(RunningCounts.begin(documents_per_word=False), ["a a a b b c d"], room=3)
    # the first beyond the room came once, so all do that came once
    assert as_dict(counts) == {"a": 3, "b": 2}
    assert counts.most_missed == 1
    # what is new may have come once before, as often as what went
    counts = add(counts, ["e e f"], room=3)
    assert as_dict(counts) == {"a": 3, "e": 2}
    assert counts.missed.tolist() == [0, 1]
    assert counts.most_missed == 2


@pytest.mark.parametrize("seed", range(3))
def test_no_count_is_further_off_than_promised(seed):
    rng = random.Random(seed)
    counts, true, room = RunningCounts.begin(documents_per_word=False), Counter(), 50
    for chunk in range(30):
        # other words are frequent in later chunks
        words = [f"w{int(rng.paretovariate(0.6)) + chunk * 10}" for _ in range(rng.randrange(400))]
        true.update(words)
        counts = add(counts, [" ".join(words)], room=room)
        assert len(counts.words) <= room
        found, bound = as_dict(counts), true.total() // (room + 1)
        assert counts.most_missed <= bound
        assert {word for word, n in true.items() if n > bound} <= found.keys()
        for word, missed in zip(counts.words, counts.missed.tolist(), strict=True):
            assert true[word] - missed <= found[word] <= true[word]
    assert counts.most_missed > 5


def test_plain_form():
    for documents_per_word in (True, False):
        counts = RunningCounts.begin(documents_per_word=documents_per_word)
        counts = add(counts, ["a a a b b c \ud800 é é", "a"], room=3)
        again = RunningCounts.from_plain(counts.to_plain())
        assert vars(again).keys() == vars(counts).keys()
        for name, value in vars(counts).items():
            np.testing.assert_array_equal(vars(again)[name], value)
