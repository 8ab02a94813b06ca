"""From hyperparameters to a compiled ``keras.Model`` of stock layers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from os import PathLike
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._backend import import_keras
from ._nn.fast.threads import limit_xla_threads
from ._nn.fast.traces import enable_compilation_cache
from ._nn.initial_weights import InitialWeights

keras = import_keras()

LOG_LOSS = "log_loss"  # the metric that is the loss, exact over batches of unequal weight

_DEFAULT_EMBED_DIM = 32  # left at it, the width of embedding_weights decides

STOCK_LAYERS = {
    "embedding": keras.layers.Embedding,
    "simple": keras.layers.SimpleRNN,
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
}


@dataclass(frozen=True)
class Architecture:
    """All that decides the layers of a network and the shapes of its weights."""

    cell: str
    state_dim: int
    embed_dim: int
    n_words: int
    n_outputs: int
    n_layers: int = 1
    bidirectional: bool = False
    pooling: str = "last"
    dropout: float = 0.0
    mask_padding: bool = True
    train_embedding: bool = True

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        return cls(**{field.name: values[field.name] for field in fields(cls)})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def assemble(
        self, initial: InitialWeights, seed: int = 0, layers: Mapping[str, Any] = STOCK_LAYERS
    ) -> Any:
        """Return the uncompiled ``keras.Model``.

        Each random part is given ``seed``: one left without would take it from
        Python's global generator.
        """
        limit_xla_threads()
        enable_compilation_cache()
        initializers = {
            "kernel_initializer": keras.initializers.GlorotUniform(seed=seed),
            "recurrent_initializer": keras.initializers.Orthogonal(seed=seed),
        }
        ids = keras.Input((None,), dtype="int32", name="ids")
        embedding = layers["embedding"](
            self.n_words,
            self.embed_dim,
            embeddings_initializer=keras.initializers.RandomUniform(seed=seed),
            trainable=self.train_embedding,
            name="embedding",
        )
        states = initial.build(embedding, ids)
        if self.dropout:
            states = keras.layers.SpatialDropout1D(
                self.dropout, seed=seed, name="embedding_dropout"
            )(states)
        # The ids are their own mask: padding is 0, the only id that counts as false.
        mask = {"mask": ids} if self.mask_padding else {}
        for depth in range(1, self.n_layers + 1):
            layer = layers[self.cell](
                self.state_dim,
                return_sequences=depth < self.n_layers or self.pooling != "last",
                seed=seed,
                name=f"{self.cell}_{depth}",
                **initializers,
            )
            if self.bidirectional:
                layer = keras.layers.Bidirectional(layer, name=f"bidirectional_{depth}")
            states = initial.build(layer, states, **mask)
        state = self._pool(states, ids)
        if self.dropout:
            state = keras.layers.Dropout(self.dropout, seed=seed, name="state_dropout")(state)
        output = keras.layers.Dense(
            self.n_outputs,
            activation="sigmoid" if self.n_outputs == 1 else "softmax",
            kernel_initializer=initializers["kernel_initializer"],
            name="output",
        )
        return keras.Model(ids, initial.build(output, state), name=f"{self.cell}_sentiment")

    def _pool(self, states: Any, ids: Any) -> Any:
        layers = keras.layers
        if self.pooling == "last":
            return states
        if not self.mask_padding:
            if self.pooling == "max":
                return layers.GlobalMaxPooling1D(name="max")(states)
            return layers.GlobalAveragePooling1D(name="mean")(states)
        is_word = layers.ReLU(max_value=1.0, name="is_word")(
            layers.Rescaling(1.0, name="float_ids")(ids)
        )
        if self.pooling == "max":
            # States lie in [-1, 1], so 2 less than any of them never is a maximum.
            penalty = layers.Rescaling(2.0, -2.0, name="padding_penalty")(is_word)
            penalty = layers.Reshape((-1, 1), name="penalty_column")(penalty)
            states = layers.Add(name="words_only")([states, penalty])
            return layers.GlobalMaxPooling1D(name="max")(states)
        # A softmax over equal scores weighs words alike, and padding by exp(-1e9) = 0.
        # Two axes, because Keras warns of a softmax over one that may have size 1.
        scores = layers.Rescaling(1e9, -1e9, name="word_scores")(is_word)
        scores = layers.Reshape((-1, 1), name="score_column")(scores)
        weights = layers.Softmax(axis=(1, 2), name="word_weights")(scores)
        mean = layers.Dot(axes=(1, 1), name="weighted_sum")([weights, states])
        return layers.Reshape((states.shape[-1],), name="mean")(mean)


def load_embedding_weights(
    embedding_weights: ArrayLike | str | PathLike[str],
) -> NDArray[np.float32]:
    """Return a matrix as float32; a path is read with ``numpy.load``."""
    if isinstance(embedding_weights, str | PathLike):
        embedding_weights = np.load(embedding_weights, allow_pickle=False)
    matrix = np.asarray(embedding_weights, dtype=np.float32)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(
            f"embedding_weights must be a matrix of shape (n_words, embed_dim), "
            f"got an array of shape {matrix.shape}."
        )
    if not np.isfinite(matrix).all():
        raise ValueError("embedding_weights holds NaN or infinity; replace or remove those rows.")
    return matrix


def table_shape(
    num_words: int | None,
    embed_dim: int,
    matrix: NDArray[np.float32] | None,
) -> tuple[int | None, int]:
    """Return the embedding's (n_words, embed_dim), which a matrix decides where given."""
    if matrix is None:
        return num_words, embed_dim
    n_words, width = matrix.shape
    if num_words is not None and num_words != n_words:
        raise ValueError(
            f"num_words={num_words} contradicts embedding_weights, which has {n_words} rows; "
            f"leave num_words=None or pass {n_words}."
        )
    if embed_dim not in (width, _DEFAULT_EMBED_DIM):
        raise ValueError(
            f"embed_dim={embed_dim} contradicts embedding_weights, which is {width} wide; "
            f"leave embed_dim out or pass {width}."
        )
    return n_words, width


