"""Texts as vectors."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._autodiff import LogOdds
from ._docstrings import fill_docstring
from ._estimators import split_estimator


@fill_docstring
def hidden_states(estimator: Any, X: Any) -> "NDArray[np.float32]":
    """Return the input of the output layer for each text.

    This is the state after the last word, or the pooled states at all words. As a vector of a
    text it can be clustered, plotted or passed to a linear model.

    Parameters
    ----------
    {estimator}
    {X}

    Returns
    -------
    ndarray of shape (n_samples, n_features), float32
        The states, with values between -1 and 1. ``n_features`` is ``state_dim``, times two for
        a bidirectional classifier (forward direction first), times the number of poolings
        (concatenated in the order of ``pooling``). The state of an empty text is the state after
        ``[START]``, or zeros without ``[START]``.

    Raises
    ------
    {estimator_errors}

    See Also
    --------
    gate_activations : Gates and state after each token of one text.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    {example_pipeline}
    >>> from seqsent.inspection import hidden_states
    >>> states = hidden_states(pipeline, texts)
    >>> states.shape
    (200, 32)
    >>> KMeans(n_clusters=2, random_state=0).fit_predict(states).shape
    (200,)
    """
    parts = split_estimator(estimator)
    return LogOdds(parts.network).states(parts.encode(X).ids)
