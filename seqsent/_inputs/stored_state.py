"""Stored state of a classifier."""

from numbers import Integral, Real
from typing import Any

import numpy as np

from .._estimator.base import validate_parameter_constraints
from .._nn.network import Network
from .._nn.serialization import pack, unpack
from .._nn.train.callbacks import light_copies
from .._nn.train.objective import pack_optimizer, unpack_optimizer
from .constraints import NETWORK_CONSTRAINTS

# attributes of a fitted classifier in its stored state
FITTED_ATTRIBUTES: dict[str, Any] = {
    "classes_": np.ndarray,
    "n_features_in_": Integral,
    "feature_names_in_": np.ndarray,
    "n_words_": Integral,
    "time_scale_": Real,
    "history_": dict,
    "n_iter_": Integral,
    "best_iter_": Integral,
    "temperature_": Real,
    "_word_counts": np.ndarray,
    "_seed": Integral,
    "_stores_optimizer": bool,
    "_network": dict,
}


def pack_classifier(state: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a classifier in their stored form."""
    state["callbacks"] = light_copies(state["callbacks"])
    state["optimizer"] = pack_optimizer(state["optimizer"])
    if isinstance(state["class_weight"], dict):  # skops would convert False to "false" to True
        state["class_weight"] = list(state["class_weight"].items())
    if hasattr(state["embedding_weights"], "to_numpy"):  # skops cannot load a DataFrame
        state["embedding_weights"] = state["embedding_weights"].to_numpy()
    if isinstance(state.get("_network"), Network):
        state["_network"] = state["_network"].get_state(state["_stores_optimizer"])
    if "_network" in state:
        state["_network"] = pack(state["_network"], state["embedding_weights"])
    return state


def unpack_classifier(state: dict[str, Any]) -> dict[str, Any]:
    """Invert :func:`pack_classifier`. An invalid state is a ValueError."""
    state["optimizer"] = unpack_optimizer(state["optimizer"])
    if isinstance(state["class_weight"], list):
        state["class_weight"] = dict(state["class_weight"])
    if "_network" in state:
        state["_network"] = unpack(state["_network"], state["embedding_weights"])
        _check_network_state(state)
    return state


def _check_network_state(state: dict[str, Any]) -> None:
    """Raise a ValueError if the stored network of a classifier contradicts its attributes."""
    architecture = state["_network"]["architecture"]
    validate_parameter_constraints(
        NETWORK_CONSTRAINTS, architecture, "RecurrentSentimentClassifier"
    )
    n_words, n_classes = architecture["n_words"], max(architecture["n_outputs"], 2)
    if state["n_words_"] != n_words:
        raise ValueError(f"n_words_ is {state['n_words_']}, but the table has {n_words} rows")
    shape = getattr(state["classes_"], "shape", None)
    if shape != (n_classes,):
        raise ValueError(
            f"classes_ has shape {shape}, but the network distinguishes {n_classes} classes"
        )
