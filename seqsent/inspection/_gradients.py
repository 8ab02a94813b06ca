"""Gradient norms by distance from the last word."""

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from .._estimator.base import Interval, validated
from .._types import FloatArray
from ._autodiff import LogOdds
from ._docstrings import fill_docstring
from ._estimators import split_estimator


@validated({"max_lag": [Interval(Integral, 0, None, closed="left"), None]})
@fill_docstring
def gradient_by_lag(estimator: Any, X: Any, max_lag: int | None = None) -> pd.DataFrame:
    r"""Return the norm of the gradient of the prediction by distance from the last word.

    For each text and lag k this is the norm :math:`\|\partial s / \partial e_{n-k}\|_2` of the
    gradient of the log-odds s with respect to the vector :math:`e_{n-k}` of the word k words
    before the last. Where the norm vanishes, the prediction does not depend on such words and
    training cannot learn from them (the vanishing gradient problem [1]_).

    Parameters
    ----------
    {estimator}
    {X}
    max_lag : int, default=None
        Largest lag, in words. If None, the first word of the longest text.

    Returns
    -------
    pandas.DataFrame
        One row per lag up to the length of the longest text; the index ``lag`` is 0 for the last
        word. The columns are the ``mean``, the standard deviation ``std`` and the quantiles
        ``10%``, ``50%`` and ``90%`` of the norms over texts, in log-odds per unit length of a
        word vector, and ``n_texts``, the number of texts that are long enough.

    Raises
    ------
    {estimator_errors}
    ValueError
        If ``max_lag`` is negative.

    See Also
    --------
    GradientLagDisplay : Draws the norms for several estimators.

    Notes
    -----
    The log-odds log(p / (1 - p)) are taken for the predicted class. Unlike the probability p they
    do not saturate, so a confident prediction does not have smaller gradients. ``std`` divides
    by the number of texts.

    References
    ----------
    .. [1] Y. Bengio, P. Simard and P. Frasconi, "Learning long-term dependencies with
       gradient descent is difficult", IEEE Transactions on Neural Networks 5(2), 1994.

    Examples
    --------
    {example_pipeline}
    >>> from seqsent.inspection import gradient_by_lag
    >>> curve = gradient_by_lag(pipeline, texts, max_lag=10)
    >>> curve.columns.to_list()
    ['mean', 'std', '10%', '50%', '90%', 'n_texts']
    >>> curve.index.max()
    10
    """
    parts = split_estimator(estimator)
    ids = parts.encode(X).ids
    longest = int(np.count_nonzero(ids, axis=1).max(initial=0))
    n_lags = longest if max_lag is None else min(longest, max_lag + 1)
    norms = np.full((len(ids), n_lags), np.nan)
    network = LogOdds(parts.network)
    for rows, batch in network.batches(ids):
        vectors = network.vectors(batch)
        predicted = network.logits(network.run(batch, vectors)).argmax(axis=1)
        batch_norms = np.linalg.norm(network.gradient(batch, vectors, predicted), axis=2)
        for row, row_norms, is_word in zip(rows, batch_norms, batch != 0, strict=False):
            by_lag = row_norms[is_word][::-1][:n_lags]
            norms[row, : len(by_lag)] = by_lag
    return _summarize(norms)


def _summarize(norms: FloatArray) -> pd.DataFrame:
    """Return statistics over texts of norms (n_samples, n_lags), NaN beyond a text's length."""
    by_lag = pd.DataFrame(norms, columns=pd.RangeIndex(norms.shape[1], name="lag"))
    statistics = pd.DataFrame(
        {
            "mean": by_lag.mean(),
            "std": by_lag.std(ddof=0),
            "10%": by_lag.quantile(0.1),
            "50%": by_lag.quantile(0.5),
            "90%": by_lag.quantile(0.9),
        },
        index=by_lag.columns,
        dtype=np.float64,  # pandas infers object without lags
    )
    return statistics.assign(n_texts=by_lag.count())
