"""What reaches the classifier, right or a clear error: ids, word vectors, parameters."""

import warnings
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse

from .._text.documents import column_names
from .._types import Ids

_LARGEST_TABLE = 2**24  # rows that ids alone may ask for; 2 GB of word vectors, 6 with Adam's
_FEWEST_COUNTS = 20  # columns; narrower rows may be anything

_TEXT_RECIPE = """\
{estimator} reads rows of word ids, got text in {name}. Put a SequenceVectorizer in front:

    make_sentiment_pipeline({example}).fit(texts, labels)"""

_VALIDATION_TEXT_RECIPE = """\
{estimator} reads rows of word ids, got text in X_val. A Pipeline transforms it if told to:

    sklearn.set_config(enable_metadata_routing=True)
    pipeline = make_sentiment_pipeline(...).set_params(transform_input=["X_val"])
    pipeline.fit(texts, labels, X_val=validation_texts, y_val=validation_labels)"""


def reject_foreign(X: Any, name: str, *, estimator: str, cell: str) -> None:
    """Raise a TypeError or ValueError that shows the way if X is plainly no matrix of ids."""
    reject_text(X, name, estimator=estimator, cell=cell)
    columns = column_names(X)
    if columns is not None and not hasattr(X, "__array__"):
        raise TypeError(
            f"{name} is a {type(X).__name__} with {', '.join(map(repr, columns[:5]))}; {estimator} "
            "reads a matrix of word ids. Pass the column that holds rows of ids, or a pandas "
            "DataFrame of one column per id. For texts, use make_sentiment_pipeline()."
        )
    if issparse(X):
        raise TypeError(
            f"{name} is a sparse matrix, as CountVectorizer and TfidfVectorizer make: it tells how "
            f"often words occur, not in which order. {estimator} reads rows of word ids; put a "
            "SequenceVectorizer in its place, or use make_sentiment_pipeline()."
        )
    if isinstance(X, list | tuple) and X and all(isinstance(row, list | tuple) for row in X):
        lengths = {len(row) for row in X}
        if len(lengths) > 1:
            raise ValueError(
                f"{name} holds rows of {min(lengths)} to {max(lengths)} ids; they must be of one "
                "length. SequenceVectorizer(analyzer=list) makes such rows from lists of tokens "
                "or ids, and keras.utils.pad_sequences pads lists of finished ids."
            )
    if hasattr(X, "dtypes") and hasattr(X, "columns"):
        _reject_columns(X, name)


def _reject_columns(X: Any, name: str) -> None:
    """Name the columns of a frame that hold something else than whole numbers."""
    odd = []
    for column, dtype in zip(X.columns, X.dtypes, strict=True):
        kind = getattr(dtype, "kind", None)
        if kind in ("M", "m") or (kind == "f" and (X[column].to_numpy() % 1 > 0).any()):
            odd.append((column, dtype))
    if odd:
        described = ", ".join(f"{column!r} ({dtype})" for column, dtype in odd[:5])
        raise ValueError(
            f"{name} must hold word ids, which are whole numbers, but these columns hold something "
            f"else: {described}. Leave them out; a ColumnTransformer with a SequenceVectorizer "
            "on the text column passes its ids alone."
        )


def warn_of_counts(ids: Ids) -> None:
    """Warn if rows look like counts of words: mostly zeros, and these between other numbers.

    A warning and no error, for ids of somebody's own may look so, too.
    """
    n_rows, width = ids.shape
    if width < _FEWEST_COUNTS or not n_rows:
        return
    is_word = ids != 0
    first = is_word.argmax(axis=1)
    last = width - 1 - is_word[:, ::-1].argmax(axis=1)
    inside = np.where(is_word.any(axis=1), last - first + 1, 0)
    between = inside - is_word.sum(axis=1)
    if (2 * between > inside).mean() > 0.5 and ids.max() < width:
        warnings.warn(
            f"Most of X is zeros between numbers below {int(ids.max()) + 1}: are these counts, as "
            "CountVectorizer makes, instead of word ids in the order of the text? "
            "SequenceVectorizer makes such ids.",
            UserWarning,
            stacklevel=6,
        )


def check_objects(optimizer: Any, learning_rate: Any, callbacks: Any) -> None:
    """Raise a TypeError for classes instead of instances, and for objects in a wrong place."""
    if isinstance(optimizer, type):
        name = optimizer.__name__
        raise TypeError(
            f"optimizer is the class {name} instead of an instance: pass "
            f"optimizer=keras.optimizers.{name}(), or its name {name.lower()!r}."
        )
    if hasattr(learning_rate, "get_config") or isinstance(learning_rate, type):
        name = getattr(learning_rate, "__name__", type(learning_rate).__name__)
        raise TypeError(
            f"learning_rate is a schedule ({name}); a schedule belongs to an optimizer instance: "
            "pass optimizer=keras.optimizers.Adam(schedule) and leave learning_rate=None."
        )
    if hasattr(callbacks, "on_epoch_end"):
        raise TypeError(
            f"callbacks is a single {_describe(callbacks)}; pass a list, callbacks=[callback]."
        )
    for place, callback in enumerate(callbacks if isinstance(callbacks, list | tuple) else ()):
        if isinstance(callback, type) or not hasattr(callback, "on_epoch_end"):
            raise TypeError(
                f"callbacks[{place}] is {_describe(callback)}; expected an instance of "
                "keras.callbacks.Callback, such as keras.callbacks.TerminateOnNaN()."
            )


def _describe(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__} instead of an instance"
    return f"{type(value).__name__} {value!r}"


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
    if ids.dtype.kind != "u" and ids.size and ids.min() < 0:
        raise ValueError(
            f"Negative values in data passed to {estimator}: {name} holds {ids.min()}. Word ids "
            "are whole numbers from 0 on, as SequenceVectorizer makes them; is there a scaler "
            "between the two?"
        )
    if ids.dtype == np.int32:
        return ids
    if ids.size and ids.max() > np.iinfo(np.int32).max:
        raise ValueError(f"{name} holds the number {ids.max()}; word ids are below 2**31.")
    with np.errstate(invalid="ignore"):
        whole = ids.astype(np.int32)
    if ids.dtype.kind == "f" and not np.array_equal(whole, ids):
        odd = ids[whole != ids].flat[0]
        raise ValueError(
            f"{name} must hold word ids, which are whole numbers, got {odd}. SequenceVectorizer "
            "makes them from texts; no scaler or TfidfVectorizer belongs in front."
        )
    return whole


def count_table_rows(ids: Ids, multiple: int) -> int:
    """Return how many rows a table needs that holds all ids, rounded up to a multiple."""
    largest = int(ids.max(initial=0))
    if largest >= _LARGEST_TABLE:
        raise ValueError(
            f"X holds the word id {largest}, for which the embedding table would need "
            f"{largest + 1:,} rows. If that is meant, say so by num_words={largest + 1}; if not, "
            "number the words by rank, as SequenceVectorizer(num_words=...) does."
        )
    return -(-(largest + 1) // multiple) * multiple


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
    if oov_char is not None and oov_char >= n_words:
        raise ValueError(
            f"oov_char={oov_char} must lie below {n_words}, the number of words in the table."
        )
    return np.where(unknown, np.int32(oov_char or 0), ids)


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
