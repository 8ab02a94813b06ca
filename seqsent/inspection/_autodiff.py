"""The verdict of a network as a function of its word vectors.

Of the network's backend two things are asked: the state that the output layer sees, and the
gradient of a weighted sum of it by the word vectors. What follows the state is one dense
layer, done here in double precision, where no probability is rounded to 0 or 1.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from .._nn.batches import prediction_batches
from .._nn.model.ngrams import embed
from .._nn.network import Network
from .._types import Array, Ids

_ROWS_AT_ONCE = 64  # a gradient keeps all that happened at each word


class VerdictFunction:
    """States, log-odds and gradients of a network for given word vectors.

    Parameters
    ----------
    network : Network
        The network; its embedding and output weights are read when this object is made.

    Attributes
    ----------
    words : ndarray of shape (n_words, embed_dim), float32
        The word vectors.
    has_ngrams : bool
        Whether vectors of n-grams are added to them.
    run : callable
        (ids, vectors) to states; see :class:`~seqsent._nn.gradients.VectorFunctions`.
    """

    def __init__(self, network: Network) -> None:
        self.trims = network.architecture.mask_padding
        self._tables = network.tables
        self.words, *of_ngrams = self._tables
        self.has_ngrams = bool(of_ngrams)
        self._max_n = network.architecture.max_n
        kernel, bias = network.output_weights
        if network.architecture.n_outputs == 1:  # log-odds are logits against a class of zeros
            kernel, bias = np.hstack([np.zeros_like(kernel), kernel]), np.append(0.0, bias)
        self.kernel, self.bias = kernel.astype(np.float64), bias.astype(np.float64)
        self.run, self._pull_back = network.vector_functions

    def vectors(self, ids: Ids) -> Array:
        """Return what the recurrent layer reads of ids (n_texts, width), in float32."""
        return embed(ids, self._tables, self._max_n)

    def batches(self, ids: Ids) -> Iterator[tuple[NDArray[np.intp], Ids]]:
        """Yield row numbers and their ids; rows of padding may follow these."""
        for start in range(0, len(ids), _ROWS_AT_ONCE):
            part = ids[start : start + _ROWS_AT_ONCE]
            for rows, batch in prediction_batches(part, trim=self.trims):
                yield rows + start, batch

    def states(self, ids: Ids) -> Array:
        """Return what the output layer sees, of shape (n_texts, n_state), float32."""
        states = np.empty((len(ids), len(self.kernel)), dtype=np.float32)
        for rows, batch in prediction_batches(ids, trim=self.trims):
            states[rows] = self.run(batch, self.vectors(batch))[: len(rows)]
        return states

    def logits(self, states: Array) -> Array:
        """Return logits of shape (n_texts, n_classes)."""
        return states @ self.kernel + self.bias

    def log_odds(self, states: Array, classes: NDArray[np.intp]) -> Array:
        """Return log(p / (1 - p)) of one class per text, p being its probability."""
        chosen, others = self._split(states, classes)
        return chosen - logsumexp(others, axis=1)

    def gradient(self, ids: Ids, vectors: Array, classes: NDArray[np.intp]) -> Array:
        """Return the gradient of the log-odds by each word vector, in the vectors' shape."""
        _, others = self._split(self.run(ids, vectors), classes)
        by_logit = -softmax(others, axis=1)
        by_logit[np.arange(len(ids)), classes] = 1.0
        return self._pull_back(ids, vectors, (by_logit @ self.kernel.T).astype(np.float32))

    def _split(self, states: Array, classes: NDArray[np.intp]) -> tuple[Array, Array]:
        """Return the logits of the chosen classes, and all with these at minus infinity."""
        others = self.logits(states)
        places = np.arange(len(states)), classes
        chosen = others[places]
        others[places] = -np.inf
        return chosen, others
