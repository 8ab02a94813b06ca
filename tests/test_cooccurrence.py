"""Word vectors from the training texts, against counts and logarithms written out."""

import numpy as np
import pytest

from seqsent._cooccurrence import _SCALE, cooccurrence_vectors

# 1 and 2 stand near the same words (5, 6), 3 and 4 near others (7, 8)
TEXTS = np.array(
    [[0, 5, 1, 6], [5, 2, 6, 0], [7, 3, 8, 0], [0, 7, 4, 8], [5, 1, 6, 0], [7, 4, 8, 0]],
    dtype=np.int32,
)


def vectors_of(ids, *size, **options):
    return cooccurrence_vectors(ids, np.ones(len(ids)), *size, **options)


def positive_information(ids, n_words):
    """Return the matrix by loops, as Levy, Goldberg & Dagan define it."""
    counts = np.zeros((n_words, n_words))
    for row in ids:
        for i, word in enumerate(row):
            for j, context in enumerate(row):
                if word and context and 0 < abs(i - j) <= 5:
                    counts[word, context] += 1 / abs(i - j)
    of_words = counts.sum(axis=1)
    of_contexts = counts.sum(axis=0) ** 0.75
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.log(counts * of_contexts.sum() / np.outer(of_words, of_contexts))
    return np.where(information > 0, information, 0.0)


def test_products_are_the_positive_information():
    """With as many numbers as words, vectors keep all of the matrix: W W' is its absolute value."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 9, size=(40, 12)).astype(np.int32)
    vectors = vectors_of(ids, 9, 8, seed=0)[1:].astype(np.float64)
    matrix = positive_information(ids, 9)[1:, 1:]
    left, values, _ = np.linalg.svd(matrix)
    expected = (left * values) @ left.T
    found = vectors @ vectors.T
    np.testing.assert_allclose(found / found.trace(), expected / expected.trace(), atol=2e-5)
    assert np.sqrt((vectors**2).mean()) == pytest.approx(_SCALE)


def test_words_among_the_same_words_are_alike():
    vectors = vectors_of(TEXTS, 9, 2, seed=0)

    def cosine(a, b):
        return vectors[a] @ vectors[b] / np.linalg.norm(vectors[a]) / np.linalg.norm(vectors[b])

    assert cosine(1, 2) == pytest.approx(1, abs=1e-3)
    assert cosine(3, 4) == pytest.approx(1, abs=1e-3)
    assert abs(cosine(1, 3)) < 1e-3


def test_words_of_which_nothing_is_known_are_drawn():
    vectors = vectors_of(TEXTS, 12, 4, seed=0, skipped=5)
    unknown = vectors[[0, 5, 9, 10, 11]]
    assert (np.abs(unknown) <= 0.05).all()
    assert unknown.all()
    assert (np.linalg.norm(vectors[[1, 2, 3, 4]], axis=1) > 0.1).all()


@pytest.mark.parametrize(
    "ids",
    [
        np.zeros((3, 4), np.int32),
        np.array([[1], [2]], np.int32),
        np.array([[0, 1], [0, 2]], np.int32),
        np.array([[1, 1]], np.int32),
    ],
    ids=["no words", "one each", "one each, padded", "one word"],
)
def test_too_little_to_go_by(ids):
    vectors = vectors_of(ids, 5, 4, seed=0)
    assert vectors.shape == (5, 4)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert vectors[3:].all()


def test_the_seed_decides():
    first, again, other = (vectors_of(TEXTS, 12, 4, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first[10] != other[10]).all()


def test_a_text_that_counts_twice_is_the_text_twice():
    rng = np.random.default_rng(0)
    ids = rng.integers(1, 9, size=(30, 6)).astype(np.int32)
    twice = np.arange(30) < 10
    found = cooccurrence_vectors(ids, np.where(twice, 2e-300, 1e-300), 9, 8, seed=0)
    expected = vectors_of(np.vstack([ids, ids[twice]]), 9, 8, seed=0)
    np.testing.assert_allclose(found[1:] @ found[1:].T, expected[1:] @ expected[1:].T, atol=1e-5)
    assert abs(found - vectors_of(ids, 9, 8, seed=0)).max() > 0.01
