"""Display of loss or accuracy by epoch."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from .._estimator.base import StrOptions, validated
from ._axes import LINE_COLORS, get_axes
from ._docstrings import fill_docstring
from ._estimators import split_estimator

_LABELS = {"loss": "Cross-entropy (nats)", "accuracy": "Accuracy (share of texts)"}


@fill_docstring
class TrainingHistoryDisplay:
    """Curves of the training and validation loss, or accuracy, by epoch.

    Parameters
    ----------
    history : dict of str to list of float
        ``history_`` of a classifier: values after each epoch.
    best_iter : int, default=None
        Epoch to mark, counted from 1. If None, no epoch is marked.

    Attributes
    ----------
    {axes}
    lines_ : list of matplotlib.lines.Line2D
        Curve of the training data and, if there are any, of the validation data.
    best_line_ : matplotlib.lines.Line2D or None
        Vertical line at ``best_iter``.

    Examples
    --------
    >>> from seqsent import make_sentiment_pipeline
    >>> from seqsent.datasets import make_reviews
    >>> from seqsent.inspection import TrainingHistoryDisplay
    >>> texts, labels = make_reviews(200, return_X_y=True, random_state=0)
    >>> pipeline = make_sentiment_pipeline(
    ...     "gru", epochs=20, batch_size=20, early_stopping=True, random_state=0
    ... )
    >>> display = TrainingHistoryDisplay.from_estimator(pipeline.fit(texts, labels))
    >>> [line.get_label() for line in display.lines_]
    ['training', 'validation']
    """

    def __init__(
        self, history: Mapping[str, Sequence[float]], *, best_iter: int | None = None
    ) -> None:
        self.history = history
        self.best_iter = best_iter

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, metric: Literal["loss", "accuracy"] = "loss", ax: Any = None
    ) -> Self:
        """Draw the history of a fitted estimator.

        Parameters
        ----------
        {estimator}
        metric : {"loss", "accuracy"}, default="loss"
            Metric to draw.
        {ax}

        Returns
        -------
        TrainingHistoryDisplay
            The display, with the best epoch marked if the classifier uses early stopping.
        """
        classifier = split_estimator(estimator).classifier
        best_iter = classifier.best_iter_ if classifier.early_stopping else None
        return cls(classifier.history_, best_iter=best_iter).plot(ax, metric=metric)

    @validated({"metric": [StrOptions({"loss", "accuracy"})]})
    def plot(self, ax: Any = None, *, metric: Literal["loss", "accuracy"] = "loss") -> Self:
        """Draw the curves.

        Parameters
        ----------
        {ax}
        metric : {"loss", "accuracy"}, default="loss"
            Metric to draw.

        {plot_result}
        """
        self.ax_, self.figure_ = get_axes(self, ax, (6.0, 4.0))
        ax = self.ax_
        self.lines_: list[Any] = []
        curves = [("training", metric, "o"), ("validation", f"val_{metric}", "s")]
        for (label, key, marker), color in zip(curves, LINE_COLORS, strict=False):
            if key in self.history:
                values = self.history[key]
                epochs = range(1, len(values) + 1)
                self.lines_ += ax.plot(
                    epochs, values, color=color, marker=marker, markersize=4, label=label
                )
        self.best_line_ = None
        if self.best_iter is not None:
            self.best_line_ = ax.axvline(
                self.best_iter, color="gray", linestyle=":", label=f"best epoch ({self.best_iter})"
            )
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("Epoch")
        ax.set_ylabel(_LABELS[metric])
        ax.legend()
        return self
