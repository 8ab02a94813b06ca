"""Docstring entries that the functions and Displays of this package share."""

import inspect
import re
from textwrap import indent
from typing import Any, TypeVar

_AX = """\
ax : matplotlib.axes.Axes, default=None
    Axes to draw on. If None, a new figure is created."""
_DISPLAY = """\
self : Display
    The display, with the attributes of the plot."""
_PLOT_RESULT = f"""\
Returns
-------
{_DISPLAY}

Raises
------
ImportError
    If matplotlib is not installed."""
_ENTRIES = {
    "estimator": """\
estimator : RecurrentSentimentClassifier or Pipeline
    A fitted classifier, or a fitted Pipeline that ends in one.""",
    "text": """\
text : str or array-like of shape (maxlen,)
    One text, or one row of word ids for a classifier without a vectorizer.""",
    "texts": """\
texts : str, iterable of str, or array-like of shape (n_samples, maxlen)
    Texts, or rows of word ids for a classifier without a vectorizer.""",
    "X": """\
X : str, iterable of str, or array-like of shape (n_samples, maxlen)
    Texts, or rows of word ids for a classifier without a vectorizer.""",
    "ax": _AX,
    "axes": """\
ax_ : matplotlib.axes.Axes
    Axes of the plot.
figure_ : matplotlib.figure.Figure
    Figure of the plot.""",
    "marked_tokens": """\
Tokens out of the vocabulary end with " [OOV]", and tokens that ``maxlen`` cuts off with
" [CUT]". Values of tokens that the network does not read are NaN. A text without tokens has no
rows.""",
    "estimator_errors": """\
TypeError
    If the estimator does not end in a RecurrentSentimentClassifier.
NotFittedError
    If the estimator is not fitted.""",
    "display": _DISPLAY,
    "plot": f"Parameters\n----------\n{_AX}\n\n{_PLOT_RESULT}",
    "plot_result": _PLOT_RESULT,
    "example_pipeline": """\
>>> from seqsent import make_sentiment_pipeline
>>> from seqsent.datasets import make_reviews
>>> texts, labels = make_reviews(200, return_X_y=True, random_state=0)
>>> pipeline = make_sentiment_pipeline(
...     "gru", maxlen=40, epochs=20, batch_size=20, random_state=0
... ).fit(texts, labels)""",
}

_Documented = TypeVar("_Documented", bound=Any)


def fill_docstring(documented: _Documented) -> _Documented:
    """Replace lines like ``{ax}`` in the docstring of a function, or of a class and its methods."""
    members = [documented]
    if inspect.isclass(documented):
        members += [getattr(member, "__func__", member) for member in vars(documented).values()]
    for member in members:
        if inspect.isfunction(member) or member is documented:
            member.__doc__ = member.__doc__ and re.sub(
                r"^( *)\{(\w+)\}$", _entry, member.__doc__, flags=re.MULTILINE
            )
    return documented


def _entry(placeholder: re.Match[str]) -> str:
    return indent(_ENTRIES[placeholder[2]], placeholder[1])
