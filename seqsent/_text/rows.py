"""From ids of texts of any length to rows of one length."""

from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.integer[Any]]


def words_kept(maxlen: int, *, truncating: str, has_start: bool) -> int:
    """Return how many words of a text can reach its row, as a limit for `cut`.

    Parameters
    ----------
    maxlen : int
        Length of a row.
    truncating : {"pre", "post"}
        Which end of a text is cut.
    has_start : bool
        Whether an id in front of the text counts as well.

    Returns
    -------
    int
        The number n for the first n words, -n for the last n.
    """
    return -maxlen if truncating == "pre" else maxlen - has_start


def drop_unknown(ids: IntArray, lengths: IntArray) -> tuple[IntArray, IntArray]:
    """Leave out ids that are 0.

    Parameters
    ----------
    ids : ndarray of shape (n_words,)
        Ids of all texts, one after the other.
    lengths : ndarray of shape (n_texts,)
        Words in each text.

    Returns
    -------
    ids, lengths : ndarray
        The same without zeros.
    """
    known = ids != 0
    text_of_word = np.repeat(np.arange(len(lengths)), lengths)
    return ids[known], np.bincount(text_of_word[known], minlength=len(lengths))


def fill_rows(
    out: npt.NDArray[np.int32],
    ids: IntArray,
    lengths: IntArray,
    *,
    padding: str,
    truncating: str,
    start_char: int | None,
) -> None:
    """Write texts into rows of zeros, as `keras.utils.pad_sequences` does.

    Parameters
    ----------
    out : ndarray of shape (n_texts, maxlen), dtype int32
        Zeros, changed in place.
    ids : ndarray of shape (n_words,)
        Ids of all texts, one after the other.
    lengths : ndarray of shape (n_texts,)
        Words in each text.
    padding, truncating : {"pre", "post"}
        Where zeros are put in a short text, and where a long one is cut.
    start_char : int or None
        Id in front of each text, before it is cut.
    """
    maxlen = out.shape[1]
    limit = words_kept(maxlen, truncating=truncating, has_start=start_char is not None)
    ids, lengths = cut(ids, lengths, limit)
    started = (lengths < maxlen) & (start_char is not None)
    first = maxlen - lengths if padding == "pre" else started.astype(np.intp)
    column = np.arange(maxlen)
    inside = column >= first[:, np.newaxis]
    if padding == "post":
        inside &= column < (first + lengths)[:, np.newaxis]
    out[inside] = ids
    if start_char is not None:
        rows = np.flatnonzero(started)
        out[rows, first[rows] - 1] = start_char


def cut(values: IntArray, lengths: IntArray, limit: int) -> tuple[IntArray, IntArray]:
    """Shorten texts to a limit.

    Parameters
    ----------
    values : ndarray of shape (n_words,)
        Words of all texts, one after the other.
    lengths : ndarray of shape (n_texts,)
        Words in each text.
    limit : int
        The number n keeps the first n words of each text, -n the last n.

    Returns
    -------
    values, lengths : ndarray
        What is left.
    """
    room = abs(limit)
    if not len(lengths) or lengths.max() <= room:
        return values, lengths
    ends = np.cumsum(lengths)
    if limit < 0:
        distance = np.repeat(ends, lengths) - np.arange(len(values)) - 1
    else:
        distance = np.arange(len(values)) - np.repeat(ends - lengths, lengths)
    return values[distance < room], np.minimum(lengths, room)


def check_special_ids(
    *, start_char: int | None, oov_char: int | None, index_from: int, num_words: int | None
) -> None:
    """Refuse ids that would stand for two things.

    Parameters
    ----------
    start_char, oov_char, index_from, num_words : int or None
        The parameters of `SequenceVectorizer`.

    Raises
    ------
    ValueError
        If special ids collide with each other or with words, or words have no ids.
    """
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
