"""Token counts of a corpus that is read in chunks, in bounded memory."""

from collections.abc import Container
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from .._types import Integers
from .corpus_counts import CorpusCounts, TokenCounts
from .packing import pack, unpack
from .vocabulary import to_builtin_token


def _no_counts() -> Integers:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class RunningCounts(TokenCounts):
    """Counts of all chunks so far, limited to the most frequent tokens if they are too many.

    The counts are Misra-Gries summaries (J. Misra and D. Gries, "Finding repeated elements",
    Science of Computer Programming 2, 1982). With a capacity of n tokens, every token that makes
    up more than 1 / (n + 1) of all tokens is counted, and no count is too low by more than that.
    """

    tokens: list[Any] = field(default_factory=list)
    counts: Integers = field(default_factory=_no_counts)
    document_counts: Integers = field(default_factory=_no_counts)
    n_documents: int = 0
    # upper bound of the occurrences of a token before it was counted, and of any other token
    missed: Integers = field(default_factory=_no_counts)
    max_missed: int = 0

    def add(
        self,
        chunk: CorpusCounts,
        *,
        capacity: int | None,
        vocabulary: Container[Any] | None = None,
    ) -> Self:
        """Return the counts with a chunk added.

        ``capacity`` is the maximum number of tokens. If ``vocabulary`` is given, other tokens are
        not counted. None sets no limit.
        """
        assert chunk.document_counts is not None
        counted = [i for i, t in enumerate(chunk.tokens) if vocabulary is None or t in vocabulary]
        index = {token: i for i, token in enumerate(self.tokens)}
        rows = [index.setdefault(to_builtin_token(chunk.tokens[i]), len(index)) for i in counted]
        n_new = len(index) - len(self.tokens)

        def total(running: Integers, new: Integers) -> Integers:
            counts = np.append(running, np.zeros(n_new, dtype=np.int64))
            counts[rows] += new[counted]
            return counts

        grown = replace(
            self,
            tokens=list(index),
            counts=total(self.counts, chunk.counts),
            document_counts=total(self.document_counts, chunk.document_counts),
            n_documents=self.n_documents + chunk.n_documents,
            missed=np.append(self.missed, np.full(n_new, self.max_missed)),
        )
        return grown if capacity is None or len(index) <= capacity else grown._prune(capacity)

    def _prune(self, capacity: int) -> Self:
        """Remove the tokens that may not be more frequent than the first one over capacity."""
        upper_bound = self.counts + self.missed
        threshold = int(np.partition(upper_bound, -capacity - 1)[-capacity - 1])
        frequent = np.flatnonzero(upper_bound > threshold)
        return replace(
            self,
            tokens=[self.tokens[i] for i in frequent],
            counts=self.counts[frequent],
            document_counts=self.document_counts[frequent],
            missed=self.missed[frequent],
            max_missed=threshold,
        )

    def to_state(self) -> dict[str, Any]:
        """Return the counts as plain data."""
        columns = (self.counts, self.document_counts, self.missed)
        return {
            "columns": pack(self.tokens, *(column.tolist() for column in columns)),
            "n_documents": self.n_documents,
            "max_missed": self.max_missed,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the counts stored by :meth:`to_state`."""
        tokens, *columns = unpack(state["columns"])
        counts, document_counts, missed = (np.array(c, dtype=np.int64) for c in columns)
        return cls(
            tokens, counts, document_counts, state["n_documents"], missed, state["max_missed"]
        )
