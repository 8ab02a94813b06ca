"""The network at the start of a fit: with initial weights, or continued from the previous fit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._nn.batches import TrainingData, align_right
from .._nn.model.architecture import Architecture, count_outputs
from .._nn.model.cells import CELLS
from .._nn.network import Network, grow_table
from .._nn.train.objective import make_optimizer
from .._types import Ids
from .embedding import embedding_shape, fill_missing
from .ids import choose_n_words
from .word_vectors import cooccurrence_tables


def initial_network(
    classifier: Any, train: TrainingData, matrix: NDArray[np.float32] | None, seed: int
) -> Network:
    """Return a network with initial weights for the parameters and data of a fit.

    The classifier has ``classes_``, ``n_words_`` and ``time_scale_`` of this fit, ``matrix`` is
    its loaded ``embedding_weights``.
    """
    _, embed_dim = embedding_shape(classifier.num_words, classifier.embed_dim, matrix)
    architecture = _architecture(classifier, embed_dim)
    tables: Sequence[NDArray[np.float32]] = ()
    needs_vectors = matrix is None or bool(np.isnan(matrix).any())
    if needs_vectors and classifier.embedding_init == "ppmi":
        tables = cooccurrence_tables(
            align_right(train.ids) if architecture.mask_padding else train.ids,
            train.weights,
            architecture.n_words,
            architecture.embed_dim,
            seed=seed,
            oov_char=classifier.oov_char,
            max_n=architecture.max_n if matrix is None else 1,
            n_rows=architecture.ngram_buckets,
        )
    if matrix is not None:
        tables = (fill_missing(matrix, seed, *tables),)
    return Network.draw(
        architecture,
        new_optimizer(classifier),
        seed=seed,
        gate_bias=classifier.gate_bias,
        time_scale=classifier.time_scale_,
        tables=tables,
    )


def continued_network(
    classifier: Any, network: Network, ids: Ids, classes: NDArray[Any], *, is_partial: bool
) -> Network:
    """Return a copy of the previous fit's network; a warm start adds rows for new words.

    Changed parameters that the network cannot adopt, and other classes, are a ValueError.
    """
    state = network.get_state(with_optimizer=True)
    _check_same_classes(classes, classifier.classes_)
    _check_unchanged(classifier, network.architecture)
    n_words = classifier.n_words_
    if not is_partial:
        is_fixed = classifier.num_words is not None or classifier.embedding_weights is not None
        needed = choose_n_words(ids, n_words if is_fixed else None, classifier.oov_char)
        if needed > n_words:
            state = grow_table(state, needed, seed=classifier._seed)
    continued = Network.from_state(state, new_optimizer(classifier))
    continued.divide_logits(1 / classifier.temperature_)  # undo its calibration
    return continued


def new_optimizer(classifier: Any, cell: str | None = None) -> Any:
    """Return a new optimizer with the default rate of ``cell``, or of the classifier's if None."""
    return make_optimizer(
        classifier.optimizer,
        classifier.learning_rate,
        default_rate=CELLS[cell or classifier.cell].learning_rate,
    )


def _architecture(classifier: Any, embed_dim: int | None) -> Architecture:
    return Architecture.from_parameters(
        vars(classifier),
        n_words=classifier.n_words_,
        embed_dim=embed_dim,
        n_outputs=count_outputs(len(classifier.classes_)),
    )


def _check_same_classes(classes: NDArray[Any], previous: NDArray[Any]) -> None:
    if not np.array_equal(classes, previous):
        raise ValueError(
            f"Training continues with the classes {previous.tolist()} of the previous fit, got "
            f"{classes.tolist()}. To train from scratch, call fit with warm_start=False."
        )


def _check_unchanged(classifier: Any, previous: Architecture) -> None:
    """Raise a ValueError for changed parameters that the trained network cannot adopt."""
    embed_dim = classifier.embed_dim or previous.embed_dim
    changed = previous.difference(_architecture(classifier, embed_dim))
    if classifier.pooling is None and changed.keys() & {"cell", "mask_padding"}:
        changed.pop("pooling", None)  # its default follows from these
    if classifier.num_words not in (None, classifier.n_words_):
        changed["num_words"] = classifier.n_words_, classifier.num_words
    if changed:
        described = ", ".join(f"{name} ({was} to {new})" for name, (was, new) in changed.items())
        raise ValueError(
            f"Training continues with the network of the previous fit, which cannot adopt the "
            f"change of {described}. Restore the previous value, or train from scratch: "
            "warm_start=False, or fit on a clone."
        )
