"""Batches lose no text, cut no word, and are the same for the same seed."""

import numpy as np
import pytest

from seqsent._nn.batches import (
    Batches,
    align_right,
    choose_width_of_part,
    choose_widths,
    count_words,
    prediction_batches,
)


def make_rows(n_texts=50, row_length=40, seed=0, padding="pre"):
    """Rows whose first word names the text: its number + 1."""
    rng = np.random.default_rng(seed)
    ids = np.zeros((n_texts, row_length), dtype=np.int32)
    for i, length in enumerate(rng.integers(1, row_length + 1, size=n_texts)):
        words = np.append(i + 1, rng.integers(1000, 2000, size=length - 1))
        ids[i] = np.pad(
            words, (row_length - length, 0) if padding == "pre" else (0, row_length - length)
        )
    return ids


def texts_of(ids):
    return [row[row != 0].tolist() for row in ids]


def test_align_right_keeps_words_in_order():
    ids = np.array([[1, 0, 2, 0], [0, 0, 3, 4], [0, 0, 0, 0], [5, 6, 7, 8]], dtype=np.int32)
    expected = [[0, 0, 1, 2], [0, 0, 3, 4], [0, 0, 0, 0], [5, 6, 7, 8]]
    np.testing.assert_array_equal(align_right(ids), expected)


def test_align_right_copies_nothing_where_nothing_moves():
    ids = make_rows()
    assert align_right(ids) is ids


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("widths", [None, (40,), (16, 32, 48)])
@pytest.mark.parametrize("padding", ["pre", "post"])
def test_each_epoch_holds_each_text_once(padding, widths, shuffle):
    ids = make_rows(padding=padding)
    targets = np.arange(50, dtype=np.int32)
    weights = np.linspace(1, 2, 50, dtype=np.float32)
    rng = np.random.default_rng(0) if shuffle else None
    batches = Batches(ids, targets, weights, 16, widths, rng)
    orders = []
    for _ in range(2):
        seen = []
        for x, y, w in batches:
            assert x.shape[0] == 16
            assert x.shape[1] in (widths or (40,))
            real = w > 0
            for text, target, weight in zip(texts_of(x[real]), y[real, 0], w[real], strict=True):
                assert text == texts_of(ids[target : target + 1])[0]
                assert weight == weights[target]
                seen.append(int(target))
            assert not x[~real].any()
        assert sorted(seen) == list(range(50))
        orders.append(seen)
        batches.on_epoch_end()
    assert (orders[0] == list(range(50))) is not shuffle
    assert (orders[0] == orders[1]) is not shuffle


def test_same_seed_same_batches():
    ids = make_rows()
    arguments = ids, np.arange(50), np.ones(50, dtype=np.float32), 16, (16, 40)
    first, second = (Batches(*arguments, np.random.default_rng(1)) for _ in range(2))
    for (x, y, _), (x2, y2, _) in zip(first, second, strict=True):
        np.testing.assert_array_equal(x, x2)
        np.testing.assert_array_equal(y, y2)


def test_texts_of_similar_length_share_batches_and_batches_stay_random():
    ids = make_rows(n_texts=640)
    lengths = count_words(ids)
    data = ids, np.arange(640), np.ones(640, np.float32), 64
    batches = Batches(*data, (8, 16, 24, 32, 40), np.random.default_rng(0))
    area = sum(x.size for x, _, _ in batches)
    assert area < 0.75 * ids.size
    one_width = Batches(*data, (40,), np.random.default_rng(0))
    longest = [count_words(x).max() for x, _, _ in one_width]
    assert np.mean(longest) < 0.75 * 40  # reading begins at the first word of any text
    means = [lengths[y[:, 0]].mean() for _, y, _ in batches]
    assert sorted(means) != means


def test_small_data_make_small_batches():
    ids = make_rows(n_texts=5)
    batches = Batches(ids, np.arange(5), np.ones(5, dtype=np.float32), 128, None)
    assert [x.shape for x, _, _ in batches] == [(8, 40)]


def test_few_steps_get_one_width_and_many_some():
    lengths = np.arange(1, 251)
    assert choose_widths(lengths, n_steps=10) == (256,)
    assert choose_widths(lengths // 2, n_steps=10) == (128,)
    many = choose_widths(lengths, n_steps=10_000)
    assert many[-1] == 256
    assert 3 <= len(many) <= 6
    assert choose_widths(np.zeros(3, dtype=int), n_steps=10) == (16,)
    assert choose_widths(np.array([2]), n_steps=10) == (16,)


@pytest.mark.parametrize(
    ("longest", "width"), [(0, 16), (16, 16), (17, 32), (33, 64), (70, 96), (90, 96)]
)
def test_parts_of_any_longest_text_share_few_widths(longest, width):
    ids = np.zeros((3, 90), dtype=np.int32)
    ids[1, 90 - longest :] = 5
    assert choose_width_of_part(ids) == width


@pytest.mark.parametrize("n_texts", [0, 1, 5, 9, 700])
@pytest.mark.parametrize("trim", [False, True])
def test_predictions_come_back_to_their_rows(trim, n_texts):
    ids = make_rows(n_texts=n_texts, row_length=70, padding="post")
    found = np.full(n_texts, -1)
    shapes = set()
    for rows, batch in prediction_batches(ids, trim):
        assert texts_of(batch[: len(rows)]) == texts_of(ids[rows])
        assert not batch[len(rows) :].any()
        found[rows] = rows
        shapes.add(batch.shape)
    np.testing.assert_array_equal(found, np.arange(n_texts))
    assert len(shapes) == bool(n_texts)  # one compilation serves all
    assert {rows for rows, _ in shapes} <= {1, 8, 64, 128}
    assert {width for _, width in shapes} <= ({16, 64, 80} if trim else {70})
