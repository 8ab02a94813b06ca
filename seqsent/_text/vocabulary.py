"""Tokens and their ids."""

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from numbers import Integral
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from .._runtime.warn import warn_user
from .corpus_counts import TokenCounts

_COUNTED_PER_ID = 20
_START, _OOV = "[START]", "[OOV]"


@dataclass(frozen=True)
class VocabularyOptions:
    """Parameters of ``SequenceVectorizer`` that determine the vocabulary."""

    vocabulary: Any  # token to rank, or tokens in the order of their ranks; None to learn it
    num_words: int | None  # upper bound of the ids
    index_from: int  # id minus rank
    min_df: float  # bounds of the documents that contain a token,
    max_df: float  # numbers if int, proportions if float

    @property
    def filters_documents(self) -> bool:
        """Whether ``min_df`` or ``max_df`` can exclude a token."""
        # the int 1 is one document, the float 1.0 is all documents
        any_min = self.min_df == (1 if isinstance(self.min_df, Integral) else 0)
        any_max = self.max_df == 1 and not isinstance(self.max_df, Integral)
        return self.vocabulary is None and not (any_min and any_max)

    @property
    def capacity(self) -> int | None:
        """Number of tokens that ``partial_fit`` counts; None sets no limit."""
        is_learned = self.vocabulary is None
        return _COUNTED_PER_ID * self.num_words if self.num_words and is_learned else None

    def given_ids(self) -> dict[Any, int] | None:
        """Return the ids below ``num_words`` of the given vocabulary, in order, if there is one."""
        if self.vocabulary is None:
            return None
        ranks = _ranks(self.vocabulary)
        if not ranks:
            raise ValueError("vocabulary is empty. Pass None to learn it from the texts.")
        n_ids = None if self.num_words is None else self.num_words - 1 - self.index_from
        ranked = sorted(ranks.items(), key=itemgetter(1))
        return {token: rank + self.index_from for token, rank in ranked[:n_ids]}

    def choose(self, token_counts: TokenCounts, previous: Mapping[Any, int]) -> dict[Any, int]:
        """Return the ids of the given vocabulary, or of the most frequent tokens of a corpus.

        The latter follow the ids of ``previous``. Tokens of equal count are ranked by their code
        points, numbers by value, so that ids depend neither on the order of the documents nor on
        the platform.
        """
        given = self.given_ids()
        if given is not None:
            return given
        last = max(previous.values(), default=self.index_from)
        n_free = None if self.num_words is None else max(self.num_words - last - 1, 0)
        is_new = np.array([token not in previous for token in token_counts.tokens], dtype=bool)
        new = np.flatnonzero(is_new & self._is_within_df(token_counts))
        if n_free is not None and len(new) > n_free:
            if previous:
                warn_user(
                    f"The vocabulary is full: num_words={self.num_words} leaves ids for {n_free} "
                    f"of {len(new)} new tokens. The others are [OOV]. Raise num_words."
                )
            if n_free:  # partition first, because the sort is slower
                counts = token_counts.counts[new]
                new = new[counts >= -np.partition(-counts, n_free - 1)[n_free - 1]]
        tokens = [to_builtin_token(token_counts.tokens[i]) for i in new]
        negative_counts = (-token_counts.counts[new]).tolist()
        is_str = [isinstance(token, str) for token in tokens]
        ranked = [t for _, _, t in sorted(zip(negative_counts, is_str, tokens, strict=True))]
        return {**previous, **{token: id_ for id_, token in enumerate(ranked[:n_free], last + 1)}}

    def _is_within_df(self, token_counts: TokenCounts) -> npt.NDArray[np.bool_] | bool:
        document_counts, n = token_counts.document_counts, token_counts.n_documents
        if document_counts is None:
            return True
        least = self.min_df if isinstance(self.min_df, Integral) else self.min_df * n
        most = self.max_df if isinstance(self.max_df, Integral) else self.max_df * n
        within: npt.NDArray[np.bool_] = (document_counts >= least) & (document_counts <= most)
        return within

    def check_not_empty(self, ids: Mapping[Any, int], token_counts: TokenCounts) -> None:
        """Raise a ValueError if there are no ids."""
        if ids:
            return
        tokens, n_documents = token_counts.tokens, token_counts.n_documents
        raise ValueError(
            f"The vocabulary is empty: none of {len(tokens)} tokens in {n_documents} documents "
            f"satisfies min_df={self.min_df} and max_df={self.max_df}. Relax these limits."
            if tokens
            else f"The vocabulary is empty: found no tokens in {n_documents} documents. They may "
            "contain only stop words or filtered characters."
        )

    def check_special_ids(self, start_char: int | None, oov_char: int | None) -> None:
        """Raise a ValueError if two ids are equal or if no id is left for a token."""
        first = self.index_from + 1
        if self.num_words is not None and self.num_words <= first:
            raise ValueError(
                f"num_words={self.num_words} leaves no id for a token: the most frequent one has "
                f"the id index_from + 1 = {first}. Raise num_words or lower index_from."
            )
        if start_char is not None and start_char == oov_char:
            raise ValueError(
                f"start_char and oov_char are both {start_char}. Give them different ids."
            )
        for name, value in (("start_char", start_char), ("oov_char", oov_char)):
            if value is not None and value >= first:
                raise ValueError(
                    f"{name}={value} is the id of a token: they start at index_from + 1 = {first}. "
                    f"Choose {name} in [1, {self.index_from}], raise index_from, or pass None."
                )


