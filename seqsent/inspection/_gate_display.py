"""Display of gate activations as a heat map."""

from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ._axes import (
    CHANGE_COLORS,
    SIGNED_COLORS,
    UNSIGNED_COLORS,
    figure_width,
    get_axes,
    label_tokens,
)
from ._docstrings import fill_docstring
from ._gates import gate_activations

_MAX_ROW_LABELS = 40


@fill_docstring
class GateActivationDisplay:
    """Heat map of gate activations, with tokens on the x axis and one row per gate.

    Gates between 0 (closed) and 1 (open) have one color scale. Another one shows either the mean
    absolute change of the state over all units, or the signed values of single units.

    Parameters
    ----------
    activations : pandas.DataFrame
        Result of :func:`gate_activations`.

    Attributes
    ----------
    {axes}
    images_ : list of matplotlib.image.AxesImage
        Image of the gates, if there are any, and image of the other values.
    colorbars_ : list of matplotlib.colorbar.Colorbar
        Color scales of the images.

    See Also
    --------
    gate_activations : Computes the activations.

    Examples
    --------
    {example_pipeline}
    >>> from seqsent.inspection import GateActivationDisplay
    >>> text = "Dull at first, but wonderful in the end"
    >>> display = GateActivationDisplay.from_estimator(pipeline, text)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['update_gate', 'reset_gate', 'state_change']
    """

    def __init__(self, activations: pd.DataFrame) -> None:
        self.activations = activations

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        text: Any,
        units: "int | Literal['all'] | ArrayLike | None" = None,
        *,
        layer: int = -1,
        direction: Literal["forward", "backward"] = "forward",
        ax: Any = None,
    ) -> Self:
        """Compute the gate activations of a text and draw them.

        Parameters
        ----------
        {estimator}
        {text}
        units : int, "all" or array-like of int, default=None
            Units of :func:`gate_activations`. If None, means over all units.
        layer : int, default=-1
            Index of the recurrent layer.
        direction : {"forward", "backward"}, default="forward"
            Direction of a bidirectional layer.
        {ax}

        Returns
        -------
        {display}
        """
        gates = gate_activations(estimator, text, units, layer=layer, direction=direction)
        return cls(gates).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the heat map.

        {plot}
        """
        columns = self.activations.columns
        n_tokens, n_rows = self.activations.shape
        figsize = figure_width(n_tokens), min(2.0 + 0.3 * n_rows, 12.0)
        self.ax_, self.figure_ = get_axes(self, ax, figsize)
        self.images_: list[Any] = []
        self.colorbars_: list[Any] = []
        is_gate = columns.get_level_values(0).str.endswith("_gate")
        n_gates = int(is_gate.sum())
        if n_gates:
            gates = self.activations.loc[:, is_gate]
            self._draw(gates, 0, "Gate (0 closed, 1 open)", cmap=UNSIGNED_COLORS, vmin=0, vmax=1)
        rest = self.activations.loc[:, ~is_gate]
        limit = max(np.nan_to_num(np.abs(rest)).max(initial=0.0), 1e-6)
        if "state_change" in columns:
            label, colors = "Mean |state change|", {"cmap": CHANGE_COLORS, "vmin": 0}
        else:
            label, colors = "Value of a unit", {"cmap": SIGNED_COLORS, "vmin": -limit}
        self._draw(rest, n_gates, label, vmax=limit, **colors)
        self.ax_.set_ylim(n_rows - 0.5, -0.5)
        names = [*columns[is_gate], *columns[~is_gate]]
        labels = [name if isinstance(name, str) else f"{name[0]} {name[1]}" for name in names]
        step = -(-n_rows // _MAX_ROW_LABELS)
        self.ax_.set_yticks(range(0, n_rows, step), labels[::step])
        label_tokens(self.ax_, self.activations.index.to_list())
        return self

    def _draw(self, frame: pd.DataFrame, top: int, label: str, **colors: Any) -> None:
        values = frame.to_numpy().T if len(frame) else np.full((frame.shape[1], 1), np.nan)
        n_rows, n_tokens = values.shape
        extent = (-0.5, n_tokens - 0.5, top + n_rows - 0.5, top - 0.5)
        image = self.ax_.imshow(
            values, extent=extent, aspect="auto", interpolation="nearest", **colors
        )
        self.images_.append(image)
        self.colorbars_.append(self.figure_.colorbar(image, ax=self.ax_, label=label, pad=0.01))
