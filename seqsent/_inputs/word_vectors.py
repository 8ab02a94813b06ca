"""Word vectors from the training texts themselves: which words stand near which others.

Three quarters of a vector are positive pointwise mutual information, reduced by a truncated
singular value decomposition, with the settings that Levy, Goldberg & Dagan 2015 found to matter
("Improving distributional similarity with lessons learned from word embeddings", TACL 3): nearer
words count more, rare contexts less, and the singular values enter with their square roots.

The last quarter tells in which texts words stand together, however far apart: latent semantic
analysis (Deerwester et al. 1990, "Indexing by latent semantic analysis", JASIS 41).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from .._nn.model.ngrams import hash_ngrams
from .._types import FloatArray, Ids

_WINDOW = 5  # words to each side; the d-th counts 1 / d
_CONTEXT_POWER = 0.75  # of the contexts' frequencies
_MOST_WORDS = 30_000  # with vectors of their own; of rarer ones too little is known
_SCALE = 0.2  # root mean square of the entries; Keras's uniform start has 0.03
_REACH = 0.05  # of that start, which the other words get
# of n-grams, whose vectors are added to those of words
_NGRAM_SCALE = 0.1
_NGRAM_CONTEXTS = 5_000  # the most frequent words
_FEWEST_NGRAMS = 3  # in a row of the table; other rows start as zeros
_DOUBT = 5  # so many n-grams say half of what very many would
_SMALLEST_VALUE = 1e-3  # of the largest; below are errors of rounding
_OF_TEXTS = 4  # one in so many entries tells of whole texts
_FEWEST_TEXTS = 2  # that a word stands in, to be known by them


def cooccurrence_tables(
    ids: Ids,
    weights: FloatArray,
    n_words: int,
    embed_dim: int,
    *,
    seed: int,
    skipped: int | None = None,
    max_n: int = 1,
    n_rows: int = 0,
) -> list[NDArray[np.float32]]:
    """Return vectors of words, and of n-grams, alike where they stand near the same words.

    Parameters
    ----------
    ids : ndarray of shape (n_texts, row_length), int32
        Word ids, 0 for padding.
    weights : ndarray of shape (n_texts,), float64
        How much each text counts; of words, 2 is the same as the text twice.
    n_words : int
        Rows of the words' table.
    embed_dim : int
        Length of a vector. Entries that the texts are too few for stay random, those of n-grams 0.
    seed : int
        Decides the vectors of words of which nothing is known, and the decomposition.
    skipped : int or None
        The id of unknown words, which have nothing in common.
    max_n, n_rows : int
        Words of the longest n-grams that have vectors, and the rows of their table.

    Returns
    -------
    list of ndarray, float32
        The table of words, of shape (n_words, embed_dim), and if ``max_n`` is above 1 that of
        n-grams, of shape (n_rows, embed_dim).
    """
    rng = np.random.default_rng([seed, n_words])
    table = rng.uniform(-_REACH, _REACH, size=(n_words, embed_dim)).astype(np.float32)
    tables = [table] if max_n == 1 else [table, np.zeros((n_rows, embed_dim), np.float32)]
    words, places = _most_frequent(ids, n_words, skipped)
    weights = weights / weights.max()
    n_near = embed_dim - embed_dim // _OF_TEXTS
    shares, vectors, values, contexts = _vectors_of_neighbours(
        places, weights, len(words), n_near, seed
    )
    rank = len(values)
    if not rank:
        return tables
    known = vectors.any(axis=1)
    table[words[known], :rank] = _scaled(vectors[known] * np.sqrt(values), _SCALE)
    of_texts = _vectors_of_texts(places, weights, len(words), embed_dim - n_near, seed)
    known = of_texts.any(axis=1)
    table[words[known], n_near : n_near + of_texts.shape[1]] = _scaled(of_texts[known], _SCALE)
    if max_n > 1:
        # what makes the words' vectors of their information makes those of n-grams of theirs
        values = np.sqrt(values) / np.maximum(values, _SMALLEST_VALUE * values[0])
        rows, information = _ngram_information(ids, places, weights, shares, max_n, n_rows)
        of_contexts = (contexts[:, : information.shape[1]] * values[:, np.newaxis]).T
        tables[1][rows, :rank] = _scaled(information @ of_contexts, _NGRAM_SCALE)
    return tables


def _vectors_of_neighbours(
    places: NDArray[np.int32], weights: FloatArray, n_words: int, rank: int, seed: int
) -> tuple[NDArray[Any], ...]:
    """Decompose how words stand near each other, their information about their neighbours.

    Returns
    -------
    shares : ndarray of shape (n_words,)
        Of each word as a neighbour.
    vectors : ndarray of shape (n_words, rank)
    values : ndarray of shape (rank,)
    contexts : ndarray of shape (rank, n_words)
        The decomposition, whose product is the information; of rank 0 where there is none.
    """
    counts = csr_array((n_words, n_words), dtype=np.float32)
    for distance in range(1, min(_WINDOW, places.shape[1] - 1) + 1):
        counts += _count(places[:, :-distance], places[:, distance:], weights / distance, counts)
    counts = counts + counts.T
    of_contexts = counts.sum(axis=1, dtype=np.float64) ** _CONTEXT_POWER
    shares = of_contexts / max(of_contexts.sum(), 1.0)
    information = _positive_information(counts, shares)
    rank = min(rank, n_words) if information.nnz else 0
    if not rank:
        nothing = np.zeros((n_words, 0), np.float32)
        return shares, nothing, np.zeros(0, np.float32), nothing.T
    return shares, *_decomposed(information, rank, seed)


def _vectors_of_texts(
    places: NDArray[np.int32], weights: FloatArray, n_words: int, rank: int, seed: int
) -> NDArray[np.float32]:
    """Return vectors of length 1 that are alike where words stand in the same texts.

    They have ``rank`` entries, or as many as the texts are enough for. Those of words of too few
    texts are zeros.
    """
    says = weights > np.finfo(np.float32).eps
    places, weights = places[says], weights[says]
    rank = min(rank, n_words - 1, len(places) - 1)
    if rank < 1:
        return np.zeros((n_words, 0), np.float32)
    matrix = _count_in_texts(places, n_words)
    n_texts = np.diff(matrix.indptr)
    rarity = 1 + np.log(weights.sum() / np.maximum(matrix.astype(bool) @ weights, weights.min()))
    matrix.data = (1 + np.log(matrix.data)) * np.repeat(rarity.astype(np.float32), n_texts)
    scales = np.sqrt(weights / np.maximum(matrix.power(2).sum(axis=0), 1))  # to length 1
    matrix.data *= scales.astype(np.float32)[matrix.indices]
    vectors, values, _ = _decomposed(matrix, rank + 1, seed)
    vectors = (vectors * np.sqrt(values))[:, 1:]  # the first says how frequent a word is
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    known = (n_texts[:, np.newaxis] >= _FEWEST_TEXTS) & (lengths > _SMALLEST_VALUE * lengths.max())
    return np.divide(vectors, lengths, where=known, out=np.zeros_like(vectors))


def _count_in_texts(places: NDArray[np.int32], n_words: int) -> csr_array:
    """Return how often each word, a row, stands in each text, a column."""
    is_known = places >= 0
    ends = np.concatenate([[0], is_known.sum(axis=1).cumsum()]).astype(np.int32)
    ones = np.ones(ends[-1], np.float32)
    by_text = csr_array((ones, places[is_known], ends), (len(places), n_words))
    by_text.sum_duplicates()
    return by_text.T.tocsr()


def _decomposed(matrix: csr_array, rank: int, seed: int) -> tuple[NDArray[np.float32], ...]:
    """Return a truncated singular value decomposition."""
    with threadpool_limits(1):  # or else the number of threads would show in the last digits
        vectors, values, others = randomized_svd(matrix, rank, n_iter=3, random_state=seed)
    return vectors, values, others


def _most_frequent(
    ids: Ids, n_words: int, skipped: int | None
) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Return the most frequent words' ids, and of each word its place among them, or -1."""
    frequencies = np.bincount(ids.ravel(), minlength=n_words)[:n_words]
    frequencies[[0] if skipped is None or skipped >= n_words else [0, skipped]] = 0
    n_known = min(_MOST_WORDS, np.count_nonzero(frequencies))
    words = np.argsort(-frequencies, kind="stable")[:n_known]
    place = np.full(max(n_words, int(ids.max(initial=0)) + 1), -1, dtype=np.int32)
    place[words] = np.arange(len(words))
    return words, place[ids]


