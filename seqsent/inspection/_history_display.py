"""Loss or accuracy over the epochs of a training."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from .._estimator.base import StrOptions, validated
from ._axes import LINE_COLORS, take_axes
from ._estimators import inspect_estimator
from ._prose import shares_prose

_LABELS = {"loss": "Cross-entropy (nats)", "accuracy": "Accuracy (share of texts)"}


@shares_prose
class TrainingHistoryDisplay:
    """Curves of the loss or the accuracy over the epochs of a training.

    Parameters
    ----------
    history : dict of str to list of float
        A classifier's ``history_``: values after each epoch.
    best_iter : int, default=None
        Epoch, from 1, that the weights come from. It is marked if given.

    Attributes
    ----------
    {ax_}
    {figure_}
    lines_ : list of matplotlib.lines.Line2D
        The curve of the training data and, if there are any, that of the validation data.
    best_line_ : matplotlib.lines.Line2D or None
        The mark of the best epoch.

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
            What to draw.
        {ax}

        Returns
        -------
        TrainingHistoryDisplay
            The drawn display. It marks the best epoch if training was stopped early.
        """
        classifier = inspect_estimator(estimator).classifier
        best_iter = classifier.best_iter_ if classifier.early_stopping else None
        return cls(classifier.history_, best_iter=best_iter).plot(ax, metric=metric)

    @validated({"metric": [StrOptions({"loss", "accuracy"})]})
    def plot(self, ax: Any = None, *, metric: Literal["loss", "accuracy"] = "loss") -> Self:
        """Draw the curves.

        Parameters
        ----------
        {ax}
        metric : {"loss", "accuracy"}, default="loss"
            What to draw.

        Returns
        -------
        {drawn}

        Raises
        ------
        {no_matplotlib}
        """
        self.ax_, self.figure_ = take_axes(self, ax, (6.0, 4.0))
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
