"""Counts of the words of chunks that come one after another, in bounded memory."""

from collections.abc import Container
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Self

import numpy as np

from .._types import Integers
from .packing import pack, unpack
from .vocabulary import CorpusCounts, WordCounts, plain_token


@dataclass(frozen=True)
class RunningCounts(WordCounts):
    """Counts of the words of all chunks so far, of the most frequent ones if they are too many.

    These are the summaries of Misra & Gries ("Finding repeated elements", Science of Computer
    Programming 2, 1982), merged with the exact counts of a chunk at a time. With room for n words,
    a word that is more than 1 / (n + 1) of all is never left out, and no count is further below
    the true one than this share.

    Attributes
    ----------
    missed : ndarray of shape (n_words,)
        How often at most each word came before it was counted.
    most_missed : int
        How often at most any other word came.
    longest : int
        Words of the longest document.
    """

    words: list[Any]
    counts: Integers
    document_counts: Integers | None
    n_documents: int
    missed: Integers
    most_missed: int
    longest: int

    @classmethod
    def begin(cls, *, documents_per_word: bool) -> Self:
        """Return the counts of nothing."""
        none = np.zeros(0, dtype=np.int64)
        return cls([], none, none if documents_per_word else None, 0, none, 0, 0)

    def add(
        self, tally: CorpusCounts, *, room: int | None, only: Container[Any] | None = None
    ) -> Self:
        """Return the counts with those of another chunk.

        ``room`` is how many words may be kept, None for all of them; ``only`` holds those that
        are to be counted, None for any.
        """
        chosen = [i for i, word in enumerate(tally.words) if only is None or word in only]
        index = dict(zip(self.words, count(), strict=False))
        new_words = (plain_token(tally.words[i]) for i in chosen)
        places = [index.setdefault(word, len(index)) for word in new_words]
        n_new = len(index) - len(self.words)

        def added(old: Integers, new: Integers) -> Integers:
            total = np.append(old, np.zeros(n_new, dtype=np.int64))
            total[places] += new[chosen]
            return total

        documents = None
        if self.document_counts is not None and tally.document_counts is not None:
            documents = added(self.document_counts, tally.document_counts)
        grown = replace(
            self,
            words=list(index),
            counts=added(self.counts, tally.counts),
            document_counts=documents,
            n_documents=self.n_documents + tally.n_documents,
            missed=np.append(self.missed, np.full(n_new, self.most_missed)),
            longest=max(self.longest, *(int(part.lengths.max()) for part in tally.texts)),
        )
        return grown if room is None or len(index) <= room else grown._cut(room)

    def _cut(self, room: int) -> Self:
        """Leave out the words that may be no more frequent than the first one beyond the room."""
        most = self.counts + self.missed
        bound = int(np.partition(most, -room - 1)[-room - 1])
        kept = np.flatnonzero(most > bound)
        return replace(
            self,
            words=[self.words[i] for i in kept],
            counts=self.counts[kept],
            document_counts=None if self.document_counts is None else self.document_counts[kept],
            missed=self.missed[kept],
            most_missed=bound,
        )

    def to_plain(self) -> dict[str, Any]:
        """Return the counts as a small dict of plain data."""
        columns = [self.counts, self.missed]
        columns += [] if self.document_counts is None else [self.document_counts]
        return {
            "words": pack(self.words, *(column.tolist() for column in columns)),
            "n_documents": self.n_documents,
            "most_missed": self.most_missed,
            "longest": self.longest,
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """Undo :meth:`to_plain`."""
        words, *columns = unpack(plain["words"])
        counts, missed, *of_documents = (np.array(column, dtype=np.int64) for column in columns)
        numbers = plain["n_documents"], missed, plain["most_missed"], plain["longest"]
        return cls(words, counts, of_documents[0] if of_documents else None, *numbers)
