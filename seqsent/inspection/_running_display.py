"""The verdict on one text as it forms."""

from typing import Any, Self

import pandas as pd

from ._axes import (
    LINE_COLORS,
    LINE_STYLES,
    label_words,
    take_axes,
    width_for,
)
from ._prose import shares_prose
from ._running import running_sentiment


@shares_prose
class RunningSentimentDisplay:
    """Curve of the probability of each class after each word of a text.

    Parameters
    ----------
    probabilities : pandas.DataFrame
        A frame that :func:`running_sentiment` returned.

    Attributes
    ----------
    {ax_}
    {figure_}
    lines_ : list of matplotlib.lines.Line2D
        One line per class; of two classes the second alone, as the first mirrors it.

    See Also
    --------
    running_sentiment : Computes the frame.

    Examples
    --------
    >>> from seqsent import make_sentiment_pipeline
    >>> from seqsent.datasets import make_reviews
    >>> from seqsent.inspection import RunningSentimentDisplay
    >>> texts, labels = make_reviews(200, return_X_y=True, random_state=0)
    >>> pipeline = make_sentiment_pipeline(
    ...     "gru", maxlen=40, epochs=20, batch_size=20, random_state=0
    ... ).fit(texts, labels)
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
        {drawn}
        """
        return cls(running_sentiment(estimator, text)).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the curves.

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
        n_words, n_classes = self.probabilities.shape
        self.ax_, self.figure_ = take_axes(self, ax, (width_for(n_words), 4.0))
        ax = self.ax_
        classes = self.probabilities.columns[1:] if n_classes == 2 else self.probabilities.columns
        ax.axhline(1 / n_classes, color="gray", linewidth=1, linestyle=":")
        self.lines_: list[Any] = []
        for number, label in enumerate(classes):
            self.lines_ += ax.plot(
                range(n_words),
                self.probabilities[label],
                LINE_STYLES[number % len(LINE_STYLES)],
                color=LINE_COLORS[number % len(LINE_COLORS)],
                marker="o",
                markersize=3,
                label=str(label),
            )
        ax.set_ylim(-0.02, 1.02)
        label_words(ax, self.probabilities.index.to_list())
        if n_classes == 2:
            ax.set_ylabel(f"Probability of class {classes[0]}")
        else:
            ax.set_ylabel("Probability")
            ax.legend(title="Class")
        return self
