"""Ids of documents of any length to rows of one length."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._types import Ids, RaggedIds


class Truncation(NamedTuple):
    """Number of tokens of a document that fit into its row, and the end they are taken from."""

    max_tokens: int
    keep_end: bool

    def as_slice(self) -> slice:
        """Return the slice of a list of tokens that fits into the row."""
        return slice(-self.max_tokens, None) if self.keep_end else slice(self.max_tokens)


@dataclass(frozen=True)
class RowLayout:
    """Layout of rows (n_samples, maxlen), as in ``keras.utils.pad_sequences``."""

    maxlen: int | None  # None for the length of the longest row
    padding: str  # "pre" or "post", the side where zeros are added
    truncating: str  # "pre" or "post", the side where a document is cut
    start_char: int | None  # id before the first token
    drop_oov: bool  # whether tokens outside the vocabulary, of id 0, are removed

    @property
    def truncation(self) -> Truncation | None:
        """The tokens that fit into a row; None if all do."""
        if self.maxlen is None:
            return None
        if self.truncating == "pre":
            return Truncation(self.maxlen, keep_end=True)
        return Truncation(self.maxlen - (self.start_char is not None), keep_end=False)

    @property
    def truncation_before_lookup(self) -> Truncation | None:
        """The tokens that can be in a row before some are removed; None if all can."""
        return None if self.drop_oov else self.truncation

    def row_length(self, max_tokens: int, batches: Iterable[RaggedIds] | None = None) -> int:
        """Return the length of a row, given the longest document, and all of a single fit."""
        if self.maxlen is not None:
            return self.maxlen
        if self.drop_oov:
            if batches is None:
                raise ValueError(
                    "partial_fit requires a number for maxlen or oov_char: without [OOV] the "
                    "longest row is unknown until all chunks are counted."
                )
            max_tokens = max(int(remove_oov(batch).lengths.max()) for batch in batches)
        return max(1, max_tokens + (self.start_char is not None))

    def fill(self, batches: Iterable[RaggedIds], n_samples: int) -> Ids:
        """Return rows (n_samples, maxlen) of batches of documents; ``maxlen`` is not None."""
        rows = np.zeros((n_samples, self.maxlen or 0), dtype=np.int32)
        end = 0
        for batch in batches:
            if self.drop_oov:
                batch = remove_oov(batch)
            start, end = end, end + len(batch.lengths)
            self._fill_batch(rows[start:end], truncate(batch, self.truncation))
        return rows

    def _fill_batch(self, rows: Ids, documents: RaggedIds) -> None:
        """Write truncated documents into rows of zeros."""
        ids, lengths = documents
        maxlen = rows.shape[1]
        has_start = (lengths < maxlen) & (self.start_char is not None)
        first = maxlen - lengths if self.padding == "pre" else has_start.astype(np.intp)
        column = np.arange(maxlen)
        is_token = column >= first[:, np.newaxis]
        if self.padding == "post":
            is_token &= column < (first + lengths)[:, np.newaxis]
        rows[is_token] = ids
        if self.start_char is not None:
            started = np.flatnonzero(has_start)
            rows[started, first[started] - 1] = self.start_char


def truncate(documents: RaggedIds, truncation: Truncation | None) -> RaggedIds:
    """Return documents cut to the tokens that fit into a row."""
    ids, lengths = documents
    if truncation is None or lengths.max(initial=0) <= truncation.max_tokens:
        return documents
    ends = np.cumsum(lengths)
    cut = np.minimum(lengths, truncation.max_tokens)
    starts = ends - (cut if truncation.keep_end else lengths)
    # index of a token: its start in ``ids``, plus its distance from the start in the result
    index = np.arange(cut.sum()) + np.repeat(starts - (np.cumsum(cut) - cut), cut)
    return RaggedIds(ids[index], cut)


def remove_oov(documents: RaggedIds) -> RaggedIds:
    """Remove the tokens of id 0."""
    is_known = documents.ids != 0
    document_of_token = np.repeat(np.arange(len(documents.lengths)), documents.lengths)
    lengths = np.bincount(document_of_token[is_known], minlength=len(documents.lengths))
    return RaggedIds(documents.ids[is_known], lengths)
