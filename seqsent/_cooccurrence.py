"""Word vectors from the training texts themselves: which words stand near which others.

Positive pointwise mutual information, reduced by a truncated singular value decomposition, with
the settings that Levy, Goldberg & Dagan 2015 found to matter ("Improving distributional
similarity with lessons learned from word embeddings", TACL 3): nearer words count more, rare
contexts less, and the singular values enter with their square roots.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from ._types import FloatArray, Ids

_WINDOW = 5  # words to each side; the d-th counts 1 / d
_CONTEXT_POWER = 0.75  # of the contexts' frequencies
_MOST_WORDS = 30_000  # with vectors of their own; of rarer ones too little is known
_SCALE = 0.2  # root mean square of the entries; Keras's uniform start has 0.03
_REACH = 0.05  # of that start, which the other words get


def cooccurrence_vectors(
    ids: Ids,
    weights: FloatArray,
    n_words: int,
    embed_dim: int,
    *,
    seed: int,
    skipped: int | None = None,
) -> NDArray[np.float32]:
    """Return vectors of words in which those are alike that stand near the same words.

    Parameters
    ----------
    ids : ndarray of shape (n_texts, row_length), int32
        Word ids, 0 for padding.
    weights : ndarray of shape (n_texts,), float64
        How much each text counts; 2 is the same as the text twice.
    n_words : int
        Rows of the table.
    embed_dim : int
        Length of a vector. Entries that the texts are too few for stay random.
    seed : int
        Decides the vectors of words of which nothing is known, and the decomposition.
    skipped : int or None
        The id of unknown words, which have nothing in common.

    Returns
    -------
    ndarray of shape (n_words, embed_dim), float32
    """
    rng = np.random.default_rng([seed, n_words])
    table = rng.uniform(-_REACH, _REACH, size=(n_words, embed_dim)).astype(np.float32)
    frequencies = np.bincount(ids.ravel(), minlength=n_words)[:n_words]
    frequencies[[0] if skipped is None or skipped >= n_words else [0, skipped]] = 0
    n_known = min(_MOST_WORDS, np.count_nonzero(frequencies))
    words = np.argsort(-frequencies, kind="stable")[:n_known]
    place = np.full(max(n_words, int(ids.max(initial=0)) + 1), -1, dtype=np.int32)
    place[words] = np.arange(len(words))
    counts = _count_neighbours(place[ids], weights / weights.max(), len(words))
    information = _positive_information(counts)
    rank = min(embed_dim, len(words))
    if not information.nnz:
        return table
    with threadpool_limits(1):  # or else the number of threads would show in the last digits
        vectors, values, _ = randomized_svd(information, rank, n_iter=3, random_state=seed)
    vectors *= np.sqrt(values)
    known = vectors.any(axis=1)
    vectors *= _SCALE / np.sqrt((vectors[known] ** 2).mean())
    table[words[known], :rank] = vectors[known]
    return table


def _count_neighbours(places: NDArray[np.int32], weights: FloatArray, n: int) -> csr_array:
    """Return how often words stand near each other, of shape (n, n); places below 0 are none."""
    counts = csr_array((n, n), dtype=np.float32)
    for distance in range(1, min(_WINDOW, places.shape[1] - 1) + 1):
        first, second = places[:, :-distance], places[:, distance:]
        both = (first >= 0) & (second >= 0)
        shares = np.repeat((weights / distance).astype(np.float32), both.sum(axis=1))
        counts = counts + coo_array((shares, (first[both], second[both])), shape=(n, n)).tocsr()
    return counts + counts.T


def _positive_information(counts: csr_array) -> csr_array:
    """Return the positive pointwise mutual information of words and contexts, in nats."""
    of_words: FloatArray = counts.sum(axis=1, dtype=np.float64)
    of_contexts = of_words**_CONTEXT_POWER
    counts = counts.tocoo()
    row, column = counts.coords
    expected = of_words[row] * of_contexts[column] / max(of_contexts.sum(), 1.0)
    information = np.log(counts.data / expected)
    positive = information > 0
    kept = information[positive].astype(np.float32), (row[positive], column[positive])
    return coo_array(kept, shape=counts.shape).tocsr()
