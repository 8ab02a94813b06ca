"""Batches for training and prediction."""

import numpy as np
import pytest

from seqsent._nn.batches import (
    Batches,
    align_right,
    choose_chunk_width,
    choose_widths,
    count_words,
    prediction_batches,
)


def make_rows(n_samples=50, maxlen=40, seed=0, padding="pre"):
    """Return rows of random lengths, in which the first word is the number of the row plus 1."""
    rng = np.random.default_rng(seed)
    ids = np.zeros((n_samples, maxlen), dtype=np.int32)
    for i, length in enumerate(rng.integers(1, maxlen + 1, size=n_samples)):
        words = np.append(i + 1, rng.integers(1000, 2000, size=length - 1))
        ids[i] = np.pad(words, (maxlen - length, 0) if padding == "pre" else (0, maxlen - length))
    return ids


def words_of(ids):
    return [row[row != 0].tolist() for row in ids]


def make_batches(ids, batch_size, widths, seed=0):
    """Return shuffled batches with row numbers as targets."""
    weights = np.ones(len(ids), dtype=np.float32)
    batches = Batches(ids, np.arange(len(ids)), weights, batch_size, widths)
    batches.shuffle(np.random.default_rng(seed))
    return batches


def test_align_right_keeps_the_order_of_words():
    ids = np.array([[1, 0, 2, 0], [0, 0, 3, 4], [0, 0, 0, 0], [5, 6, 7, 8]], dtype=np.int32)
    expected = [[0, 0, 1, 2], [0, 0, 3, 4], [0, 0, 0, 0], [5, 6, 7, 8]]
    np.testing.assert_array_equal(align_right(ids), expected)


def test_align_right_does_not_copy_aligned_rows():
    ids = make_rows()
    assert align_right(ids) is ids


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("widths", [None, (40,), (16, 32, 48)])
@pytest.mark.parametrize("padding", ["pre", "post"])
def test_each_epoch_contains_each_document_once(padding, widths, shuffle):
    ids = make_rows(padding=padding)
    targets = np.arange(50, dtype=np.int32)
    weights = np.linspace(1, 2, 50, dtype=np.float32)
    rng = np.random.default_rng(0)
    batches = Batches(ids, targets, weights, 16, widths)
    orders = []
    for _ in range(2):
        seen = []
        if shuffle:
            batches.shuffle(rng)
        for x, y, w in batches:
            assert x.shape[0] == 16
            assert x.shape[1] in (widths or (40,))
            real = w > 0
            for words, target, weight in zip(words_of(x[real]), y[real], w[real], strict=True):
                assert words == words_of(ids[target : target + 1])[0]
                assert weight == weights[target]
                seen.append(int(target))
            assert not x[~real].any()
        assert sorted(seen) == list(range(50))
        orders.append(seen)
    assert (orders[0] == list(range(50))) is not shuffle
    assert (orders[0] == orders[1]) is not shuffle


def test_same_seed_gives_the_same_batches():
    first, second = (make_batches(make_rows(), 16, (16, 40), seed=1) for _ in range(2))
    for (x, y, _), (x2, y2, _) in zip(first, second, strict=True):
        np.testing.assert_array_equal(x, x2)
        np.testing.assert_array_equal(y, y2)


def test_batches_hold_documents_of_similar_length():
    ids = make_rows(n_samples=640)
    trimmed = make_batches(ids, 64, (8, 16, 24, 32, 40))
    assert sum(x.size for x, _, _ in trimmed) < 0.75 * ids.size
    longest = [count_words(x).max() for x, _, _ in make_batches(ids, 64, (40,))]
    assert np.mean(longest) < 0.75 * 40


def test_order_of_batches_is_random():
    ids = make_rows(n_samples=640)
    lengths = count_words(ids)
    means = [lengths[y].mean() for _, y, _ in make_batches(ids, 64, (40,))]
    assert sorted(means) != means


def test_batch_size_is_reduced_for_few_documents():
    ids = make_rows(n_samples=5)
    batches = Batches(ids, np.arange(5), np.ones(5, dtype=np.float32), 128, None)
    assert [x.shape for x, _, _ in batches] == [(8, 40)]


@pytest.mark.parametrize(
    ("lengths", "width"), [(np.arange(1, 251), 256), (np.arange(125), 128), ([0, 0], 16), ([2], 16)]
)
def test_short_training_has_one_width(lengths, width):
    assert choose_widths(np.array(lengths), n_steps=10) == (width,)


def test_long_training_has_several_widths():
    widths = choose_widths(np.arange(1, 251), n_steps=10_000)
    assert widths == (96, 176, 256)  # the thirds 84, 167, 250, rounded up to multiples of 16


@pytest.mark.parametrize(
    ("longest", "width"), [(0, 16), (16, 16), (17, 32), (33, 64), (70, 96), (90, 96)]
)
def test_chunk_width_is_a_power_of_two(longest, width):
    ids = np.zeros((3, 90), dtype=np.int32)
    ids[1, 90 - longest :] = 5
    assert choose_chunk_width(ids) == width


@pytest.mark.parametrize("n_samples", [0, 1, 5, 9, 700])
@pytest.mark.parametrize("mask_padding", [False, True])
def test_prediction_batches_contain_each_document_once(mask_padding, n_samples):
    ids = make_rows(n_samples=n_samples, maxlen=70, padding="post")
    found = np.full(n_samples, -1)
    shapes = set()
    for rows, batch in prediction_batches(ids, mask_padding=mask_padding):
        assert words_of(batch[: len(rows)]) == words_of(ids[rows])
        assert not batch[len(rows) :].any()
        found[rows] = rows
        shapes.add(batch.shape)
    np.testing.assert_array_equal(found, np.arange(n_samples))
    assert len(shapes) == bool(n_samples)  # one program serves all batches
    assert {rows for rows, _ in shapes} <= {1, 8, 64, 128}
    assert {width for _, width in shapes} <= ({16, 64, 80} if mask_padding else {70})
