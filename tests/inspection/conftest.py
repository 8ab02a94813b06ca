"""Small fitted pipelines for the tests of inspection."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews

KINDS: dict[str, dict[str, Any]] = {
    "simple": {"cell": "simple"},
    "lstm": {"cell": "lstm"},
    "gru": {"cell": "gru"},
    "stacked": {
        "cell": "lstm",
        "n_layers": 2,
        "bidirectional": True,
        "pooling": ("max", "mean"),
    },
    "bidirectional": {"cell": "gru", "bidirectional": True},
    "unmasked": {"cell": "gru", "mask_padding": False},
    "three classes": {"cell": "gru"},
    "bigrams": {"cell": "gru", "ngram_range": (1, 2), "ngram_buckets": 50},
    "one dimension": {"cell": "gru", "embed_dim": 1},
}


def fit_small(n_classes: int = 2, **parameters: Any) -> Pipeline:
    """Return a fitted pipeline with large random weights, so that gates are not all near 0.5."""
    names = np.array(["negative", "positive"] if n_classes == 2 else ["bad", "fair", "good"])
    texts, labels = make_reviews(48, n_classes=n_classes, return_X_y=True, random_state=0)
    small = {"maxlen": 20, "state_dim": 4, "embed_dim": 4, "epochs": 1, "random_state": 0}
    pipeline = make_sentiment_pipeline(**{**small, **parameters}).fit(texts, names[labels])
    model = pipeline[-1].model_
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.7, weights.shape) for weights in model.get_weights()])
    return pipeline


@pytest.fixture(scope="session")
def fitted() -> Callable[[str], Pipeline]:
    """Return a function that returns the fitted pipeline of a kind, the same in each call."""
    pipelines: dict[str, Pipeline] = {}

    def get(kind: str) -> Pipeline:
        if kind not in pipelines:
            n_classes = 3 if kind == "three classes" else 2
            pipelines[kind] = fit_small(n_classes, **KINDS[kind])
        return pipelines[kind]

    return get
