"""Nearest neighbors of word vectors."""

import difflib
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import normalize

from .._estimator.base import Interval, validated
from ._docstrings import fill_docstring
from ._estimators import EstimatorParts, split_estimator


@validated({"n": [Interval(Integral, 1, None, closed="left")]})
@fill_docstring
def word_neighbors(estimator: Any, word: str | int, n: int = 10) -> pd.DataFrame:
    """Return the words with the most similar word vectors.

    Parameters
    ----------
    {estimator}
    word : str or int
        A word of the vocabulary, in lower case for the default vectorizer. For a classifier
        without a vectorizer, the id of a word.
    n : int, default=10
        Number of neighbors. A smaller vocabulary gives fewer.

    Returns
    -------
    pandas.DataFrame
        One row per neighbor, the nearest first, with the words in the index ``word``. The column
        ``similarity`` is the cosine similarity, in [-1, 1].

    Raises
    ------
    {estimator_errors}
    ValueError
        If the word is not in the vocabulary. The message suggests similar spellings.

    Notes
    -----
    The vectors of rare words stay close to their initial values. With
    ``embedding_init="uniform"`` these are random, and so are the neighbors.

    Examples
    --------
    {example_pipeline}
    >>> from seqsent.inspection import word_neighbors
    >>> word_neighbors(pipeline, "dull", n=3).shape
    (3, 1)
    """
    parts = split_estimator(estimator)
    ids = _vocabulary(parts)
    if word not in ids:
        raise ValueError(_unknown_word_message(word, ids, parts.vectorizer is not None))
    table = parts.network.tables[0]
    vectors = normalize(table[list(ids.values())].astype(np.float64))
    words = list(ids)
    index = words.index(word)
    similarity = (vectors @ vectors[index]).clip(-1, 1)
    nearest = np.argsort(-similarity, kind="stable")
    nearest = nearest[nearest != index][:n]
    return pd.DataFrame(
        {"similarity": similarity[nearest]},
        index=pd.Index([str(words[i]) for i in nearest], name="word", dtype=object),
    )


def _vocabulary(parts: EstimatorParts) -> dict[Any, int]:
    """Return word -> id for the rows of the embedding table, or id -> id without a vectorizer."""
    ids = np.arange(1, parts.classifier.n_words_)
    if parts.vectorizer is None:
        return {int(word_id): int(word_id) for word_id in ids}
    (words,) = parts.vectorizer.inverse_transform([ids])
    special = {"[START]", "[OOV]"}
    pairs = zip(words, ids, strict=True)
    return {word: int(word_id) for word, word_id in pairs if word not in special}


def _unknown_word_message(word: Any, ids: dict[Any, int], has_vectorizer: bool) -> str:
    if not has_vectorizer:
        return (
            f"word={word!r} must be a word id from 1 to {len(ids)}, because the estimator has no "
            "vectorizer."
        )
    close = difflib.get_close_matches(str(word).lower(), map(str, ids), n=3)
    hint = f"The closest spellings are {close}." if close else "No word has a similar spelling."
    return f"The word {word!r} is not among the {len(ids)} words of the vocabulary. {hint}"
