"""What each gate did at each word."""

from collections.abc import Iterable
from numbers import Integral
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from .._base import Options, StrOptions, validated
from .._nn.fitted import FittedNetwork
from ._estimators import inspect_estimator

Array = NDArray[np.float64]

_GATES = {
    "simple": ("state",),
    "lstm": ("forget_gate", "input_gate", "output_gate", "new_value", "carry", "state"),
    "gru": ("update_gate", "reset_gate", "candidate", "state"),
}


@validated(
    {
        "units": ["array-like", Integral, StrOptions({"all"}), None],
        "layer": [Integral],
        "direction": [Options(str, {"forward", "backward"})],
    }
)
def gate_activations(
    estimator: Any,
    text: Any,
    units: int | Literal["all"] | ArrayLike | None = None,
    *,
    layer: int = -1,
    direction: Literal["forward", "backward"] = "forward",
) -> pd.DataFrame:
    r"""Return what each gate of a recurrent layer did at each word of a text.

    The gates are computed from the weights of the layer, in double precision. In the notation
    of :class:`~seqsent.RecurrentSentimentClassifier` the columns are, for an LSTM [1]_,
    ``forget_gate`` :math:`f_t`, ``input_gate`` :math:`i_t`, ``output_gate`` :math:`o_t`,
    ``new_value`` :math:`g_t`, ``carry`` :math:`c_t` and ``state`` :math:`h_t`; for a GRU [2]_
    ``update_gate`` :math:`z_t`, ``reset_gate`` :math:`r_t`, ``candidate`` :math:`g_t` and
    ``state``; for a SimpleRNN, which has no gates, ``state``.

    Parameters
    ----------
    estimator : RecurrentSentimentClassifier or Pipeline
        A fitted classifier, or a fitted Pipeline whose last step is one.
    text : str or array-like of shape (row_length,)
        One text. A classifier without a vectorizer in front reads a row of word ids instead.
    units : int, "all" or array-like of int, default=None
        The units to look at. None takes the mean over all units, an int one unit. "all" or
        several ints give one column per gate and unit.
    layer : int, default=-1
        Which recurrent layer, 0 for the one that reads the word vectors. The default is the
        last one.
    direction : {"forward", "backward"}, default="forward"
        Which half of a bidirectional layer. The backward half reads the last word first.

    Returns
    -------
    pandas.DataFrame
        One row per id that is not padding, the mark of the start included, in the order of
        the text; the index ``word`` holds the words. The columns are the gates, or pairs of
        gate and unit. Gates lie between 0 (closed) and 1 (open), ``state``, ``new_value`` and
        ``candidate`` between -1 and 1, and ``carry`` is not bounded. No words, no rows.

    Raises
    ------
    TypeError
        If the estimator does not end in a RecurrentSentimentClassifier.
    ValueError
        If there are several texts, or no such layer, direction or unit.
    NotFittedError
        If the estimator is not fitted.

    See Also
    --------
    GateActivationDisplay : Draws the frame.
    hidden_states : The state after the last word, for many texts.

    Notes
    -----
    Unknown words are rows of their own, ``[OOV]``. Without a vectorizer words are the ids as
    str; ``Pipeline([("vectorizer", vectorizer), ("classifier", classifier)])`` of two fitted
    estimators joins the words to them.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation
       9(8), 1997; the forget gate is from F. Gers et al., "Learning to forget", 2000.
    .. [2] K. Cho et al., "Learning phrase representations using RNN encoder-decoder for
       statistical machine translation", EMNLP 2014.

    Examples
    --------
    >>> from seqsent import make_sentiment_pipeline
    >>> from seqsent.datasets import make_reviews
    >>> from seqsent.inspection import gate_activations
    >>> texts, labels = make_reviews(200, return_X_y=True, random_state=0)
    >>> pipeline = make_sentiment_pipeline("gru", maxlen=40, epochs=1, random_state=0)
    >>> gates = gate_activations(pipeline.fit(texts, labels), "The plot was not good")
    >>> gates.columns.to_list()
    ['update_gate', 'reset_gate', 'candidate', 'state']
    >>> gates.index.to_list()
    ['[START]', 'the', 'plot', 'was', 'not', 'good']
    """
    inspected = inspect_estimator(estimator)
    texts = inspected.read_one(text)
    network = inspected.network
    depth = _check_layer(layer, direction, network)
    ids = texts.ids[0]
    if network.architecture.mask_padding:
        ids = ids[ids != 0]
    gates = _run_layers(network, ids, depth, backward=direction == "backward")[:, ids != 0]
    chosen, columns = _choose_units(gates, _GATES[network.architecture.cell], units)
    return pd.DataFrame(chosen, pd.Index(texts.words[0], name="word", dtype=object), columns)


