"""Validation and encoding of class labels."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import column_or_1d

from .._text.documents import is_missing, list_rows


class LabelsMixin(ClassifierMixin):
    """Classifier with a ``score`` that reads labels as ``fit`` does."""

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy of the predictions for X.

        Parameters
        ----------
        X : array-like of shape (n_samples, maxlen)
            Word ids.
        y : array-like of shape (n_samples,)
            Class labels. A label that was not in the training data counts as an error.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each document.

        Returns
        -------
        float
            Accuracy: the fraction of documents with the predicted label in y.

        Raises
        ------
        ValueError
            If y contains missing labels or labels of different types.
        """
        return float(super().score(X, read_labels(y), sample_weight))


def read_labels(y: Any, name: str = "y") -> Any:
    """Return labels, or raise a ValueError if some are missing, or only some are str.

    Nullable booleans and integers of pandas, in a column or a frame of one, get their numpy
    dtype; scikit-learn would convert them to floats.
    """
    labels = np.asarray(y, dtype=None if hasattr(y, "dtype") else object)  # NaN may become "nan"
    missing = _find_missing(labels)
    if missing:
        raise ValueError(
            f"{name} contains {len(missing)} missing labels ({list_rows(missing)}). Remove these "
            "rows."
        )
    _check_one_type(labels, name)
    is_column_frame = getattr(y, "ndim", None) == 2 and len(getattr(y, "dtypes", ())) == 1
    dtype: Any = y.dtypes.iloc[0] if is_column_frame else getattr(y, "dtype", None)
    return y.to_numpy(dtype=dtype.numpy_dtype) if hasattr(dtype, "numpy_dtype") else y


def read_classes(classes: ArrayLike) -> NDArray[Any]:
    """Return the sorted labels that ``partial_fit`` was given, two at least."""
    found = np.unique(np.asarray(read_labels(classes, "classes")))
    if len(found) < 2:
        raise ValueError(f"classes must contain at least 2 labels, got {found.tolist()}.")
    return found


def find_classes(y: NDArray[Any]) -> NDArray[Any]:
    """Return the sorted classes of labels, two at least."""
    classes = np.unique(y)
    if len(classes) == 0:
        raise ValueError(
            "sample_weight or class_weight is zero for all documents. Give some of them a "
            "positive weight."
        )
    if len(classes) == 1:
        raise ValueError(
            "This classifier needs samples of at least 2 classes, but y contains only one class "
            f"among documents of positive weight: {classes.tolist()[0]!r}."
        )
    return classes


def encode_labels(y: ArrayLike, classes: NDArray[Any], name: str = "y") -> NDArray[np.int32]:
    """Return the index of each label in the sorted ``classes``, or raise a ValueError."""
    # searchsorted would compare strings of object dtype with numbers, which is a TypeError
    index = {label: i for i, label in enumerate(classes.tolist())}
    labels = np.asarray(y).tolist()
    unknown = list(dict.fromkeys(label for label in labels if label not in index))
    if unknown:
        raise ValueError(
            f"{name} contains the labels {unknown}, which are not among the classes {list(index)}."
        )
    return np.array([index[label] for label in labels], dtype=np.int32)


def encode_validation_labels(
    y_val: Any, classes: NDArray[Any], n_samples: int
) -> NDArray[np.int32]:
    """Return the encoded labels of validation data."""
    labels = column_or_1d(read_labels(y_val, "y_val"))
    if len(labels) != n_samples:
        raise ValueError(f"X_val has {n_samples} rows, but y_val has {len(labels)} labels.")
    return encode_labels(labels, classes, name="y_val")


def _find_missing(labels: NDArray[Any]) -> list[int]:
    """Return the rows of missing labels."""
    if labels.dtype != object:
        return np.flatnonzero(labels != labels).tolist()
    values = labels.ravel() if labels.ndim else ()  # scikit-learn reports y=None
    return [row for row, value in enumerate(values) if is_missing(value)]


def _check_one_type(labels: NDArray[Any], name: str) -> None:
    """Raise a ValueError if only some labels are str: they have no order."""
    types = set(map(type, labels.ravel())) if labels.dtype == object else set()
    if len({issubclass(t, str) for t in types}) == 2:
        names = sorted(t.__name__ for t in types)
        raise ValueError(f"{name} contains labels of the types {names}. Convert them to one type.")
