"""Words, their counts, ranks and ids."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Set
from functools import partial
from itertools import count, repeat
from numbers import Integral
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from .._runtime.warn import warn_user
from .._types import Integers, Ragged
from .analysis import Analyzer
from .encoding import encode
from .rows import Limit, cut

_MOST = 0.9  # a larger share of what should be rare is no accident
_MANY_WORDS, _MANY_TEXTS = 100, 20  # fewer tell nothing
_LONG_WORD = 12  # characters
_COUNTED_AT_A_TIME = 2**20


class WordCounts:
    """Counts of words.

    Attributes
    ----------
    words : list
        Distinct words.
    counts : ndarray of shape (n_words,)
        How often each word occurs.
    document_counts : ndarray of shape (n_words,) or None
        How many documents each word occurs in, if asked for.
    n_documents : int
        Number of documents.
    """

    words: list[Any]
    counts: Integers
    document_counts: Integers | None
    n_documents: int

    def look_up(
        self, vocabulary: Mapping[Any, int], *, unknown: int
    ) -> tuple[npt.NDArray[np.int32], dict[Any, int]]:
        """Return the final ids of all words (n_words,), and the counts of the known ones."""
        ids = np.fromiter(map(vocabulary.get, self.words, repeat(0)), np.int32)
        counts = dict.fromkeys(vocabulary, 0)
        for i in np.flatnonzero(ids):
            counts[self.words[i]] = int(self.counts[i])
        ids[ids == 0] = unknown
        return ids, counts


class CorpusCounts(WordCounts):
    """Counts of all words of a corpus, taken in one pass that also keeps the texts.

    Every distinct word gets a provisional id, in order of appearance, so that the texts
    can be turned into final ids by numpy once all words are counted.

    Parameters
    ----------
    analyze : Analyzer
        Document to list of tokens.
    documents : list
        The corpus.
    keep_texts : bool
        Whether to keep the documents as provisional ids.
    limit : Limit or None, default=None
        The words to keep of each document; None keeps all.
    documents_per_word : bool
        Whether to count for each word the documents that hold it.

    Attributes
    ----------
    words : list
        All of them, in order of their provisional ids.
    texts : list of Ragged
        The kept words of some documents at a time. Unless texts are kept, lengths alone.
    """

    def __init__(
        self,
        analyze: Analyzer,
        documents: list[Any],
        *,
        keep_texts: bool,
        limit: Limit | None = None,
        documents_per_word: bool = False,
    ) -> None:
        index: defaultdict[Any, int] = defaultdict(count().__next__)
        counts: Integers = np.zeros(0, dtype=np.int64)
        document_counts: Integers = np.zeros(0, dtype=np.int64)
        self.texts: list[Ragged] = []
        for texts in encode(documents, analyze, partial(map, index.__getitem__)):
            ids, lengths = texts
            counts = _add_counts(counts, ids, len(index))
            if documents_per_word:
                once = map(np.unique, np.split(ids, np.cumsum(lengths)[:-1]))
                document_counts = _add_counts(
                    document_counts, np.concatenate(list(once)), len(index)
                )
            if limit is not None:
                texts = cut(texts, limit)
            self.texts.append(texts if keep_texts else Ragged(ids[:0].copy(), texts.lengths))
        self.words = list(index)
        self.counts = counts
        self.document_counts = document_counts if documents_per_word else None
        self.n_documents = len(documents)

    def final_texts(self, ids: Integers) -> Iterator[Ragged]:
        """Yield the texts with final ids, given those of all words."""
        return (Ragged(ids[provisional], lengths) for provisional, lengths in self.texts)


def _add_counts(counts: Integers, ids: Integers, n_words: int) -> Integers:
    total = np.zeros(n_words, dtype=np.int64)
    total[: len(counts)] = counts
    for start in range(0, len(ids), _COUNTED_AT_A_TIME):  # of which bincount makes a wider copy
        total += np.bincount(ids[start : start + _COUNTED_AT_A_TIME], minlength=n_words)
    return total


def learn_vocabulary(
    tally: WordCounts,
    known: Mapping[Any, int],
    *,
    num_words: int | None,
    index_from: int,
    min_df: float,
    max_df: float,
    may_be_empty: bool = False,
) -> dict[Any, int]:
    """Give the most frequent words of a corpus their ids, behind those that are known.

    Words of equal count are ranked in the order of their characters (code points), numbers by
    value, so that ranks depend neither on the order of the texts nor on the platform. An id
    that would reach ``num_words`` is given to none; ``min_df`` and ``max_df`` are numbers of
    documents if int, proportions if float. Without any word it is a ValueError, unless there may
    be none; where known words leave no room for new ones, that is warned about.
    """
    last = max(known.values(), default=index_from)
    limit = None if num_words is None else max(num_words - last - 1, 0)
    is_new = [word not in known for word in tally.words] if known else np.ones(len(tally.words))
    new = np.flatnonzero(is_new)
    if tally.document_counts is not None:
        counts = tally.document_counts[new]
        new = new[_is_within(counts, tally.n_documents, min_df, max_df, may_be_empty)]
    if not (len(new) or known or may_be_empty):
        raise ValueError(_no_words(tally, min_df, max_df))
    if known and limit is not None and len(new) > limit:
        warn_user(
            f"The vocabulary is full: num_words={num_words} leaves room for {limit} of "
            f"{len(new)} new words, and the others are unknown. Raise num_words for more.",
        )
    if limit is not None and len(new) > limit > 0:
        counts = tally.counts[new]
        least = -np.partition(-counts, limit - 1)[limit - 1]
        new = new[counts >= least]
    words = [plain_token(tally.words[i]) for i in new]
    order = zip((-tally.counts[new]).tolist(), map(_sort_key, words), words, strict=True)
    ranked = [word for _, _, word in sorted(order)]
    return {**known, **{word: id_ for id_, word in enumerate(ranked[:limit], last + 1)}}


def warn_about_words(tally: CorpusCounts) -> None:
    """Warn if what was found makes no sense as words."""
    n_running = int(tally.counts.sum())
    lengths = np.concatenate([texts.lengths for texts in tally.texts])
    once = tally.words[int(np.argmin(tally.counts))] if n_running else ""
    what = None
    if n_running >= _MANY_WORDS and (tally.counts == 1).sum() > _MOST * n_running:
        what = f"{(tally.counts == 1).mean():.0%} of the words occur once"
    elif (
        len(lengths) >= _MANY_TEXTS
        and (lengths == 1).sum() > _MOST * len(lengths)
        and np.mean([len(str(word)) for word in tally.words]) > _LONG_WORD
    ):
        what = f"{(lengths == 1).mean():.0%} of the texts are a single, long word"
    if what is not None:
        warn_user(
            f"{what}, such as {str(once)[:40]!r}: they may be no words. See what "
            "build_analyzer()(text) makes of a text; where no spaces part the words, "
            "analyzer='char' or a tokenizer finds them.",
        )


def allows_any_df(min_df: float, max_df: float) -> bool:
    """Return whether neither is a limit to the number of documents that a word is in."""
    # the int 1 is one document, the float 1.0 all of them
    no_least = min_df == 1 if isinstance(min_df, Integral) else min_df == 0
    return no_least and not isinstance(max_df, Integral) and max_df == 1


def _is_within(
    document_counts: Integers, n_documents: int, min_df: float, max_df: float, may_be_empty: bool
) -> npt.NDArray[np.bool_]:
    fewest = min_df if isinstance(min_df, Integral) else min_df * n_documents
    most = max_df if isinstance(max_df, Integral) else max_df * n_documents
    if most < fewest and not may_be_empty:
        raise ValueError(
            f"max_df={max_df} allows fewer of the {n_documents} documents than min_df={min_df} "
            "asks for. Lower min_df or raise max_df."
        )
    within: npt.NDArray[np.bool_] = (document_counts >= fewest) & (document_counts <= most)
    return within


def _no_words(tally: WordCounts, min_df: float, max_df: float) -> str:
    if tally.words:
        return (
            f"None of the {len(tally.words)} words lies within min_df={min_df} and "
            f"max_df={max_df}. Lower min_df or raise max_df."
        )
    return (
        f"The vocabulary is empty: no words in {tally.n_documents} documents. "
        "They may hold only stop words or filtered characters."
    )


def _sort_key(word: Any) -> tuple[bool, Any]:
    return isinstance(word, str), word


def plain_token(token: Any) -> str | int:
    """Return a token as a str or int that any pickle and JSON can hold."""
    if type(token) is str or type(token) is int:
        return token
    if isinstance(token, str):
        return str(token)
    if isinstance(token, Integral):
        return int(token)
    raise TypeError(f"Tokens must be str or int, got {token!r} ({type(token).__name__}).")


def fixed_vocabulary(vocabulary: Any, *, num_words: int | None, index_from: int) -> dict[Any, int]:
    """Give the words of a ready vocabulary their ids, by increasing id.

    ``vocabulary`` maps words to ranks or holds them in the order of their ranks. Ids that would
    reach ``num_words`` are given to none. What is no vocabulary is a TypeError or ValueError.
    """
    ranks = _ranks(vocabulary)
    if not ranks:
        raise ValueError("vocabulary is empty. Pass None to learn it from the texts.")
    largest = max(ranks.values()) + index_from if num_words is None else num_words - 1
    known = [(rank, word) for word, rank in ranks.items() if rank + index_from <= largest]
    known.sort(key=itemgetter(0))
    return {word: rank + index_from for rank, word in known}


def _ranks(vocabulary: Any) -> dict[Any, int]:
    if isinstance(vocabulary, Set):
        raise TypeError(
            "vocabulary is a set, whose words have no order. Pass them as a list in the order of "
            "their ranks, or as a mapping of word to rank."
        )
    if isinstance(vocabulary, Counter):
        raise TypeError(
            "vocabulary is a Counter, which holds counts and no ranks. Pass its words, the most "
            "frequent first: vocabulary=[word for word, _ in counter.most_common()]."
        )
    if hasattr(vocabulary, "index") and hasattr(vocabulary, "to_dict"):
        raise TypeError(
            f"vocabulary is a {type(vocabulary).__name__}, which may hold words or their ranks. "
            "Pass vocabulary=list(series) if its values are the words in the order of their "
            "ranks, or vocabulary=dict(series) if they are the ranks of the words in its index."
        )
    if isinstance(vocabulary, Mapping):
        words, ranks = list(vocabulary), list(vocabulary.values())
    else:
        words = list(vocabulary)
        ranks = list(range(1, len(words) + 1))
    if not set(map(type, words)) <= {str, int}:
        words = list(map(plain_token, words))
    if not set(map(type, ranks)) <= {int}:
        ranks = [_plain_rank(word, rank) for word, rank in zip(words, ranks, strict=True)]
    _refuse_repeats("rank", ranks)
    _refuse_repeats("word", words)
    if ranks and not (min(ranks) == 1 and max(ranks) == len(ranks)):
        odd = next((w, r) for w, r in zip(words, ranks, strict=True) if not 0 < r <= len(ranks))
        raise ValueError(
            f"Ranks in vocabulary start at 1 (the most frequent word) and leave none out, so "
            f"those of {len(ranks)} words are 1 to {len(ranks)}, got {odd[1]} for {odd[0]!r}. To "
            "number words anew in their order: vocabulary=sorted(ranks, key=ranks.get)."
        )
    return dict(zip(words, ranks, strict=True))


def _plain_rank(word: Any, rank: Any) -> int:
    if isinstance(rank, bool) or not isinstance(rank, Integral):
        raise TypeError(
            f"Ranks in vocabulary must be integers, got {rank!r} ({type(rank).__name__}) "
            f"for {word!r}."
        )
    return int(rank)


def _refuse_repeats(what: str, values: list[Any]) -> None:
    if len(set(values)) < len(values):
        repeated, _ = Counter(values).most_common(1)[0]
        raise ValueError(f"The {what} {repeated!r} occurs more than once in vocabulary.")
