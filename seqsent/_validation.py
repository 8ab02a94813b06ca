"""What reaches the classifier, right or a clear error: ids, labels, weights, word vectors."""

from collections.abc import Mapping
from os import PathLike
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_non_negative, column_or_1d

from ._base import check_sample_weight
from ._types import FloatArray, Ids

_TEXT_RECIPE = """\
{estimator} reads rows of word ids, got text in {name}. Put a SequenceVectorizer in front:

    make_sentiment_pipeline({example}).fit(texts, labels)"""

_VALIDATION_TEXT_RECIPE = """\
{estimator} reads rows of word ids, got text in X_val. A Pipeline transforms it if told to:

    sklearn.set_config(enable_metadata_routing=True)
    pipeline = make_sentiment_pipeline(...).set_params(transform_input=["X_val"])
    pipeline.fit(texts, labels, X_val=validation_texts, y_val=validation_labels)"""


def reject_text(X: Any, name: str, *, estimator: str, cell: str) -> None:
    """Raise a TypeError that shows the way if X holds text instead of ids.

    ``name`` is what messages call X, ``estimator`` the class that was given it.
    """
    if isinstance(X, str) or _holds_text(X):
        recipe = _VALIDATION_TEXT_RECIPE if name == "X_val" else _TEXT_RECIPE
        raise TypeError(recipe.format(estimator=estimator, name=name, example=f"cell={cell!r}"))


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


def as_ids(ids: NDArray[Any], name: str, *, estimator: str) -> Ids:
    """Return whole numbers >= 0 of any numeric type as int32, or raise a ValueError."""
    if ids.dtype.kind != "u":
        check_non_negative(ids, estimator)
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


def check_ids_in_table(ids: Ids, n_words: int, given_by: str) -> None:
    """Raise a ValueError if an id of the training data lies beyond the embedding table."""
    largest = int(ids.max(initial=0))
    if largest >= n_words:
        raise ValueError(
            f"X holds the word id {largest}, but {given_by} allows ids below {n_words}. Give "
            "SequenceVectorizer(num_words=...) and RecurrentSentimentClassifier(num_words=...) "
            "the same number, or leave the classifier's num_words=None."
        )


def replace_unknown(ids: Ids, n_words: int, oov_char: int | None) -> Ids:
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


class TrainingData(NamedTuple):
    """What a network learns from."""

    ids: Ids
    targets: NDArray[np.int32]  # (n_texts,), places in classes
    weights: FloatArray  # (n_texts,), positive


def read_training_data(
    X: NDArray[Any],
    y: NDArray[Any],
    sample_weight: ArrayLike | None,
    *,
    class_weight: Mapping[Any, float] | str | None,
    classes: NDArray[Any] | None,
    estimator: str,
) -> tuple[TrainingData, NDArray[Any]]:
    """Return the data of a fit and its classes; texts of weight zero are left out.

    X is numeric but not yet known to hold ids: a y of one class is reported first. None takes
    the classes from y.
    """
    check_classification_targets(y)
    weights = check_sample_weight(sample_weight, X, dtype=np.float64)
    if (weights < 0).any():
        raise ValueError(f"sample_weight must not be negative, got {weights.min()}.")
    counts = weights > 0
    if not counts.any():
        raise ValueError("sample_weight is zero for all texts; nothing is left to train on.")
    if not counts.all():
        X, y, weights = X[counts], y[counts], weights[counts]
    if classes is None:
        classes = np.unique(y)
        if len(classes) < 2:
            raise ValueError(
                "This classifier needs texts of at least 2 classes, but y holds one class "
                f"only: {classes.tolist()[0]!r}."
            )
    ids = as_ids(X, "X", estimator=estimator)
    targets = encode_labels(y, classes)
    return TrainingData(ids, targets, weights * compute_sample_weight(class_weight, y)), classes


def labels_in_numpy_type(y: Any) -> Any:
    """Return a pandas column of booleans or integers as such: scikit-learn makes floats of it."""
    if getattr(y, "ndim", None) != 1 or not hasattr(y, "isna") or y.isna().any():
        return y
    return y.to_numpy()


def read_validation_labels(y_val: Any, classes: NDArray[Any], n_texts: int) -> NDArray[np.int32]:
    """Return the encoded labels of the texts to validate on."""
    targets = encode_labels(column_or_1d(y_val), classes, name="y_val")
    if len(targets) != n_texts:
        raise ValueError(f"X_val has {n_texts} rows, but y_val has {len(targets)} labels.")
    return targets


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


def load_embedding_weights(
    embedding_weights: ArrayLike | str | PathLike[str],
) -> NDArray[np.float32]:
    """Return a matrix (n_words, embed_dim) as float32; a path is read with ``numpy.load``."""
    if isinstance(embedding_weights, str | PathLike):
        embedding_weights = np.load(embedding_weights, allow_pickle=False)
    matrix = np.asarray(embedding_weights, dtype=np.float32)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(
            f"embedding_weights must be a matrix of shape (n_words, embed_dim), "
            f"got an array of shape {matrix.shape}."
        )
    if not np.isfinite(matrix).all():
        raise ValueError("embedding_weights holds NaN or infinity; replace or remove those rows.")
    return matrix


def table_shape(
    num_words: int | None, embed_dim: int | None, matrix: NDArray[np.float32] | None
) -> tuple[int | None, int | None]:
    """Return the embedding's (n_words, embed_dim), which a matrix decides where given."""
    if matrix is None:
        return num_words, embed_dim
    n_words, width = matrix.shape
    if num_words not in (None, n_words):
        raise ValueError(
            f"num_words={num_words} contradicts embedding_weights, which has {n_words} rows; "
            f"leave num_words=None or pass {n_words}."
        )
    if embed_dim not in (None, width):
        raise ValueError(
            f"embed_dim={embed_dim} contradicts embedding_weights, which is {width} wide; "
            f"leave embed_dim=None or pass {width}."
        )
    return n_words, width
