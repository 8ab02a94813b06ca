"""Recurrent sentiment classifiers for scikit-learn, built on Keras 3.

Public names are imported on first use. Importing ``seqsent`` selects the Keras backend, by default
JAX.
"""

import importlib
from typing import TYPE_CHECKING, Any

from ._runtime.backend import select_backend

__version__ = "1.0.0"

select_backend()

_MODULE_OF_NAME = {
    "NaiveBayesScaler": "._naive_bayes_scaler",
    "RecurrentSentimentClassifier": "._classifier",
    "SequenceVectorizer": "._vectorizer",
    "build_network": "._network",
    "make_sentiment_ensemble": "._ensemble",
    "make_sentiment_pipeline": "._pipeline",
    "show_versions": "._runtime.versions",
    "to_scikeras": "._scikeras",
}
_SUBPACKAGES = ("datasets", "inspection")

__all__ = [
    "NaiveBayesScaler",
    "RecurrentSentimentClassifier",
    "SequenceVectorizer",
    "build_network",
    "datasets",
    "inspection",
    "make_sentiment_ensemble",
    "make_sentiment_pipeline",
    "show_versions",
    "to_scikeras",
]

if TYPE_CHECKING:
    from . import datasets, inspection
    from ._classifier import RecurrentSentimentClassifier
    from ._ensemble import make_sentiment_ensemble
    from ._naive_bayes_scaler import NaiveBayesScaler
    from ._network import build_network
    from ._pipeline import make_sentiment_pipeline
    from ._runtime.versions import show_versions
    from ._scikeras import to_scikeras
    from ._vectorizer import SequenceVectorizer


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return importlib.import_module(f".{name}", __name__)
    if name in _MODULE_OF_NAME:
        return getattr(importlib.import_module(_MODULE_OF_NAME[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
