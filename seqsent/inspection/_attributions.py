"""Scores of words: gradient times input, occlusion and integrated gradients."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._estimator.base import StrOptions, validated
from .._types import Array, FloatArray, Ids
from ._autodiff import LogOdds
from ._docstrings import fill_docstring
from ._estimators import EstimatorParts, split_estimator

Classes = NDArray[np.intp]  # (n_samples,), one class index per text

_OCCLUDED_TEXTS = 16  # per batch; each text makes one row per word
_MIN_POINTS = 16
_MAX_POINTS = 1024
_TOLERANCE = 0.005  # half of the documented 0.01, because float32 adds an error


@validated({"method": [StrOptions({"gradient", "occlusion", "integrated_gradients"})]})
@fill_docstring
def token_attributions(
    estimator: Any,
    texts: Any,
    *,
    method: Literal["gradient", "occlusion", "integrated_gradients"] = "gradient",
    class_of_interest: Any = None,
) -> pd.DataFrame:
    r"""Score how much each token contributes to the log-odds of a class.

    The log-odds of a class with probability p are log(p / (1 - p)), with the natural logarithm.
    A positive score raises the log-odds of the class, a negative score lowers them.

    Parameters
    ----------
    {estimator}
    {texts}
    method : {"gradient", "occlusion", "integrated_gradients"}, default="gradient"
        How to compute the scores.

        - "gradient": product of the word vector and the gradient of the log-odds with respect
          to it. This is the fastest method.
        - "occlusion": log-odds of the text minus the log-odds with the word replaced by
          padding. The network skips padding unless ``mask_padding=False``.
        - "integrated_gradients" [1]_: product of the word vector and the mean gradient while
          all vectors of the text grow from zero to their values. The scores of a text sum to
          its log-odds minus the log-odds of zero vectors, up to an error of 0.01.

    class_of_interest : label, default=None
        One of ``classes_``. If None, the second class of two classes, or the predicted class of
        each text with more than two classes.

    Returns
    -------
    pandas.DataFrame
        One row per token, ``[START]`` included, with the columns ``text`` (index of the text),
        ``position`` (index of the token in the text), ``word``, ``class``, ``probability`` (of
        the class, for the text) and ``score`` (in log-odds). A network with n-grams adds the
        column ``ngram_score``, except for "occlusion": the share of the score that comes from
        the n-grams that end with the token.
        {marked_tokens}

    Raises
    ------
    {estimator_errors}
    ValueError
        If ``method`` or ``class_of_interest`` is unknown, or integrated gradients do not
        converge.

    See Also
    --------
    TokenAttributionDisplay : Displays the tokens, colored by score.
    running_sentiment : The prediction after each token.

    References
    ----------
    .. [1] M. Sundararajan, A. Taly and Q. Yan, "Axiomatic attribution for deep networks",
       International Conference on Machine Learning, 2017, arXiv:1703.01365.

    Examples
    --------
    {example_pipeline}
    >>> from seqsent.inspection import token_attributions
    >>> scores = token_attributions(pipeline, ["Not good", "Dull"])
    >>> scores[["text", "position", "word", "class"]]
       text  position     word  class
    0     0         0  [START]      1
    1     0         1      not      1
    2     0         2     good      1
    3     1         0  [START]      1
    4     1         1     dull      1
    """
    parts = split_estimator(estimator)
    encoded = parts.encode(texts)
    probabilities = parts.predict_proba(encoded.ids)
    classes = _select_classes(parts, probabilities, class_of_interest)
    network = LogOdds(parts.network)
    if method == "occlusion":
        scores = {"score": _occlude(network, encoded.ids, classes)}
    else:
        gradient = LogOdds.gradient if method == "gradient" else _mean_gradient
        scores = _gradient_times_input(network, encoded.ids, classes, gradient)
    lengths = [len(tokens) for tokens in encoded.tokens]
    return pd.DataFrame(
        {
            "text": np.repeat(np.arange(len(lengths)), lengths),
            "position": np.concatenate([np.arange(length) for length in lengths]),
            "word": pd.Series([word for row in encoded.tokens for word in row], dtype=object),
            "class": np.repeat(parts.classifier.classes_[classes], lengths),
            "probability": np.repeat(probabilities[np.arange(len(classes)), classes], lengths),
            **{
                name: np.concatenate([encoded.align(*row) for row in enumerate(values)])
                for name, values in scores.items()
            },
        }
    )


def _select_classes(
    parts: EstimatorParts, probabilities: FloatArray, class_of_interest: Any
) -> Classes:
    """Return the index of the class to explain for each text."""
    n_texts = len(probabilities)
    classes = parts.classifier.classes_
    if class_of_interest is not None:
        index = np.flatnonzero(classes == class_of_interest)
        if len(index) != 1:
            raise ValueError(
                f"class_of_interest={class_of_interest!r} is not among the classes "
                f"{classes.tolist()}."
            )
        return np.repeat(index, n_texts)
    if len(classes) == 2:
        return np.ones(n_texts, dtype=np.intp)
    return probabilities.argmax(axis=1)


def _gradient_times_input(
    network: LogOdds,
    ids: Ids,
    classes: Classes,
    gradient: Callable[[LogOdds, Ids, Array, Classes], Array],
) -> dict[str, list[FloatArray]]:
    """Return the scores of the words of each text, and their n-gram scores if there are any."""
    names = ("score", "ngram_score") if network.has_ngrams else ("score",)
    scores = {name: [np.empty(0)] * len(ids) for name in names}
    for rows, batch in network.batches(ids):
        batch_classes = np.zeros(len(batch), dtype=np.intp)
        batch_classes[: len(rows)] = classes[rows]
        vectors = network.vectors(batch)
        gradients = gradient(network, batch, vectors, batch_classes)
        for name in names:
            inputs = vectors if name == "score" else vectors - network.words[batch]
            products = (gradients * inputs).sum(axis=2, dtype=np.float64)
            for row, values, is_word in zip(rows, products, batch != 0, strict=False):
                scores[name][row] = values[is_word]
    return scores


def _mean_gradient(network: LogOdds, batch: Ids, vectors: Array, classes: Classes) -> Array:
    """Return the mean gradient on the line from zero vectors, by Gauss-Legendre quadrature."""
    is_word = (batch != 0)[:, :, np.newaxis]
    words = vectors * is_word
    padding = vectors - words  # constant, so that the words alone make the difference
    start, end = (
        network.log_odds(network.run(batch, inputs), classes) for inputs in (padding, vectors)
    )
    n_points = _MIN_POINTS
    while n_points <= _MAX_POINTS:
        nodes, weights = np.polynomial.legendre.leggauss(n_points)
        mean = np.zeros(vectors.shape)
        for position, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            inputs = padding + np.float32(position) * words
            mean += weight * network.gradient(batch, inputs, classes)
        error = np.abs((mean * words).sum(axis=(1, 2)) - (end - start)).max()
        if error < _TOLERANCE:
            return mean
        n_points *= 2
    raise ValueError(
        f"Integrated gradients did not converge: their sum differs from the log-odds by {error:.2g}"
        f" with {_MAX_POINTS} points, because the gradient of the network changes too fast. Use "
        'method="occlusion" or method="gradient".'
    )


def _occlude(network: LogOdds, ids: Ids, classes: Classes) -> list[FloatArray]:
    scores: list[FloatArray] = []
    for start in range(0, len(ids), _OCCLUDED_TEXTS):
        batch = slice(start, start + _OCCLUDED_TEXTS)
        scores += _occlude_batch(network, ids[batch], classes[batch])
    return scores


def _occlude_batch(network: LogOdds, ids: Ids, classes: Classes) -> list[FloatArray]:
    rows, columns = np.nonzero(ids)
    occluded = ids[rows]
    occluded[np.arange(len(rows)), columns] = 0
    log_odds = network.log_odds(network.states(ids), classes)
    occluded_log_odds = network.log_odds(network.states(occluded), classes[rows])
    lengths = np.count_nonzero(ids, axis=1)
    return np.split(log_odds[rows] - occluded_log_odds, np.cumsum(lengths)[:-1])