def build_network(
    *,
    cell: Literal["simple", "lstm", "gru"] = "lstm",
    state_dim: int = 32,
    embed_dim: int = _DEFAULT_EMBED_DIM,
    num_words: int | None = None,
    n_layers: int = 1,
    bidirectional: bool = False,
    pooling: Literal["last", "max", "mean"] = "last",
    dropout: float = 0.0,
    gate_bias: Literal["chrono", "keras"] = "chrono",
    time_scale: float | None = None,
    mask_padding: bool = True,
    embedding_weights: ArrayLike | str | PathLike[str] | None = None,
    train_embedding: bool = True,
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
    embed_dim : int, default=32
        Length of a word's vector. Where ``embedding_weights`` is given, its width decides.
    num_words : int, default=None
        Rows of the embedding table; ids lie below it. Needed unless
        ``embedding_weights`` is given.
    n_layers : int, default=1
        Recurrent layers on top of one another.
    bidirectional : bool, default=False
        Read each text in both directions and join the states.
    pooling : {"last", "max", "mean"}, default="last"
        What the output sees: the last state, or the maximum or mean of the
        states at all words.
    dropout : float, default=0.0
        Share of embedding channels and of state units dropped in training.
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
    random_state : int, default=None
        Seed of the initial weights and of dropout.
    meta : mapping, default=None
        Facts about the data as scikeras gathers them: ``n_classes_`` (default 2)
        and ``n_features_in_``.
    compile_kwargs : mapping, default=None
        Arguments of ``keras.Model.compile``. Adam with learning rate 0.004, the
        cross-entropy that fits ``n_classes_`` and accuracy stand where nothing is given.

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
    meta = meta or {}
    matrix = None if embedding_weights is None else load_embedding_weights(embedding_weights)
    n_words, width = table_shape(num_words, embed_dim, matrix)
    if n_words is None:
        raise ValueError(
            "build_network needs num_words, the number of rows of the embedding table "
            "(SequenceVectorizer.n_words_), or embedding_weights."
        )
    n_classes = int(meta.get("n_classes_") or 2)
    architecture = Architecture(
        cell=cell,
        state_dim=state_dim,
        embed_dim=width,
        n_words=n_words,
        n_outputs=1 if n_classes == 2 else n_classes,
        n_layers=n_layers,
        bidirectional=bidirectional,
        pooling=pooling,
        dropout=dropout,
        mask_padding=mask_padding,
        train_embedding=train_embedding,
    )
    if time_scale is None:
        time_scale = meta.get("n_features_in_") or 250
    network = draw_network(
        architecture, random_state, time_scale if gate_bias == "chrono" else None, matrix
    )
    given = {name: value for name, value in (compile_kwargs or {}).items() if value is not None}
    network.compile(**{**default_compile_kwargs(architecture.n_outputs), **given})
    return network


def draw_network(
    architecture: Architecture,
    random_state: int | None,
    time_scale: float | None,
    embedding: NDArray[np.float32] | None,
) -> Any:
    """Return an uncompiled network with freshly drawn weights."""
    rng = np.random.default_rng(random_state)
    return architecture.assemble(
        InitialWeights(rng, time_scale, embedding), seed=int(rng.integers(2**31))
    )


def default_compile_kwargs(n_outputs: int) -> dict[str, Any]:
    """Return the arguments of ``keras.Model.compile`` that fit the number of outputs.

    The loss is the mean over weights, not over rows, so that a row of weight zero
    changes nothing.
    """
    kind = "Binary" if n_outputs == 1 else "SparseCategorical"
    loss = getattr(keras.losses, f"{kind}Crossentropy")
    log_loss = getattr(keras.metrics, f"{kind}Crossentropy")
    return {
        "optimizer": keras.optimizers.Adam(0.004),
        "loss": loss(reduction="mean_with_sample_weight"),
        "weighted_metrics": ["accuracy", log_loss(name=LOG_LOSS)],
    }
