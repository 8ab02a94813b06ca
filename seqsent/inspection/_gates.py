"""Gate activations of one text."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .._estimator.base import StrOptions, validated
from .._nn.network import Network
from .._types import FloatArray
from ._docstrings import fill_docstring
from ._estimators import split_estimator


@validated(
    {
        "units": ["array-like", Integral, StrOptions({"all"}), None],
        "layer": [Integral],
        "direction": [StrOptions({"forward", "backward"})],
    }
)
@fill_docstring
def gate_activations(
    estimator: Any,
    text: Any,
    units: "int | Literal['all'] | ArrayLike | None" = None,
    *,
    layer: int = -1,
    direction: Literal["forward", "backward"] = "forward",
) -> pd.DataFrame:
    r"""Return the activation of each gate of a recurrent layer after each token of a text.

    By default these are means over the units, which tell how far each gate is open and how much
    each token changes the state.

    Parameters
    ----------
    {estimator}
    {text}
    units : int, "all" or array-like of int, default=None
        Units of the layer. If int, one unit. "all" and an array give one column per gate and
        unit. If None, the mean of each gate over all units, and the mean absolute change of the
        state. The mean of signed values has no meaning: the signs of the units are arbitrary.
    layer : int, default=-1
        Index of the recurrent layer. Layer 0 reads the word vectors; the default is the last
        layer.
    direction : {"forward", "backward"}, default="forward"
        Direction of a bidirectional layer. The backward direction reads the last word first.

    Returns
    -------
    pandas.DataFrame
        One row per token, ``[START]`` included, in text order, with the tokens in the index
        ``word``. The columns are the gates, or pairs of gate and unit. Gates have values between
        0 (closed) and 1 (open), ``state``, ``new_value`` and ``candidate`` between -1 and 1.
        ``carry`` is unbounded. With ``units=None`` the columns are the gates and
        ``state_change``, the mean of :math:`|h_t - h_{t-1}|` over the units, between 0 and 2.
        {marked_tokens}

    Raises
    ------
    {estimator_errors}
    ValueError
        If ``text`` has several texts, or ``layer``, ``direction`` or ``units`` does not exist.

    See Also
    --------
    GateActivationDisplay : Draws the activations.
    hidden_states : The state after the last word, for many texts.

    Notes
    -----
    The columns, in the notation of :class:`~seqsent.RecurrentSentimentClassifier`, are

    - for an LSTM [1]_ ``forget_gate`` :math:`f_t`, ``input_gate`` :math:`i_t`, ``output_gate``
      :math:`o_t`, ``new_value`` :math:`g_t`, ``carry`` :math:`c_t` and ``state`` :math:`h_t`,
    - for a GRU [2]_ ``update_gate`` :math:`z_t`, ``reset_gate`` :math:`r_t`, ``candidate``
      :math:`g_t` and ``state`` :math:`h_t`,
    - for a SimpleRNN, which has no gates, ``state`` :math:`h_t`.

    They are computed from the weights of the layer in double precision. Without a vectorizer
    the tokens are ids as str. ``Pipeline([("vectorizer", vectorizer), ("classifier",
    classifier)])`` combines two fitted estimators.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation
       9(8), 1997; the forget gate is from F. Gers et al., "Learning to forget", 2000.
    .. [2] K. Cho et al., "Learning phrase representations using RNN encoder-decoder for
       statistical machine translation", EMNLP 2014.

    Examples
    --------
    {example_pipeline}
    >>> from seqsent.inspection import gate_activations
    >>> gates = gate_activations(pipeline, "The plot was not good")
    >>> gates.columns.to_list()
    ['update_gate', 'reset_gate', 'state_change']
    >>> gates.index.to_list()
    ['[START]', 'the', 'plot', 'was', 'not', 'good']
    >>> gate_activations(pipeline, "The plot was not good", units=0).columns.to_list()
    ['update_gate', 'reset_gate', 'candidate', 'state']
    """
    parts = split_estimator(estimator)
    texts = parts.encode_one(text)
    network = parts.network
    index = _layer_index(layer, direction, network)
    ids = texts.ids[0]
    if network.architecture.mask_padding:
        ids = ids[ids != 0]
    gates = network.layer_activations(ids, index)[direction == "backward"]
    if units is None:
        means = _mean_over_units(gates, reverse=direction == "backward")
        values = np.stack([mean[ids != 0] for mean in means.values()], axis=1)
        columns: pd.Index = pd.Index(means, name="gate")
    else:
        values, columns = _select_units([gate[ids != 0] for gate in gates.values()], gates, units)
    tokens = pd.Index(texts.tokens[0], name="word", dtype=object)
    return pd.DataFrame(texts.align(0, values), tokens, columns)


def _mean_over_units(
    activations: Mapping[str, FloatArray], *, reverse: bool
) -> dict[str, FloatArray]:
    """Return the mean of each gate, and the mean absolute change of the state, by token."""
    means = {
        name: values.mean(axis=1) for name, values in activations.items() if name.endswith("_gate")
    }
    order = slice(None, None, -1 if reverse else 1)  # the layer starts from a state of zeros
    change = np.diff(activations["state"][order], axis=0, prepend=0)[order]
    return {**means, "state_change": np.abs(change).mean(axis=1)}


def _layer_index(layer: int, direction: str, network: Network) -> int:
    """Return the index of the layer as a nonnegative number."""
    n_layers = network.architecture.n_layers
    if not -n_layers <= layer < n_layers:
        raise ValueError(
            f"layer={layer}, but the network has n_layers={n_layers}. Pass a number from "
            f"{-n_layers} to {n_layers - 1}."
        )
    if direction == "backward" and not network.architecture.bidirectional:
        raise ValueError(
            'direction="backward" needs a classifier with bidirectional=True; this one reads '
            "forward only."
        )
    return layer % n_layers


def _select_units(
    gates: Sequence[FloatArray], names: Iterable[str], units: Any
) -> tuple[FloatArray, pd.Index | pd.MultiIndex]:
    """Return the values and columns of some units, from one array (n_words, n_units) per gate."""
    values = np.stack(gates, axis=1)
    n_units = values.shape[2]
    indices = np.arange(n_units) if isinstance(units, str) else np.asarray(units)
    if indices.dtype.kind not in "iu" or ((indices < 0) | (indices >= n_units)).any():
        raise ValueError(
            f"units={units!r} must be None, 'all', or numbers from 0 to {n_units - 1}: "
            f"the layer has {n_units} units."
        )
    if indices.ndim == 0:
        return values[:, :, indices], pd.Index(names, name="gate")
    columns = pd.MultiIndex.from_product([names, indices.tolist()], names=["gate", "unit"])
    return values[:, :, indices].reshape(len(values), len(columns)), columns
