"""What reaches the classifier: rows of word ids, labels and weights, or a clear error."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_non_negative,
    column_or_1d,
    validate_data,
)

from ._base import check_sample_weight

_TEXT_RECIPE = """\
{estimator} reads rows of word ids, got text in {name}. Put a SequenceVectorizer in front:

    make_sentiment_pipeline({example}).fit(texts, labels)"""

_VALIDATION_TEXT_RECIPE = """\
{estimator} reads rows of word ids, got text in X_val. A Pipeline transforms it if told to:

    sklearn.set_config(enable_metadata_routing=True)
    pipeline = make_sentiment_pipeline(...).set_params(transform_input=["X_val"])
    pipeline.fit(texts, labels, X_val=validation_texts, y_val=validation_labels)"""


def reject_text(X: Any, estimator: Any, name: str = "X") -> None:
    """Raise a TypeError that shows the way if X holds text instead of ids."""
    if isinstance(X, str) or _holds_text(X):
        recipe = _VALIDATION_TEXT_RECIPE if name == "X_val" else _TEXT_RECIPE
        example = f"cell={estimator.cell!r}"
        raise TypeError(
            recipe.format(estimator=type(estimator).__name__, name=name, example=example)
        )


def _holds_text(X: Any) -> bool:
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


def read_ids(X: Any, estimator: Any, *, name: str = "X", reset: bool = False) -> NDArray[np.int32]:
    """Return X as an int32 array of shape (n_texts, row_length).

    Parameters
    ----------
    X : array-like
        Word ids; whole numbers in any numeric type.
    estimator : RecurrentSentimentClassifier
        Whose ``n_features_in_`` and ``feature_names_in_`` are set or compared.
    name : str, default="X"
        What messages call it.
    reset : bool, default=False
        Whether this is the data of a fit.

    Returns
    -------
    ndarray of shape (n_texts, row_length), int32
        X itself where it is one already.

    Raises
    ------
    TypeError
        If X holds text.
    ValueError
        If X is not two-dimensional, has another number of columns than in fit, or
        holds negative numbers or fractions.
    """
    if (
        not reset
        and type(X) is np.ndarray
        and X.dtype == np.int32
        and X.ndim == 2
        and len(X)
        and X.shape[1] == estimator.n_features_in_
        and not hasattr(estimator, "feature_names_in_")
    ):
        ids = X  # the common case at a tenth of the cost
    else:
        reject_text(X, estimator, name)
        ids = validate_data(estimator, X, reset=reset)
    return ids_to_int32(ids, estimator, name)


def ids_to_int32(ids: NDArray[Any], estimator: Any, name: str = "X") -> NDArray[np.int32]:
    """Return whole numbers >= 0 as int32, or raise a ValueError."""
    if ids.dtype.kind != "u":
        check_non_negative(ids, type(estimator).__name__)
    if ids.dtype == np.int32:
        return ids
    if ids.size and ids.max() > np.iinfo(np.int32).max:
        raise ValueError(f"{name} holds the number {ids.max()}; word ids are below 2**31.")
    with np.errstate(invalid="ignore"):
        whole = ids.astype(np.int32)
    if ids.dtype.kind == "f" and not np.array_equal(whole, ids):
        odd = ids[whole != ids].flat[0]
        raise ValueError(
            f"{name} must hold word ids, which are whole numbers, got {odd}. "
            "SequenceVectorizer makes them from texts."
        )
    return whole


def check_ids_in_table(ids: NDArray[np.int32], n_words: int, given_by: str) -> None:
    """Raise a ValueError if an id of the training data lies beyond the embedding table."""
    largest = int(ids.max(initial=0))
    if largest >= n_words:
        raise ValueError(
            f"X holds the word id {largest}, but {given_by} allows ids below {n_words}. Give "
            "SequenceVectorizer(num_words=...) and RecurrentSentimentClassifier(num_words=...) "
            "the same number, or leave the classifier's num_words=None."
        )


def replace_unknown(
    ids: NDArray[np.int32], n_words: int, oov_char: int | None
) -> NDArray[np.int32]:
    """Return ids with those beyond the table read as ``oov_char``, or else as padding."""
    unknown = ids >= n_words
    if not unknown.any():
        return ids
    return np.where(unknown, np.int32(oov_char or 0), ids)


def encode_labels(y: ArrayLike, classes: NDArray[Any], name: str = "y") -> NDArray[np.int32]:
    """Return the place of each label in the sorted ``classes``, or raise a ValueError."""
    y = np.asarray(y)
    places = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    unknown = classes[places] != y
    if unknown.any():
        raise ValueError(
            f"{name} holds labels {np.unique(y[unknown]).tolist()} that are not among the "
            f"classes {classes.tolist()}."
        )
    return places.astype(np.int32)


def read_training_data(
    X: Any, y: Any, sample_weight: Any, estimator: Any, *, reset: bool
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]:
    """Return X, y and weights; texts of weight zero are left out.

    X is numeric but not yet known to hold ids, so that a y of one class is reported first.
    """
    reject_text(X, estimator)
    X, y = validate_data(estimator, X, _labels_in_numpy_type(y), reset=reset)
    check_classification_targets(y)
    weights = check_sample_weight(sample_weight, X, dtype=np.float64)
    if (weights < 0).any():
        raise ValueError(f"sample_weight must not be negative, got {weights.min()}.")
    counts = weights > 0
    if not counts.any():
        raise ValueError("sample_weight is zero for all texts; nothing is left to train on.")
    if counts.all():
        return X, y, weights
    return X[counts], y[counts], weights[counts]


def _labels_in_numpy_type(y: Any) -> Any:
    """Return a pandas column of booleans or integers as such: scikit-learn makes floats of it."""
    if getattr(y, "ndim", None) != 1 or not hasattr(y, "isna") or y.isna().any():
        return y
    return y.to_numpy()


def read_validation_data(
    X_val: Any, y_val: Any, estimator: Any
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return ids and encoded labels to validate on."""
    if X_val is None or y_val is None:
        missing = "X_val" if X_val is None else "y_val"
        raise ValueError(f"X_val and y_val belong together, but {missing} is None.")
    ids = read_ids(X_val, estimator, name="X_val")
    ids = replace_unknown(ids, estimator.n_words_, estimator.oov_char)
    targets = encode_labels(column_or_1d(y_val), estimator.classes_, name="y_val")
    if len(targets) != len(ids):
        raise ValueError(f"X_val has {len(ids)} rows, but y_val has {len(targets)} labels.")
    return ids, targets


def hold_out(
    arrays: tuple[NDArray[Any], ...], targets: NDArray[np.int32], fraction: float, seed: int
) -> tuple[tuple[NDArray[Any], ...], tuple[NDArray[Any], ...]]:
    """Split arrays into a training and a held-out part with the same share of each class."""
    try:
        parts = train_test_split(*arrays, test_size=fraction, stratify=targets, random_state=seed)
    except ValueError as error:
        raise ValueError(
            f"early_stopping cannot hold out validation_fraction={fraction} of {len(targets)} "
            f"texts with a share of each class: {error} Pass X_val and y_val, another fraction, "
            "or more texts."
        ) from error
    return tuple(parts[::2]), tuple(parts[1::2])