def _check_layer(layer: int, direction: str, network: FittedNetwork) -> int:
    """Return the layer as a number that counts from 0."""
    n_layers = network.architecture.n_layers
    if not -n_layers <= layer < n_layers:
        raise ValueError(
            f"layer={layer}, but the network has n_layers={n_layers}: pass a number from "
            f"{-n_layers} to {n_layers - 1}."
        )
    if direction == "backward" and not network.architecture.bidirectional:
        raise ValueError(
            'direction="backward" needs a classifier with bidirectional=True; this one reads '
            "forward only."
        )
    return layer % n_layers


def _choose_units(
    gates: Array, names: Iterable[str], units: Any
) -> tuple[Array, pd.Index | pd.MultiIndex]:
    """Return a table of words by gates, or by gates and units, with its columns."""
    gates = gates.transpose(1, 0, 2)
    n_units = gates.shape[2]
    if units is None:
        return gates.mean(axis=2), pd.Index(names, name="gate")
    numbers = np.arange(n_units) if isinstance(units, str) else np.asarray(units)
    if numbers.dtype.kind not in "iu" or ((numbers < 0) | (numbers >= n_units)).any():
        raise ValueError(
            f"units={units!r} must be None, 'all', or numbers from 0 to {n_units - 1}: "
            f"the layer has {n_units} units."
        )
    if numbers.ndim == 0:
        return gates[:, :, numbers], pd.Index(names, name="gate")
    columns = pd.MultiIndex.from_product([names, numbers.tolist()], names=["gate", "unit"])
    return gates[:, :, numbers].reshape(len(gates), len(columns)), columns


def _run_layers(network: FittedNetwork, ids: NDArray[Any], depth: int, backward: bool) -> Array:
    """Return the gates of a layer as an array of shape (n_gates, n_ids, n_units)."""
    shape = network.architecture
    inputs = network.model.get_layer("embedding").get_weights()[0][ids].astype(np.float64)
    for number in range(1, depth + 2):
        name = "bidirectional" if shape.bidirectional else shape.cell
        weights = network.model.get_layer(f"{name}_{number}").get_weights()
        halves = [_run_cell(shape.cell, inputs, *weights[:3])]
        if shape.bidirectional:
            reverse = _run_cell(shape.cell, inputs[::-1], *weights[3:])
            halves.append(reverse[:, ::-1])
        inputs = np.concatenate([gates[-1] for gates in halves], axis=1)
    return halves[backward]


def _run_cell(
    cell: str, inputs: Array, kernel: Array, recurrent_kernel: Array, bias: Array
) -> Array:
    """Return what happens in a cell as it reads inputs of shape (n_steps, n_inputs)."""
    step = {"simple": _simple_step, "lstm": _lstm_step, "gru": _gru_step}[cell]
    bias = np.atleast_2d(bias.astype(np.float64))
    input_bias, state_bias = bias if len(bias) == 2 else (bias[0], 0.0)
    gates = np.zeros((len(_GATES[cell]), len(inputs) + 1, len(recurrent_kernel)))
    for t, from_input in enumerate(inputs @ kernel + input_bias):
        from_state = gates[-1, t] @ recurrent_kernel + state_bias
        gates[:, t + 1] = step(from_input, from_state, gates[:, t])
    return gates[:, 1:]


def _simple_step(from_input: Array, from_state: Array, before: Array) -> tuple[Array, ...]:
    return (np.tanh(from_input + from_state),)


def _lstm_step(from_input: Array, from_state: Array, before: Array) -> tuple[Array, ...]:
    write, keep, new, show = np.split(from_input + from_state, 4)  # as Keras stores them
    write, keep, new, show = expit(write), expit(keep), np.tanh(new), expit(show)
    carry = keep * before[-2] + write * new
    return keep, write, show, new, carry, show * np.tanh(carry)


def _gru_step(from_input: Array, from_state: Array, before: Array) -> tuple[Array, ...]:
    units = len(from_state) // 3
    keep, reset = np.split(expit(from_input[: 2 * units] + from_state[: 2 * units]), 2)
    candidate = np.tanh(from_input[2 * units :] + reset * from_state[2 * units :])
    return keep, reset, candidate, keep * before[-1] + (1 - keep) * candidate