def decode_rows(
    rows: Iterable[Any], vocabulary: Mapping[Any, int], *, start_char: int | None
) -> list[list[Any]]:
    """Return the tokens of rows of ids, without padding."""
    tokens = {id_: token for token, id_ in vocabulary.items()}
    if start_char is not None:
        tokens[start_char] = _START
    return [[tokens.get(id_, _OOV) for id_ in ids[ids != 0].tolist()] for ids in map(_to_row, rows)]


def _to_row(row: Any) -> npt.NDArray[Any]:
    ids = np.asarray(row)
    if ids.ndim != 1 or (ids.size and (ids.dtype.kind not in "iu" or ids.min() < 0)):
        raise ValueError(
            "Expected rows of ids, each a list or 1-D array of non-negative integers, got a row of "
            f"shape {ids.shape} and dtype {ids.dtype}."
        )
    return ids


def to_builtin_token(token: Any) -> str | int:
    """Return a token as str or int without its subclass, or raise a TypeError."""
    if type(token) is str or type(token) is int:
        return token
    if isinstance(token, str):
        return str(token)
    if isinstance(token, Integral):
        return int(token)
    raise TypeError(f"Tokens must be str or int, got {token!r} ({type(token).__name__}).")


def _ranks(vocabulary: Any) -> dict[Any, int]:
    """Return the rank of each token, checked."""
    _check_has_ranks(vocabulary)
    if isinstance(vocabulary, Mapping):
        tokens, ranks = list(vocabulary), list(vocabulary.values())
    else:
        tokens = list(vocabulary)
        ranks = list(range(1, len(tokens) + 1))
    if not set(map(type, tokens)) <= {str, int}:
        tokens = list(map(to_builtin_token, tokens))
    if not set(map(type, ranks)) <= {int}:
        ranks = [_to_builtin_rank(token, rank) for token, rank in zip(tokens, ranks, strict=True)]
    for kind, values in (("rank", ranks), ("token", tokens)):
        if len(set(values)) < len(values):
            repeated, _ = Counter(values).most_common(1)[0]
            raise ValueError(f"vocabulary contains the {kind} {repeated!r} more than once.")
    for token, rank in zip(tokens, ranks, strict=True):
        if not 1 <= rank <= len(ranks):
            raise ValueError(
                f"Expected the ranks 1 to {len(ranks)} of {len(ranks)} tokens in vocabulary, got "
                f"{rank} for {token!r}. To rank the tokens by these numbers, pass "
                "vocabulary=sorted(ranks, key=ranks.get)."
            )
    return dict(zip(tokens, ranks, strict=True))


def _check_has_ranks(vocabulary: Any) -> None:
    """Raise a TypeError for containers without ranks."""
    if isinstance(vocabulary, Set):
        advice = "a list of tokens in the order of their ranks, because a set has no order"
    elif isinstance(vocabulary, Counter):
        advice = "the tokens by decreasing count, [token for token, _ in counter.most_common()]"
    elif hasattr(vocabulary, "index") and hasattr(vocabulary, "to_dict"):
        advice = "list(series) if it contains tokens, or dict(series) if it contains their ranks"
    else:
        return
    raise TypeError(
        "vocabulary must be a mapping of token to rank or a list of tokens, got a "
        f"{type(vocabulary).__name__}. Pass {advice}."
    )


def _to_builtin_rank(token: Any, rank: Any) -> int:
    if isinstance(rank, bool) or not isinstance(rank, Integral):
        raise TypeError(
            f"Ranks in vocabulary must be integers, got {rank!r} ({type(rank).__name__}) for "
            f"{token!r}."
        )
    return int(rank)
