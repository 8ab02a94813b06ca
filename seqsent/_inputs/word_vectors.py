"""Initial word vectors from the training texts: words of similar contexts get similar vectors.

Three quarters of the dimensions describe the contexts of a word within a window of five words.
They are the positive pointwise mutual information (PPMI) of words and contexts, reduced by a
truncated singular value decomposition with the settings of Levy, Goldberg & Dagan 2015
("Improving distributional similarity with lessons learned from word embeddings", TACL 3): closer
contexts have a larger weight, context frequencies are smoothed, and vectors are scaled by the
square roots of the singular values.

The last quarter describes the documents that contain a word, by latent semantic analysis (LSA,
Deerwester et al. 1990, "Indexing by latent semantic analysis", JASIS 41).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from .._nn.model.ngrams import hash_ngrams
from .._types import FloatArray, Ids

_WINDOW = 5  # contexts on each side; distance d has the weight 1 / d
_CONTEXT_SMOOTHING = 0.75  # exponent of the context frequencies
_MAX_WORDS = 30_000  # the most frequent words; others keep their random vectors
_LSA_FRACTION = 4  # one in four dimensions
_MIN_DOCUMENTS = 2  # with the word, for LSA
_MIN_SINGULAR_VALUE = 1e-3  # relative to the largest; smaller ones are rounding errors
_SCALE = 0.2  # root mean square of the entries; 0.03 in Keras's uniform initializer
_UNIFORM_RANGE = 0.05  # of the random vectors, as in Keras's uniform initializer
_NGRAM_SCALE = 0.1
_MAX_NGRAM_CONTEXTS = 5_000
_MIN_NGRAM_COUNT = 3  # per row of the table
_NGRAM_SHRINKAGE = 5  # a row of n n-grams is multiplied by n / (n + 5)


def cooccurrence_tables(
    ids: Ids,
    weights: FloatArray,
    n_words: int,
    embed_dim: int,
    *,
    seed: int,
    oov_char: int | None = None,
    max_n: int = 1,
    n_rows: int = 0,
) -> list[NDArray[np.float32]]:
    """Return the word table and, if ``max_n > 1``, the n-gram table from co-occurrences of words.

    ``ids`` has the shape (n_samples, maxlen) and ``weights`` (n_samples,): a weight of 2 is
    equivalent to two copies of a document. The tables have the shapes (n_words, embed_dim) and
    (n_rows, embed_dim). ``oov_char``, words and n-grams without a context, and dimensions above the
    rank of the decomposition are random in the word table and zero in the n-gram table.
    """
    rng = np.random.default_rng([seed, n_words])
    table = rng.uniform(-_UNIFORM_RANGE, _UNIFORM_RANGE, (n_words, embed_dim)).astype(np.float32)
    tables = [table] if max_n == 1 else [table, np.zeros((n_rows, embed_dim), np.float32)]
    words, indices = _index_frequent_words(ids, n_words, oov_char)
    weights = weights / weights.max()
    lsa_start = embed_dim - embed_dim // _LSA_FRACTION
    context_probabilities, vectors, values, contexts = _context_vectors(
        indices, weights, len(words), lsa_start, seed
    )
    rank = len(values)
    if not rank:
        return tables
    is_known = vectors.any(axis=1)
    table[words[is_known], :rank] = _rescale(vectors[is_known] * np.sqrt(values), _SCALE)
    vectors = _document_vectors(indices, weights, len(words), embed_dim - lsa_start, seed)
    is_known = vectors.any(axis=1)
    columns = slice(lsa_start, lsa_start + vectors.shape[1])
    table[words[is_known], columns] = _rescale(vectors[is_known], _SCALE)
    if max_n > 1:
        # project the PPMI of n-grams to the space of the word vectors
        values = np.sqrt(values) / np.maximum(values, _MIN_SINGULAR_VALUE * values[0])
        rows, ppmi = _ngram_ppmi(ids, indices, weights, context_probabilities, max_n, n_rows)
        projection = (contexts[:, : ppmi.shape[1]] * values[:, np.newaxis]).T
        tables[1][rows, :rank] = _rescale(ppmi @ projection, _NGRAM_SCALE)
    return tables


def _context_vectors(
    indices: NDArray[np.int32], weights: FloatArray, n_words: int, rank: int, seed: int
) -> tuple[NDArray[Any], ...]:
    """Return context probabilities (n_words,) and the truncated SVD of the PPMI matrix.

    The SVD is (n_words, rank), (rank,) and (rank, n_words), with rank 0 if no word has a context.
    """
    counts = csr_array((n_words, n_words), dtype=np.float32)
    for distance in range(1, min(_WINDOW, indices.shape[1] - 1) + 1):
        pairs = indices[:, :-distance], indices[:, distance:]
        counts += _count_pairs(*pairs, weights / distance, counts.shape)
    counts = counts + counts.T
    frequencies = counts.sum(axis=1, dtype=np.float64) ** _CONTEXT_SMOOTHING
    probabilities = frequencies / max(frequencies.sum(), 1.0)
    ppmi = _ppmi(counts, probabilities)
    rank = min(rank, n_words) if ppmi.nnz else 0
    if not rank:
        empty = np.zeros((n_words, 0), np.float32)
        return probabilities, empty, np.zeros(0, np.float32), empty.T
    return probabilities, *_truncated_svd(ppmi, rank, seed)


def _document_vectors(
    indices: NDArray[np.int32], weights: FloatArray, n_words: int, rank: int, seed: int
) -> NDArray[np.float32]:
    """Return LSA vectors of length 1, and zeros for words of fewer than two documents.

    The shape is (n_words, rank), or (n_words, n_samples - 1) if there are few documents.
    """
    has_weight = weights > np.finfo(np.float32).eps
    indices, weights = indices[has_weight], weights[has_weight]
    rank = min(rank, n_words - 1, len(indices) - 1)
    if rank < 1:
        return np.zeros((n_words, 0), np.float32)
    matrix = _term_document_matrix(indices, n_words)
    n_documents = np.diff(matrix.indptr)
    frequencies = np.maximum(matrix.astype(bool) @ weights, weights.min())
    idf = (1 + np.log(weights.sum() / frequencies)).astype(np.float32)
    matrix.data = (1 + np.log(matrix.data)) * np.repeat(idf, n_documents)
    scales = np.sqrt(weights / np.maximum(matrix.power(2).sum(axis=0), 1))
    matrix.data *= scales.astype(np.float32)[matrix.indices]
    vectors, values, _ = _truncated_svd(matrix, rank + 1, seed)
    vectors = (vectors * np.sqrt(values))[:, 1:]  # the first dimension is the word frequency
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    is_known = lengths > _MIN_SINGULAR_VALUE * lengths.max()
    is_known &= n_documents[:, np.newaxis] >= _MIN_DOCUMENTS
    return np.divide(vectors, lengths, where=is_known, out=np.zeros_like(vectors))


def _term_document_matrix(indices: NDArray[np.int32], n_words: int) -> csr_array:
    """Return the count of each word (row) in each document (column)."""
    is_known = indices >= 0
    ends = np.concatenate([[0], is_known.sum(axis=1).cumsum()]).astype(np.int32)
    ones = np.ones(ends[-1], np.float32)
    by_document = csr_array((ones, indices[is_known], ends), (len(indices), n_words))
    by_document.sum_duplicates()
    return by_document.T.tocsr()


def _truncated_svd(matrix: csr_array, rank: int, seed: int) -> tuple[NDArray[np.float32], ...]:
    with threadpool_limits(1):  # the last digits depend on the number of threads
        left, values, right = randomized_svd(matrix, rank, n_iter=3, random_state=seed)
    return left, values, right


def _index_frequent_words(
    ids: Ids, n_words: int, oov_char: int | None
) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Return the ids of the most frequent words, and ``ids`` as indices into them or -1."""
    frequencies = np.bincount(ids.ravel(), minlength=n_words)[:n_words]
    frequencies[[0] if oov_char is None or oov_char >= n_words else [0, oov_char]] = 0
    n_frequent = min(_MAX_WORDS, np.count_nonzero(frequencies))
    words = np.argsort(-frequencies, kind="stable")[:n_frequent]
    index = np.full(max(n_words, int(ids.max(initial=0)) + 1), -1, dtype=np.int32)
    index[words] = np.arange(len(words))
    return words, index[ids]


