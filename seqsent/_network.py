"""The network of the classifier as a ``keras.Model``."""

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, Literal

from numpy.typing import ArrayLike

from ._estimator.base import Interval, validated
from ._inputs.constraints import NETWORK_CONSTRAINTS
from ._inputs.embedding import embedding_shape, fill_missing, load_embedding_weights
from ._nn.model.architecture import Architecture, count_outputs, draw_network
from ._nn.model.cells import CELLS
from ._nn.train.objective import loss_and_metrics
from ._runtime.backend import import_keras

keras = import_keras()

_DEFAULT_TIME_SCALE = 250  # words


@validated(
    {
        **NETWORK_CONSTRAINTS,
        "time_scale": [Interval(Real, 0, None, closed="left"), None],
        "random_state": [Interval(Integral, 0, None, closed="left"), None],
        "meta": [Mapping, None],
        "compile_kwargs": [Mapping, None],
    }
)
def build_network(
    *,
    cell: str = "gru",
    state_dim: int = 32,
    embed_dim: int | None = None,
    num_words: int | None = None,
    n_layers: int = 1,
    bidirectional: bool = False,
    pooling: Literal["last", "max", "mean"] | Sequence[str] | None = None,
    dropout: float = 0.5,
    embedding_dropout: float | None = None,
    gate_bias: Literal["chrono", "keras"] = "chrono",
    time_scale: float | None = None,
    mask_padding: bool = True,
    embedding_weights: "ArrayLike | str | PathLike[str] | None" = None,
    train_embedding: bool = True,
    ngram_range: tuple[int, int] = (1, 1),
    ngram_buckets: int = 2**18,
    random_state: int | None = None,
    meta: Mapping[str, Any] | None = None,
    compile_kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """Build and compile the network of :class:`RecurrentSentimentClassifier`.

    The functional ``keras.Model`` embeds rows of word ids and applies recurrent layers, pooling
    and one dense layer. All layers come from Keras, except for the embedding of n-grams. The
    function follows the convention of scikeras, which passes ``meta`` and ``compile_kwargs``.

    Parameters
    ----------
    cell : {"simple", "lstm", "gru"}, default="gru"
        The recurrent cell: SimpleRNN, LSTM or GRU.
    state_dim : int, default=32
        Number of units of the state.
    embed_dim : int, default=None
        Length of a word vector. If None, 32, or the width of ``embedding_weights``.
    num_words : int, default=None
        Number of rows of the embedding table, which exceeds the largest id. Required without
        ``embedding_weights``.
    n_layers : int, default=1
        Number of stacked recurrent layers.
    bidirectional : bool, default=False
        Whether to read each document in both directions and concatenate the states.
    pooling : {"last", "max", "mean"} or tuple of "max" and "mean", default=None
        Input of the dense layer: the last state, or the elementwise maximum or mean of all
        states, or both. If None, "last" for an LSTM or a GRU, and ("max", "mean") for a
        SimpleRNN with ``mask_padding=True``.
    dropout : float, default=0.5
        Dropout rate of the word vectors' channels and of the state, in [0, 1).
    embedding_dropout : float, default=None
        Dropout rate of the word vectors' channels and of n-grams. If None, ``dropout``.
    gate_bias : {"chrono", "keras"}, default="chrono"
        Initial bias of the gates; see :class:`RecurrentSentimentClassifier`.
    time_scale : float, default=None
        Length of a long document, in words, for ``gate_bias="chrono"``. If None,
        ``meta["n_features_in_"]``, or 250 without it.
    mask_padding : bool, default=True
        Whether to skip padding, so that it never changes a prediction.
    embedding_weights : array-like of shape (n_words, embed_dim) or path, default=None
        Initial word vectors, or a ``.npy`` file of them. If None, they are drawn at random, and
        so are NaN entries.
    train_embedding : bool, default=True
        Whether to train the word vectors.
    ngram_range : tuple (1, n), default=(1, 1)
        If n is 2 or more, hashed vectors of n-grams are added to the word vectors; see
        :class:`RecurrentSentimentClassifier`.
    ngram_buckets : int, default=2**18
        Number of rows of the n-gram table.
    random_state : int, default=None
        Seed of the initial weights and of dropout. If None, they differ in each call.
    meta : mapping, default=None
        Facts about the data, as scikeras passes them: ``n_classes_`` (2 if missing) and
        ``n_features_in_``.
    compile_kwargs : mapping, default=None
        Arguments of ``keras.Model.compile``. The defaults are Adam with a learning rate of
        0.006, or 0.004 for a SimpleRNN, cross-entropy, and accuracy.

    Returns
    -------
    keras.Model
        The compiled model: int32 ids of shape (n_samples, maxlen) to probabilities of shape
        (n_samples, 1) for two classes, else (n_samples, n_classes).

    Raises
    ------
    ValueError
        If a parameter is invalid, ``num_words`` and ``embedding_weights`` are both missing, or
        they contradict each other.

    See Also
    --------
    to_scikeras : Wrap the network as a scikeras classifier.

    Examples
    --------
    >>> from seqsent import build_network
    >>> network = build_network(cell="gru", num_words=1000, random_state=0)
    >>> network.count_params()
    38369
    """
    parameters = locals()
    meta = meta or {}
    matrix = load_embedding_weights(embedding_weights)
    n_words, width = embedding_shape(num_words, embed_dim, matrix)
    if n_words is None:
        raise ValueError(
            "build_network needs num_words, the number of rows of the embedding table "
            "(SequenceVectorizer.n_words_), or embedding_weights."
        )
    n_outputs = count_outputs(int(meta.get("n_classes_") or 2))
    architecture = Architecture.from_parameters(
        parameters, n_words=n_words, embed_dim=width, n_outputs=n_outputs
    )
    network = draw_network(
        architecture,
        random_state,
        gate_bias=gate_bias,
        time_scale=time_scale or meta.get("n_features_in_") or _DEFAULT_TIME_SCALE,
        tables=() if matrix is None else (fill_missing(matrix, random_state),),
    )
    given = {name: value for name, value in (compile_kwargs or {}).items() if value is not None}
    given.setdefault("optimizer", keras.optimizers.Adam(CELLS[cell].learning_rate))
    network.compile(**{**loss_and_metrics(n_outputs), **given})
    return network
