"""Which words decided."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._estimator.base import StrOptions, validated
from .._types import Ids
from ._autodiff import VerdictFunction
from ._estimators import Inspected, inspect_estimator
from ._prose import shares_prose

Array = NDArray[np.float64]

_TEXTS_AT_ONCE = 16  # occlusion makes one row per word of these
_FEWEST_POINTS = 16
_MOST_POINTS = 1024
_COMPLETE = 0.005  # half of what the docstring promises, as float32 adds its part


@validated({"method": [StrOptions({"gradient", "occlusion", "integrated_gradients"})]})
@shares_prose
def token_attributions(
    estimator: Any,
    texts: Any,
    *,
    method: Literal["gradient", "occlusion", "integrated_gradients"] = "gradient",
    class_of_interest: Any = None,
) -> pd.DataFrame:
    r"""Return how much each word speaks for a class.

    Scores are parts of the log-odds of the class, the natural logarithm of p / (1 - p), p
    being its probability: positive where a word speaks for the class, negative where it
    speaks against it.

    Parameters
    ----------
    {estimator}
    {texts}
    method : {"gradient", "occlusion", "integrated_gradients"}, default="gradient"
        How words are scored.

        - "gradient" multiplies a word's vector by the gradient at it: the change of the
          verdict if the vector shrank to zero and the network were linear. It is the
          fastest.
        - "occlusion" is the difference that it makes to turn the word into padding, which
          the network skips (or reads as such, with ``mask_padding=False``).
        - "integrated_gradients" [1]_ adds up the gradients while all vectors of the text
          grow from zero to what they are. Its scores are complete: they sum to the log-odds
          of the text less those of a text of zero vectors, to 0.01.

    class_of_interest : label, default=None
        The class, one of ``classes_``. None takes the second of two classes, and of more
        than two the one that each text is predicted to be.

    Returns
    -------
    pandas.DataFrame
        One row per word, the mark of the start included. The columns are ``text``, the number
        of the text, ``position``, the number of the word in it, both from 0, ``word``,
        ``class`` and ``score``. A network with ``ngram_range`` beyond (1, 1) adds
        ``ngram_score``, but for "occlusion": the part of the score that the vectors of the
        n-grams have which end with the word.
        {marked_words}

    Raises
    ------
    {other_estimator}
    ValueError
        If there is no such method or class, or integrated gradients do not become complete.
    {not_fitted}

    See Also
    --------
    TokenAttributionDisplay : Shows the words in the colours of their scores.
    running_sentiment : The verdict after each word.

    References
    ----------
    .. [1] M. Sundararajan, A. Taly and Q. Yan, "Axiomatic attribution for deep networks",
       International Conference on Machine Learning, 2017, arXiv:1703.01365.

    Examples
    --------
    >>> from seqsent import make_sentiment_pipeline
    >>> from seqsent.datasets import make_reviews
    >>> from seqsent.inspection import token_attributions
    >>> texts, labels = make_reviews(200, return_X_y=True, random_state=0)
    >>> pipeline = make_sentiment_pipeline("gru", maxlen=40, epochs=1, random_state=0)
    >>> scores = token_attributions(pipeline.fit(texts, labels), ["Not good", "Dull"])
    >>> scores[["text", "position", "word", "class"]]
       text  position     word  class
    0     0         0  [START]      1
    1     0         1      not      1
    2     0         2     good      1
    3     1         0  [START]      1
    4     1         1     dull      1
    """
    inspected = inspect_estimator(estimator)
    read = inspected.read(texts)
    chosen = _choose_classes(inspected, read.ids, class_of_interest)
    verdict = VerdictFunction(inspected.network)
    if method == "occlusion":
        scores = {"score": _occlude(verdict, read.ids, chosen)}
    else:
        weigh = VerdictFunction.gradient if method == "gradient" else _integrate
        scores = _score_batches(verdict, read.ids, chosen, weigh)
    lengths = [len(words) for words in read.words]
    return pd.DataFrame(
        {
            "text": np.repeat(np.arange(len(lengths)), lengths),
            "position": np.concatenate([np.arange(length) for length in lengths]),
            "word": pd.Series([word for words in read.words for word in words], dtype=object),
            "class": np.repeat(inspected.classifier.classes_[chosen], lengths),
            **{
                name: np.concatenate([read.spread(*row) for row in enumerate(values)])
                for name, values in scores.items()
            },
        }
    )


def _choose_classes(inspected: Inspected, ids: Ids, class_of_interest: Any) -> NDArray[np.intp]:
    """Return the place of each text's class in ``classes_``."""
    classes = inspected.classifier.classes_
    if class_of_interest is not None:
        places = np.flatnonzero(classes == class_of_interest)
        if len(places) != 1:
            raise ValueError(
                f"class_of_interest={class_of_interest!r} is not among the classes "
                f"{classes.tolist()}."
            )
        return np.repeat(places, len(ids))
    if len(classes) == 2:
        return np.ones(len(ids), dtype=np.intp)
    return inspected.predict_proba(ids).argmax(axis=1)


