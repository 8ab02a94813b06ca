"""Vectors from the training texts, against counts and logarithms written out."""

import numpy as np
import pytest

from seqsent._inputs.word_vectors import _NGRAM_SCALE, _SCALE, cooccurrence_tables
from seqsent._nn.model.ngrams import hash_ngrams

# 1 and 2 stand near the same words (5, 6), 3 and 4 near others (7, 8)
TEXTS = np.array(
    [[0, 5, 1, 6], [5, 2, 6, 0], [7, 3, 8, 0], [0, 7, 4, 8], [5, 1, 6, 0], [7, 4, 8, 0]],
    dtype=np.int32,
)


def vectors_of(ids, *size, **options):
    (vectors,) = cooccurrence_tables(ids, np.ones(len(ids)), *size, **options)
    return vectors


def cosine(vectors, a, b):
    return vectors[a] @ vectors[b] / np.linalg.norm(vectors[a]) / np.linalg.norm(vectors[b])


def neighbours(ids, n_words):
    """Return how often words stand near each other, nearer ones counting more, by loops."""
    counts = np.zeros((n_words, n_words))
    for row in ids:
        for i, word in enumerate(row):
            for j, context in enumerate(row):
                if word and context and 0 < abs(i - j) <= 5:
                    counts[word, context] += 1 / abs(i - j)
    return counts


def positive_information(ids, n_words):
    """Return the matrix by loops, as Levy, Goldberg & Dagan define it."""
    counts = neighbours(ids, n_words)
    of_words = counts.sum(axis=1)
    of_contexts = counts.sum(axis=0) ** 0.75
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.log(counts * of_contexts.sum() / np.outer(of_words, of_contexts))
    return np.where(information > 0, information, 0.0)


