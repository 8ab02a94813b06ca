"""How far back learning reaches."""

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from .._estimator.base import Interval, validated
from ._autodiff import VerdictFunction
from ._estimators import inspect_estimator
from ._prose import shares_prose


@validated({"max_lag": [Interval(Integral, 0, None, closed="left"), None]})
@shares_prose
def gradient_by_lag(estimator: Any, X: Any, max_lag: int | None = None) -> pd.DataFrame:
    r"""Return how much the verdict depends on words at each distance from the end.

    For each text this is the norm :math:`\|\partial s / \partial e_{n-k}\|_2`: s is the
    verdict as log-odds, :math:`e_{n-k}` the vector of the word k words before the last. Where
    it vanishes, the verdict neither depends on such words nor can training learn from them:
    the vanishing gradient [1]_ as a curve over the lag k.

    Parameters
    ----------
    {estimator}
    {X}
    max_lag : int, default=None
        The largest lag. None goes back to the first word of the longest text.

    Returns
    -------
    pandas.DataFrame
        One row per lag, 0 for the last word; the index is ``lag``, in words. The columns are
        ``mean`` and ``std`` of the norms, their quantiles ``10%``, ``50%`` and ``90%``, all
        in log-odds per unit of a word vector, and ``n_texts``, the number of texts that are
        long enough. No lag is beyond the longest text.

    Raises
    ------
    {other_estimator}
    ValueError
        If ``max_lag`` is negative.
    {not_fitted}

    See Also
    --------
    GradientLagDisplay : Draws the curves of several estimators.

    Notes
    -----
    The log-odds are those of the class that the text is predicted to be, the natural logarithm
    of p / (1 - p). Unlike the probability p they do not saturate, so a network that is sure of
    itself has no smaller gradients for it. ``std`` divides by the number of texts.

    References
    ----------
    .. [1] Y. Bengio, P. Simard and P. Frasconi, "Learning long-term dependencies with
       gradient descent is difficult", IEEE Transactions on Neural Networks 5(2), 1994.

    Examples
    --------
    >>> from seqsent import make_sentiment_pipeline
    >>> from seqsent.datasets import make_reviews
    >>> from seqsent.inspection import gradient_by_lag
    >>> texts, labels = make_reviews(200, return_X_y=True, random_state=0)
    >>> pipeline = make_sentiment_pipeline("gru", maxlen=40, epochs=1, random_state=0)
    >>> curve = gradient_by_lag(pipeline.fit(texts, labels), texts, max_lag=10)
    >>> curve.columns.to_list()
    ['mean', 'std', '10%', '50%', '90%', 'n_texts']
    >>> curve.index.max()
    10
    """
    inspected = inspect_estimator(estimator)
    ids = inspected.read(X).ids
    longest = int(np.count_nonzero(ids, axis=1).max(initial=0))
    n_lags = longest if max_lag is None else min(longest, max_lag + 1)
    norms = np.full((len(ids), n_lags), np.nan)
    verdict = VerdictFunction(inspected.network)
    for rows, batch in verdict.batches(ids):
        vectors = verdict.vectors(batch)
        predicted = verdict.logits(verdict.run(batch, vectors)).argmax(axis=1)
        gradients = np.linalg.norm(verdict.gradient(batch, vectors, predicted), axis=2)
        for row, values, is_word in zip(rows, gradients, batch != 0, strict=False):
            from_the_end = values[is_word][::-1][:n_lags]
            norms[row, : len(from_the_end)] = from_the_end
    return _summarize(norms)


def _summarize(norms: np.ndarray) -> pd.DataFrame:
    """Return statistics of each column; NaN stands for texts that are too short."""
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
        dtype=np.float64,  # also where there are no lags
    )
    return statistics.assign(n_texts=by_lag.count())
