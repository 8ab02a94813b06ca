"""The two estimators, joined and consistent."""

from typing import Any, Literal

from sklearn.pipeline import Pipeline

from ._classifier import RecurrentSentimentClassifier
from ._estimator.parameters import did_you_mean
from ._vectorizer import SequenceVectorizer

_MORE_ACCURATE = {  # than the defaults
    "cell": "gru",
    "num_words": 20_000,
    "maxlen": 1000,
    "ngram_range": (1, 2),
    "bidirectional": True,
    "dropout": 0.5,
    "embedding_dropout": 0.3,
    "epochs": "auto",
}
_PRESETS: dict[str, dict[str, Any]] = {
    "fast": {
        **_MORE_ACCURATE,
        "train_maxlen": 200,
        "learning_rate": 0.004,
    },
    "accurate": {
        **_MORE_ACCURATE,
        "train_maxlen": 250,
        "embed_dim": 64,
        "pooling": ("max", "mean"),
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


def make_sentiment_pipeline(
    cell: str | None = None,
    *,
    preset: Literal["fast", "accurate", "tutorial"] | None = None,
    memory: Any = None,
    **parameters: Any,
) -> Pipeline:
    """Join a SequenceVectorizer and a RecurrentSentimentClassifier.

    Parameters
    ----------
    cell : {"simple", "lstm", "gru"}, default=None
        The recurrent cell. None leaves it to the preset, or else to the classifier.
    preset : {"fast", "accurate", "tutorial"}, default=None
        Parameters to start from; what is passed beats them.

        - "fast": a GRU that reads vectors of words and of pairs of words in both directions.
        - "accurate": vectors twice as long, the maximum and mean of all states, and training
          against small changes of the vectors, too (needs JAX). It takes several times as long.
          Both learn from the last words of a long text, 200 and 250, and judge by 1,000; from few
          long texts "accurate" learns more with ``train_maxlen=500``.
        - "tutorial": the classic program on IMDB, a SimpleRNN unless ``cell`` says otherwise,
          10,000 words as Keras splits them, the last 250 of each text, padding not masked,
          RMSprop at 0.001, Keras's start of vectors and gates, 5 epochs.

    memory : str or joblib.Memory, default=None
        Cache for the vectorizer, as in :class:`sklearn.pipeline.Pipeline`.
    **parameters : dict
        Parameters of either estimator by their plain names; ``oov_char`` and ``warm_start``
        go to both.

    Returns
    -------
    sklearn.pipeline.Pipeline
        With the steps ``vectorizer`` and ``classifier``.

    Raises
    ------
    ValueError
        If the preset is unknown.
    TypeError
        If neither estimator has a parameter of that name; the message names the closest.

    Notes
    -----
    The size of the classifier's embedding table follows from the ids, so ``num_words`` is
    the vectorizer's alone, except that ``preset="tutorial"`` fixes the table, too.

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
        parameters.setdefault("embed_dim", None)  # their width decides, not a preset's
    if not isinstance(parameters.get("optimizer", ""), str):
        parameters.setdefault("learning_rate", None)  # an instance has its own
    vectorizer, classifier = SequenceVectorizer(), RecurrentSentimentClassifier()
    of_vectorizer = vectorizer.get_params(deep=False).keys()
    of_classifier = classifier.get_params(deep=False).keys()
    for name in parameters:
        if name not in of_vectorizer | of_classifier:
            raise TypeError(
                f"make_sentiment_pipeline got an unknown parameter {name!r}."
                f"{did_you_mean(name, [*of_vectorizer, *of_classifier])}"
            )
    of_preset = _PRESETS.get(preset or "", {})
    parameters = {**of_preset, **parameters}
    shared = {"oov_char", "warm_start", *(["num_words"] if preset == "tutorial" else [])}
    of_both = of_vectorizer & of_classifier - shared  # the vectorizer's alone
    vectorizer.set_params(**{k: v for k, v in parameters.items() if k in of_vectorizer})
    classifier.set_params(**{k: v for k, v in parameters.items() if k in of_classifier - of_both})
    return Pipeline([("vectorizer", vectorizer), ("classifier", classifier)], memory=memory)
