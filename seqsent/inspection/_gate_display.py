"""The gates of one text as a heat map."""

from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ._axes import (
    SIGNED_COLORS,
    UNSIGNED_COLORS,
    label_words,
    take_axes,
    width_for,
)
from ._gates import gate_activations
from ._prose import shares_prose


@shares_prose
class GateActivationDisplay:
    """Heat map of what each gate did at each word.

    Words are on the x axis and gates are rows. Gates proper, between 0 (closed) and 1 (open),
    have one colour scale, and signed values such as the state another, centred at zero.

    Parameters
    ----------
    activations : pandas.DataFrame
        A frame that :func:`gate_activations` returned.

    Attributes
    ----------
    {ax_}
    {figure_}
    images_ : list of matplotlib.image.AxesImage
        The heat map: first the gates, if there are any, then the signed values.
    colorbars_ : list of matplotlib.colorbar.Colorbar
        The scales of the images.

    See Also
    --------
    gate_activations : Computes the frame.

    Examples
    --------
    >>> from seqsent import make_sentiment_pipeline
    >>> from seqsent.datasets import make_reviews
    >>> from seqsent.inspection import GateActivationDisplay
    >>> texts, labels = make_reviews(200, return_X_y=True, random_state=0)
    >>> pipeline = make_sentiment_pipeline(
    ...     "gru", maxlen=40, epochs=20, batch_size=20, random_state=0
    ... ).fit(texts, labels)
    >>> text = "Dull at first, but wonderful in the end"
    >>> display = GateActivationDisplay.from_estimator(pipeline, text)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['update_gate', 'reset_gate', 'candidate', 'state']
    """

    def __init__(self, activations: pd.DataFrame) -> None:
        self.activations = activations

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        text: Any,
        units: int | Literal["all"] | ArrayLike | None = None,
        *,
        layer: int = -1,
        direction: Literal["forward", "backward"] = "forward",
        ax: Any = None,
    ) -> Self:
        """Compute the gates of a text and draw them.

        Parameters
        ----------
        {estimator}
        {text}
        units : int, "all" or array-like of int, default=None
            As in :func:`gate_activations`.
        layer : int, default=-1
            As in :func:`gate_activations`.
        direction : {"forward", "backward"}, default="forward"
            As in :func:`gate_activations`.
        {ax}

        Returns
        -------
        {drawn}
        """
        gates = gate_activations(estimator, text, units, layer=layer, direction=direction)
        return cls(gates).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the heat map.

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
        columns = self.activations.columns
        n_words, n_rows = self.activations.shape
        figsize = width_for(n_words), min(2.0 + 0.3 * n_rows, 12.0)
        self.ax_, self.figure_ = take_axes(self, ax, figsize)
        ax = self.ax_
        is_gate = columns.get_level_values(0).str.endswith("_gate")
        self.images_: list[Any] = []
        self.colorbars_: list[Any] = []
        n_gates = int(is_gate.sum())
        if n_gates:
            gates = self.activations.loc[:, is_gate]
            self._draw(gates, 0, "Gate (0 closed, 1 open)", cmap=UNSIGNED_COLORS, vmin=0, vmax=1)
        signed = self.activations.loc[:, ~is_gate]
        limit = max(np.nan_to_num(np.abs(signed)).max(initial=0.0), 1e-6)
        self._draw(signed, n_gates, "Value (signed)", cmap=SIGNED_COLORS, vmin=-limit, vmax=limit)
        ax.set_ylim(n_rows - 0.5, -0.5)
        names = [*columns[is_gate], *columns[~is_gate]]
        labels = [name if isinstance(name, str) else f"{name[0]} {name[1]}" for name in names]
        step = -(-n_rows // 40)
        ax.set_yticks(range(0, n_rows, step), labels[::step])
        label_words(ax, self.activations.index.to_list())
        return self

    def _draw(self, part: pd.DataFrame, top: int, label: str, **colors: Any) -> None:
        values = part.to_numpy().T if len(part) else np.full((part.shape[1], 1), np.nan)
        n_rows, n_words = values.shape
        extent = (-0.5, n_words - 0.5, top + n_rows - 0.5, top - 0.5)
        image = self.ax_.imshow(
            values, extent=extent, aspect="auto", interpolation="nearest", **colors
        )
        self.images_.append(image)
        self.colorbars_.append(self.figure_.colorbar(image, ax=self.ax_, label=label, pad=0.01))
