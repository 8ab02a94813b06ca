"""Stored state of an estimator: a format number, known keys and listed functions."""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .parameters import resolve

FORMAT = 1  # incremented when the stored state changes incompatibly
_OF_SKLEARN = ("_metadata_request", "_sklearn_output_config", "_skl_callbacks")
_OF_STATE = ("_format", "_functions")
_FROM_PICKLE = "_is_from_pickle"


def check_state(
    state: dict[str, Any],
    parameters: Collection[str],
    known: Collection[str],
    types: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the attributes in a stored state.

    Another format, a missing parameter, a key that is neither known nor scikit-learn's, and a
    value that is no instance of its type in ``types`` are a ValueError.
    """
    found = state.get("_format")
    if type(found) is not int or found != FORMAT:
        raise ValueError(f"its format is {found!r}, this version of seqsent reads {FORMAT}")
    unknown = find_unknown(state, known)
    if unknown:
        raise ValueError(f"it contains the unknown keys {unknown}")
    missing = set(parameters) - state.keys()
    if missing:
        raise ValueError(f"it lacks {sorted(missing)}")
    for name in types.keys() & state.keys():
        if not isinstance(state[name], types[name]):
            raise ValueError(f"{name} is of type {type(state[name]).__name__}")
    return {name: value for name, value in state.items() if name not in _OF_STATE}


def find_unknown(state: dict[str, Any], known: Collection[str]) -> list[str]:
    """Return the keys of a state that are neither known nor scikit-learn's."""
    return sorted(str(key) for key in state if key not in {*_OF_STATE, *known, *_OF_SKLEARN})


def new_from_pickle(kind: type) -> Any:
    """Return an estimator that takes its state from a pickle, which can run any code anyway."""
    estimator: Any = object.__new__(kind)
    vars(estimator)[_FROM_PICKLE] = True
    return estimator


def is_from_pickle(estimator: Any) -> bool:
    """Return whether :func:`new_from_pickle` made the estimator, and remove its mark."""
    return bool(vars(estimator).pop(_FROM_PICKLE, False))


def list_functions(paths: Mapping[str, str]) -> list[Callable[[], None]]:
    """Return a stand-in for each import path, which skops stores and lists as that function.

    It would store a bound method such as ``jieba.lcut`` together with its object.
    """
    functions = []
    for parameter, path in paths.items():
        if resolve(parameter, path) is not _imported(path):
            raise ValueError(
                f"{parameter}={path!r} is not a function at the top level of a module, so skops "
                "cannot list it. Define such a function, or store a pickle."
            )

        def function() -> None:
            """Have the name and module of another function."""

        function.__module__, function.__name__ = _split(path)
        functions.append(function)
    return functions


def check_functions(paths: Mapping[str, str], functions: Iterable[Any]) -> None:
    """Raise a ValueError for an import path of a function that skops did not list.

    Import nothing: skops has imported the modules of the listed functions.
    """
    for parameter, path in paths.items():
        found = _imported(path)
        if not callable(found) or not any(found is function for function in functions):
            raise ValueError(
                f"{parameter}={path!r} names a function that skops does not list for this file"
            )


def _split(path: str) -> tuple[str, str]:
    module, _, name = path.replace(":", ".").rpartition(".")
    return module, name


def _imported(path: str) -> Any:
    """Return the object at an import path if its module is imported, else None."""
    module, name = _split(path)
    return vars(sys.modules[module]).get(name) if module in sys.modules else None


@contextmanager
def explain_invalid_state(estimator: str) -> Iterator[None]:
    """Convert any exception while a state is read into a ValueError with advice."""
    try:
        yield
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, ValueError | KeyError):
            reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(
            f"Cannot load the stored state of this {estimator}: {reason.rstrip('.')}. If a later "
            "version of seqsent stored it, install that version. Otherwise it was damaged or "
            "modified: load another copy, or fit again."
        ) from error
