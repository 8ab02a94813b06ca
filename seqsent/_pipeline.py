"""make_sentiment_pipeline: both estimators in a Pipeline, and the presets."""

from __future__ import annotations

from typing import Any, Literal, Self

from sklearn.pipeline import Pipeline

from ._classifier import RecurrentSentimentClassifier
from ._estimator.parameters import did_you_mean
from ._vectorizer import SequenceVectorizer

_FAST: dict[str, Any] = {
    "cell": "gru",
    "num_words": 20_000,
    "maxlen": 1000,
    "ngram_range": (1, 2),
    "bidirectional": True,
    "pooling": ("max", "mean"),
    "embedding_dropout": 0.3,
    "learning_rate": 0.004,
}
_PRESETS: dict[str, dict[str, Any]] = {
    "fast": _FAST,
    "accurate": {
        **_FAST,
        "embed_dim": 64,
        "adversarial": 0.05,
        "learning_rate": 0.003,
    },
    "tutorial": {
        "cell": "simple",
        "analyzer": "keras",
        "num_words": 10_000,
        "maxlen": 250,
        "embed_dim": 32,
        "state_dim": 32,
        "dropout": 0.0,
        "word_dropout": 0.0,
        "mask_padding": False,
        "pooling": "last",
        "gate_bias": "keras",
        "optimizer": "rmsprop",
        "learning_rate": 0.001,
        "embedding_init": "uniform",
        "batch_size": 128,
        "epochs": 5,
    },
}


class SentimentPipeline(Pipeline):
    """Pipeline that suggests parameter names in ``set_params``, also in a search."""

    def set_params(self, **params: Any) -> Self:
        """Set parameters, or raise a ValueError that suggests the closest name."""
        valid = self.get_params()
        for name in params:
            step, *parameter = name.split("__")[:2]
            is_replaced = bool(parameter) and step in params  # by one with other parameters
            if "__".join([step, *parameter]) not in valid and not is_replaced:
                raise ValueError(
                    f"Invalid parameter {name!r} for {type(self).__name__}."
                    f"{did_you_mean(name, valid)} Name a step first, as in "
                    f"'classifier__cell'; the steps are {list(self.named_steps)}."
                )
        return super().set_params(**params)


def make_sentiment_pipeline(
    cell: str | None = None,
    *,
    preset: Literal["fast", "accurate", "tutorial"] | None = None,
    memory: Any = None,
    **parameters: Any,
) -> Pipeline:
    """Build a Pipeline of a SequenceVectorizer and a RecurrentSentimentClassifier.

    Parameters
    ----------
    cell : {"simple", "lstm", "gru"}, default=None
        The recurrent cell. If None, the preset determines it, or else the classifier.
    preset : {"fast", "accurate", "tutorial"}, default=None
        Initial values of the parameters. Parameters that are passed override them.

        - "fast": a bidirectional GRU on words and pairs of words, with max and mean pooling, that
          reads up to 1,000 words in predictions.
        - "accurate": "fast" with word vectors of length 64 and adversarial training. It takes
          1.5 to 5 times as long and requires JAX.
        - "tutorial": the classic Keras program on IMDB. A SimpleRNN (unless ``cell`` is
          passed), 10,000 words as Keras splits them, the last 250 of each document, padding
          that is not masked, RMSprop with rate 0.001, Keras's initial weights, 5 epochs.

    memory : str or joblib.Memory, default=None
        Cache of the vectorizer, as in :class:`sklearn.pipeline.Pipeline`.
    **parameters : dict
        Parameters of either estimator, without the name of the step. ``oov_char`` and
        ``warm_start`` are set on both.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Unfitted, with the steps ``vectorizer`` and ``classifier``. Its ``set_params`` suggests the
        closest name for an unknown parameter.

    Raises
    ------
    ValueError
        If the preset is unknown.
    TypeError
        If neither estimator has a parameter of that name. The message suggests the closest.

    Notes
    -----
    ``num_words`` is set on the vectorizer; the classifier derives the size of its embedding
    table from the ids. ``preset="tutorial"`` sets it on both.

    Examples
    --------
    >>> from seqsent import make_sentiment_pipeline
    >>> from seqsent.datasets import make_reviews
    >>> texts, labels = make_reviews(500, return_X_y=True, random_state=0)
    >>> pipeline = make_sentiment_pipeline("gru", maxlen=40, epochs=10, random_state=0)
    >>> pipeline.fit(texts, labels).predict(["the plot was not good, it was bad"]).shape
    (1,)
    """
    if preset is not None and preset not in _PRESETS:
        raise ValueError(f"preset must be one of {sorted(_PRESETS)} or None, got {preset!r}.")
    if cell is not None:
        parameters["cell"] = cell
    if parameters.get("embedding_weights") is not None:
        parameters.setdefault("embed_dim", None)  # their width, not the preset's
    if not isinstance(parameters.get("optimizer", ""), str):
        parameters.setdefault("learning_rate", None)  # the instance has one
    vectorizer, classifier = SequenceVectorizer(), RecurrentSentimentClassifier()
    of_vectorizer = vectorizer.get_params(deep=False).keys()
    of_classifier = classifier.get_params(deep=False).keys()
    for name in parameters:
        if name not in of_vectorizer | of_classifier:
            raise TypeError(
                f"make_sentiment_pipeline got an unknown parameter {name!r}."
                f"{did_you_mean(name, [*of_vectorizer, *of_classifier])}"
            )
    parameters = {**_PRESETS.get(preset or "", {}), **parameters}
    if preset != "tutorial":
        of_classifier = of_classifier - {"num_words"}
    vectorizer.set_params(**{k: v for k, v in parameters.items() if k in of_vectorizer})
    classifier.set_params(**{k: v for k, v in parameters.items() if k in of_classifier})
    return SentimentPipeline(
        [("vectorizer", vectorizer), ("classifier", classifier)], memory=memory
    )
