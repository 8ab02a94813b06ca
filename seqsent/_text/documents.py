"""From whatever holds texts to a plain list of documents."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np
from scipy.sparse import issparse

_WHAT_TO_PASS = (
    "Pass one text per row: a list of str, a 1-D array, a Series, a column of a table, "
    "or a frame with a single column."
)
# pandas.NA refuses to be compared, and pandas may not even be installed to ask it
_MISSING_TYPES = frozenset({"NoneType", "NAType", "NaTType"})
_NAMED = 5  # rows or columns in a message


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


def column_names(X: Any) -> list[Any] | None:
    """Return the names of the columns of a frame, a table or a mapping; None of anything else."""
    if isinstance(X, Mapping) and not issparse(X):  # older scipys have one that is a dict
        return list(X)
    for attribute in ("column_names", "columns"):  # pyarrow, Hugging Face; pandas, polars
        names = getattr(X, attribute, None)
        if isinstance(names, Iterable):
            return list(names)
    return None


def _as_list(X: Any) -> list[Any]:
    kind = type(X).__name__
    if isinstance(X, (str, bytes, bytearray)):
        raise TypeError(
            f"Expected several documents, got one {kind}. For a single text pass a list that "
            "holds it: [text]."
        )
    if isinstance(X, (list, tuple)):
        return list(X)
    if hasattr(X, "collect_schema") and not hasattr(X, "shape"):  # a LazyFrame of polars
        raise TypeError(f"Expected documents, got {kind}, not yet read: pass X.collect().")
    if isinstance(X, Set):
        raise TypeError(
            f"Expected documents in order, got a {kind}, whose rows have none. {_WHAT_TO_PASS}"
        )
    names = column_names(X)
    if names is not None:
        X = _only_column(X, names)
    shape = tuple(getattr(X, "shape", ()))
    if len(shape) == 2 and shape[1] == 1 and isinstance(X, np.ndarray):
        X = X.ravel()
    elif hasattr(X, "shape") and len(shape) != 1:
        raise ValueError(f"Expected one text per row, got {kind} of shape {shape}. {_WHAT_TO_PASS}")
    documents = _values(X)
    if documents is None:
        raise TypeError(f"Expected documents, got {kind}. {_WHAT_TO_PASS}")
    _reject_numbers(X, documents)
    return documents


def _only_column(X: Any, names: list[Any]) -> Any:
    """Return the column of a table that has one; name the right one of several."""
    if len(names) == 1 and not isinstance(X, Mapping):
        return X[names[0]]
    kind = type(X).__name__
    described = ", ".join(map(repr, names[:_NAMED])) + (", ..." if len(names) > _NAMED else "")
    texts = next((name for name in names if _holds_text(X[name])), names[0] if names else "text")
    raise (TypeError if isinstance(X, Mapping) else ValueError)(
        f"Expected one text per row, got a {kind} with "
        f"{'the keys' if isinstance(X, Mapping) else 'the columns'} {described or 'of nothing'}. "
        f"Pass the texts alone: X[{texts!r}]; in a ColumnTransformer, name the text column."
    )


def _holds_text(column: Any) -> bool:
    try:
        values = _values(column[:_NAMED])
    except (TypeError, KeyError, NotImplementedError):  # no column: a part of a data set, a stream
        return False
    return any(isinstance(value, str) for value in values or ())


def _values(X: Any) -> list[Any] | None:
    """Return what an array, a column or any other iterable holds; None if it is none."""
    for method in ("to_pylist", "to_list", "tolist"):  # pyarrow; pandas, polars; NumPy
        if hasattr(X, method):
            values: list[Any] = getattr(X, method)()
            return values
    return list(X) if isinstance(X, Iterable) else None


def _reject_numbers(X: Any, documents: list[Any]) -> None:
    kind = getattr(getattr(X, "dtype", None), "kind", "O")
    # a column without a single text is NaN throughout; in any other, NaN is a missing number
    if kind in "biufc" and documents and not (kind == "f" and (X != X).all()):
        raise TypeError(f"Expected texts, got numbers ({X.dtype}). {_WHAT_TO_PASS}")


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
    elif issubclass(kind, Mapping):
        record = documents[rows[0]]
        texts = next((key for key, value in record.items() if isinstance(value, str)), "text")
        advice = f"Pass the texts alone: [row[{texts!r}] for row in X]."
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
    named = ", ".join(map(str, rows[:_NAMED]))
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return f"row{'s' if len(rows) > 1 else ''} {named}{more}"
