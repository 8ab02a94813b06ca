"""Validated training and validation data: ids, encoded labels, weights."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from .._estimator.base import check_sample_weight
from .._nn.batches import TrainingData
from .._types import FloatArray
from .ids import check_container, read_ids, to_ids
from .labels import (
    encode_labels,
    encode_validation_labels,
    find_classes,
    read_classes,
    read_labels,
)
from .layout import check_columns

_SMALLEST_WEIGHT = 2.0**-60  # products of weights within [2**-60, 2**60] fit into float32


def read_training_data(
    classifier: Any, X: Any, y: Any, sample_weight: Any, classes: Any, *, is_partial: bool
) -> tuple[TrainingData, NDArray[Any]]:
    """Return validated training data and the sorted classes.

    Documents with zero weight are left out. If ``classes`` is None, the classes are taken from the
    previous ``partial_fit`` that is continued, or from y.
    """
    name = type(classifier).__name__
    continues = is_partial and hasattr(classifier, "classes_")
    check_container(X, "X", estimator=name, cell=classifier.cell)
    X, y = validate_data(classifier, X, read_labels(y), reset=not continues)
    if classes is not None:
        classes = read_classes(classes)
    elif continues:
        classes = classifier.classes_
    weights = check_sample_weight(sample_weight, X)
    with np.errstate(invalid="ignore"):  # it casts labels to int64 to see whether they are ints
        check_classification_targets(y)
    X, y, weights = (column[weights > 0] for column in (X, y, weights))
    by_class = _weights_by_class(classifier.class_weight, y, classes)
    X, y, weights, by_class = (column[by_class > 0] for column in (X, y, weights, by_class))
    if classes is None:
        classes = find_classes(y)
    targets = encode_labels(y, classes)
    ids = to_ids(X, "X", estimator=name)  # checked after y: one class is reported first
    check_columns(ids, getattr(classifier, "feature_names_in_", ()))
    return TrainingData(ids, targets, _scale(_scale(weights) * _scale(by_class))), classes


def read_validation_data(classifier: Any, X_val: Any, y_val: Any) -> TrainingData:
    """Return validated validation data, with unit weights."""
    if X_val is None or y_val is None:
        missing = "X_val" if X_val is None else "y_val"
        raise ValueError(f"X_val and y_val must be passed together, but {missing} is None.")
    ids = read_ids(classifier, X_val, "X_val")
    targets = encode_validation_labels(y_val, classifier.classes_, len(ids))
    return TrainingData(ids, targets, np.ones(len(ids)))


def hold_out(data: TrainingData, fraction: float, seed: int) -> tuple[TrainingData, TrainingData]:
    """Split data into a training and a held-out part, stratified by class."""
    try:
        splits = train_test_split(
            *data, test_size=fraction, stratify=data.targets, random_state=seed
        )
    except ValueError as error:
        raise ValueError(
            f"early_stopping cannot hold out validation_fraction={fraction} of {len(data.ids)} "
            f"documents, stratified by class: {str(error).rstrip('.')}. Pass X_val and y_val, "
            "another fraction, or more documents of each class."
        ) from error
    return TrainingData(*splits[::2]), TrainingData(*splits[1::2])


def _weights_by_class(
    class_weight: Mapping[Any, float] | str | None, y: NDArray[Any], known: NDArray[Any] | None
) -> FloatArray:
    """Return the class weight of each document."""
    if class_weight is None or not len(y):
        return np.ones(len(y))
    if isinstance(class_weight, Mapping):
        for label, weight in class_weight.items():
            if not (isinstance(weight, Real) and 0 <= weight < np.inf):
                raise ValueError(
                    f"class_weight[{label!r}] must be a finite, non-negative number, got "
                    f"{weight!r}."
                )
    classes = np.unique(y) if known is None else known
    indices = encode_labels(y, classes)
    weights: FloatArray = compute_class_weight(class_weight, classes=classes, y=y)
    return weights[indices]


def _scale(weights: FloatArray) -> FloatArray:
    """Return positive weights, scaled by a power of two if they exceed the range of float32.

    The loss is a weighted mean, so a common factor changes no result.
    """
    if not len(weights) or _SMALLEST_WEIGHT <= weights.min() <= weights.max() <= 2.0**60:
        return weights
    scaled = np.ldexp(weights, -np.frexp(weights.max())[1])
    return np.maximum(scaled, _SMALLEST_WEIGHT)
