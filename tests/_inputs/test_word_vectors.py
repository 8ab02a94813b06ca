"""Initial word vectors, compared with loops over counts and full decompositions."""

import numpy as np
import pytest

from seqsent._inputs.word_vectors import _NGRAM_SCALE, _SCALE, cooccurrence_tables
from seqsent._nn.model.ngrams import hash_ngrams

# words 1 and 2 have the contexts 5 and 6, words 3 and 4 the contexts 7 and 8
TEXTS = np.array(
    [[0, 5, 1, 6], [5, 2, 6, 0], [7, 3, 8, 0], [0, 7, 4, 8], [5, 1, 6, 0], [7, 4, 8, 0]],
    dtype=np.int32,
)


def word_vectors(ids, *size, **options):
    (vectors,) = cooccurrence_tables(ids, np.ones(len(ids)), *size, **options)
    return vectors


def cosine(vectors, a, b):
    return vectors[a] @ vectors[b] / np.linalg.norm(vectors[a]) / np.linalg.norm(vectors[b])


def count_contexts(ids, n_words):
    """Return the counts of words and contexts, weighted by 1 / distance."""
    counts = np.zeros((n_words, n_words))
    for row in ids:
        for i, word in enumerate(row):
            for j, context in enumerate(row):
                if word and context and 0 < abs(i - j) <= 5:
                    counts[word, context] += 1 / abs(i - j)
    return counts


def ppmi(ids, n_words):
    """Return the PPMI matrix of Levy, Goldberg & Dagan."""
    counts = count_contexts(ids, n_words)
    word_counts = counts.sum(axis=1)
    context_counts = counts.sum(axis=0) ** 0.75
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(counts * context_counts.sum() / np.outer(word_counts, context_counts))
    return np.where(pmi > 0, pmi, 0.0)


