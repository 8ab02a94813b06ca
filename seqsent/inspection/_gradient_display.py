"""Display of gradient norms by lag, for one or several estimators."""

from collections.abc import Mapping
from typing import Any, Self

import pandas as pd

from ._axes import LINE_COLORS, LINE_STYLES, get_axes
from ._docstrings import fill_docstring
from ._fonts import make_legible
from ._gradients import gradient_by_lag


@fill_docstring
class GradientLagDisplay:
    """Curves of the gradient norm by distance from the last word.

    The lines are means over texts, on a logarithmic scale. The bands extend from the 10 % to
    the 90 % quantile.

    Parameters
    ----------
    curves : dict of str to pandas.DataFrame
        Results of :func:`gradient_by_lag`, by the label of the line.

    Attributes
    ----------
    {axes}
    lines_ : list of matplotlib.lines.Line2D
        One line per curve.
    bands_ : list of matplotlib.collections.PolyCollection
        One band per curve; empty with ``bands=False``.

    See Also
    --------
    gradient_by_lag : Computes a curve.

    Examples
    --------
    {example_pipeline}
    >>> from seqsent.inspection import GradientLagDisplay
    >>> simple_rnn = make_sentiment_pipeline("simple", pooling="last", epochs=1)
    >>> estimators = {"GRU": pipeline, "SimpleRNN": simple_rnn.fit(texts, labels)}
    >>> display = GradientLagDisplay.from_estimator(estimators, texts[:50])
    >>> [line.get_label() for line in display.lines_]
    ['GRU', 'SimpleRNN']
    """

    def __init__(self, curves: Mapping[str, pd.DataFrame]) -> None:
        self.curves = curves

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        max_lag: int | None = None,
        *,
        name: str | None = None,
        ax: Any = None,
    ) -> Self:
        """Compute the curves of one or several estimators and draw them.

        Parameters
        ----------
        estimator : RecurrentSentimentClassifier, Pipeline, or dict of str to either
            A fitted estimator, or several by the label of their lines.
        {X}
        max_lag : int, default=None
            Largest lag, in words. If None, the first word of the longest text.
        name : str, default=None
            Label of a single estimator. If None, the name of its class.
        {ax}

        Returns
        -------
        {display}
        """
        if not isinstance(estimator, Mapping):
            estimator = {name or type(estimator).__name__: estimator}
        # a generator would be empty after the first estimator
        X = X if isinstance(X, str) or hasattr(X, "__len__") else list(X)
        curves = {key: gradient_by_lag(one, X, max_lag) for key, one in estimator.items()}
        return cls(curves).plot(ax)

    def plot(self, ax: Any = None, *, bands: bool = True) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on, next to the lines that they have. If None, a new figure is created.
        bands : bool, default=True
            Whether to draw the bands between the quantiles.

        {plot_result}
        """
        self.ax_, self.figure_ = get_axes(self, ax, (7.0, 4.5))
        ax = self.ax_
        self.lines_: list[Any] = []
        self.bands_: list[Any] = []
        names, properties = make_legible(self.figure_, map(str, self.curves))
        for name, curve in zip(names, self.curves.values(), strict=True):
            index = len(ax.lines)  # colors continue after the lines of given axes
            color = LINE_COLORS[index % len(LINE_COLORS)]
            style = LINE_STYLES[index % len(LINE_STYLES)]
            marker = "o" if len(curve) == 1 else None  # one point makes no visible line
            self.lines_ += ax.plot(
                curve.index, curve["mean"], style, marker=marker, color=color, label=name
            )
            if bands:
                band = ax.fill_between(
                    curve.index, curve["10%"], curve["90%"], color=color, alpha=0.15, linewidth=0
                )
                self.bands_.append(band)
        if any((curve["mean"] > 0).any() for curve in self.curves.values()):
            ax.set_yscale("log")
        ax.set_xlabel("Distance from the last word (words)")
        ax.set_ylabel("Gradient norm (log-odds per unit length)")
        for text in ax.legend().get_texts():
            text.set(**properties)
        return self
