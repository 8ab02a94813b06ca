"""Small fitted estimators that the tests look into."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from seqsent import make_sentiment_pipeline
from seqsent.datasets import make_reviews

TEXT = "The film was dull at first, but in the end it was quite wonderful"

# Names that tests use, and what is special about each network.
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
    "both ways": {"cell": "gru", "bidirectional": True},
    "unmasked": {"cell": "gru", "mask_padding": False},
    "three classes": {"cell": "gru"},
    "pairs": {"cell": "gru", "ngram_range": (1, 2), "ngram_buckets": 50},
}


def fit_small(n_classes: int = 2, **parameters: Any) -> Pipeline:
    """Return a fitted pipeline with far-from-zero weights, so that gates have something to do."""
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
    """Return the fitted pipeline of a kind, the same each time."""
    pipelines: dict[str, Pipeline] = {}

    def get(kind: str) -> Pipeline:
        if kind not in pipelines:
            n_classes = 3 if kind == "three classes" else 2
            pipelines[kind] = fit_small(n_classes, **KINDS[kind])
        return pipelines[kind]

    return get
