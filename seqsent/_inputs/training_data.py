"""What a network learns from: texts, their labels and weights, right or a clear error."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from .._estimator.base import check_sample_weight
from .._types import FloatArray, Ids
from .ids import as_ids

_LEAST_WEIGHT = 2.0**-60  # and its inverse the largest: their products stay within float32


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


class TrainingData(NamedTuple):
    """What a network learns from."""

    ids: Ids
    targets: NDArray[np.int32]  # (n_texts,), places in classes, -1 of texts without a label
    weights: FloatArray  # (n_texts,), positive, within the range of float32

    def where(self, counts: NDArray[np.bool_]) -> "TrainingData":
        """Return the texts that count, and no copies where all do."""
        return TrainingData(*_take_where(counts, *self))


def read_training_data(
    X: NDArray[Any],
    y: NDArray[Any],
    sample_weight: ArrayLike | None,
    *,
    class_weight: Mapping[Any, float] | str | None,
    classes: NDArray[Any] | None,
    some_unlabelled: bool,
    estimator: str,
) -> tuple[TrainingData, NDArray[Any]]:
    """Return the data of a fit and its classes; texts of weight zero are left out.

    X is numeric but not yet known to hold ids: a y of one class is reported first. None takes
    the classes from y, and then something must be left; of known classes all texts may go.
    ``some_unlabelled`` says that -1 in y is no label.
    """
    weights = check_sample_weight(sample_weight, X)
    if (weights < 0).any():
        raise ValueError(f"sample_weight must not be negative, got {weights.min()}.")
    has_label = np.ones(len(y), dtype=bool)
    if some_unlabelled:
        y, has_label = find_labels(y)
    with np.errstate(invalid="ignore"):  # of a label that is no int64 it only asks whether it is
        check_classification_targets(y)
    X, y, weights, has_label = _take_where(weights > 0, X, y, weights, has_label)
    by_class = np.ones(len(y))
    by_class[has_label] = _weights_by_class(class_weight, y[has_label], classes)
    X, y, weights, has_label, by_class = _take_where(
        by_class > 0, X, y, weights, has_label, by_class
    )
    weights = _multiply(weights, by_class)
    labels = y[has_label]
    if classes is None:
        classes = _find_classes(labels, some_unlabelled=some_unlabelled)
    targets = np.full(len(y), -1, dtype=np.int32)
    targets[has_label] = encode_labels(labels, classes)
    return TrainingData(as_ids(X, "X", estimator=estimator), targets, weights), classes


def fill_missing_labels(y: Any) -> Any:
    """Return labels with -1 in place of missing ones."""
    missing = _find_missing(y)
    return np.where(missing, -1, np.asarray(y, dtype=object)) if missing.any() else y


def refuse_missing_labels(y: Any) -> None:
    """Raise a ValueError if texts have no label."""
    missing = _find_missing(y)
    if missing.any():
        raise ValueError(
            f"y holds None or NaN for {missing.sum()} of {missing.size} texts. Leave out texts "
            "without a label, or set self_training=True, which learns from them, too."
        )


def _find_missing(y: Any) -> NDArray[np.bool_]:
    """Return which labels are None, NaN or pandas's NA."""
    labels = np.asarray(y, dtype=None if hasattr(y, "dtype") else object)  # NaN may be a string
    if labels.dtype.kind == "f":
        return np.isnan(labels)
    if labels.dtype != object or labels.ndim == 0:  # what is no column is refused elsewhere
        return np.zeros(labels.shape, dtype=bool)
    return np.frompyfunc(_is_missing, 1, 1)(labels).astype(bool)


def _is_missing(label: Any) -> bool:
    try:
        return label is None or bool(label != label)
    except TypeError:  # pandas's NA is neither equal to itself nor not
        return True


