"""Long texts, read part by part from either end.

A text may be parted where its parts have the words of the whole. So of a text that is cut to its
first or last words no more is read than holds them, and all words of another are found without
arrays of its length.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from .analysis import Analyzer

CHARACTERS_OF_PART = 2**14  # about; a text is long from twice as many on


def breaks_of(analyze: Analyzer) -> re.Pattern[str] | None:
    """Return what an analyzer's texts may be parted before; None if nowhere."""
    breaks: re.Pattern[str] | None = getattr(analyze, "breaks", None)
    return breaks


def is_long(text: str) -> bool:
    """Return whether a text is to be read part by part."""
    return len(text) >= 2 * CHARACTERS_OF_PART


def split(text: str, breaks: re.Pattern[str]) -> Iterator[str]:
    """Yield the parts of a text."""
    return (text[start:end] for start, end in pairwise(_places_from_front(text, breaks)))


def tokens_by_part(text: str, analyze: Any, *, from_end: bool = False) -> Iterator[list[str]]:
    """Yield the tokens of a text, those of one part at a time, the last ones first if ``from_end``.

    ``analyze`` has ``breaks``, and ``between`` where there are tokens between those of two parts.
    """
    between = getattr(analyze, "between", None)
    places = _places_from_end if from_end else _places_from_front
    found_before = False
    for edge, other in pairwise(places(text, analyze.breaks)):
        tokens = analyze(text[min(edge, other) : max(edge, other)])
        if between and tokens and found_before:
            glue = between(text[edge - 1 : edge + 1])
            tokens = tokens + glue if from_end else glue + tokens
        found_before = found_before or bool(tokens)
        yield tokens


def _places_from_front(text: str, breaks: re.Pattern[str]) -> Iterator[int]:
    """Yield where parts begin and end."""
    place = 0
    while place < len(text):
        yield place
        found = breaks.search(text, place + CHARACTERS_OF_PART)
        place = found.start() if found else len(text)
    yield len(text)


def _places_from_end(text: str, breaks: re.Pattern[str]) -> Iterator[int]:
    """Yield where parts end and begin, the last one first."""
    place = len(text)
    while place > 0:
        yield place
        place = _break_before(text, breaks, place)
    yield 0


def _break_before(text: str, breaks: re.Pattern[str], end: int) -> int:
    """Return where a part that ends there may begin; a word may be longer than most parts."""
    start, size = end, CHARACTERS_OF_PART
    while start > 0:
        end, start = start, max(start - size, 0)
        if found := breaks.search(text, start, end):
            return found.start()
        size *= 2
    return 0
