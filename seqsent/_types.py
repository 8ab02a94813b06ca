"""Types that several modules name, with the shapes of what they stand for."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]  # (n_texts, row_length), 0 for padding
Integers = NDArray[np.integer[Any]]
FloatArray = NDArray[np.float64]
Array = Any  # of numpy, or of the backend, traced or not
Arrays = tuple[Array, ...]


class ReadText(NamedTuple):
    """The tokens of a text, and what becomes of each."""

    tokens: list[Any]
    is_known: NDArray[np.bool_]  # (n_tokens,)
    kept: NDArray[np.intp]  # (n_kept,), the places of those that the text's row holds
    ids: Ids  # (n_kept,), theirs


class Ragged(NamedTuple):
    """Some texts as numbers, whatever their lengths."""

    numbers: Integers  # (n_words,), one text after the other
    lengths: Integers  # (n_texts,), words of each
