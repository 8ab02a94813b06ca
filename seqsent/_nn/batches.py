"""Batches of word ids with little padding, for training and prediction."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._runtime.backend import import_keras
from .._types import FloatArray, Ids

keras = import_keras()

_WIDTH_MULTIPLE = 16  # widths are rounded up to it, so that similar data share a program
_MAX_WIDTHS = 3
_STEPS_PER_WIDTH = 1000  # training steps that repay the compilation of another width
_LENGTH_NOISE = 0.1  # relative noise of lengths when documents are sorted by length
_PREDICTION_BATCH_SIZES = (1, 8, 64, 128)  # each costs a compilation


def align_right(ids: Ids) -> Ids:
    """Return ids with the padding of each row moved to its start."""
    is_word = ids != 0
    if not (is_word[:, :-1] & ~is_word[:, 1:]).any():
        return ids
    return np.take_along_axis(ids, np.argsort(is_word, axis=1, kind="stable"), axis=1)


class TrainingData(NamedTuple):
    """Arrays that a network trains or validates on."""

    ids: Ids
    targets: NDArray[np.int32]  # (n_samples,), indices into the classes
    weights: FloatArray  # (n_samples,), positive, within the range of float32

    def select(self, rows: NDArray[Any]) -> "TrainingData":
        """Return some documents, by a mask or row numbers."""
        return TrainingData(*(column[rows] for column in self))

    def last_words(self, n_words: int | None, *, mask_padding: bool) -> "TrainingData":
        """Return the data with the last words of each document, with all of them if None."""
        if n_words is None or n_words >= self.ids.shape[1]:
            return self
        ids = align_right(self.ids) if mask_padding else self.ids
        return self._replace(ids=ids[:, -n_words:])


def count_words(ids: Ids) -> NDArray[np.intp]:
    """Return the number of words in each row, without padding."""
    return np.count_nonzero(ids, axis=1)


def choose_chunk_width(ids: Ids) -> int:
    """Return the width of batches of a chunk: 16, 32, 64, ..., so that chunks share programs."""
    return min(_round_up(count_words(ids).max(), 2), _to_multiple(ids.shape[1]))


def choose_widths(lengths: NDArray[np.intp], n_steps: int) -> tuple[int, ...]:
    """Return widths of batches, quantiles of the lengths: more for more steps, as each compiles."""
    n_widths = int(np.clip(n_steps // _STEPS_PER_WIDTH, 1, _MAX_WIDTHS))
    cuts = np.quantile(lengths, np.arange(1, n_widths + 1) / n_widths)
    return tuple(sorted({max(_to_multiple(int(np.ceil(cut))), _WIDTH_MULTIPLE) for cut in cuts}))


class WordDropout:
    """Replacement of rare words by [OOV] in training, so that its vector is learned [1]_.

    A word with ``counts[id]`` occurrences is replaced with probability ``rate / (rate + count)``.
    ``seeds`` is set before each epoch. The result does not depend on the order of the batches.

    .. [1] E. Kiperwasser and Y. Goldberg, "Simple and accurate dependency parsing using
       bidirectional LSTM feature representations", TACL 4, 2016.
    """

    def __init__(self, counts: NDArray[np.integer[Any]], oov_char: int, rate: float) -> None:
        self.oov_char = oov_char
        self.probabilities = (rate / (rate + np.maximum(counts, 1))).astype(np.float32)
        self.probabilities[[0, oov_char]] = 0
        self.seeds = np.random.SeedSequence(0)

    def apply(self, ids: Ids, index: int) -> Ids:
        """Return the ids of the batch with an index, some of them replaced."""
        entropy, key = self.seeds.entropy, (*self.seeds.spawn_key, index)
        rng = np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=key))
        is_replaced = rng.random(ids.shape, np.float32) < self.probabilities[ids]
        return np.where(is_replaced, np.int32(self.oov_char), ids)


class Batches(keras.utils.PyDataset):  # type: ignore[name-defined]  # Keras has no annotations
    """Batches of equal size for ``keras.Model.fit``, trimmed to ``widths`` unless None.

    Padding of weight zero fills the last batch, because each shape costs a compilation.
    """

    def __init__(
        self,
        ids: Ids,
        targets: NDArray[Any],
        weights: NDArray[np.float32],
        batch_size: int,
        widths: tuple[int, ...] | None,
    ) -> None:
        super().__init__()
        self.word_dropout: WordDropout | None = None  # set for training
        self.ids = ids if widths is None else align_right(ids)
        self.lengths = np.full(len(ids), ids.shape[1]) if widths is None else count_words(ids)
        self.mask_padding = widths is not None
        self.widths = widths or (ids.shape[1],)
        self.targets = targets
        self.weights = weights
        self.batch_size = min(batch_size, 1 << (len(ids) - 1).bit_length())
        self._order = np.arange(len(ids))

    def __len__(self) -> int:
        return -(-len(self.ids) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Ids, NDArray[Any], NDArray[np.float32]]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        start = index * self.batch_size
        rows = self._order[start : start + self.batch_size]
        width = self.widths[np.searchsorted(self.widths, self.lengths[rows].max())]
        ids = _pad(self.ids[rows, -width:], self.batch_size, width)
        if self.word_dropout is not None:  # drawn after padding, which therefore has no effect
            ids = self.word_dropout.apply(ids, index)
        targets = np.zeros(self.batch_size, dtype=self.targets.dtype)
        weights = np.zeros(self.batch_size, dtype=np.float32)
        targets[: len(rows)] = self.targets[rows]
        weights[: len(rows)] = self.weights[rows]
        return ids, targets, weights

    def shuffle(self, rng: np.random.Generator) -> None:
        """Draw the order of an epoch. Trimmed batches hold documents of similar length."""
        order = rng.permutation(len(self.ids))
        if self.mask_padding:
            # the incomplete batch stays the last, with documents of any length
            n_full = len(order) - len(order) % self.batch_size
            order, rest = order[:n_full], order[n_full:]
            noise = rng.uniform(1 - _LENGTH_NOISE, 1 + _LENGTH_NOISE, size=n_full)
            order = order[np.argsort(self.lengths[order] * noise)]
            batches = rng.permutation(order.reshape(-1, self.batch_size))
            order = np.concatenate([batches.ravel(), rest])
        self._order = order


class Batch(NamedTuple):
    """Arguments of a compiled training or test step."""

    ids: Ids  # (batch_size, width), padding at the start
    targets: NDArray[np.int32]  # (batch_size, 1)
    weights: NDArray[np.float32]  # (batch_size,)


def as_batch(ids: Any, targets: Any, weights: Any = None, *, mask_padding: bool) -> Batch:
    """Convert a batch of :class:`Batches`, or that a user's callback evaluates."""
    ids = np.asarray(ids, dtype=np.int32)
    targets = np.asarray(targets, dtype=np.int32).reshape(len(ids), -1)
    weights = np.ones(len(ids)) if weights is None else np.asarray(weights).reshape(len(ids))
    return Batch(align_right(ids) if mask_padding else ids, targets, weights.astype(np.float32))


