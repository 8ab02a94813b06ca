"""Stored state of a vectorizer, with tokens in a compact form.

As a dict in a skops file, a vocabulary of 88,000 tokens takes 38 MB instead of 0.6 MB.
"""

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

from .analysis import ANALYZERS
from .packing import pack, unpack
from .running_counts import RunningCounts

FITTED_ATTRIBUTES: dict[str, Any] = {
    "_columns": bytes,
    "maxlen_": Integral,
    "n_words_": Integral,
    "_running_counts": dict | None,
}
_MARKER = "seqsent packed vocabulary"


def import_paths(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters of a vectorizer that name a function by its import path."""
    values = {name: attributes[name] for name in ("analyzer", "tokenizer", "preprocessor")}
    if values["analyzer"] in ANALYZERS:
        del values["analyzer"]
    return {name: value for name, value in values.items() if isinstance(value, str)}


def pack_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a vectorizer in their stored form."""
    state = {**state, "vocabulary": pack_vocabulary(state["vocabulary"])}
    if "vocabulary_" in state:
        vocabulary, counts = state.pop("vocabulary_"), state.pop("word_counts_")
        state["_columns"] = pack(vocabulary, vocabulary.values(), counts.values())
    if state.get("_running_counts") is not None:
        state["_running_counts"] = state["_running_counts"].to_state()
    return state


def unpack_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes that were packed by :func:`pack_state`."""
    state = {**state, "vocabulary": unpack_vocabulary(state["vocabulary"])}
    if "_columns" in state:
        tokens, ids, counts = unpack(state.pop("_columns"))
        if set(map(type, [*ids, *counts])) - {int} or min([*ids, *counts], default=0) < 0:
            raise ValueError("its vocabulary contains ids or counts that are no natural numbers")
        state["vocabulary_"] = dict(zip(tokens, ids, strict=True))
        state["word_counts_"] = dict(zip(tokens, counts, strict=True))
        n_words = max(ids, default=state["index_from"]) + 1
        if state["n_words_"] != n_words:
            raise ValueError(f"n_words_ is {state['n_words_']}, but the ids require {n_words}")
    if state.get("_running_counts") is not None:
        state["_running_counts"] = RunningCounts.from_state(state["_running_counts"])
    return state


def pack_vocabulary(vocabulary: Any) -> Any:
    """Return the parameter ``vocabulary`` packed, if it is a dict, or a list of str and int."""
    if type(vocabulary) is dict and _are_builtin([*vocabulary, *vocabulary.values()]):
        return {_MARKER: pack(vocabulary, vocabulary.values())}
    if type(vocabulary) is dict:  # skops would convert False to "false" to True
        return {_MARKER: list(vocabulary.items())}
    if type(vocabulary) is list and _are_builtin(vocabulary):
        return {_MARKER: pack(vocabulary)}
    return vocabulary


def unpack_vocabulary(packed: Any) -> Any:
    """Return the parameter that was packed by :func:`pack_vocabulary`."""
    if not (type(packed) is dict and _MARKER in packed):
        return packed
    if type(packed[_MARKER]) is list:
        return dict(packed[_MARKER])
    tokens, *ranks = unpack(packed[_MARKER])
    return dict(zip(tokens, *ranks, strict=True)) if ranks else tokens


def _are_builtin(values: Iterable[Any]) -> bool:
    return set(map(type, values)) <= {str, int}
