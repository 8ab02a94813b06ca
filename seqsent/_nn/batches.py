"""Rows of word ids to batches without needless padding."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._runtime.backend import import_keras
from .._types import Ids

keras = import_keras()

_WIDTH_MULTIPLE = 16  # trimmed widths are multiples of it: similar data share a program
_MAX_WIDTHS = 3
_STEPS_PER_WIDTH = 1000  # training steps that repay the compilation of one more width
_LENGTH_NOISE = 0.1  # how far lengths may differ and still count as similar, as a share
_ROWS_AT_ONCE = (1, 8, 64, 128)  # batch sizes of predictions; each costs a compilation


def align_right(ids: Ids) -> Ids:
    """Move the padding of each row to its front; the words keep their order."""
    is_word = ids != 0
    if not (is_word[:, :-1] & ~is_word[:, 1:]).any():
        return ids
    return np.take_along_axis(ids, np.argsort(is_word, axis=1, kind="stable"), axis=1)


def last_words(ids: Ids, n_words: int, *, skips_padding: bool) -> Ids:
    """Return the columns of the last ``n_words`` words of each row, or positions."""
    if n_words >= ids.shape[1]:
        return ids
    return (align_right(ids) if skips_padding else ids)[:, -n_words:]


def count_words(ids: Ids) -> NDArray[np.intp]:
    """Return the number of ids in each row that are not padding."""
    return np.count_nonzero(ids, axis=1)


def choose_width_of_part(ids: Ids) -> int:
    """Choose the width to which batches of a part of the data are trimmed.

    Over all parts there are few, whatever the longest text of each: one for each doubling.
    """
    width, longest = _WIDTH_MULTIPLE, count_words(ids).max()
    while width < longest:
        width *= 2
    return min(width, _to_multiple(ids.shape[1]))


def choose_widths(lengths: NDArray[np.intp], n_steps: int) -> tuple[int, ...]:
    """Choose the widths, in ascending order, to which batches are trimmed.

    Padding in front of all texts of a batch costs little even where it is not trimmed, and
    each width costs a compilation. So a short training gets one and a long one some that
    cut its distribution of lengths into equal parts.
    """
    n_widths = int(np.clip(n_steps // _STEPS_PER_WIDTH, 1, _MAX_WIDTHS))
    cuts = np.quantile(lengths, np.arange(1, n_widths + 1) / n_widths)
    return tuple(sorted({max(_to_multiple(int(np.ceil(cut))), _WIDTH_MULTIPLE) for cut in cuts}))


class Batches(keras.utils.PyDataset):  # type: ignore[name-defined]  # Keras has no annotations
    """Batches of equal size for ``keras.Model.fit``.

    Parameters
    ----------
    ids : ndarray of shape (n_texts, row_length), int32
        Rows of word ids.
    targets : ndarray of shape (n_texts,)
        Encoded labels.
    weights : ndarray of shape (n_texts,), float32
        Sample weights.
    batch_size : int
        Rows of a batch. Rows of padding with weight zero fill the last one, so that
        all batches have one shape.
    widths : tuple of int or None
        Widths to which batches may be trimmed, ascending; None leaves the rows as
        they are, padding included.
    rng : numpy.random.Generator or None
        Shuffles the rows anew for each epoch; None keeps their order.
    """

    def __init__(
        self,
        ids: Ids,
        targets: NDArray[Any],
        weights: NDArray[np.float32],
        batch_size: int,
        widths: tuple[int, ...] | None,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.ids = ids if widths is None else align_right(ids)
        self.lengths = np.full(len(ids), ids.shape[1]) if widths is None else count_words(ids)
        self.trims = widths is not None
        self.widths = widths or (ids.shape[1],)
        self.targets = targets
        self.weights = weights
        self.batch_size = min(batch_size, 1 << (len(ids) - 1).bit_length())
        self.rng = rng
        self.order_drawn_from: Any = None  # the state of the generator, in plain values
        self._rows = np.arange(len(ids))
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.ids) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Ids, NDArray[Any], NDArray[np.float32]]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        start = index * self.batch_size
        rows = self._rows[start : start + self.batch_size]
        width = self.widths[np.searchsorted(self.widths, self.lengths[rows].max())]
        ids = _pad(self.ids[rows, -width:], self.batch_size, width)
        targets = np.zeros((self.batch_size, 1), dtype=self.targets.dtype)
        weights = np.zeros(self.batch_size, dtype=np.float32)
        targets[: len(rows), 0] = self.targets[rows]
        weights[: len(rows)] = self.weights[rows]
        return ids, targets, weights

    def on_epoch_end(self) -> None:
        """Shuffle the rows for the next epoch; texts of similar length come together."""
        if self.rng is None:
            return
        self.order_drawn_from = self.rng.bit_generator.state
        rows = self.rng.permutation(len(self.ids))
        if self.trims:
            # the batch that is not full stays the last, with texts of any length
            n_in_full = len(rows) - len(rows) % self.batch_size
            rows, rest = rows[:n_in_full], rows[n_in_full:]
            noise = self.rng.uniform(1 - _LENGTH_NOISE, 1 + _LENGTH_NOISE, size=len(rows))
            rows = rows[np.argsort(self.lengths[rows] * noise)]
            batches = self.rng.permutation(rows.reshape(-1, self.batch_size))
            rows = np.concatenate([batches.ravel(), rest])
        self._rows = rows

    def draw_order(self, state: Any) -> None:
        """Put the rows in the order that was drawn from a state of the generator."""
        if self.rng is not None:
            self.rng.bit_generator.state = state
            self.on_epoch_end()


class Batch(NamedTuple):
    """What :class:`Batches` hands out."""

    ids: Ids  # (batch_size, width), padding in front
    targets: NDArray[np.int32]  # (batch_size, 1)
    weights: NDArray[np.float32]  # (batch_size,)


def as_batch(ids: Any, targets: Any, weights: Any = None, *, trims: bool) -> Batch:
    """Return what Keras was given to train or measure on in the form of :class:`Batches`.

    A user's callback may have given it: labels without an axis of their own, no weights,
    padding anywhere.
    """
    ids = np.asarray(ids, dtype=np.int32)
    targets = np.asarray(targets, dtype=np.int32).reshape(len(ids), -1)
    weights = np.ones(len(ids)) if weights is None else np.asarray(weights).reshape(len(ids))
    return Batch(align_right(ids) if trims else ids, targets, weights.astype(np.float32))


def prediction_batches(ids: Ids, trim: bool) -> Iterator[tuple[NDArray[np.intp], Ids]]:
    """Yield row numbers of shape (n_rows,) and their ids (n_rows or more, width), in few shapes.

    ``trim`` leaves padding out that no text needs, texts of similar length together. Rows of
    padding may follow those of the texts.
    """
    width = ids.shape[1]
    order = np.arange(len(ids))
    if trim and len(ids):
        ids = align_right(ids)
        lengths = count_words(ids)
        order = np.argsort(lengths, kind="stable")
        width = min(_to_multiple(width), _round_up(int(lengths.max())))
    size = next((n for n in _ROWS_AT_ONCE if n >= len(order)), _ROWS_AT_ONCE[-1])
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        yield rows, _pad(ids[rows, -width:], size, width)


def _pad(ids: Ids, n_rows: int, width: int) -> Ids:
    """Return an array of a larger shape, padding in front of the rows and below them."""
    batch = np.zeros((n_rows, width), dtype=np.int32)
    batch[: len(ids), width - ids.shape[1] :] = ids
    return batch


def _to_multiple(width: int) -> int:
    return -(-width // _WIDTH_MULTIPLE) * _WIDTH_MULTIPLE


def _round_up(length: int) -> int:
    """Return the smallest of 16, 64, 256, 1024, ... that holds ``length`` words."""
    width = _WIDTH_MULTIPLE
    while width < length:
        width *= 4
    return width