def prediction_batches(ids: Ids, *, mask_padding: bool) -> Iterator[tuple[NDArray[np.intp], Ids]]:
    """Yield row numbers, shape (n_rows,), and their ids, which may be followed by padding."""
    width = ids.shape[1]
    order = np.arange(len(ids))
    if mask_padding and len(ids):
        ids = align_right(ids)
        lengths = count_words(ids)
        order = np.argsort(lengths, kind="stable")
        width = min(_to_multiple(width), _round_up(lengths.max(), 4))
    sizes = [size for size in _PREDICTION_BATCH_SIZES if size >= len(order)]
    size = min(sizes, default=_PREDICTION_BATCH_SIZES[-1])
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        yield rows, _pad(ids[rows, -width:], size, width)


def _pad(ids: Ids, n_rows: int, width: int) -> Ids:
    """Return ids of shape (n_rows, width), with padding at the start of rows and below them."""
    batch = np.zeros((n_rows, width), dtype=np.int32)
    batch[: len(ids), width - ids.shape[1] :] = ids
    return batch


def _to_multiple(width: int) -> int:
    return -(-width // _WIDTH_MULTIPLE) * _WIDTH_MULTIPLE


def _round_up(length: int, ratio: int) -> int:
    """Return the least 16 * ratio**k that is not below ``length``."""
    width = _WIDTH_MULTIPLE
    while width < length:
        width *= ratio
    return width
