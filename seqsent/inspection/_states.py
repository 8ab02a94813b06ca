"""A text as a vector."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._autodiff import VerdictFunction
from ._estimators import inspect_estimator
from ._prose import shares_prose


@shares_prose
def hidden_states(estimator: Any, X: Any) -> NDArray[np.float32]:
    """Return the state from which the verdict on each text is read.

    This is what the output layer sees: the state after the last word, or what ``pooling``
    makes of the states at all words, of a SimpleRNN by default their maximum and mean. It
    makes a vector of a text, for clustering, a map or a linear model.

    Parameters
    ----------
    {estimator}
    {X}

    Returns
    -------
    ndarray of shape (n_texts, n_state), float32
        The states, values between -1 and 1. ``n_state`` is ``state_dim``, twice that for a
        bidirectional classifier, whose forward half comes first, and twice that again for
        ``pooling=("max", "mean")``, one behind the other. An empty text gets the state after
        the mark of the start, or zeros where there is none.

    Raises
    ------
    {other_estimator}
    {not_fitted}

    See Also
    --------
    gate_activations : The state after each word of one text, and the gates.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from seqsent import make_sentiment_pipeline
    >>> from seqsent.datasets import make_reviews
    >>> from seqsent.inspection import hidden_states
    >>> texts, labels = make_reviews(200, return_X_y=True, random_state=0)
    >>> pipeline = make_sentiment_pipeline("gru", maxlen=40, epochs=1, random_state=0)
    >>> states = hidden_states(pipeline.fit(texts, labels), texts)
    >>> states.shape
    (200, 32)
    >>> KMeans(n_clusters=2, random_state=0).fit_predict(states).shape
    (200,)
    """
    inspected = inspect_estimator(estimator)
    return VerdictFunction(inspected.network).states(inspected.read(X).ids)