def _count(
    first: NDArray[np.int32], second: NDArray[np.int32], weights: FloatArray, like: csr_array
) -> csr_array:
    """Return how often, by weights of texts, what stands in both belongs together.

    ``first`` and ``second`` are of shape (n_texts, n_positions), negative where nothing is to
    be counted; the result has the shape of ``like``.
    """
    both = (first >= 0) & (second >= 0)
    shares = np.repeat(weights.astype(np.float32), both.sum(axis=1))
    return coo_array((shares, (first[both], second[both])), shape=like.shape).tocsr()


def _positive_information(counts: csr_array, of_contexts: FloatArray) -> csr_array:
    """Turn counts into the positive pointwise mutual information of rows and contexts, in nats."""
    counts.eliminate_zeros()  # of texts that weigh next to nothing
    of_rows = counts.sum(axis=1)
    values = counts.data  # in place: there are tens of millions
    values /= np.repeat(of_rows, np.diff(counts.indptr))
    values /= of_contexts.astype(np.float32)[counts.indices]
    np.log(values, out=values)
    np.maximum(values, 0, out=values)
    counts.eliminate_zeros()
    return counts


def _ngram_information(
    ids: Ids,
    places: NDArray[np.int32],
    weights: FloatArray,
    of_contexts: FloatArray,
    max_n: int,
    n_rows: int,
) -> tuple[NDArray[np.intp], csr_array]:
    """Return rows of the n-grams' table, and their information about the words around them."""
    hashed = hash_ngrams(np, ids, max_n, n_rows)
    frequencies = np.bincount(np.concatenate(hashed, axis=None), minlength=n_rows)
    frequencies[0] = 0
    kept = np.flatnonzero(frequencies >= _FEWEST_NGRAMS)
    place = np.full(n_rows, -1, dtype=np.int32)
    place[kept] = np.arange(len(kept))
    n_contexts = min(_NGRAM_CONTEXTS, len(of_contexts))
    contexts = np.where(places < n_contexts, places, -1)
    counts = csr_array((len(kept), n_contexts), dtype=np.float32)
    for n, rows in enumerate(hashed, start=2):
        ngrams = place[rows]
        for distance in range(1, _WINDOW + 1):
            for behind in (distance, 1 - n - distance):
                at, near = _shifted(ngrams, contexts, behind)
                counts += _count(at, near, weights / distance, counts)
    information = _positive_information(counts, of_contexts[:n_contexts])
    trust = frequencies[kept] / (frequencies[kept] + _DOUBT)
    return kept, information * trust[:, np.newaxis].astype(np.float32)


def _shifted(
    first: NDArray[np.int32], second: NDArray[np.int32], by: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return columns of both so that those of the second lay ``by`` behind those of the first."""
    n = first.shape[1] - abs(by)
    if n <= 0:
        return first[:, :0], second[:, :0]
    return (first[:, :n], second[:, by:]) if by > 0 else (first[:, -by:], second[:, :n])


def _scaled(vectors: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """Return vectors with this root mean square of all entries of those that are not zero."""
    n_entries = vectors.any(axis=1).sum() * vectors.shape[1]
    return vectors * np.float32(scale / np.sqrt((vectors**2).sum() / max(n_entries, 1) or 1.0))