def test_products_are_the_positive_information():
    """With as many numbers as words, vectors keep all of the matrix: W W' is its absolute value."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 9, size=(40, 12)).astype(np.int32)
    vectors = vectors_of(ids, 9, 10, seed=0)[1:, :8].astype(np.float64)
    matrix = positive_information(ids, 9)[1:, 1:]
    left, values, _ = np.linalg.svd(matrix)
    expected = (left * values) @ left.T
    found = vectors @ vectors.T
    np.testing.assert_allclose(found / found.trace(), expected / expected.trace(), atol=2e-5)
    assert np.sqrt((vectors**2).mean()) == pytest.approx(_SCALE)


def test_words_among_the_same_words_are_alike():
    vectors = vectors_of(TEXTS, 9, 2, seed=0)
    assert cosine(vectors, 1, 2) == pytest.approx(1, abs=1e-3)
    assert cosine(vectors, 3, 4) == pytest.approx(1, abs=1e-3)
    assert abs(cosine(vectors, 1, 3)) < 1e-3


def test_words_of_which_nothing_is_known_are_drawn():
    vectors = vectors_of(TEXTS, 12, 4, seed=0, oov_id=5)
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
    (found,) = cooccurrence_tables(ids, np.where(twice, 2e-300, 1e-300), 9, 10, seed=0)
    expected = vectors_of(np.vstack([ids, ids[twice]]), 9, 10, seed=0)
    uniform = vectors_of(ids, 9, 10, seed=0)
    for part in (np.s_[1:, :8], np.s_[1:, 8:]):
        found_part, expected_part = found[part], expected[part]
        np.testing.assert_allclose(
            found_part @ found_part.T, expected_part @ expected_part.T, atol=1e-5
        )
        assert abs(found_part @ found_part.T - uniform[part] @ uniform[part].T).max() > 0.01


def test_a_text_that_weighs_next_to_nothing_says_nothing():
    (found,) = cooccurrence_tables(TEXTS, np.array([1, 1, 1, 1, 1e-300, 1e-300]), 9, 8, seed=0)
    expected = vectors_of(TEXTS[:4], 9, 8, seed=0)
    np.testing.assert_allclose(found[5:] @ found[5:].T, expected[5:] @ expected[5:].T, atol=1e-5)


def vectors_of_texts(ids, n_words, rank):
    """Return the vectors by loops and a whole decomposition, as Deerwester et al. have it."""
    matrix = np.zeros((n_words, len(ids)))
    for text, row in enumerate(ids):
        for word in set(row.tolist()) - {0}:
            matrix[word, text] = 1 + np.log((row == word).sum())
    n_texts = (matrix > 0).sum(axis=1)
    matrix[1:] *= 1 + np.log(len(ids) / n_texts[1:, np.newaxis])
    left, values, _ = np.linalg.svd(matrix / np.linalg.norm(matrix, axis=0))
    vectors = left[1:, 1 : rank + 1] * np.sqrt(values[1 : rank + 1])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_last_quarter_tells_in_which_texts_words_stand():
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 9, size=(40, 12)).astype(np.int32)
    found = vectors_of(ids, 9, 12, seed=0)[1:, 9:].astype(np.float64)
    expected = _SCALE * np.sqrt(3) * vectors_of_texts(ids, 9, 3)  # this root mean square
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-5)


def test_words_of_the_same_texts_are_alike_however_far_apart():
    """1 and 2 never stand within five words of each other, but in the same texts; 3 elsewhere."""
    rng = np.random.default_rng(0)
    ids = rng.integers(10, 40, size=(60, 30)).astype(np.int32)
    ids[:30, 0], ids[:30, -1], ids[30:, 0] = 1, 2, 3
    near, of_texts = np.split(vectors_of(ids, 40, 16, seed=0), [12], axis=1)
    assert cosine(of_texts, 1, 2) > 0.95
    assert cosine(of_texts, 1, 3) < 0
    assert abs(cosine(near, 1, 2)) < 0.5


def test_a_word_of_one_text_says_nothing_of_texts():
    rng = np.random.default_rng(0)
    ids = rng.integers(2, 9, size=(40, 12)).astype(np.int32)
    ids[0, 0] = 1
    vectors = vectors_of(ids, 9, 12, seed=0)
    np.testing.assert_array_less(np.abs(vectors[1, 9:]), 0.05)  # as it was drawn
    assert np.linalg.norm(vectors[2, 9:]) == pytest.approx(_SCALE * np.sqrt(3), rel=1e-5)


def ngram_information(ids, n_words, max_n, n_rows):
    """Return the matrix of rows of n-grams and words by loops."""
    counts, of_rows = np.zeros((n_rows, n_words)), np.zeros(n_rows)
    for n, rows in enumerate(hash_ngrams(np, ids, max_n, n_rows), start=2):
        for row, words in zip(rows, ids, strict=True):
            for last, place in enumerate(row):
                of_rows[place] += place > 0
                for i, context in enumerate(words):
                    distance = max(i - last, last - n + 1 - i)  # to its nearer end
                    if place and context and 0 < distance <= 5:
                        counts[place, context] += 1 / distance
    of_contexts = neighbours(ids, n_words).sum(axis=0) ** 0.75
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.log(counts * of_contexts.sum() / np.outer(counts.sum(axis=1), of_contexts))
    known = of_rows >= 3
    trust = np.where(known, of_rows / (of_rows + 5), 0)
    return np.where(information > 0, information, 0.0) * trust[:, np.newaxis]


@pytest.mark.parametrize("max_n", [2, 3])
def test_ngrams_lie_where_words_with_their_neighbours_would(max_n):
    """What turns a word's information into its vector turns an n-gram's into its own."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 9, size=(60, 12)).astype(np.int32)
    tables = cooccurrence_tables(ids, np.ones(60), 9, 10, seed=0, max_n=max_n, n_rows=40)
    words, ngrams = (table[:, :8] for table in tables)
    assert not tables[1][:, 8:].any()
    left, _, right = np.linalg.svd(positive_information(ids, 9)[1:, 1:])
    information = ngram_information(ids, 9, max_n, 40)
    expected = information[:, 1:] @ (right.T @ left.T)
    found = (ngrams @ words[1:].T).astype(np.float64)
    scale = (found * expected).sum() / (expected**2).sum()
    np.testing.assert_allclose(found, scale * expected, atol=2e-4 * np.abs(found).max())
    assert (ngrams[0] == 0).all()
    kept = ngrams.any(axis=1)
    assert kept[information.any(axis=1)].all()
    assert np.sqrt((ngrams[kept] ** 2).mean()) == pytest.approx(_NGRAM_SCALE)


@pytest.mark.parametrize("width", [1, 2, 3, 20])
def test_ngrams_of_few_texts_start_as_zeros(width):
    ids = np.arange(1, 2 * width + 1, dtype=np.int32).reshape(2, width)
    words, ngrams = cooccurrence_tables(ids, np.ones(2), 64, 4, seed=0, max_n=3, n_rows=1000)
    assert words.shape == (64, 4)
    assert ngrams.shape == (1000, 4)
    assert not ngrams.any()
