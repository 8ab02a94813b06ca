"""make_sentiment_ensemble: the mean of a network and a linear model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer

from ._naive_bayes_scaler import NaiveBayesScaler
from ._pipeline import make_sentiment_pipeline
from ._text.documents import as_documents

_MAX_FEATURES = 300_000  # of words and of characters, to limit the size of the fitted model


def make_sentiment_ensemble(
    cell: str | None = None,
    *,
    preset: Literal["fast", "accurate", "tutorial"] | None = "fast",
    cv: Any = None,
    weights: Sequence[float] | None = None,
    n_jobs: int | None = None,
    **parameters: Any,
) -> VotingClassifier:
    """Build an ensemble of a recurrent network and a linear model of n-grams.

    It averages the probabilities of both models, which make different mistakes. It is usually more
    accurate than either, and rarely much less accurate than the better one.

    Parameters
    ----------
    cell : {"simple", "lstm", "gru"}, default=None
        The recurrent cell, as in :func:`make_sentiment_pipeline`.
    preset : {"fast", "accurate", "tutorial"} or None, default="fast"
        Initial values of the network's parameters, as in :func:`make_sentiment_pipeline`. None
        trains faster and makes a smaller network, but is less accurate on many texts.
    cv : int, cross-validation generator or iterable, default=None
        If None, there is one network. Otherwise, there is one for each fold: it is trained on the
        other folds, calibrated on its own by
        :class:`~sklearn.calibration.CalibratedClassifierCV`, and the probabilities of all
        networks are averaged. An int is the number of folds, which must not exceed the number of
        texts of any class. Calibration fits a temperature, or sigmoids before scikit-learn 1.8.
    weights : sequence of two float, default=None
        Weights of the network and of the linear model. If None, they are equal.
    n_jobs : int, default=None
        Number of processes that fit the two models. None means 1, -1 means all processors.
    **parameters : dict
        Parameters of the network, as in :func:`make_sentiment_pipeline`. ``missing`` and
        ``class_weight`` are set on the linear model, too. A dict of class weights must have the
        positions of the sorted labels as keys, because the ensemble encodes labels as 0, 1, ...

    Returns
    -------
    sklearn.ensemble.VotingClassifier
        Unfitted, with soft voting and the estimators ``network`` and ``linear``. ``network`` is
        the Pipeline of :func:`make_sentiment_pipeline`, with ``cv`` inside a
        CalibratedClassifierCV. ``linear`` is a Pipeline with the steps

        - ``texts``: a FunctionTransformer that reads texts from any container.
        - ``ngrams``: a FeatureUnion of two TfidfVectorizers: ``words`` (one or two words) and
          ``characters`` (one to five characters inside words).
        - ``scaler``: :class:`NaiveBayesScaler` with ``exponent=0.5``.
        - ``normalizer``: rows of length 1.
        - ``classifier``: LogisticRegression.

    Raises
    ------
    ValueError
        If the preset is unknown.
    TypeError
        If the network has no parameter of that name. The message suggests the closest.

    See Also
    --------
    make_sentiment_pipeline : The network alone.

    Notes
    -----
    In a search, parameters have names such as ``network__classifier__state_dim``
    (``network__estimator__classifier__state_dim`` with ``cv``), ``linear__classifier__C``,
    ``linear__scaler__exponent``, ``linear__ngrams__words__ngram_range`` and ``weights``.
    ``linear="drop"`` leaves out the linear model.

    A VotingClassifier passes ``sample_weight`` to Pipelines by metadata routing only: after
    ``sklearn.set_config(enable_metadata_routing=True)``, call
    ``set_fit_request(sample_weight=True)`` on the last step of both Pipelines and, with ``cv``, on
    the CalibratedClassifierCV.

    Examples
    --------
    >>> from seqsent import make_sentiment_ensemble
    >>> from seqsent.datasets import make_reviews
    >>> texts, labels = make_reviews(500, return_X_y=True, random_state=0)
    >>> ensemble = make_sentiment_ensemble(maxlen=40, epochs=5, random_state=0)
    >>> ensemble.fit(texts, labels).predict(["the plot was not good, it was bad"]).shape
    (1,)
    """
    network: Any = make_sentiment_pipeline(cell, preset=preset, **parameters)
    if cv is not None:
        network = CalibratedClassifierCV(network, method=_calibration_method(), cv=cv)
    linear = _linear_model(parameters.get("missing", "error"), parameters.get("class_weight"))
    estimators = [("network", network), ("linear", linear)]
    return VotingClassifier(estimators, voting="soft", weights=weights, n_jobs=n_jobs)


def _linear_model(missing: str, class_weight: Any) -> Pipeline:
    words = TfidfVectorizer(
        token_pattern=r"(?u)\b\w+\b",  # words of one letter, too
        ngram_range=(1, 2),
        sublinear_tf=True,
        max_features=_MAX_FEATURES,
    )
    characters = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(1, 5),
        min_df=2,
        sublinear_tf=True,
        max_features=_MAX_FEATURES,
    )
    return Pipeline(
        [
            ("texts", FunctionTransformer(as_documents, kw_args={"missing": missing})),
            ("ngrams", FeatureUnion([("words", words), ("characters", characters)])),
            ("scaler", NaiveBayesScaler(exponent=0.5)),
            ("normalizer", Normalizer(copy=False)),
            ("classifier", LogisticRegression(C=20, max_iter=1000, class_weight=class_weight)),
        ]
    )


def _calibration_method() -> str:
    version = tuple(map(int, sklearn.__version__.split(".")[:2]))
    return "temperature" if version >= (1, 8) else "sigmoid"
