"""Display of the probabilities after each token of a text."""

from typing import Any, Self

import pandas as pd

from ._axes import LINE_COLORS, LINE_STYLES, figure_width, get_axes, label_tokens
from ._docstrings import fill_docstring
from ._fonts import make_legible
from ._running import running_sentiment


@fill_docstring
class RunningSentimentDisplay:
    """Curves of the probability of each class after each token of a text.

    Parameters
    ----------
    probabilities : pandas.DataFrame
        Result of :func:`running_sentiment`.

    Attributes
    ----------
    {axes}
    lines_ : list of matplotlib.lines.Line2D
        One line per class. With two classes, only the line of the second class.

    See Also
    --------
    running_sentiment : Computes the probabilities.

    Examples
    --------
    {example_pipeline}
    >>> from seqsent.inspection import RunningSentimentDisplay
    >>> text = "Dull at first, but wonderful in the end"
    >>> display = RunningSentimentDisplay.from_estimator(pipeline, text)
    >>> [label.get_text() for label in display.ax_.get_xticklabels()]
    ['[START]', 'dull', 'at', 'first', 'but', 'wonderful', 'in', 'the', 'end']
    """

    def __init__(self, probabilities: pd.DataFrame) -> None:
        self.probabilities = probabilities

    @classmethod
    def from_estimator(cls, estimator: Any, text: Any, *, ax: Any = None) -> Self:
        """Compute the probabilities and draw them.

        Parameters
        ----------
        {estimator}
        {text}
        {ax}

        Returns
        -------
        {display}
        """
        return cls(running_sentiment(estimator, text)).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the curves.

        {plot}
        """
        n_tokens, n_classes = self.probabilities.shape
        self.ax_, self.figure_ = get_axes(self, ax, (figure_width(n_tokens), 4.0))
        ax = self.ax_
        classes = self.probabilities.columns[1:] if n_classes == 2 else self.probabilities.columns
        texts = [*map(str, classes), *self.probabilities.index]  # in one warning
        texts, properties = make_legible(self.figure_, texts)
        labels = texts[: len(classes)]
        ax.axhline(1 / n_classes, color="gray", linewidth=1, linestyle=":")
        self.lines_: list[Any] = []
        for index, (column, label) in enumerate(zip(classes, labels, strict=True)):
            self.lines_ += ax.plot(
                range(n_tokens),
                self.probabilities[column],
                LINE_STYLES[index % len(LINE_STYLES)],
                color=LINE_COLORS[index % len(LINE_COLORS)],
                marker="o",
                markersize=3,
                label=label,
            )
        ax.set_ylim(-0.02, 1.02)
        label_tokens(ax, self.probabilities.index.to_list())
        if n_classes == 2:
            ax.set_ylabel(f"Probability of class {labels[0]}", **properties)
        else:
            ax.set_ylabel("Probability")
            for text in ax.legend(title="Class").get_texts():
                text.set(**properties)
        return self
