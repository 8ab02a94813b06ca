"""What the embedding learned."""

import difflib
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import normalize

from .._estimator.base import Interval, validated
from ._estimators import Inspected, inspect_estimator
from ._prose import shares_prose


@validated({"n": [Interval(Integral, 1, None, closed="left")]})
@shares_prose
def word_neighbors(estimator: Any, word: str | int, n: int = 10) -> pd.DataFrame:
    """Return the words whose vectors are most like that of a word.

    Parameters
    ----------
    {estimator}
    word : str or int
        A word as the vectorizer knows it, lower-cased in most cases. For a classifier
        without a vectorizer in front it is the id of a word.
    n : int, default=10
        How many neighbors.

    Returns
    -------
    pandas.DataFrame
        The nearest words first, the word itself left out. The index ``word`` holds the words,
        the column ``similarity`` the cosine of the angle between the vectors, in [-1, 1]. A
        smaller vocabulary gives fewer rows.

    Raises
    ------
    {other_estimator}
    ValueError
        If the word is not in the vocabulary; the message names the closest spellings.
    {not_fitted}

    Notes
    -----
    Words that training hardly saw keep vectors close to their random start, and so meet
    neighbors by chance.

    Examples
    --------
    >>> from seqsent import make_sentiment_pipeline
    >>> from seqsent.datasets import make_reviews
    >>> from seqsent.inspection import word_neighbors
    >>> texts, labels = make_reviews(1000, return_X_y=True, random_state=0)
    >>> pipeline = make_sentiment_pipeline("gru", maxlen=40, epochs=10, random_state=0)
    >>> word_neighbors(pipeline.fit(texts, labels), "dull", n=3).shape
    (3, 1)
    """
    inspected = inspect_estimator(estimator)
    ids = _known_words(inspected)
    if word not in ids:
        raise ValueError(_unknown_word_message(word, ids, inspected.vectorizer is not None))
    table = inspected.network.tables[0]
    vectors = normalize(table[list(ids.values())].astype(np.float64))
    words = list(ids)
    place = words.index(word)
    similarity = (vectors @ vectors[place]).clip(-1, 1)
    nearest = np.argsort(-similarity, kind="stable")
    nearest = nearest[nearest != place][:n]
    return pd.DataFrame(
        {"similarity": similarity[nearest]},
        index=pd.Index([str(words[i]) for i in nearest], name="word", dtype=object),
    )


def _known_words(inspected: Inspected) -> dict[Any, int]:
    """Return word -> id for the words in the embedding table, or id -> id without words."""
    n_words = inspected.classifier.n_words_
    if inspected.vectorizer is None:
        return {number: number for number in range(1, n_words)}
    numbers = np.arange(1, n_words)
    (words,) = inspected.vectorizer.inverse_transform([numbers])
    special = {"[START]", "[OOV]"}
    return {
        word: int(number)
        for word, number in zip(words, numbers, strict=True)
        if word not in special
    }


def _unknown_word_message(word: Any, ids: dict[Any, int], has_words: bool) -> str:
    if not has_words:
        return f"word={word!r} must be a word id from 1 to {len(ids)}: no vectorizer knows words."
    close = difflib.get_close_matches(str(word).lower(), map(str, ids), n=3)
    hint = f"The closest spellings are {close}." if close else "No word is spelled like it."
    return f"The word {word!r} is not among the {len(ids)} words of the vocabulary. {hint}"