def test_vectors_of_full_rank_factorize_the_ppmi_matrix():
    """For a symmetric matrix M, W W' is the absolute value of M."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 9, size=(40, 12)).astype(np.int32)
    vectors = word_vectors(ids, 9, 10, seed=0)[1:, :8].astype(np.float64)
    matrix = ppmi(ids, 9)[1:, 1:]
    left, values, _ = np.linalg.svd(matrix)
    expected = (left * values) @ left.T
    found = vectors @ vectors.T
    np.testing.assert_allclose(found / found.trace(), expected / expected.trace(), atol=2e-5)
    assert np.sqrt((vectors**2).mean()) == pytest.approx(_SCALE)


def test_words_of_the_same_contexts_have_the_same_vector():
    vectors = word_vectors(TEXTS, 9, 2, seed=0)
    assert cosine(vectors, 1, 2) == pytest.approx(1, abs=1e-3)
    assert cosine(vectors, 3, 4) == pytest.approx(1, abs=1e-3)
    assert abs(cosine(vectors, 1, 3)) < 1e-3


def test_words_without_context_get_random_vectors():
    vectors = word_vectors(TEXTS, 12, 4, seed=0, oov_char=5)
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
    ids=["no words", "one word each", "one word each, padded", "one word"],
)
def test_too_few_words_for_a_decomposition(ids):
    vectors = word_vectors(ids, 5, 4, seed=0)
    assert vectors.shape == (5, 4)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert vectors[3:].all()


def test_vectors_depend_on_the_seed():
    first, again, other = (word_vectors(TEXTS, 12, 4, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first[10] != other[10]).all()


def test_weight_of_two_equals_a_repeated_document():
    rng = np.random.default_rng(0)
    ids = rng.integers(1, 9, size=(30, 6)).astype(np.int32)
    twice = np.arange(30) < 10
    (found,) = cooccurrence_tables(ids, np.where(twice, 2e-300, 1e-300), 9, 10, seed=0)
    expected = word_vectors(np.vstack([ids, ids[twice]]), 9, 10, seed=0)
    uniform = word_vectors(ids, 9, 10, seed=0)
    for block in (np.s_[1:, :8], np.s_[1:, 8:]):
        found_block, expected_block = found[block], expected[block]
        np.testing.assert_allclose(
            found_block @ found_block.T, expected_block @ expected_block.T, atol=1e-5
        )
        assert abs(found_block @ found_block.T - uniform[block] @ uniform[block].T).max() > 0.01


def test_document_of_tiny_weight_is_ignored():
    (found,) = cooccurrence_tables(TEXTS, np.array([1, 1, 1, 1, 1e-300, 1e-300]), 9, 8, seed=0)
    expected = word_vectors(TEXTS[:4], 9, 8, seed=0)
    np.testing.assert_allclose(found[5:] @ found[5:].T, expected[5:] @ expected[5:].T, atol=1e-5)


def lsa_vectors(ids, n_words, rank):
    """Return the LSA vectors of Deerwester et al. from a full decomposition."""
    matrix = np.zeros((n_words, len(ids)))
    for text, row in enumerate(ids):
        for word in set(row.tolist()) - {0}:
            matrix[word, text] = 1 + np.log((row == word).sum())
    n_documents = (matrix > 0).sum(axis=1)
    matrix[1:] *= 1 + np.log(len(ids) / n_documents[1:, np.newaxis])
    left, values, _ = np.linalg.svd(matrix / np.linalg.norm(matrix, axis=0))
    vectors = left[1:, 1 : rank + 1] * np.sqrt(values[1 : rank + 1])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_last_quarter_of_the_dimensions_is_lsa():
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 9, size=(40, 12)).astype(np.int32)
    found = word_vectors(ids, 9, 12, seed=0)[1:, 9:].astype(np.float64)
    expected = _SCALE * np.sqrt(3) * lsa_vectors(ids, 9, 3)  # root mean square _SCALE
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-5)


def test_lsa_relates_distant_words_of_the_same_documents():
    """Words 1 and 2 occur in the same documents, outside the window; word 3 in the others."""
    rng = np.random.default_rng(0)
    ids = rng.integers(10, 40, size=(60, 30)).astype(np.int32)
    ids[:30, 0], ids[:30, -1], ids[30:, 0] = 1, 2, 3
    contexts, documents = np.split(word_vectors(ids, 40, 16, seed=0), [12], axis=1)
    assert cosine(documents, 1, 2) > 0.95
    assert cosine(documents, 1, 3) < 0
    assert abs(cosine(contexts, 1, 2)) < 0.5


def test_word_of_one_document_gets_no_lsa_vector():
    rng = np.random.default_rng(0)
    ids = rng.integers(2, 9, size=(40, 12)).astype(np.int32)
    ids[0, 0] = 1
    vectors = word_vectors(ids, 9, 12, seed=0)
    np.testing.assert_array_less(np.abs(vectors[1, 9:]), 0.05)  # random
    assert np.linalg.norm(vectors[2, 9:]) == pytest.approx(_SCALE * np.sqrt(3), rel=1e-5)


def ngram_ppmi(ids, n_words, max_n, n_rows):
    """Return the shrunken PPMI of n-gram rows and words."""
    counts, row_counts = np.zeros((n_rows, n_words)), np.zeros(n_rows)
    for n, rows in enumerate(hash_ngrams(np, ids, max_n, n_rows), start=2):
        for row, words in zip(rows, ids, strict=True):
            for last, hash_row in enumerate(row):
                row_counts[hash_row] += hash_row > 0
                for i, context in enumerate(words):
                    distance = max(i - last, last - n + 1 - i)  # to its nearer end
                    if hash_row and context and 0 < distance <= 5:
                        counts[hash_row, context] += 1 / distance
    context_counts = count_contexts(ids, n_words).sum(axis=0) ** 0.75
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(counts * context_counts.sum() / np.outer(counts.sum(axis=1), context_counts))
    known = row_counts >= 3
    shrinkage = np.where(known, row_counts / (row_counts + 5), 0)
    return np.where(pmi > 0, pmi, 0.0) * shrinkage[:, np.newaxis]


@pytest.mark.parametrize("max_n", [2, 3])
def test_ngram_vectors_are_projected_like_word_vectors(max_n):
    """An n-gram gets the vector of a word with the same contexts."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 9, size=(60, 12)).astype(np.int32)
    tables = cooccurrence_tables(ids, np.ones(60), 9, 10, seed=0, max_n=max_n, n_rows=40)
    words, ngrams = (table[:, :8] for table in tables)
    assert not tables[1][:, 8:].any()
    left, _, right = np.linalg.svd(ppmi(ids, 9)[1:, 1:])
    pmi = ngram_ppmi(ids, 9, max_n, 40)
    expected = pmi[:, 1:] @ (right.T @ left.T)
    found = (ngrams @ words[1:].T).astype(np.float64)
    scale = (found * expected).sum() / (expected**2).sum()
    np.testing.assert_allclose(found, scale * expected, atol=2e-4 * np.abs(found).max())
    assert (ngrams[0] == 0).all()
    is_known = ngrams.any(axis=1)
    assert is_known[pmi.any(axis=1)].all()
    assert np.sqrt((ngrams[is_known] ** 2).mean()) == pytest.approx(_NGRAM_SCALE)


@pytest.mark.parametrize("width", [1, 2, 3, 20])
def test_rare_ngrams_get_zero_vectors(width):
    ids = np.arange(1, 2 * width + 1, dtype=np.int32).reshape(2, width)
    words, ngrams = cooccurrence_tables(ids, np.ones(2), 64, 4, seed=0, max_n=3, n_rows=1000)
    assert words.shape == (64, 4)
    assert ngrams.shape == (1000, 4)
    assert not ngrams.any()
