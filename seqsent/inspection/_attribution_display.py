"""Words in the colours of their scores, as a figure and as HTML."""

from collections.abc import Iterator
from html import escape
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from ._attributions import token_attributions
from ._axes import (
    SIGNED_COLORS,
    import_pyplot,
    size_in_points,
    take_axes,
)
from ._estimators import CUT, UNKNOWN
from ._prose import shares_prose

_FONT_SIZE = 10.0  # points
_LINE_HEIGHT = 18.0  # points
_ADVANCE = 0.602  # width of a character over the size of the font, in DejaVu Sans Mono
_MOST_TEXTS_IN_HTML = 50
# The ends of the figure's colour map. Seen through, they leave the text of light and of
# dark themes readable.
_AGAINST, _FOR = "178, 24, 43", "33, 102, 172"
_MOST_OPAQUE = 0.6
_MARKS = {  # how words that carry one look in HTML, and what pointing at them says
    UNKNOWN: ("text-decoration: underline dotted", "unknown word"),
    CUT: ("text-decoration: line-through; opacity: 0.5", "cut by maxlen"),
}


@shares_prose
class TokenAttributionDisplay:
    """Texts whose words have the colours of their scores.

    Blue words speak for the class and red ones against it. Notebooks show the display as
    HTML, where pointing at a word shows its score; ``plot`` draws the same as a figure.
    Unknown words, and those that ``maxlen`` cut, are marked in both.

    Parameters
    ----------
    attributions : pandas.DataFrame
        A frame that :func:`token_attributions` returned, or the rows of some of its texts.

    Attributes
    ----------
    {ax_}
    {figure_}
    texts_ : list of matplotlib.text.Text
        The words, each with a box in its colour.
    colorbar_ : matplotlib.colorbar.Colorbar
        The scale of the colours.

    See Also
    --------
    token_attributions : Computes the frame.

    Examples
    --------
    >>> from seqsent import make_sentiment_pipeline
    >>> from seqsent.datasets import make_reviews
    >>> from seqsent.inspection import TokenAttributionDisplay
    >>> texts, labels = make_reviews(200, return_X_y=True, random_state=0)
    >>> pipeline = make_sentiment_pipeline(
    ...     "gru", maxlen=40, epochs=20, batch_size=20, random_state=0
    ... ).fit(texts, labels)
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

        Nothing is drawn before ``plot``: a notebook shows the display as HTML, and needs no
        matplotlib for that.

        Parameters
        ----------
        {estimator}
        {texts}
        method : {"gradient", "occlusion", "integrated_gradients"}, default="gradient"
            As in :func:`token_attributions`.
        class_of_interest : label, default=None
            As in :func:`token_attributions`.

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

        Parameters
        ----------
        {ax}

        Returns
        -------
        {drawn}

        Raises
        ------
        {no_matplotlib}
        """
        plt = import_pyplot(self)
        own = ax is None
        self.ax_, self.figure_ = take_axes(self, ax, (9.0, 2.0))
        limit = self._limit()
        colors = plt.cm.ScalarMappable(plt.Normalize(-limit, limit), SIGNED_COLORS)
        self._draw_scale(colors)
        places, n_lines, size = self._arrange(own)
        self.ax_.set_ylim(n_lines - 0.4, -0.6)
        words = zip(self.attributions["word"], self.attributions["score"], places, strict=True)
        self.texts_: list[Any] = [
            self._draw_word(word, line, column, colors.to_rgba(score), size)
            for word, score, (line, column) in words
        ]
        return self

    def _draw_scale(self, colors: Any) -> None:
        self.ax_.set_axis_off()
        self.colorbar_ = self.figure_.colorbar(
            colors,
            ax=self.ax_,
            orientation="horizontal",
            label=f"Score for class {self._classes()} (log-odds)",
            shrink=0.5,
            aspect=40,
        )

    def _arrange(self, own: bool) -> tuple[list[tuple[int, int]], int, float]:
        """Return line and column of each word, the number of lines, and the font size.

        The figure grows to the height that the lines need if it is the display's own, else
        the words shrink.
        """
        width, height = size_in_points(self.ax_)
        n_columns = max(20, int(width / (_FONT_SIZE * _ADVANCE)))
        self.ax_.set_xlim(0, n_columns)
        places = list(self._places(n_columns - 1))
        n_lines = places[-1][0] + 1 if places else 1
        if own:
            self.figure_.set_figheight(1.0 + n_lines * _LINE_HEIGHT / 72)
            return places, n_lines, _FONT_SIZE
        scale = min(
            1.0, height / (n_lines * _LINE_HEIGHT), width / (n_columns * _FONT_SIZE * _ADVANCE)
        )
        return places, n_lines, _FONT_SIZE * scale

    def _places(self, n_columns: int) -> Iterator[tuple[int, int]]:
        """Yield line and column of each word; a line stays empty between texts."""
        line, column, before = 0, 0, None
        for text, word in zip(self.attributions["text"], self.attributions["word"], strict=True):
            if before is not None and text != before:
                line, column = line + 2, 0
            elif column and column + len(word) > n_columns:
                line, column = line + 1, 0
            before = text
            yield line, column
            column += len(word) + 1

    def _draw_word(self, word: str, line: int, column: int, color: Any, size: float) -> Any:
        red, green, blue, opacity = color  # a word without a score has none
        is_light = 0.3 * red + 0.6 * green + 0.1 * blue > 0.5
        return self.ax_.text(
            column,
            line + 0.2,
            word.replace("$", r"\$"),  # else a pair of them is read as a formula
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
        """Return the texts as HTML, which notebooks show."""
        texts = [frame for _, frame in self.attributions.groupby("text", sort=False)]
        limit = self._limit()
        paragraphs = [_to_paragraph(frame, limit) for frame in texts[:_MOST_TEXTS_IN_HTML]]
        if len(texts) > _MOST_TEXTS_IN_HTML:
            paragraphs.append(f"<p>({len(texts) - _MOST_TEXTS_IN_HTML} more texts)</p>")
        scale = (
            f"{_span('against', f'rgba({_AGAINST}, {_MOST_OPAQUE})')} "
            f"{_span('for', f'rgba({_FOR}, {_MOST_OPAQUE})')} class {escape(self._classes())}, "
            f"in log-odds of up to {limit:.2g}"
        )
        for mark, (style, meaning) in _MARKS.items():
            if self.attributions["word"].str.endswith(mark).any():
                scale += f', <span style="{style}">{meaning}</span>'
        return (
            '<div style="line-height: 1.8; max-width: 60em">'
            f'{"".join(paragraphs)}<p style="font-size: 85%">{scale}</p></div>'
        )


def _to_paragraph(frame: pd.DataFrame, limit: float) -> str:
    spans = []
    for word, score in zip(frame["word"], frame["score"], strict=True):
        opacity = 0.0 if np.isnan(score) else _MOST_OPAQUE * abs(score) / limit
        color = f"rgba({_FOR if score > 0 else _AGAINST}, {opacity:.2f})"
        mark = next((mark for mark in _MARKS if word.endswith(mark)), "")
        style, meaning = _MARKS.get(mark, ("", ""))
        title = ", ".join(filter(None, [meaning, "" if np.isnan(score) else f"{score:+.3g}"]))
        spans.append(_span(escape(word.removesuffix(mark)), color, style, f' title="{title}"'))
    return f"<p>{' '.join(spans)}</p>"


def _span(content: str, color: str, style: str = "", more: str = "") -> str:
    style = f"background-color: {color}; padding: 0.1em 0.2em; border-radius: 0.2em; {style}"
    return f'<span style="{style.rstrip("; ")}"{more}>{content}</span>'
