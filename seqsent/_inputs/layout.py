"""Detection of columns that are not the ids of one SequenceVectorizer.

The classifier also accepts ids that users make, so an error requires a pattern that such ids do
not have. A row of a SequenceVectorizer is padding, ``start_char``, ids, or the same with padding
at the end. The start token, 1 by default, therefore occurs once, and zeros only on one side.
"""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._runtime.warn import warn_user
from .._types import Ids

_START = 1  # the default of start_char
_MOST_ROWS = 2000  # that are searched
_FEWEST_ROWS = 10  # of counts, and of rows with a start token
_FEWEST_IDS = 20
_FEWEST_COLUMNS = 4  # of counts
_FEWEST_COLUMNS_FOR_WARNING = 20
_MOST_NUMBERS = 10  # columns beside the vectorizer that are searched for

_RECIPE = (
    "The classifier reads every column as word ids of one vocabulary. Join texts into one column "
    "for one SequenceVectorizer. To add numbers, combine the probabilities of "
    "make_sentiment_pipeline() with them in a StackingClassifier; the user guide shows it under "
    "'Texts with other columns'."
)
_COUNTS = (
    "{zeros:.0%} of X is zeros, also between numbers up to {largest}, like the counts of a "
    "CountVectorizer. The classifier expects word ids in the order of the text, as "
    "SequenceVectorizer returns them; use make_sentiment_pipeline()."
)


def check_columns(ids: Ids, names: Iterable[Any] = ()) -> None:
    """Raise a ValueError if X has other columns than the ids of one SequenceVectorizer.

    ``names`` are the names of the columns. Word counts are an error, or a warning if
    ids could look the same.
    """
    ids = ids[:: 1 + len(ids) // _MOST_ROWS]
    _check_counts(ids)
    reason = _describe_names(names) or _describe_columns(ids)
    if reason:
        raise ValueError(
            f"X contains other columns beside the ids of one text: {reason}. {_RECIPE}"
        )


def _check_counts(ids: Ids) -> None:
    """Raise a ValueError, or warn, if rows look like counts: mostly zeros, also between numbers."""
    n_samples, width = ids.shape
    if width < _FEWEST_COLUMNS or not n_samples:
        return
    is_word = ids != 0
    first = is_word.argmax(axis=1)
    last = width - 1 - is_word[:, ::-1].argmax(axis=1)
    span = np.where(is_word.any(axis=1), last - first + 1, 0)
    n_zeros = span - is_word.sum(axis=1)
    message = _COUNTS.format(zeros=1 - is_word.mean(), largest=int(ids.max()))
    has_counts = (n_zeros > 0).mean() > 0.5 and 2 * (ids == 1).sum() >= is_word.sum()
    if has_counts and n_samples >= _FEWEST_ROWS:
        if is_word.mean() < 0.4:
            raise ValueError(message)
        if is_word.mean() < 0.6:
            warn_user(message)
    elif (
        width >= _FEWEST_COLUMNS_FOR_WARNING
        and (2 * n_zeros > span).mean() > 0.5
        and ids.max() < width
    ):
        warn_user(message)


def _describe_names(names: Iterable[Any]) -> str:
    """Return which columns have names that no SequenceVectorizer returns."""
    stems = dict.fromkeys(re.sub(r"\d+$", "", str(name)) for name in names)
    others = [stem for stem in stems if stem.rpartition("__")[2] != "sequencevectorizer"]
    if not others or len(others) == len(stems):
        return ""
    return f"the columns {', '.join(map(repr, others[:5]))}"


def _describe_columns(ids: Ids) -> str:
    """Return which columns break the layout of a row, an empty str if none does."""
    n_samples, width = ids.shape
    if width < 3 or len(np.unique(ids)) < _FEWEST_IDS:
        return ""
    is_word = ids != 0
    seen = np.logical_or.accumulate(is_word, axis=1)
    rises = is_word[:, 1:] & ~is_word[:, :-1]  # padding ends
    inner = rises & seen[:, :-1]
    starts = rises & (ids[:, 1:] == _START)
    has_starts = starts.sum() >= max(_FEWEST_ROWS, 0.9 * rises.sum(), 0.05 * n_samples)
    if has_starts and _is_frequent(inner):
        return (
            f"{inner.any(axis=1).sum()} rows contain a start token (1) after zeros inside the row"
        )
    rows = inner.any(axis=1)
    if has_starts:
        n_last = min(_MOST_NUMBERS, width // 2)
        after = np.logical_or.accumulate(starts, axis=1)[:, :-1]
        breaks = after & (ids[:, 2:] <= _START)
    elif rows.any() and (ids[rows, 0] == _START).mean() >= 0.9:  # padding="post"
        n_last = min(_MOST_NUMBERS, width // 4)
        breaks = inner
    else:
        return ""
    if _is_frequent(breaks) and not breaks[:, :-n_last].any():
        return "the last columns contain values that are neither words nor padding"
    return ""


def _is_frequent(mask: NDArray[np.bool_]) -> bool:
    """Return whether a mask is true in three or more rows, and in 1% of them."""
    return bool(mask.any(axis=1).sum() >= max(3, 0.01 * len(mask)))
