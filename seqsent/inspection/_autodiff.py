"""Log-odds of a network as a function of its word vectors, and their gradient.

The backend computes the states and their vector-Jacobian product. The output layer is computed
here in double precision, in which no probability saturates at 0 or 1.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from .._nn.batches import prediction_batches
from .._nn.model.ngrams import embed
from .._nn.network import Network
from .._types import Array, Ids

_MAX_ROWS = 64  # a gradient stores the activations at each word


class LogOdds:
    """States, log-odds and gradients of a network for given word vectors.

    The embedding and output weights are copied when the object is created. ``words`` are the
    word vectors, ``has_ngrams`` tells if n-gram vectors are added to them, and ``run`` computes
    the states from (ids, vectors), see :class:`~seqsent._nn.gradients.VectorFunctions`.
    """

    def __init__(self, network: Network) -> None:
        self._mask_padding = network.architecture.mask_padding
        self._tables = network.tables
        self.words, *ngram_tables = self._tables
        self.has_ngrams = bool(ngram_tables)
        self._max_n = network.architecture.max_n
        kernel, bias = network.output_weights
        if network.architecture.n_outputs == 1:  # a sigmoid is a softmax with a first logit of 0
            kernel, bias = np.hstack([np.zeros_like(kernel), kernel]), np.append(0.0, bias)
        self.kernel, self.bias = kernel.astype(np.float64), bias.astype(np.float64)
        self.run, self._grad_vectors = network.vector_functions

    def vectors(self, ids: Ids) -> Array:
        """Return vectors (n_samples, maxlen, embed_dim), float32, n-grams included."""
        return embed(ids, self._tables, self._max_n)

    def batches(self, ids: Ids) -> Iterator[tuple[NDArray[np.intp], Ids]]:
        """Yield row indices and their ids, which rows of padding may follow."""
        for start in range(0, len(ids), _MAX_ROWS):
            for rows, batch in prediction_batches(
                ids[start : start + _MAX_ROWS], mask_padding=self._mask_padding
            ):
                yield rows + start, batch

    def states(self, ids: Ids) -> Array:
        """Return the input of the output layer, of shape (n_samples, n_features), float32."""
        states = np.empty((len(ids), len(self.kernel)), dtype=np.float32)
        for rows, batch in prediction_batches(ids, mask_padding=self._mask_padding):
            states[rows] = self.run(batch, self.vectors(batch))[: len(rows)]
        return states

    def logits(self, states: Array) -> Array:
        """Return logits of shape (n_samples, n_classes)."""
        return states @ self.kernel + self.bias

    def log_odds(self, states: Array, classes: NDArray[np.intp]) -> Array:
        """Return log(p / (1 - p)) for the probability p of one class index per sample."""
        logit, other_logits = self._split_logits(states, classes)
        return logit - logsumexp(other_logits, axis=1)

    def gradient(self, ids: Ids, vectors: Array, classes: NDArray[np.intp]) -> Array:
        """Return the gradient of the log-odds with respect to the vectors, of their shape."""
        _, other_logits = self._split_logits(self.run(ids, vectors), classes)
        grad_logits = -softmax(other_logits, axis=1)
        grad_logits[np.arange(len(ids)), classes] = 1.0
        grad_states = grad_logits @ self.kernel.T
        return self._grad_vectors(ids, vectors, grad_states.astype(np.float32))

    def _split_logits(self, states: Array, classes: NDArray[np.intp]) -> tuple[Array, Array]:
        """Return the logits of the given classes, and all logits with these set to -inf."""
        logits = self.logits(states)
        index = np.arange(len(states)), classes
        given = logits[index]
        logits[index] = -np.inf
        return given, logits
