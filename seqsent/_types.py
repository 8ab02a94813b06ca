"""Shared type aliases, with their shapes."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]  # (n_texts, row_length), 0 for padding
Integers = NDArray[np.integer[Any]]
FloatArray = NDArray[np.float64]
Array = Any  # of numpy, or of the backend, traced or not
Arrays = tuple[Array, ...]


class TokenizedDocument(NamedTuple):
    """The tokens of a document, and the ids in its row."""

    tokens: list[Any]
    is_known: NDArray[np.bool_]  # (n_tokens,), whether a token is in the vocabulary
    in_row: NDArray[np.intp]  # (n_ids,), indices of the tokens in the row
    ids: Ids  # (n_ids,), ids of the tokens in the row


class RaggedIds(NamedTuple):
    """Ids of documents of any length, concatenated."""

    ids: Integers  # (n_tokens,)
    lengths: Integers  # (n_documents,), number of tokens
