"""Token counts of chunks, in bounded memory."""

import random
from collections import Counter

import numpy as np
import pytest

from seqsent._text.analysis import make_analyzer
from seqsent._text.corpus_counts import CorpusCounts
from seqsent._text.running_counts import RunningCounts


def add(running_counts, texts, capacity=None, vocabulary=None):
    chunk = CorpusCounts(texts, make_analyzer(), count_documents=True)
    return running_counts.add(chunk, capacity=capacity, vocabulary=vocabulary)


def as_dict(running_counts):
    return dict(zip(running_counts.tokens, running_counts.counts.tolist(), strict=True))


def test_counts_of_chunks_add_up():
    counts = add(RunningCounts(), ["a b a", "b"])
    counts = add(counts, ["c a", "", "d"])
    assert as_dict(counts) == {"a": 3, "b": 2, "c": 1, "d": 1}
    assert counts.document_counts.tolist() == [2, 2, 1, 1]
    assert counts.n_documents == 5


def test_only_tokens_of_a_given_vocabulary_are_counted():
    counts = add(add(RunningCounts(), ["a"]), ["x x a y"], vocabulary={"a": 4, "y": 5})
    assert as_dict(counts) == {"a": 2, "y": 1}


def test_the_rarest_tokens_are_removed_over_capacity():
    counts = add(RunningCounts(), ["a a a b b c d"], capacity=3)
    # c is within the capacity, but as rare as d, which is not
    assert as_dict(counts) == {"a": 3, "b": 2}
    assert counts.max_missed == 1
    # e may have occurred once before, as often as c and d
    counts = add(counts, ["e e f"], capacity=3)
    assert as_dict(counts) == {"a": 3, "e": 2}
    assert counts.missed.tolist() == [0, 1]
    assert counts.max_missed == 2


@pytest.mark.parametrize("seed", range(3))
def test_the_error_of_a_count_is_bounded(seed):
    rng = random.Random(seed)
    counts, true, capacity = RunningCounts(), Counter(), 50
    for chunk in range(30):
        # the frequent words of a chunk depend on its number
        words = [f"w{int(rng.paretovariate(0.6)) + chunk * 10}" for _ in range(rng.randrange(400))]
        true.update(words)
        counts = add(counts, [" ".join(words)], capacity=capacity)
        assert len(counts.tokens) <= capacity
        found, bound = as_dict(counts), true.total() // (capacity + 1)
        assert counts.max_missed <= bound
        assert {word for word, n in true.items() if n > bound} <= found.keys()
        for word, missed in zip(counts.tokens, counts.missed.tolist(), strict=True):
            assert true[word] - missed <= found[word] <= true[word]
    assert counts.max_missed > 5


def test_state_round_trip():
    counts = add(RunningCounts(), ["a a a b b c \ud800 é é", "a"], capacity=3)
    again = RunningCounts.from_state(counts.to_state())
    assert counts.max_missed > 0
    for name, value in vars(counts).items():
        np.testing.assert_array_equal(getattr(again, name), value)
