"""Any container of texts to a list of documents."""

from collections.abc import Iterable, Mapping, Sequence, Set
from numbers import Number
from typing import Any

import numpy as np
from scipy.sparse import issparse

_EXPECTED = (
    "Pass one text per row: a list of str, a 1-D array, a Series, a column of a table, "
    "or a frame with a single column."
)
# compared by name, because pandas.NA has no truth value and pandas may not be installed
_MISSING_TYPES = frozenset({"NoneType", "NAType", "NaTType"})
_N_LISTED = 5  # rows or columns in a message


def as_documents(X: Any, *, missing: str = "error", any_type: bool = False) -> list[Any]:
    """Return a list of the documents in X, one per row.

    A missing document (None, NaN, ``pandas.NA``) is an error, or an empty one with
    ``missing="empty"``. Documents must be str unless ``any_type``, which makes a missing one None.
    """
    documents = _as_list(X)
    if set(map(type, documents)) <= {str}:
        return documents
    documents = _replace_missing(documents, missing, None if any_type else "")
    if not any_type:
        _check_str(documents)
    return documents


def is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN, ``pandas.NA`` or ``pandas.NaT``."""
    if type(value).__name__ in _MISSING_TYPES:
        return True
    return isinstance(value, Number) and bool(value != value)


def list_rows(rows: Sequence[int]) -> str:
    """Return the first of these row numbers, for a message: "rows 0, 1, 2, 3, 4 and 7 more"."""
    listed = ", ".join(map(str, rows[:_N_LISTED]))
    more = f" and {len(rows) - _N_LISTED} more" if len(rows) > _N_LISTED else ""
    return f"row{'s' if len(rows) > 1 else ''} {listed}{more}"


def column_names(X: Any) -> list[Any] | None:
    """Return the column names of a frame, table or mapping; None for other containers."""
    if isinstance(X, Mapping) and not issparse(X):  # dok_matrix of older scipy is a dict
        return list(X)
    for attribute in ("column_names", "columns"):  # pyarrow and Hugging Face; pandas and polars
        names = getattr(X, attribute, None)
        if isinstance(names, Iterable):
            return list(names)
    return None


def _as_list(X: Any) -> list[Any]:
    kind = type(X).__name__
    if isinstance(X, (list, tuple)):
        return list(X)
    if isinstance(X, (str, bytes, bytearray)):
        raise TypeError(f"Expected a list of documents, got one {kind}. Pass a list: [text].")
    if hasattr(X, "collect_schema") and not hasattr(X, "shape"):  # polars.LazyFrame
        raise TypeError(f"Expected documents, got a {kind}. Pass X.collect().")
    if isinstance(X, Set):
        raise TypeError(f"Expected documents in order, got a {kind}, which has none. {_EXPECTED}")
    names = column_names(X)
    if names is not None:
        X = _single_column(X, names)
    shape = tuple(getattr(X, "shape", ()))
    if len(shape) == 2 and shape[1] == 1 and isinstance(X, np.ndarray):
        X = X.ravel()
    elif hasattr(X, "shape") and len(shape) != 1:
        raise ValueError(f"Expected one text per row, got {kind} of shape {shape}. {_EXPECTED}")
    documents = _to_list(X)
    if documents is None:
        raise TypeError(f"Expected documents, got {kind}. {_EXPECTED}")
    _check_no_numbers(X, documents)
    return documents


def _single_column(X: Any, names: list[Any]) -> Any:
    """Return the only column of a table, or raise an error that names the text column."""
    is_mapping = isinstance(X, Mapping)
    if len(names) == 1 and not is_mapping:
        return X[names[0]]
    listed = ", ".join(map(repr, names[:_N_LISTED])) + (", ..." if len(names) > _N_LISTED else "")
    column = next((name for name in names if _has_text(X[name])), names[0] if names else "text")
    raise (TypeError if is_mapping else ValueError)(
        f"Expected one text per row, got a {type(X).__name__} with the "
        f"{'keys' if is_mapping else 'columns'} {listed or '(none)'}. Pass the text column "
        f"alone, X[{column!r}], or select it by name in a ColumnTransformer."
    )


def _has_text(column: Any) -> bool:
    try:
        values = _to_list(column[:_N_LISTED])
    except (TypeError, KeyError, NotImplementedError):  # a split of a data set, or a stream
        return False
    return any(isinstance(value, str) for value in values or ())


def _to_list(X: Any) -> list[Any] | None:
    """Return a list of the items of X; None if X is not iterable."""
    for method in ("to_pylist", "to_list", "tolist"):  # pyarrow; pandas, polars; NumPy
        if hasattr(X, method):
            values: list[Any] = getattr(X, method)()
            return values
    return list(X) if isinstance(X, Iterable) else None


def _check_no_numbers(X: Any, documents: list[Any]) -> None:
    kind = getattr(getattr(X, "dtype", None), "kind", "O")
    # pandas reads a column without any text as floats that are all NaN
    if kind in "biufc" and documents and not (kind == "f" and (X != X).all()):
        raise TypeError(f"Expected texts, got numbers ({X.dtype}). {_EXPECTED}")


def _replace_missing(documents: list[Any], missing: str, replacement: str | None) -> list[Any]:
    rows = [row for row, document in enumerate(documents) if is_missing(document)]
    if rows and missing == "error":
        texts = "texts" if len(rows) > 1 else "text"
        raise ValueError(
            f"X contains {len(rows)} missing {texts} ({list_rows(rows)}, counted from 0). Remove "
            "them, or set missing='empty' of the vectorizer."
        )
    for row in rows:
        documents[row] = replacement
    return documents


def _check_str(documents: list[Any]) -> None:
    rows = [row for row, document in enumerate(documents) if not isinstance(document, str)]
    if not rows:
        return
    document = documents[rows[0]]
    if isinstance(document, (bytes, bytearray)):
        advice = "Decode them, for example with document.decode('utf-8')."
    elif isinstance(document, Mapping):
        key = next((key for key, value in document.items() if isinstance(value, str)), "text")
        advice = f"Pass the texts alone: [row[{key!r}] for row in X]."
    elif isinstance(document, (Sequence, np.ndarray)):
        advice = "Documents that are lists of tokens or ids require a callable, as analyzer=list."
    else:
        advice = _EXPECTED
    raise TypeError(
        f"Expected every document to be a str, got {type(document).__name__} "
        f"({list_rows(rows)}). {advice}"
    )
