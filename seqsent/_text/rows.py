"""From numbers of texts of any length to rows of one length."""

from typing import NamedTuple

import numpy as np

from .._types import Ids, Ragged


class Limit(NamedTuple):
    """How many words of a text can reach its row, and from which end."""

    n_words: int
    keeps_end: bool

    def as_slice(self) -> slice:
        """Return the slice of a list of words that is kept."""
        return slice(-self.n_words, None) if self.keeps_end else slice(self.n_words)


def limit_of_row(maxlen: int, *, truncating: str, has_start: bool) -> Limit:
    """Return which words of a text can reach a row of ``maxlen`` ids.

    ``truncating`` names the end that is cut, "pre" or "post"; an id in front of the text takes
    a place where the beginning is kept.
    """
    if truncating == "pre":
        return Limit(maxlen, keeps_end=True)
    return Limit(maxlen - has_start, keeps_end=False)


def drop_unknown(texts: Ragged) -> Ragged:
    """Leave out the words whose number is 0."""
    known = texts.numbers != 0
    text_of_word = np.repeat(np.arange(len(texts.lengths)), texts.lengths)
    lengths = np.bincount(text_of_word[known], minlength=len(texts.lengths))
    return Ragged(texts.numbers[known], lengths)


def fill_rows(
    out: Ids, texts: Ragged, *, padding: str, truncating: str, start_char: int | None
) -> None:
    """Write texts into rows of zeros (n_texts, maxlen), as ``keras.utils.pad_sequences`` does.

    ``padding`` and ``truncating``, "pre" or "post", say where zeros are put in a short text and
    where a long one is cut; ``start_char`` is an id in front of each text before it is cut.
    """
    maxlen = out.shape[1]
    has_start = start_char is not None
    ids, lengths = cut(texts, limit_of_row(maxlen, truncating=truncating, has_start=has_start))
    started = (lengths < maxlen) & has_start
    first = maxlen - lengths if padding == "pre" else started.astype(np.intp)
    column = np.arange(maxlen)
    inside = column >= first[:, np.newaxis]
    if padding == "post":
        inside &= column < (first + lengths)[:, np.newaxis]
    out[inside] = ids
    if start_char is not None:
        rows = np.flatnonzero(started)
        out[rows, first[rows] - 1] = start_char


def cut(texts: Ragged, limit: Limit) -> Ragged:
    """Shorten texts to a limit."""
    numbers, lengths = texts
    if not len(lengths) or lengths.max() <= limit.n_words:
        return texts
    ends = np.cumsum(lengths)
    if limit.keeps_end:
        distance = np.repeat(ends, lengths) - np.arange(len(numbers)) - 1
    else:
        distance = np.arange(len(numbers)) - np.repeat(ends - lengths, lengths)
    return Ragged(numbers[distance < limit.n_words], np.minimum(lengths, limit.n_words))


def check_special_ids(
    *, start_char: int | None, oov_char: int | None, index_from: int, num_words: int | None
) -> None:
    """Refuse ids that would stand for two things, and sizes that leave words without ids."""
    first = index_from + 1
    if num_words is not None and num_words <= first:
        raise ValueError(
            f"num_words={num_words} leaves no id for a word: the most frequent one has "
            f"index_from + 1 = {first}. Raise num_words or lower index_from."
        )
    if start_char is not None and start_char == oov_char:
        raise ValueError(f"start_char and oov_char are both {start_char}. Give them different ids.")
    for name, value in (("start_char", start_char), ("oov_char", oov_char)):
        if value is not None and value >= first:
            raise ValueError(
                f"{name}={value} is the id of a word: words begin at index_from + 1 = {first}. "
                f"Choose {name} in [1, {index_from}], raise index_from, or pass None."
            )
