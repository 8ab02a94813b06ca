"""What each gate did at each word."""

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .._estimator.base import Options, StrOptions, validated
from .._nn.network import Network
from .._types import FloatArray
from ._estimators import inspect_estimator
from ._prose import shares_prose


@validated(
    {
        "units": ["array-like", Integral, StrOptions({"all"}), None],
        "layer": [Integral],
        "direction": [Options(str, {"forward", "backward"})],
    }
)
@shares_prose
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
    {estimator}
    {text}
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
        One row per word, the mark of the start included, in the order of the text; the index
        ``word`` holds the words. The columns are the gates, or pairs of gate and unit. Gates
        lie between 0 (closed) and 1 (open), ``state``, ``new_value`` and ``candidate`` between
        -1 and 1, and ``carry`` is not bounded.
        {marked_words}

    Raises
    ------
    {other_estimator}
    ValueError
        If there are several texts, or no such layer, direction or unit.
    {not_fitted}

    See Also
    --------
    GateActivationDisplay : Draws the frame.
    hidden_states : The states from which the verdict on each of many texts is read.

    Notes
    -----
    Without a vectorizer words are the ids as str; ``Pipeline([("vectorizer", vectorizer),
    ("classifier", classifier)])`` of two fitted estimators joins the words to them.

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
    gates = network.layer_activations(ids, depth)[direction == "backward"]
    chosen, columns = _choose_units([values[ids != 0] for values in gates.values()], gates, units)
    chosen = texts.spread(0, chosen)
    return pd.DataFrame(chosen, pd.Index(texts.words[0], name="word", dtype=object), columns)


def _check_layer(layer: int, direction: str, network: Network) -> int:
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
    values: Sequence[FloatArray], names: Iterable[str], units: Any
) -> tuple[FloatArray, pd.Index | pd.MultiIndex]:
    """Return a table of words by gates, or by gates and units, with its columns.

    ``values`` of each gate have the shape (n_words, n_units).
    """
    gates = np.stack(values, axis=1)
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