def _count_pairs(
    rows: NDArray[np.int32], columns: NDArray[np.int32], weights: FloatArray, shape: tuple[int, int]
) -> csr_array:
    """Return the weighted counts of pairs (row, column) at equal positions.

    ``rows`` and ``columns`` have the shape (n_samples, n_positions). Negative indices are ignored.
    """
    is_pair = (rows >= 0) & (columns >= 0)
    data = np.repeat(weights.astype(np.float32), is_pair.sum(axis=1))
    return coo_array((data, (rows[is_pair], columns[is_pair])), shape=shape).tocsr()


def _ppmi(counts: csr_array, context_probabilities: FloatArray) -> csr_array:
    """Turn counts into positive pointwise mutual information in nats, in place."""
    counts.eliminate_zeros()  # documents with tiny weights
    row_sums = counts.sum(axis=1)
    values = counts.data
    values /= np.repeat(row_sums, np.diff(counts.indptr))
    values /= context_probabilities.astype(np.float32)[counts.indices]
    np.log(values, out=values)
    np.maximum(values, 0, out=values)
    counts.eliminate_zeros()
    return counts


def _ngram_ppmi(
    ids: Ids,
    indices: NDArray[np.int32],
    weights: FloatArray,
    context_probabilities: FloatArray,
    max_n: int,
    n_rows: int,
) -> tuple[NDArray[np.intp], csr_array]:
    """Return the frequent rows of the n-gram table, and their PPMI with the words around them."""
    hashed = hash_ngrams(np, ids, max_n, n_rows)
    frequencies = np.bincount(np.concatenate(hashed, axis=None), minlength=n_rows)
    frequencies[0] = 0
    frequent = np.flatnonzero(frequencies >= _MIN_NGRAM_COUNT)
    index = np.full(n_rows, -1, dtype=np.int32)
    index[frequent] = np.arange(len(frequent))
    n_contexts = min(_MAX_NGRAM_CONTEXTS, len(context_probabilities))
    contexts = np.where(indices < n_contexts, indices, -1)
    counts = csr_array((len(frequent), n_contexts), dtype=np.float32)
    for n, rows in enumerate(hashed, start=2):
        for distance in range(1, _WINDOW + 1):
            for offset in (distance, 1 - n - distance):  # after the last, before the first word
                pairs = _align(index[rows], contexts, offset)
                counts += _count_pairs(*pairs, weights / distance, counts.shape)
    ppmi = _ppmi(counts, context_probabilities[:n_contexts])
    shrinkage = frequencies[frequent] / (frequencies[frequent] + _NGRAM_SHRINKAGE)
    return frequent, ppmi * shrinkage[:, np.newaxis].astype(np.float32)


def _align(
    first: NDArray[np.int32], second: NDArray[np.int32], offset: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the columns of both arrays that are ``offset`` positions apart."""
    n = first.shape[1] - abs(offset)
    if n <= 0:
        return first[:, :0], second[:, :0]
    if offset > 0:
        return first[:, :n], second[:, offset:]
    return first[:, -offset:], second[:, :n]


def _rescale(vectors: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """Return vectors with this root mean square of the entries, without rows of zeros."""
    n_entries = vectors.any(axis=1).sum() * vectors.shape[1]
    return vectors * np.float32(scale / np.sqrt((vectors**2).sum() / max(n_entries, 1) or 1.0))
