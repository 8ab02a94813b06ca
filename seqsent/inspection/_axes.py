"""What the Display classes share: axes, colours, and words as labels."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

# Okabe and Ito's colours, told apart by colour-blind readers too, the light ones left out.
LINE_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
LINE_STYLES = ("-", "--", "-.", ":")
UNSIGNED_COLORS = "cividis"
SIGNED_COLORS = "RdBu"  # red below zero, blue above

_INCHES_PER_WORD = 0.16
_LABEL_SIZE = 8  # points


def import_pyplot(display: Any) -> Any:
    """Return ``matplotlib.pyplot``, or raise an ImportError that shows how to install it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__}.plot needs matplotlib. Install it with "
            '`pip install "seqsent[plot]"`.'
        ) from error
    return plt


def take_axes(display: Any, ax: Any, figsize: tuple[float, float]) -> tuple[Any, Any]:
    """Return axes and their figure, new ones of this size if ``ax`` is None."""
    plt = import_pyplot(display)
    if ax is None:
        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    return ax, ax.figure


def width_for(n_words: int) -> float:
    """Return a figure width, in inches, that gives so many words a place on the x axis."""
    return float(np.clip(2.5 + _INCHES_PER_WORD * n_words, 6, 16))


def size_in_points(ax: Any) -> tuple[float, float]:
    """Return width and height of axes once the layout of their figure is settled."""
    figure = ax.figure.canvas.figure  # that of a subfigure, too
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    return 72 * box.width / figure.dpi, 72 * box.height / figure.dpi


def label_words(ax: Any, words: Sequence[Any]) -> None:
    """Write words below the x axis, upright, as many of them as there is room for."""
    width, _ = size_in_points(ax)
    step = max(1, math.ceil(len(words) * _LABEL_SIZE * 1.25 / width))
    labels = [str(word) for word in words[::step]]
    ax.set_xticks(range(0, len(words), step), labels, rotation=90, fontsize=_LABEL_SIZE)
    ax.set_xlim(-0.5, max(len(words), 1) - 0.5)
    unlabelled = "" if step == 1 else f" (one of {step} labelled)"
    ax.set_xlabel(f"Words in reading order{unlabelled}")
