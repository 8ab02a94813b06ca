"""Counts of the tokens of a corpus."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import count, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from .._runtime.warn import warn_user
from .._types import Integers, RaggedIds
from .analysis import Analyzer
from .encoding import encode
from .rows import Truncation, truncate

_MIN_TOKENS, _MAX_SHARE_ONCE = 100, 0.9


class TokenCounts:
    """Counts of tokens."""

    tokens: list[Any]  # distinct tokens
    counts: Integers  # (n_tokens,), occurrences
    document_counts: Integers | None  # (n_tokens,), documents that contain a token, if counted
    n_documents: int

    def final_ids(self, vocabulary: Mapping[Any, int]) -> npt.NDArray[np.int32]:
        """Return the ids of all tokens (n_tokens,), 0 if not in the vocabulary."""
        return np.fromiter(map(vocabulary.get, self.tokens, repeat(0)), np.int32)

    def counts_in(self, vocabulary: Mapping[Any, int]) -> dict[Any, int]:
        """Return the count of each token in the vocabulary."""
        counts = dict(zip(self.tokens, self.counts.tolist(), strict=True))
        return {token: counts.get(token, 0) for token in vocabulary}


class CorpusCounts(TokenCounts):
    """Counts of the tokens of a corpus, and its documents as provisional ids, in one pass.

    A provisional id is the index of a token in ``tokens``. Once the vocabulary is known, the
    documents get their final ids without a second analysis.
    """

    batches: list[RaggedIds]  # documents cut to ``truncation``; empty unless ``store_ids``
    max_tokens: int  # length of the longest document

    def __init__(
        self,
        documents: list[Any],
        analyze: Analyzer,
        *,
        truncation: Truncation | None = None,
        store_ids: bool = True,
        count_documents: bool = False,
    ) -> None:
        index: defaultdict[Any, int] = defaultdict(count().__next__)
        counts: Integers = np.zeros(0, dtype=np.int64)
        document_counts = counts
        self.batches = []
        self.max_tokens = 0
        for batch in encode(documents, analyze, partial(map, index.__getitem__)):
            ids, lengths = batch
            counts = _add(counts, ids, len(index))
            if count_documents:
                distinct = map(np.unique, np.split(ids, np.cumsum(lengths)[:-1]))
                document_counts = _add(document_counts, np.concatenate(list(distinct)), len(index))
            self.max_tokens = max(self.max_tokens, int(lengths.max()))
            if store_ids:
                self.batches.append(truncate(batch, truncation))
        self.tokens = list(index)
        self.counts = counts
        self.document_counts = document_counts if count_documents else None
        self.n_documents = len(documents)

    def renumbered(self, ids: Integers) -> Iterator[RaggedIds]:
        """Yield the stored documents with the final ids of the tokens (n_tokens,)."""
        return (RaggedIds(ids[provisional], lengths) for provisional, lengths in self.batches)


def _add(counts: Integers, ids: Integers, n_tokens: int) -> Integers:
    total = np.bincount(ids, minlength=n_tokens)
    total[: len(counts)] += counts
    return total


def warn_about_rare_tokens(corpus_counts: CorpusCounts) -> None:
    """Warn if almost all tokens occur once, as whole sentences in a script without spaces do."""
    occurs_once = corpus_counts.counts == 1
    n_tokens = int(corpus_counts.counts.sum())
    if n_tokens >= _MIN_TOKENS and occurs_once.sum() > _MAX_SHARE_ONCE * n_tokens:
        example = str(corpus_counts.tokens[int(np.argmax(occurs_once))])[:40]
        warn_user(
            f"{occurs_once.mean():.0%} of the tokens occur once, for example {example!r}, so they "
            "are probably not words. Check build_analyzer()(text). If no spaces separate the "
            "words, use analyzer='word', analyzer='char' or a tokenizer."
        )
