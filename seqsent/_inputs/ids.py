"""Validation of word ids, with errors for the input that users pass by mistake."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data

from .._runtime.warn import warn_user
from .._text.documents import column_names
from .._types import Ids

_ROW_MULTIPLE = 1024  # of the embedding table, so that folds of a search share a program
_LARGEST_TABLE = 2**24  # rows; 2 GB of word vectors, 6 GB with Adam's moments

_TEXT_RECIPE = """\
{estimator} expects rows of word ids, got text in {name}. Put a SequenceVectorizer before it:

    make_sentiment_pipeline({example}).fit(texts, labels)"""

_VALIDATION_TEXT_RECIPE = """\
{estimator} expects rows of word ids, got text in X_val. A Pipeline transforms X_val if you ask it:

    sklearn.set_config(enable_metadata_routing=True)
    pipeline = make_sentiment_pipeline(...).set_params(transform_input=["X_val"])
    pipeline.fit(texts, labels, X_val=validation_texts, y_val=validation_labels)"""


def read_ids(classifier: Any, X: Any, name: str = "X") -> Ids:
    """Return :func:`validate_ids`, with ``oov_char`` for ids beyond the embedding table.

    X itself is returned if it is an int32 array of known ids.
    """
    ids = validate_ids(classifier, X, name)
    return replace_unknown(ids, classifier.n_words_, classifier.oov_char)


def validate_ids(classifier: Any, X: Any, name: str = "X") -> Ids:
    """Return X as ids with the columns seen in ``fit``, or raise a TypeError or ValueError."""
    estimator = type(classifier).__name__
    values = _known_frame_values(classifier, X)
    if values is not None:
        return to_ids(values, name, estimator=estimator)
    if not (
        type(X) is np.ndarray  # skips scikit-learn's checks, which take ten times as long
        and X.dtype == np.int32
        and X.ndim == 2
        and len(X)
        and X.shape[1] == classifier.n_features_in_
        and not hasattr(classifier, "feature_names_in_")
    ):
        check_container(X, name, estimator=estimator, cell=classifier.cell)
        X = validate_data(classifier, X, reset=False)
    return to_ids(X, name, estimator=estimator)


def _known_frame_values(classifier: Any, X: Any) -> NDArray[Any] | None:
    """Return the integers of a frame with the columns seen in ``fit``, None for any other X.

    scikit-learn accepts the same frames, but loops over the columns several times.
    """
    if not (hasattr(classifier, "feature_names_in_") and hasattr(X, "to_numpy")):
        return None
    columns = np.asarray(getattr(X, "columns", ()))
    if not np.array_equal(columns, classifier.feature_names_in_):
        return None
    values: NDArray[Any] = X.to_numpy()
    return values if values.dtype.kind in "iu" and values.size else None


def check_container(X: Any, name: str, *, estimator: str, cell: str) -> None:
    """Raise a TypeError or ValueError if X is text, counts, or a table of other columns."""
    if isinstance(X, str) or _contains_text(X):
        recipe = _VALIDATION_TEXT_RECIPE if name == "X_val" else _TEXT_RECIPE
        raise TypeError(recipe.format(estimator=estimator, name=name, example=f"cell={cell!r}"))
    columns = column_names(X)
    if columns is not None and not hasattr(X, "__array__"):
        raise TypeError(
            f"{name} is a {type(X).__name__} with {', '.join(map(repr, columns[:5]))}; {estimator} "
            "expects a matrix of word ids. Pass the column of rows of ids, or a pandas DataFrame "
            "with one column per id. For texts, use make_sentiment_pipeline()."
        )
    if issparse(X):
        raise TypeError(
            f"{name} is a sparse matrix, as CountVectorizer and TfidfVectorizer return, without "
            f"the order of the words. {estimator} expects rows of word ids; replace the "
            "vectorizer with a SequenceVectorizer, or use make_sentiment_pipeline()."
        )
    if isinstance(X, list | tuple) and X and all(isinstance(row, list | tuple) for row in X):
        lengths = {len(row) for row in X}
        if len(lengths) > 1:
            raise ValueError(
                f"{name} contains rows of {min(lengths)} to {max(lengths)} ids; all rows must have "
                "the same length. SequenceVectorizer(analyzer=list) pads lists of tokens or ids, "
                "and keras.utils.pad_sequences pads lists of ids."
            )
    if hasattr(X, "dtypes") and hasattr(X, "columns"):
        _check_whole_numbers(X, name)


def _check_whole_numbers(X: Any, name: str) -> None:
    """Raise a ValueError that names the columns of a frame that are not whole numbers."""
    if not {getattr(dtype, "kind", None) for dtype in set(X.dtypes)} & {"M", "m", "f"}:
        return  # before the slow loop over columns
    invalid = []
    for column, dtype in zip(X.columns, X.dtypes, strict=True):
        kind = getattr(dtype, "kind", None)
        if kind in ("M", "m") or (kind == "f" and (X[column].to_numpy() % 1 > 0).any()):
            invalid.append((column, dtype))
    if invalid:
        described = ", ".join(f"{column!r} ({dtype})" for column, dtype in invalid[:5])
        raise ValueError(
            f"{name} must contain word ids, which are whole numbers, but these columns do not: "
            f"{described}. Drop them; a ColumnTransformer with a SequenceVectorizer on the text "
            "column passes on only its ids."
        )


def _contains_text(X: Any) -> bool:
    if isinstance(X, np.ndarray) and X.dtype.kind in "biuf":
        return False
    head = X.head(8) if hasattr(X, "head") else X[:8] if isinstance(X, list | tuple) else X
    try:
        array = np.asarray(head)
    except (TypeError, ValueError):
        return False
    if array.dtype.kind == "O":
        return any(isinstance(value, str) for value in array.ravel()[:64])
    return array.dtype.kind in "UST"


def to_ids(ids: NDArray[Any], name: str, *, estimator: str) -> Ids:
    """Return whole numbers >= 0 of any numeric dtype as int32, or raise a ValueError."""
    if ids.dtype.kind != "u" and ids.size and ids.min() < 0:
        raise ValueError(
            f"Negative values in data passed to {estimator}: {name} contains {ids.min()}. Word "
            "ids are whole numbers from 0, as SequenceVectorizer returns them; remove any scaler "
            "between the two."
        )
    if ids.dtype == np.int32:
        return ids
    if ids.size and ids.max() > np.iinfo(np.int32).max:
        raise ValueError(f"{name} contains the number {ids.max()}; word ids must be below 2**31.")
    with np.errstate(invalid="ignore"):
        whole = ids.astype(np.int32)
    if ids.dtype.kind == "f" and not np.array_equal(whole, ids):
        fraction = ids[whole != ids].flat[0]
        raise ValueError(
            f"{name} must contain word ids, which are whole numbers, got {fraction}. Use a "
            "SequenceVectorizer, without a scaler or TfidfVectorizer."
        )
    return whole


def choose_n_words(
    ids: Ids, n_words: int | None, oov_char: int | None, *, is_partial: bool = False
) -> int:
    """Return the number of rows of the embedding table.

    If ``n_words`` is None it follows from the largest id. An id beyond the table is a ValueError
    unless ``is_partial``.
    """
    largest = int(ids.max(initial=0))
    if n_words is None:
        if largest >= _LARGEST_TABLE:
            raise ValueError(
                f"X contains the word id {largest}, which requires an embedding table of "
                f"{largest + 1:,} rows. If this is intended, set num_words={largest + 1}; else "
                "number the words by rank, as SequenceVectorizer(num_words=...) does."
            )
        n_words = -(-(largest + 1) // _ROW_MULTIPLE) * _ROW_MULTIPLE
        if is_partial:
            warn_user(
                f"The first call to partial_fit fixes the embedding table at {n_words} words; "
                f"larger ids in later calls are replaced by oov_char={oov_char}. Set num_words "
                "to that of the vectorizer."
            )
    if largest >= n_words and not is_partial:
        raise ValueError(
            f"X contains the word id {largest}, but the embedding table has {n_words} rows. Pass "
            "the same num_words to SequenceVectorizer and RecurrentSentimentClassifier, or leave "
            "the classifier's num_words=None."
        )
    if oov_char is not None and oov_char >= n_words:
        raise ValueError(f"oov_char={oov_char} must be less than num_words={n_words}.")
    return n_words


def replace_unknown(ids: Ids, n_words: int, oov_char: int | None) -> Ids:
    """Return ids with ``oov_char``, or padding if it is None, for ids beyond the table."""
    if oov_char is not None and oov_char >= n_words:
        raise ValueError(f"oov_char={oov_char} must be less than n_words_={n_words}.")
    unknown = ids >= n_words
    if not unknown.any():
        return ids
    return np.where(unknown, np.int32(oov_char or 0), ids)
