"""From whatever holds texts to a plain list of documents."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

_WHAT_TO_PASS = (
    "Pass one text per row: a list of str, a 1-D array, a pandas or polars Series, "
    "or a frame with a single column."
)
# pandas.NA refuses to be compared, and pandas may not even be installed to ask it
_MISSING_TYPES = frozenset({"NoneType", "NAType", "NaTType"})
_ROWS_NAMED = 5


def as_documents(X: Any, *, missing: str = "error", any_type: bool = False) -> list[Any]:
    """Return the documents in ``X`` as a list, one entry per row.

    ``missing`` says what to make of None, NaN and ``pandas.NA``: "error", or "empty" for an
    empty text. ``any_type`` allows documents that are no str, such as lists of tokens; a missing
    one is then None. What holds no documents is a TypeError, several columns a ValueError.
    """
    documents = _as_list(X)
    types = set(map(type, documents))
    if types <= {str}:
        return documents
    if any(kind is float or kind.__name__ in _MISSING_TYPES or issubclass(kind, np.floating)
           for kind in types):  # fmt: skip
        documents = _replace_missing(documents, missing, None if any_type else "")
    if not any_type:
        _check_str(documents)
    return documents


def _as_list(X: Any) -> list[Any]:
    if isinstance(X, (str, bytes, bytearray)):
        raise TypeError(
            f"Expected several documents, got one {type(X).__name__}. For a single text pass "
            "a list that holds it: [text]."
        )
    if isinstance(X, (list, tuple)):
        return list(X)
    if hasattr(X, "shape"):
        return _column_as_list(X)
    if isinstance(X, (Mapping, Set)):
        raise TypeError(
            f"Expected documents in order, got a {type(X).__name__}, whose rows have none. "
            + _WHAT_TO_PASS
        )
    if not isinstance(X, Iterable):
        raise TypeError(f"Expected documents, got {type(X).__name__}. {_WHAT_TO_PASS}")
    return list(X)


def _column_as_list(X: Any) -> list[Any]:
    """Return the values of an array, a Series, or the only column of a frame or 2-D array."""
    shape = tuple(X.shape)
    if len(shape) == 2 and shape[1] == 1 and isinstance(X, np.ndarray):
        X = X.ravel()
    elif len(shape) == 2 and shape[1] == 1 and hasattr(X, "columns"):
        X = X[X.columns[0]]
    elif len(shape) != 1:
        raise ValueError(
            f"Expected one text per row, got {type(X).__name__} of shape {shape}. {_WHAT_TO_PASS}"
            " In a ColumnTransformer, name the text column."
        )
    kind = getattr(getattr(X, "dtype", None), "kind", "O")
    # a column without a single text is NaN throughout; in any other, NaN is a missing number
    if kind in "biufc" and shape[0] and not (kind == "f" and (X != X).all()):
        raise TypeError(f"Expected texts, got numbers ({X.dtype}). {_WHAT_TO_PASS}")
    documents: list[Any] = X.to_list() if hasattr(X, "to_list") else X.tolist()
    return documents


def _is_missing(document: Any) -> bool:
    return (
        type(document).__name__ in _MISSING_TYPES
        or (isinstance(document, float) and document != document)
    )  # fmt: skip


def _replace_missing(documents: list[Any], missing: str, substitute: str | None) -> list[Any]:
    rows = [row for row, document in enumerate(documents) if _is_missing(document)]
    if rows and missing == "error":
        raise ValueError(
            f"{len(rows)} of {len(documents)} documents are missing (None, NaN or NA): "
            f"{_name_rows(rows)}. Drop these rows, or pass missing='empty' to read them as "
            "empty texts."
        )
    documents = list(documents)
    for row in rows:
        documents[row] = substitute
    return documents


def _check_str(documents: list[Any]) -> None:
    rows = [row for row, document in enumerate(documents) if not isinstance(document, str)]
    if not rows:
        return
    kind = type(documents[rows[0]])
    if issubclass(kind, (bytes, bytearray)):
        advice = "Decode them first, for instance document.decode('utf-8')."
    elif issubclass(kind, (Sequence, np.ndarray)):
        advice = (
            "Documents that are lists of tokens or ids need a callable analyzer, "
            "for instance analyzer=list."
        )
    else:
        advice = _WHAT_TO_PASS
    raise TypeError(
        f"Expected every document to be a str, got {kind.__name__} in {_name_rows(rows)}. {advice}"
    )


def _name_rows(rows: list[int]) -> str:
    named = ", ".join(map(str, rows[:_ROWS_NAMED]))
    more = f" and {len(rows) - _ROWS_NAMED} more" if len(rows) > _ROWS_NAMED else ""
    return f"row{'s' if len(rows) > 1 else ''} {named}{more}"
