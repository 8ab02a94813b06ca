"""Probabilities after each token of a text."""

from typing import Any

import numpy as np
import pandas as pd

from .._types import Ids
from ._docstrings import fill_docstring
from ._estimators import split_estimator


@fill_docstring
def running_sentiment(estimator: Any, text: Any) -> pd.DataFrame:
    """Return the probability of each class after each token of a text.

    The classifier predicts every prefix of the text as a text of its own. Therefore the
    probabilities are also meaningful for bidirectional and pooled networks.

    Parameters
    ----------
    {estimator}
    {text}

    Returns
    -------
    pandas.DataFrame
        One row per token, ``[START]`` included, with the tokens in the index ``word``, and one
        column of probabilities per class. The row of the last token that the network reads
        equals ``predict_proba`` of the text.
        {marked_tokens}

    Raises
    ------
    {estimator_errors}
    ValueError
        If ``text`` has several texts.

    See Also
    --------
    RunningSentimentDisplay : Draws the probabilities.
    token_attributions : Scores of the tokens for the final prediction.

    Notes
    -----
    If ``maxlen`` cuts the beginning of a text, the first prefix is the first token that the
    vectorizer keeps. Prefixes are padded on the side on which the vectorizer pads, which has an
    effect only with ``mask_padding=False``.

    Examples
    --------
    {example_pipeline}
    >>> from seqsent.inspection import running_sentiment
    >>> probabilities = running_sentiment(pipeline, "The plot was not good")
    >>> probabilities.shape
    (6, 2)
    >>> probabilities.columns.to_list()
    [0, 1]
    """
    parts = split_estimator(estimator)
    texts = parts.encode_one(text)
    classes = parts.classifier.classes_
    probabilities = np.empty((0, len(classes)))
    if len(texts.token_indices[0]):
        row = texts.ids[0]
        probabilities = parts.predict_proba(_prefixes(row, _pads_post(parts.vectorizer, row)))
    return pd.DataFrame(
        texts.align(0, probabilities),
        index=pd.Index(texts.tokens[0], name="word", dtype=object),
        columns=pd.Index(classes, name="class"),
    )


def _pads_post(vectorizer: Any, row: Ids) -> bool:
    """Return whether rows are padded at their end, judged by the row without a vectorizer."""
    padding = getattr(vectorizer, "padding", None)
    return bool(row[-1] == 0) if padding is None else padding == "post"


def _prefixes(row: Ids, pads_post: bool) -> Ids:
    """Return one row for each prefix of the words in a row, the shortest first."""
    ends = np.flatnonzero(row) + 1
    rows = np.zeros((len(ends), len(row)), dtype=np.int32)
    for prefix, end in zip(rows, ends, strict=True):
        start = 0 if pads_post else len(row) - end
        prefix[start : start + end] = row[:end]
    rows[-1] = row
    return rows
