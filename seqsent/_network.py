"""The network of the classifier as a ``keras.Model``."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Literal

from numpy.typing import ArrayLike

from ._inputs.embedding import embedding_shape, load_embedding_weights
from ._nn.model.architecture import Architecture, count_outputs, draw_network
from ._nn.model.cells import CELLS
from ._nn.train.objective import loss_and_metrics
from ._runtime.backend import import_keras

keras = import_keras()

_DEFAULT_TIME_SCALE = 250  # words; where neither the caller nor the data say how long texts are


def build_network(
    *,
    cell: str = "lstm",
    state_dim: int = 32,
    embed_dim: int | None = None,
    num_words: int | None = None,
    n_layers: int = 1,
    bidirectional: bool = False,
    pooling: Literal["last", "max", "mean"] | Sequence[str] | None = None,
    dropout: float = 0.3,
    embedding_dropout: float | None = None,
    gate_bias: Literal["chrono", "keras"] = "chrono",
    time_scale: float | None = None,
    mask_padding: bool = True,
    embedding_weights: ArrayLike | str | PathLike[str] | None = None,
    train_embedding: bool = True,
    ngram_range: tuple[int, int] = (1, 1),
    ngram_buckets: int = 2**18,
    random_state: int | None = None,
    meta: Mapping[str, Any] | None = None,
    compile_kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """Build and compile the network of :class:`RecurrentSentimentClassifier`.

    Embedding, recurrent layers, pooling, one dense output: a functional
    ``keras.Model`` of stock layers that reads rows of word ids. The signature
    follows the convention of scikeras's model functions: ``meta`` and
    ``compile_kwargs`` are what its wrappers pass, the rest are hyperparameters.

    Parameters
    ----------
    cell : {"simple", "lstm", "gru"}, default="lstm"
        The recurrent layer.
    state_dim : int, default=32
        Size of the state that is passed from word to word.
    embed_dim : int, default=None
        Length of a word's vector. None is 32, or the width of ``embedding_weights``.
    num_words : int, default=None
        Rows of the embedding table; ids lie below it. Needed unless
        ``embedding_weights`` is given.
    n_layers : int, default=1
        Recurrent layers on top of one another.
    bidirectional : bool, default=False
        Read each text in both directions and join the states.
    pooling : {"last", "max", "mean"} or tuple of "max" and "mean", default=None
        What the output sees: the last state, or the maximum or mean of the
        states at all words, or both. None is "last", or ("max", "mean") for a SimpleRNN
        that skips padding.
    dropout : float, default=0.3
        Share of embedding channels and of state units dropped in training.
    embedding_dropout : float, default=None
        Dropout rate of word vectors and n-grams. If None, ``dropout``.
    gate_bias : {"chrono", "keras"}, default="chrono"
        Start of the gates' biases; see :class:`RecurrentSentimentClassifier`.
    time_scale : float, default=None
        Length in words of a long text, which chrono gates are set to. None takes
        the row length from ``meta``, or else 250.
    mask_padding : bool, default=True
        Skip padding (id 0), so that it does not change the answer.
    embedding_weights : array-like of shape (n_words, embed_dim) or path, default=None
        Initial word vectors, or a file that ``numpy.load`` reads them from.
    train_embedding : bool, default=True
        Whether training moves the word vectors.
    ngram_range : tuple (1, n), default=(1, 1)
        With n of 2 or more, vectors of n-grams are added to those of words; see
        :class:`RecurrentSentimentClassifier`.
    ngram_buckets : int, default=2**18
        Rows of the n-grams' table.
    random_state : int, default=None
        Seed of the initial weights and of dropout.
    meta : mapping, default=None
        Facts about the data as scikeras gathers them: ``n_classes_`` (default 2)
        and ``n_features_in_``.
    compile_kwargs : mapping, default=None
        Arguments of ``keras.Model.compile``. Adam with learning rate 0.006, 0.004 for a
        SimpleRNN, the cross-entropy that fits ``n_classes_`` and accuracy stand where nothing
        is given.

    Returns
    -------
    keras.Model
        The compiled model: int32 ids of shape (n_texts, n_words_per_text) to
        probabilities of shape (n_texts, 1) for two classes, else (n_texts, n_classes).

    Raises
    ------
    ValueError
        If the size of the embedding table is unknown or contradictory.

    See Also
    --------
    to_scikeras : The scikeras classifier that uses this function.

    Examples
    --------
    >>> from seqsent import build_network
    >>> network = build_network(cell="gru", num_words=1000, random_state=0)
    >>> network.count_params()
    38369
    """
    given = locals()
    meta = meta or {}
    matrix = load_embedding_weights(embedding_weights)
    n_words, width = embedding_shape(num_words, embed_dim, matrix)
    if n_words is None:
        raise ValueError(
            "build_network needs num_words, the number of rows of the embedding table "
            "(SequenceVectorizer.n_words_), or embedding_weights."
        )
    n_outputs = count_outputs(int(meta.get("n_classes_") or 2))
    network = draw_network(
        Architecture.from_parameters(given, n_words=n_words, embed_dim=width, n_outputs=n_outputs),
        random_state,
        gate_bias=gate_bias,
        time_scale=time_scale or meta.get("n_features_in_") or _DEFAULT_TIME_SCALE,
        tables=() if matrix is None else (matrix,),
    )
    chosen = {name: value for name, value in (compile_kwargs or {}).items() if value is not None}
    chosen.setdefault("optimizer", keras.optimizers.Adam(CELLS[cell].learning_rate))
    network.compile(**{**loss_and_metrics(n_outputs), **chosen})
    return network