def find_labels(y: NDArray[Any], name: str = "y") -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return labels, and which texts have one; a text that has none, but -1, gets another's.

    Among strings -1 may have become one; among objects labels may be numbers, say.
    """
    if y.dtype.kind in "OUT":
        has_label = np.array([str(label) not in ("-1", "-1.0") for label in y], dtype=bool)
    else:
        has_label = y != -1
    if not has_label.any():
        raise ValueError(
            f"{name} holds no label for any of {len(y)} texts: with self_training=True, -1 says "
            "that a text has none."
        )
    labels = y[has_label]
    if y.dtype == object:
        labels = np.array(labels.tolist())
    filled = np.full(len(y), labels[0], dtype=labels.dtype)
    filled[has_label] = labels
    return filled, has_label


def _find_classes(labels: NDArray[Any], *, some_unlabelled: bool) -> NDArray[Any]:
    """Return the classes of labels, two at least."""
    classes = np.unique(labels)
    if len(classes) == 0:
        raise ValueError(
            "sample_weight or class_weight is zero for all texts; nothing is left to train on."
        )
    if len(classes) == 1:
        hint = " With self_training=True, -1 is no label." if some_unlabelled else ""
        raise ValueError(
            "This classifier needs texts of at least 2 classes, but y holds one class "
            f"only (of texts whose weight is not zero): {classes.tolist()[0]!r}.{hint}"
        )
    return classes


def _take_where(counts: NDArray[np.bool_], *columns: NDArray[Any]) -> Sequence[NDArray[Any]]:
    """Return the rows that count, and no copies where all do."""
    return columns if counts.all() else [column[counts] for column in columns]


def _weights_by_class(
    class_weight: Mapping[Any, float] | str | None, y: NDArray[Any], known: NDArray[Any] | None
) -> FloatArray:
    """Return the weight that each text has for its class."""
    if class_weight is None or not len(y):
        return np.ones(len(y))
    if isinstance(class_weight, Mapping):
        for label, weight in class_weight.items():
            if not (isinstance(weight, Real) and 0 <= weight < np.inf):
                raise ValueError(
                    f"class_weight[{label!r}] must be a finite number that is not negative, "
                    f"got {weight!r}."
                )
    classes = np.unique(y) if known is None else known
    weights: FloatArray = compute_class_weight(class_weight, classes=classes, y=y)
    return weights[encode_labels(y, classes)]


def _multiply(weights: FloatArray, others: FloatArray) -> FloatArray:
    """Return products of positive weights within the range of float32."""
    return _in_range(_in_range(weights) * _in_range(others))


def _in_range(weights: FloatArray) -> FloatArray:
    """Return positive weights, scaled where they come near the limits of float32.

    The scale is a power of two and so exact; a common factor changes no result, as the loss is
    a mean over weights. Beside the largest weight of all, one below the range counts for nothing
    in either form.
    """
    if not len(weights) or _LEAST_WEIGHT <= weights.min() <= weights.max() <= 1 / _LEAST_WEIGHT:
        return weights
    scaled = np.ldexp(weights, -np.frexp(weights.max())[1])
    return np.maximum(scaled, _LEAST_WEIGHT)


def find_sure(
    probabilities: FloatArray, targets: NDArray[np.int32], at_least: float
) -> NDArray[np.intp]:
    """Return the texts that predictions are sure of, as many of each class as among ``targets``.

    Sure is a probability of ``at_least`` so much; of a class that has too many, those come first
    whose probability is higher. Unequal numbers would teach that one class is always right.
    """
    predicted, sureness = probabilities.argmax(axis=1), probabilities.max(axis=1)
    order = np.argsort(-sureness, kind="stable")
    order = order[sureness[order] >= at_least]
    shares = np.bincount(targets, minlength=probabilities.shape[1]) / len(targets)
    of_classes = [order[predicted[order] == place] for place in range(len(shares))]
    n_chosen = (np.array([len(rows) for rows in of_classes]) / shares).min()
    counts = np.rint(n_chosen * shares).astype(int)
    chosen = [rows[:count] for rows, count in zip(of_classes, counts, strict=True)]
    return np.sort(np.concatenate(chosen))


def add_labelled(
    data: TrainingData,
    others: TrainingData,
    class_weight: Mapping[Any, float] | str | None,
    classes: NDArray[Any],
) -> TrainingData:
    """Return data and others as one, the others' weights multiplied by those of their classes."""
    columns: Any = zip(data, others, strict=True)
    both = TrainingData(*map(np.concatenate, columns))
    by_class = _weights_by_class(class_weight, classes[both.targets], classes)
    by_class[: len(data.ids)] = 1  # theirs are in their weights
    both = both._replace(weights=both.weights * by_class)
    return both.where(by_class > 0)


def labels_in_numpy_type(y: Any) -> Any:
    """Return a pandas column of booleans or integers as such: scikit-learn makes floats of it."""
    if getattr(y, "ndim", None) != 1 or not hasattr(y, "isna") or y.isna().any():
        return y
    return y.to_numpy()


def read_validation_labels(
    y_val: Any, classes: NDArray[Any], n_texts: int, *, some_unlabelled: bool
) -> NDArray[np.int32]:
    """Return the encoded labels of the texts to validate on, -1 of texts without a label."""
    labels = column_or_1d(fill_missing_labels(y_val) if some_unlabelled else y_val)
    if len(labels) != n_texts:
        raise ValueError(f"X_val has {n_texts} rows, but y_val has {len(labels)} labels.")
    has_label = np.ones(len(labels), dtype=bool)
    if some_unlabelled:
        labels, has_label = find_labels(labels, name="y_val")
    return np.where(has_label, encode_labels(labels, classes, name="y_val"), -1)


def hold_out(data: TrainingData, fraction: float, seed: int) -> tuple[TrainingData, TrainingData]:
    """Split data into a training and a held-out part with the same share of each class."""
    try:
        parts = train_test_split(
            *data, test_size=fraction, stratify=data.targets, random_state=seed
        )
    except ValueError as error:
        raise ValueError(
            f"early_stopping cannot hold out validation_fraction={fraction} of {len(data.ids)} "
            f"texts with a share of each class: {error} Pass X_val and y_val, another fraction, "
            "or more texts."
        ) from error
    return TrainingData(*parts[::2]), TrainingData(*parts[1::2])
