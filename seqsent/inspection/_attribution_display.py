"""Display of texts with words colored by their scores, as a figure and as HTML."""

from html import escape
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from .._types import FloatArray
from ._attributions import token_attributions
from ._axes import SIGNED_COLORS, axes_size, get_axes, import_pyplot
from ._docstrings import fill_docstring
from ._estimators import CUT_MARK, OOV_MARK
from ._fonts import make_legible

_FONT_SIZE = 10.0  # points
_LINE_HEIGHT = 18.0  # points
_SPACE = 0.6  # between tokens, as a fraction of the font size
_MIN_LINE_WIDTH = 120.0  # points; in narrower axes the font shrinks
_TEXT_GAP = 1.5  # lines from the last line of a text to the title of the next
_BASELINE = 0.2  # lines below the center of a line
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

    Blue tokens speak for the class and red tokens against it, on one color scale for all texts.
    P(class) is the predicted probability of the class for the text. Notebooks show the display
    as HTML with the score of each token in a tooltip; ``plot`` draws a figure. Both mark tokens
    that are out of the vocabulary or cut by ``maxlen``.

    Parameters
    ----------
    attributions : pandas.DataFrame
        Result of :func:`token_attributions`, or its rows of some texts.

    Attributes
    ----------
    {axes}
    titles_ : list of matplotlib.text.Text
        Class and probability of each text.
    texts_ : list of matplotlib.text.Text
        One colored box per token.
    colorbar_ : matplotlib.colorbar.Colorbar or None
        Color scale of the scores.

    See Also
    --------
    token_attributions : Computes the scores.

    Examples
    --------
    {example_pipeline}
    >>> from seqsent.inspection import TokenAttributionDisplay
    >>> display = TokenAttributionDisplay.from_estimator(pipeline, "The film was wonderful")
    >>> [text.get_text() for text in display.plot().texts_]
    ['[START]', 'the', 'film', 'was', 'wonderful']
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

    def plot(
        self, ax: Any = None, *, max_score: float | None = None, colorbar: bool = True
    ) -> Self:
        """Draw the texts, wrapped into lines, each below the probability of its class.

        Parameters
        ----------
        {ax}
        max_score : float, default=None
            Absolute score of the darkest colors. Pass the same value to compare several
            displays. If None, the largest absolute score of the texts.
        colorbar : bool, default=True
            Whether to add the color scale.

        {plot_result}
        """
        plt = import_pyplot(self)
        is_new_figure = ax is None
        self.ax_, self.figure_ = get_axes(self, ax, (9.0, 2.0))
        limit = max_score or self._limit()
        colors = plt.cm.ScalarMappable(plt.Normalize(-limit, limit), SIGNED_COLORS)
        self.ax_.set_axis_off()
        self.titles_, self.texts_ = self._draw_texts(colors)
        self.colorbar_ = self._draw_colorbar(colors, limit) if colorbar else None
        scale, line_width = self._fit_lines(is_new_figure)
        for text in self.titles_ + self.texts_:
            text.set_size(scale * _FONT_SIZE)
        title_lines, positions = self._wrap(self._widths(), line_width)
        for title, line in zip(self.titles_, title_lines, strict=True):
            title.set_position((0, line + _BASELINE))
        for token, (x, line) in zip(self.texts_, positions, strict=True):
            token.set_position((x, line + _BASELINE))
        self.ax_.set(xlim=(0, line_width), ylim=(_n_lines(positions) - 0.4, -0.6))
        return self

    def _draw_colorbar(self, colors: Any, limit: float) -> Any:
        labels, properties = make_legible(self.figure_, [self._classes()])
        colorbar = self.figure_.colorbar(
            colors,
            ax=self.ax_,
            orientation="horizontal",
            ticks=[-limit, 0, limit],
            format="%.2g",
            shrink=0.5,
            aspect=40,
        )
        colorbar.set_label(f"Score for class {labels[0]} (log-odds)", **properties)
        return colorbar

    def _draw_texts(self, colors: Any) -> tuple[list[Any], list[Any]]:
        """Return the title of each text and all tokens, which have no position yet."""
        words, properties = make_legible(self.figure_, self.attributions["word"], "monospace")
        tokens = []
        for word, score in zip(words, self.attributions["score"], strict=True):
            red, green, blue, opacity = color = colors.to_rgba(score)  # transparent without a score
            is_light = 0.3 * red + 0.6 * green + 0.1 * blue > 0.5
            text_color = "gray" if not opacity else "black" if is_light else "white"
            box = {"facecolor": color, "edgecolor": "none", "pad": 0.1 * _FONT_SIZE}
            tokens.append(self.ax_.text(0, 0, word, color=text_color, bbox=box, **properties))
        first = self.attributions.drop_duplicates("text")
        labels, properties = make_legible(
            self.figure_, map(_title, first["class"], first["probability"])
        )
        titles = [self.ax_.text(0, 0, label, color="gray", **properties) for label in labels]
        for text in titles + tokens:
            text.set(size=_FONT_SIZE, va="baseline")
        return titles, tokens

    def _fit_lines(self, is_new_figure: bool) -> tuple[float, float]:
        """Return the factor of the font size, and the width of lines in points.

        A new figure gets the height of the lines. In given axes the font shrinks to fit.
        """
        width, height = axes_size(self.ax_)
        widths, scale = self._widths(), 1.0

        def text_height() -> float:
            return _n_lines(self._wrap(scale * widths, width)[1]) * _LINE_HEIGHT * scale

        if is_new_figure:
            self.figure_.set_figheight(1.0 + text_height() / 72)
        else:
            scale = min(1.0, width / _MIN_LINE_WIDTH)
            while text_height() > height:
                scale *= 0.95
        return scale, width

    def _widths(self) -> FloatArray:
        """Return the width of each token in points, with a space."""
        points = 72 / self.figure_.dpi
        widths = [points * token.get_window_extent().width for token in self.texts_]
        return np.array(widths) + _SPACE * self.texts_[0].get_size() if widths else np.empty(0)

    def _wrap(
        self, widths: FloatArray, line_width: float
    ) -> tuple[list[float], list[tuple[float, float]]]:
        """Return the line of each title, and x in points and line of each token."""
        titles: list[float] = []
        positions: list[tuple[float, float]] = []
        line, x, previous = -_TEXT_GAP, 0.0, None
        for text, width in zip(self.attributions["text"], widths, strict=True):
            if previous is None or text != previous:
                titles.append(line + _TEXT_GAP)
                line, x = titles[-1] + 1, 0.0
            elif x and x + width > line_width:
                line, x = line + 1, 0.0
            previous = text
            positions.append((x, line))
            x += width
        return titles, positions

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


def _n_lines(positions: list[tuple[float, float]]) -> float:
    return positions[-1][1] + 1 if positions else 1.0


def _title(label: Any, probability: float) -> str:
    return f"P({label}) = {probability:.2f}"


def _to_paragraph(frame: pd.DataFrame, limit: float) -> str:
    title = _title(frame["class"].iloc[0], frame["probability"].iloc[0])
    spans = [f'<span style="display: block; font-size: 85%">{escape(title)}</span>']
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
