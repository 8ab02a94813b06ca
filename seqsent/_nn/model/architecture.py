"""The hyperparameters of a network, and the ``keras.Model`` that they describe."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..._runtime.backend import import_keras, prepare_backend
from .cells import CELLS
from .initializers import InitialWeights
from .ngrams import NgramEmbedding

keras = import_keras()

_POOLINGS = ("max", "mean", ("max",), ("mean",), ("max", "mean"), ("mean", "max"))
_LONGEST_NGRAM = 5
_NGRAM_RANGES = [(1, n) for n in range(1, _LONGEST_NGRAM + 1)]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The parameters that determine the layers of a network and the shapes of its weights.

    ``n_words`` and ``n_outputs`` follow from the data. The other fields are parameters of
    :class:`~seqsent.RecurrentSentimentClassifier` and :func:`~seqsent.build_network`, which
    take their names from here.
    """

    n_words: int
    n_outputs: int
    cell: str = "gru"
    state_dim: int = 32
    embed_dim: int = 32
    n_layers: int = 1
    bidirectional: bool = False
    pooling: str | tuple[str, ...] = "last"
    dropout: float = 0.5
    embedding_dropout: float | None = None
    mask_padding: bool = True
    train_embedding: bool = True
    ngram_range: tuple[int, int] = (1, 1)
    ngram_buckets: int = 2**18

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            raise ValueError(f"cell must be one of {sorted(CELLS)}, got {self.cell!r}.")
        if self.pooling not in ("last", *_POOLINGS):
            raise ValueError(
                "pooling must be 'last', 'max', 'mean', or a tuple of 'max' and 'mean', got "
                f"{self.pooling!r}."
            )
        if repr(self.ngram_range) not in map(repr, _NGRAM_RANGES):  # (1, 2.0) equals (1, 2)
            raise ValueError(
                f"ngram_range must be (1, n) with n from 1 to {_LONGEST_NGRAM}, got "
                f"{self.ngram_range!r}. Pass (1, 1) for single words, (1, 2) to add word pairs."
            )
        if self.max_n > 1 and not self.train_embedding:
            raise ValueError(
                f"ngram_range={self.ngram_range} needs train_embedding=True, because n-gram "
                "vectors are learned. Set train_embedding=True or ngram_range=(1, 1)."
            )

    @property
    def max_n(self) -> int:
        """Number of words in the longest n-grams; 1 without n-grams."""
        return self.ngram_range[1]

    @property
    def input_dropout(self) -> float:
        """Dropout rate of word vectors and n-grams."""
        return self.dropout if self.embedding_dropout is None else self.embedding_dropout

    @property
    def n_tables(self) -> int:
        """Number of embedding tables, which are the first weights: words, then n-grams."""
        return 2 if self.max_n > 1 else 1

    @classmethod
    def parameter_names(cls) -> tuple[str, ...]:
        """Return the names of the fields that are parameters."""
        return tuple(field.name for field in fields(cls) if field.default is not MISSING)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], **data_fields: Any) -> Self:
        """Select the fields from the parameters of an estimator or function.

        None selects the default of a field. The default of ``pooling`` depends on the cell if
        padding is masked. numpy scalars become Python numbers, which Keras needs for sizes.
        """
        values = {**{name: parameters[name] for name in cls.parameter_names()}, **data_fields}
        if values["pooling"] is None and values["mask_padding"] and values["cell"] in CELLS:
            values["pooling"] = CELLS[values["cell"]].pooling
        return cls(**{name: _to_python(v) for name, v in values.items() if v is not None})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Undo :meth:`to_dict`."""
        names = {field.name for field in fields(cls)}
        if values.keys() != names:
            raise ValueError(
                "The stored network was saved by another version of seqsent. Missing parameters: "
                f"{sorted(names - values.keys())}, unknown parameters: "
                f"{sorted(values.keys() - names)}. Load it with that version, or fit again."
            )
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dict."""
        return asdict(self)

    def difference(self, other: Self) -> dict[str, tuple[Any, Any]]:
        """Return the parameters that differ, each with the value of ``self`` and of ``other``."""
        names = self.parameter_names()
        pairs = {name: (getattr(self, name), getattr(other, name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def weight_shapes(self) -> list[tuple[int, ...]] | None:
        """Return the shapes of the weights in Keras's order, or None if the cell's are unknown."""
        rows = [self.n_words, self.ngram_buckets][: self.n_tables]
        shapes: list[tuple[int, ...]] = [(n, self.embed_dim) for n in rows]
        n_directions, n_inputs = 2 if self.bidirectional else 1, self.embed_dim
        for _ in range(self.n_layers):
            layer_shapes = CELLS[self.cell].weight_shapes(n_inputs, self.state_dim)
            if layer_shapes is None:
                return None
            shapes += layer_shapes * n_directions
            n_inputs = self.state_dim * n_directions
        n_features = n_inputs * len(self.poolings)
        return [*shapes, (n_features, self.n_outputs), (self.n_outputs,)]

    def assemble(
        self, initial: InitialWeights, seed: int = 0, layers: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the uncompiled ``keras.Model``, which computes in float32.

        The global dtype policy has no effect: gates and masks need the range of float32. Every
        random layer gets ``seed``; Keras would otherwise draw one from Python's global generator.
        ``layers`` replaces layer classes by the name of the cell, "embedding" or
        "ngram_embedding".
        """
        prepare_backend()
        layers = {
            "embedding": keras.layers.Embedding,
            "ngram_embedding": NgramEmbedding,
            **{name: cell.layer for name, cell in CELLS.items()},
            **(layers or {}),
        }
        with _float32_policy():
            return self._assemble(initial, seed, layers)

    def _assemble(self, initial: InitialWeights, seed: int, layers: Mapping[str, Any]) -> Any:
        ids = keras.Input((None,), dtype="int32", name="ids")
        states = initial.build(self._embedding(layers, seed), ids)
        if self.input_dropout:
            dropout = keras.layers.SpatialDropout1D(
                self.input_dropout, seed=seed, name="embedding_dropout"
            )
            states = dropout(states)
        states = self._recurrent(initial, seed, layers[self.cell], ids, states)
        state = self._pool(states, ids)
        if self.dropout:
            state = keras.layers.Dropout(self.dropout, seed=seed, name="state_dropout")(state)
        output = keras.layers.Dense(
            self.n_outputs,
            activation="sigmoid" if self.n_outputs == 1 else "softmax",
            kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
            name="output",
        )
        return keras.Model(ids, initial.build(output, state), name=f"{self.cell}_sentiment")

    def _embedding(self, layers: Mapping[str, Any], seed: int) -> Any:
        arguments = {
            "input_dim": self.n_words,
            "output_dim": self.embed_dim,
            "embeddings_initializer": keras.initializers.RandomUniform(seed=seed),
            "trainable": self.train_embedding,
            "name": "embedding",
        }
        if self.n_tables == 1:
            return layers["embedding"](**arguments)
        return layers["ngram_embedding"](
            **arguments,
            max_n=self.max_n,
            n_rows=self.ngram_buckets,
            mask_padding=self.mask_padding,
            ngram_dropout=self.input_dropout,
            seed=seed,
        )

    def _recurrent(
        self, initial: InitialWeights, seed: int, layer: Any, ids: Any, inputs: Any
    ) -> Any:
        """Return the last state, or the states at all words if they are pooled."""
        cell = CELLS[self.cell]
        # the ids are a mask: only padding, id 0, is false
        mask = {"mask": ids} if self.mask_padding else {}
        for depth in range(self.n_layers):
            recurrent = layer(
                self.state_dim,
                return_sequences=depth < self.n_layers - 1 or self.pooling != "last",
                seed=seed,
                name=f"{self.cell}_{depth + 1}",
                kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
                recurrent_initializer=keras.initializers.Orthogonal(seed=seed),
            )
            if self.bidirectional:
                # Bidirectional copies the layer through its configuration
                with keras.saving.custom_object_scope({type(recurrent).__name__: type(recurrent)}):
                    recurrent = keras.layers.Bidirectional(
                        recurrent, name=f"bidirectional_{depth + 1}"
                    )
            inputs = initial.build(recurrent, inputs, cell, **mask)
        return inputs

    def _pool(self, states: Any, ids: Any) -> Any:
        layers = keras.layers
        if self.pooling == "last":
            return states
        is_word = None
        if self.mask_padding:
            float_ids = layers.Rescaling(1.0, name="float_ids")(ids)
            is_word = layers.ReLU(max_value=1.0, name="is_word")(float_ids)
        pooled = [self._pool_words(name, states, is_word) for name in self.poolings]
        return pooled[0] if len(pooled) == 1 else layers.Concatenate(name="pooled")(pooled)

    @property
    def poolings(self) -> tuple[str, ...]:
        """The names in ``pooling``."""
        return (self.pooling,) if isinstance(self.pooling, str) else self.pooling

    def _pool_words(self, name: str, states: Any, is_word: Any) -> Any:
        """Return the maximum or mean of the states at all words."""
        layers = keras.layers
        if is_word is None:
            pool = {"max": layers.GlobalMaxPooling1D, "mean": layers.GlobalAveragePooling1D}[name]
            return pool(name=name)(states)
        if name == "max":
            # the states are bounded, so padding minus twice the bound is never the maximum
            span = 2.0 * CELLS[self.cell].bound
            penalty = layers.Rescaling(span, -span, name="padding_penalty")(is_word)
            penalty = layers.Reshape((-1, 1), name="penalty_column")(penalty)
            states = layers.Add(name="words_only")([states, penalty])
            return layers.GlobalMaxPooling1D(name="max")(states)
        # The softmax weights all words equally, and padding by exp(-1e9) = 0. It has two axes
        # because Keras warns of a softmax over an axis of size 1.
        scores = layers.Rescaling(1e9, -1e9, name="word_scores")(is_word)
        scores = layers.Reshape((-1, 1), name="score_column")(scores)
        weights = layers.Softmax(axis=(1, 2), name="word_weights")(scores)
        mean = layers.Dot(axes=(1, 1), name="weighted_sum")([weights, states])
        return layers.Reshape((states.shape[-1],), name="mean")(mean)


@contextmanager
def _float32_policy() -> Iterator[None]:
    """Set the dtype policy of Keras, which is local to the thread, to float32."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def count_outputs(n_classes: int) -> int:
    """Return the number of outputs: one sigmoid for two classes, else one softmax per class."""
    return 1 if n_classes == 2 else n_classes


def draw_network(
    architecture: Architecture,
    seed: int | None,
    *,
    gate_bias: str,
    time_scale: float,
    tables: Sequence[NDArray[np.float32]],
) -> Any:
    """Return an uncompiled network with random initial weights."""
    rng = np.random.default_rng(seed)
    if gate_bias == "keras":
        initial = InitialWeights(rng, tables=tables)
    else:
        cell = CELLS[architecture.cell]
        scale = 1.0 if architecture.pooling == "last" else cell.pooled_recurrent_scale
        initial = InitialWeights(rng, time_scale, tables, scale)
    return architecture.assemble(initial, seed=int(rng.integers(2**31)))


def without_tables(architecture: Architecture) -> Architecture:
    """Return the same architecture with the smallest embedding, for :func:`after_embedding`."""
    return replace(architecture, n_words=1, train_embedding=True, ngram_range=(1, 1))


def after_embedding(model: Any) -> Any:
    """Return the part of a model from ids and word vectors to the input of the output layer."""
    inputs = [model.input, model.get_layer("embedding").output]
    return keras.Model(inputs, model.get_layer("output").input)


def _to_python(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(map(_to_python, value))
    return value.item() if isinstance(value, np.generic) else value
