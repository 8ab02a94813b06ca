"""Display of texts with words colored by their scores, as a figure and as HTML."""

from collections.abc import Iterator
from html import escape
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from ._attributions import token_attributions
from ._axes import SIGNED_COLORS, axes_size, get_axes, import_pyplot
from ._docstrings import fill_docstring
from ._estimators import CUT_MARK, OOV_MARK

_FONT_SIZE = 10.0  # points
_LINE_HEIGHT = 18.0  # points
_CHARACTER_WIDTH = 0.602  # of DejaVu Sans Mono, as a fraction of the font size
_MAX_TEXTS_IN_HTML = 50
# The ends of SIGNED_COLORS as RGB. With this opacity the text stays readable in light and
# dark themes.
_NEGATIVE, _POSITIVE = "178, 24, 43", "33, 102, 172"
_MAX_OPACITY = 0.6
_MARK_STYLES = {  # mark: CSS style, tooltip
    OOV_MARK: ("text-decoration: underline dotted", "out of vocabulary"),
    CUT_MARK: ("text-decoration: line-through; opacity: 0.5", "cut by maxlen"),
}


@fill_docstring
class TokenAttributionDisplay:
    """Texts with tokens colored by their scores.

    Blue tokens speak for the class and red tokens against it. Notebooks show the display as
    HTML with the score of each token in a tooltip; ``plot`` draws a figure. Both mark tokens
    that are out of the vocabulary or cut by ``maxlen``.

    Parameters
    ----------
    attributions : pandas.DataFrame
        Result of :func:`token_attributions`, or its rows of some texts.

    Attributes
    ----------
    {axes}
    texts_ : list of matplotlib.text.Text
        One colored box per token.
    colorbar_ : matplotlib.colorbar.Colorbar
        Color scale of the scores.

    See Also
    --------
    token_attributions : Computes the scores.

    Examples
    --------
    {example_pipeline}
    >>> from seqsent.inspection import TokenAttributionDisplay
    >>> text = "Dull at first, but wonderful in the end"
    >>> display = TokenAttributionDisplay.from_estimator(pipeline, text)
    >>> [text.get_text() for text in display.plot().texts_]
    ['[START]', 'dull', 'at', 'first', 'but', 'wonderful', 'in', 'the', 'end']
    """

    def __init__(self, attributions: pd.DataFrame) -> None:
        self.attributions = attributions

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        texts: Any,
        *,
        method: Literal["gradient", "occlusion", "integrated_gradients"] = "gradient",
        class_of_interest: Any = None,
    ) -> Self:
        """Compute the scores of texts.

        Call ``plot`` to draw them. The HTML that notebooks show does not need matplotlib.

        Parameters
        ----------
        {estimator}
        {texts}
        method : {"gradient", "occlusion", "integrated_gradients"}, default="gradient"
            Method of :func:`token_attributions`.
        class_of_interest : label, default=None
            Class of :func:`token_attributions`.

        Returns
        -------
        TokenAttributionDisplay
            The display.
        """
        scores = token_attributions(
            estimator, texts, method=method, class_of_interest=class_of_interest
        )
        return cls(scores)

    def plot(self, ax: Any = None) -> Self:
        """Draw the texts, wrapped into lines.

        {plot}
        """
        plt = import_pyplot(self)
        is_new_figure = ax is None
        self.ax_, self.figure_ = get_axes(self, ax, (9.0, 2.0))
        limit = self._limit()
        colors = plt.cm.ScalarMappable(plt.Normalize(-limit, limit), SIGNED_COLORS)
        self.ax_.set_axis_off()
        self.colorbar_ = self.figure_.colorbar(
            colors,
            ax=self.ax_,
            orientation="horizontal",
            label=f"Score for class {self._classes()} (log-odds)",
            shrink=0.5,
            aspect=40,
        )
        positions, n_lines, font_size = self._lay_out(is_new_figure)
        self.ax_.set_ylim(n_lines - 0.4, -0.6)
        tokens = zip(self.attributions["word"], self.attributions["score"], positions, strict=True)
        self.texts_: list[Any] = [
            self._draw_token(token, line, column, colors.to_rgba(score), font_size)
            for token, score, (line, column) in tokens
        ]
        return self

    def _lay_out(self, is_new_figure: bool) -> tuple[list[tuple[int, int]], int, float]:
        """Return line and column of each token, the number of lines, and the font size.

        A new figure gets the height of the lines. In given axes the font shrinks to fit.
        """
        width, height = axes_size(self.ax_)
        n_columns = max(20, int(width / (_FONT_SIZE * _CHARACTER_WIDTH)))
        self.ax_.set_xlim(0, n_columns)
        positions = list(self._positions(n_columns - 1))
        n_lines = positions[-1][0] + 1 if positions else 1
        if is_new_figure:
            self.figure_.set_figheight(1.0 + n_lines * _LINE_HEIGHT / 72)
            return positions, n_lines, _FONT_SIZE
        text_width = n_columns * _FONT_SIZE * _CHARACTER_WIDTH
        scale = min(1.0, height / (n_lines * _LINE_HEIGHT), width / text_width)
        return positions, n_lines, _FONT_SIZE * scale

    def _positions(self, n_columns: int) -> Iterator[tuple[int, int]]:
        """Yield line and column of each token, with an empty line between texts."""
        line, column, previous = 0, 0, None
        for text, word in zip(self.attributions["text"], self.attributions["word"], strict=True):
            if previous is not None and text != previous:
                line, column = line + 2, 0
            elif column and column + len(word) > n_columns:
                line, column = line + 1, 0
            previous = text
            yield line, column
            column += len(word) + 1

    def _draw_token(self, token: str, line: int, column: int, color: Any, size: float) -> Any:
        red, green, blue, opacity = color  # transparent without a score
        is_light = 0.3 * red + 0.6 * green + 0.1 * blue > 0.5
        return self.ax_.text(
            column,
            line + 0.2,
            token.replace("$", r"\$"),  # matplotlib reads text between two $ as a formula
            color="gray" if not opacity else "black" if is_light else "white",
            family="monospace",
            size=size,
            va="baseline",
            bbox={"facecolor": color, "edgecolor": "none", "pad": 0.1 * size},
        )

    def _limit(self) -> float:
        return max(float(self.attributions["score"].abs().fillna(0.0).max() or 0.0), 1e-12)

    def _classes(self) -> str:
        return " / ".join(str(label) for label in self.attributions["class"].unique())

    def _repr_html_(self) -> str:
        """Return the texts as HTML for notebooks."""
        texts = [frame for _, frame in self.attributions.groupby("text", sort=False)]
        limit = self._limit()
        paragraphs = [_to_paragraph(frame, limit) for frame in texts[:_MAX_TEXTS_IN_HTML]]
        if len(texts) > _MAX_TEXTS_IN_HTML:
            paragraphs.append(f"<p>({len(texts) - _MAX_TEXTS_IN_HTML} more texts)</p>")
        legend = (
            f"{_span('against', f'rgba({_NEGATIVE}, {_MAX_OPACITY})')} "
            f"{_span('for', f'rgba({_POSITIVE}, {_MAX_OPACITY})')} class "
            f"{escape(self._classes())}, in log-odds of up to {limit:.2g}"
        )
        for mark, (style, tooltip) in _MARK_STYLES.items():
            if self.attributions["word"].str.endswith(mark).any():
                legend += f', <span style="{style}">{tooltip}</span>'
        return (
            '<div style="line-height: 1.8; max-width: 60em">'
            f'{"".join(paragraphs)}<p style="font-size: 85%">{legend}</p></div>'
        )


def _to_paragraph(frame: pd.DataFrame, limit: float) -> str:
    spans = []
    for word, score in zip(frame["word"], frame["score"], strict=True):
        opacity = 0.0 if np.isnan(score) else _MAX_OPACITY * abs(score) / limit
        color = f"rgba({_POSITIVE if score > 0 else _NEGATIVE}, {opacity:.2f})"
        mark = next((mark for mark in _MARK_STYLES if word.endswith(mark)), "")
        style, tooltip = _MARK_STYLES.get(mark, ("", ""))
        title = ", ".join(filter(None, [tooltip, "" if np.isnan(score) else f"{score:+.3g}"]))
        spans.append(_span(escape(word.removesuffix(mark)), color, style, f' title="{title}"'))
    return f"<p>{' '.join(spans)}</p>"


def _span(content: str, color: str, style: str = "", attributes: str = "") -> str:
    style = f"background-color: {color}; padding: 0.1em 0.2em; border-radius: 0.2em; {style}"
    return f'<span style="{style.rstrip("; ")}"{attributes}>{content}</span>'
