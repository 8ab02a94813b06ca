"""Stored state of an estimator: a format number and known keys, or it is refused."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

FORMAT = 1  # incremented when the stored state changes incompatibly
_OF_SKLEARN = ("_metadata_request", "_sklearn_output_config", "_skl_callbacks")


def check_state(
    state: dict[str, Any], parameters: Collection[str], known: Collection[str]
) -> dict[str, Any]:
    """Return a stored state without its format number.

    Another format, a missing parameter and a key that is neither known nor scikit-learn's are a
    ValueError.
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
    return {name: value for name, value in state.items() if name != "_format"}


def find_unknown(state: dict[str, Any], known: Collection[str]) -> list[str]:
    """Return the keys of a state that are neither known nor scikit-learn's."""
    return sorted(str(key) for key in state if key not in {"_format", *known, *_OF_SKLEARN})


@contextmanager
def refuse_invalid_state(estimator: str) -> Iterator[None]:
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
