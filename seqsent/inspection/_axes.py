"""Axes, colors and tick labels of the Displays."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._fonts import make_legible

# Colors of cells and models in all figures: the palette of Okabe and Ito (2008) without yellow,
# which color-blind readers can distinguish
COLORS = {
    "simple": "#000000",
    "lstm": "#0072B2",
    "gru": "#D55E00",
    "linear": "#009E73",
    "naive_bayes": "#E69F00",
    "preset": "#56B4E9",
    "ensemble": "#CC79A7",
}
LINE_COLORS = tuple(
    COLORS[name]
    for name in ("lstm", "gru", "linear", "ensemble", "simple", "naive_bayes", "preset")
)
LINE_STYLES = ("-", "--", "-.", ":")
UNSIGNED_COLORS = "cividis"
CHANGE_COLORS = "Blues"
SIGNED_COLORS = "RdBu"  # negative red, positive blue

_INCHES_PER_TOKEN = 0.16
_LABEL_SIZE = 8  # points


def import_pyplot(display: Any) -> Any:
    """Return ``matplotlib.pyplot``, or raise an ImportError that names the extra to install."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__}.plot needs matplotlib. Install it with "
            '`pip install "seqsent[plot]"`.'
        ) from error
    return plt


def get_axes(display: Any, ax: Any, figsize: tuple[float, float]) -> tuple[Any, Any]:
    """Return axes and their figure. If ``ax`` is None, create a figure of this size in inches."""
    plt = import_pyplot(display)
    if ax is None:
        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    return ax, ax.figure


def figure_width(n_tokens: int) -> float:
    """Return the width, in inches, of a figure with tokens on the x axis."""
    return float(np.clip(2.5 + _INCHES_PER_TOKEN * n_tokens, 6, 16))


def axes_size(ax: Any) -> tuple[float, float]:
    """Return width and height of axes in points, after the layout of the figure."""
    figure = ax.figure.canvas.figure  # also for axes in a subfigure
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    return 72 * box.width / figure.dpi, 72 * box.height / figure.dpi


def label_tokens(ax: Any, tokens: Sequence[Any]) -> None:
    """Label the x axis with every n-th token, for the smallest n without overlaps."""
    width, _ = axes_size(ax)
    step = max(1, math.ceil(len(tokens) * _LABEL_SIZE * 1.25 / width))
    labels, properties = make_legible(ax.figure, [str(token) for token in tokens[::step]])
    ticks = range(0, len(tokens), step)
    ax.set_xticks(ticks, labels, rotation=90, fontsize=_LABEL_SIZE, **properties)
    ax.set_xlim(-0.5, max(len(tokens), 1) - 0.5)
    unlabelled = "" if step == 1 else f" (one of {step} labelled)"
    ax.set_xlabel(f"Words in reading order{unlabelled}")