def _score_batches(
    verdict: VerdictFunction,
    ids: Ids,
    chosen: NDArray[np.intp],
    weigh: Callable[[VerdictFunction, Ids, Array, NDArray[np.intp]], Array],
) -> dict[str, list[Array]]:
    """Return the scores of each text's words, found batch by batch, and the n-grams' part if any.

    A score is the sum of a vector's entries, each with the weight that ``weigh`` gives it.
    """
    names = ("score", "ngram_score") if verdict.has_ngrams else ("score",)
    scores = {name: [np.empty(0)] * len(ids) for name in names}
    for rows, batch in verdict.batches(ids):
        classes = np.zeros(len(batch), dtype=np.intp)
        classes[: len(rows)] = chosen[rows]
        vectors = verdict.vectors(batch)
        weights = weigh(verdict, batch, vectors, classes)
        for name in names:
            part = vectors if name == "score" else vectors - verdict.words[batch]
            values = (weights * part).sum(axis=2, dtype=np.float64)
            for row, found, is_word in zip(rows, values, batch != 0, strict=False):
                scores[name][row] = found[is_word]
    return scores


def _integrate(
    verdict: VerdictFunction, batch: Ids, vectors: Array, classes: NDArray[np.intp]
) -> Array:
    """Return mean gradients on the way, at as many points as completeness needs."""
    is_word = (batch != 0)[:, :, np.newaxis]
    words = vectors * is_word
    padding = vectors - words  # stays as it is, so that the words alone make the difference
    ends = [verdict.log_odds(verdict.run(batch, end), classes) for end in (padding, vectors)]
    difference = ends[1] - ends[0]
    n_points = _FEWEST_POINTS
    while n_points <= _MOST_POINTS:
        nodes, weights = np.polynomial.legendre.leggauss(n_points)
        total = np.zeros(vectors.shape)
        for share, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            on_the_way = padding + np.float32(share) * words
            total += weight * verdict.gradient(batch, on_the_way, classes)
        off = np.abs((total * words).sum(axis=(1, 2)) - difference).max()
        if off < _COMPLETE:
            return total
        n_points *= 2
    raise ValueError(
        f"Integrated gradients are off by {off:.2g} with {_MOST_POINTS} points between a text of "
        "zero vectors and these texts: the network is too steep. Use another method."
    )


def _occlude(verdict: VerdictFunction, ids: Ids, chosen: NDArray[np.intp]) -> list[Array]:
    scores: list[Array] = []
    for start in range(0, len(ids), _TEXTS_AT_ONCE):
        part = slice(start, start + _TEXTS_AT_ONCE)
        scores += _occlude_few(verdict, ids[part], chosen[part])
    return scores


def _occlude_few(verdict: VerdictFunction, ids: Ids, chosen: NDArray[np.intp]) -> list[Array]:
    texts, places = np.nonzero(ids)
    without = ids[texts]
    without[np.arange(len(texts)), places] = 0
    whole = verdict.log_odds(verdict.states(ids), chosen)
    lacking = verdict.log_odds(verdict.states(without), chosen[texts])
    lengths = np.count_nonzero(ids, axis=1)
    return np.split(whole[texts] - lacking, np.cumsum(lengths)[:-1])
