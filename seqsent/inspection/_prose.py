"""Entries that many docstrings of this package share, written once.

A line that consists of ``{ax}`` stands for the entry of that name below.
"""

import inspect
import re
from textwrap import indent
from typing import Any, TypeVar

_ENTRIES = {
    # parameters
    "estimator": """\
estimator : RecurrentSentimentClassifier or Pipeline
    A fitted classifier, or a fitted Pipeline whose last step is one.""",
    "text": """\
text : str or array-like of shape (row_length,)
    One text. A classifier without a vectorizer in front reads a row of word ids instead.""",
    "texts": """\
texts : str, iterable of str, or array-like of shape (n_texts, row_length)
    The texts. A classifier without a vectorizer in front reads rows of word ids instead.""",
    "X": """\
X : str, iterable of str, or array-like of shape (n_texts, row_length)
    The texts. A classifier without a vectorizer in front reads rows of word ids instead.""",
    "ax": """\
ax : matplotlib.axes.Axes, default=None
    Axes to draw on. None makes a figure of a size that suits what is drawn.""",
    # what is returned
    "drawn": """\
self : Display
    The display, drawn.""",
    "marked_words": """\
A word that the network does not know ends with " [OOV]", and one that ``maxlen`` cuts off with
" [CUT]"; values are NaN at words that are not read. No words, no rows.""",
    # attributes
    "ax_": """\
ax_ : matplotlib.axes.Axes
    The axes drawn on.""",
    "figure_": """\
figure_ : matplotlib.figure.Figure
    Their figure.""",
    # errors
    "no_matplotlib": """\
ImportError
    If matplotlib is not installed.""",
    "other_estimator": """\
TypeError
    If the estimator does not end in a RecurrentSentimentClassifier.""",
    "not_fitted": """\
NotFittedError
    If the estimator is not fitted.""",
}

_Documented = TypeVar("_Documented", bound=Any)


def shares_prose(documented: _Documented) -> _Documented:
    """Put the entries into the docstring of a function, or of a class and its methods."""
    parts = [documented]
    if inspect.isclass(documented):
        parts += [getattr(member, "__func__", member) for member in vars(documented).values()]
    for part in parts:
        if inspect.isfunction(part) or part is documented:
            part.__doc__ = part.__doc__ and re.sub(
                r"^( *)\{(\w+)\}$", _entry, part.__doc__, flags=re.MULTILINE
            )
    return documented


def _entry(placeholder: re.Match[str]) -> str:
    return indent(_ENTRIES[placeholder[2]], placeholder[1])
