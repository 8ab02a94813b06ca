"""How the verdict forms."""

from typing import Any

import numpy as np
import pandas as pd

from .._types import Ids
from ._estimators import inspect_estimator
from ._prose import shares_prose


@shares_prose
def running_sentiment(estimator: Any, text: Any) -> pd.DataFrame:
    """Return the probability of each class after each word of a text.

    The classifier predicts the beginning of the text up to each word, as if it ended there.
    That is what a verdict is also for a bidirectional or pooled network, which has no state
    that knows the first words only.

    Parameters
    ----------
    {estimator}
    {text}

    Returns
    -------
    pandas.DataFrame
        One row per word, the mark of the start included; the index ``word`` holds the words.
        One column per class, of probabilities; the row of the last word that is read is
        ``predict_proba`` of the text.
        {marked_words}

    Raises
    ------
    {other_estimator}
    ValueError
        If there are several texts.
    {not_fitted}

    See Also
    --------
    RunningSentimentDisplay : Draws the frame.
    token_attributions : Which words decided the final verdict.

    Notes
    -----
    Of a text that is longer than a row, the words that the network sees are what counts: the
    first verdict is at the first word that the vectorizer kept. The beginnings are padded on the
    side on which the vectorizer pads, which matters with ``mask_padding=False`` alone.

    Examples
    --------
    >>> from seqsent import make_sentiment_pipeline
    >>> from seqsent.datasets import make_reviews
    >>> from seqsent.inspection import running_sentiment
    >>> texts, labels = make_reviews(200, return_X_y=True, random_state=0)
    >>> pipeline = make_sentiment_pipeline("gru", maxlen=40, epochs=1, random_state=0)
    >>> verdicts = running_sentiment(pipeline.fit(texts, labels), "The plot was not good")
    >>> verdicts.shape
    (6, 2)
    >>> verdicts.columns.to_list()
    [0, 1]
    """
    inspected = inspect_estimator(estimator)
    texts = inspected.read_one(text)
    classes = inspected.classifier.classes_
    probabilities = np.empty((0, len(classes)))
    if len(texts.places[0]):
        rows = _beginnings(texts.ids[0], _pads_behind(inspected.vectorizer, texts.ids[0]))
        probabilities = inspected.predict_proba(rows)
    return pd.DataFrame(
        texts.spread(0, probabilities),
        index=pd.Index(texts.words[0], name="word", dtype=object),
        columns=pd.Index(classes, name="class"),
    )


def _pads_behind(vectorizer: Any, row: Ids) -> bool:
    """Return whether padding belongs behind the words; the row tells where no vectorizer does."""
    padding = getattr(vectorizer, "padding", None)
    return bool(row[-1] == 0) if padding is None else padding == "post"


def _beginnings(row: Ids, pads_behind: bool) -> Ids:
    """Return one row for the words up to each, the whole text last."""
    places = np.flatnonzero(row)
    rows = np.zeros((len(places), len(row)), dtype=np.int32)
    for beginning, end in zip(rows, places + 1, strict=True):
        start = 0 if pads_behind else len(row) - end
        beginning[start : start + end] = row[:end]
    rows[-1] = row
    return rows
