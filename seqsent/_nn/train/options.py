"""Options of a training, and defaults that depend on the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from .epoch_tasks import epoch_tasks
from .objective import has_cosine_decay
from .schedule import Schedule

_SMALL_BATCH, _MEDIUM_BATCH = 32, 64
_FEW = 100  # documents, below which nothing is held out
_SHORT, _LONG = 250, 500  # words to train on
_SMALL_DATA = 10_000  # documents, up to which batches are small and documents long

Kind = Literal["first", "continued", "partial"]
"""A first fit, a warm start, or a chunk in partial_fit."""


@dataclass(frozen=True)
class TrainingOptions:
    """Options of a training."""

    schedule: Schedule
    n_epochs_before: int  # epochs of earlier trainings, from which callbacks count
    batch_size: int
    seed: int  # of the order of documents and of dropout, see seeds.py
    shuffle: bool
    mask_padding: bool  # whether batches are trimmed to their longest document
    is_partial: bool  # whether the data are a chunk, as in partial_fit
    decays: bool  # whether the learning rate decays along a cosine
    calibrates: bool  # whether held-out documents determine a temperature
    patience: int | None  # epochs without improvement before early stopping, None for no limit
    adversarial: float  # distance of adversarial examples, see fast/steps.py
    train_maxlen: int | None  # number of last words of a document that are used in training
    word_dropout: float  # rate of the replacement of rare words by [OOV]
    word_counts: NDArray[np.int64] | None  # by id, None to count the training data
    oov_char: int | None
    tol: float  # minimum decrease of the validation loss that counts as an improvement
    callbacks: Sequence[Any]  # of the user
    verbose: int
    parameters: Mapping[str, Any]  # of the classifier, which a backup must agree with
    title: str = "Epoch"  # start of a progress line

    @classmethod
    def from_parameters(
        cls,
        parameters: Mapping[str, Any],
        *,
        lengths: NDArray[np.intp],
        n_epochs_before: int,
        seed: int,
        kind: Kind,
        word_counts: NDArray[np.int64] | None = None,
    ) -> Self:
        """Return options from the parameters of a classifier, such as ``vars(classifier)``.

        ``lengths`` are the numbers of words of the training documents.
        """
        n_samples = len(lengths)
        batch_size = choose_batch_size(parameters["batch_size"], n_samples)
        train_maxlen = choose_train_maxlen(parameters["train_maxlen"], n_samples)
        names = (name for name in parameters if not name.startswith("_") and name[-1] != "_")
        unrelated = {"callbacks", "verbose", "optimizer"}  # the optimizer is compared by its state
        return cls(
            schedule=_choose_schedule(parameters, lengths, batch_size, train_maxlen, kind),
            n_epochs_before=n_epochs_before,
            batch_size=batch_size,
            seed=seed,
            shuffle=parameters["shuffle"],
            mask_padding=parameters["mask_padding"],
            is_partial=kind == "partial",
            decays=kind != "partial" and has_cosine_decay(parameters["optimizer"]),
            calibrates=parameters["epochs"] == "auto"
            and kind == "first"
            and (n_samples >= _FEW or parameters["early_stopping"]),
            patience=parameters["n_iter_no_change"] if parameters["early_stopping"] else None,
            adversarial=float(parameters["adversarial"]),
            train_maxlen=train_maxlen,
            word_dropout=parameters["word_dropout"],
            word_counts=word_counts,
            oov_char=parameters["oov_char"],
            tol=parameters["tol"],
            callbacks=[*(parameters["callbacks"] or ()), *epoch_tasks(parameters)],
            verbose=parameters["verbose"],
            parameters={name: parameters[name] for name in names if name not in unrelated},
        )


def _choose_schedule(
    parameters: Mapping[str, Any],
    lengths: NDArray[np.intp],
    batch_size: int,
    train_maxlen: int | None,
    kind: Kind,
) -> Schedule:
    if kind == "partial":
        return Schedule(1)
    if parameters["epochs"] != "auto":
        return Schedule(int(parameters["epochs"]))
    n_samples = len(lengths)
    if kind == "first" and _FEW <= n_samples <= _SMALL_DATA and not parameters["early_stopping"]:
        n_words = int(np.minimum(lengths, train_maxlen or np.inf).sum())
        if parameters["adversarial"]:  # it overfits later
            n_words //= 2
        return Schedule.longest(n_samples, batch_size, n_words)
    return Schedule.fixed(n_samples, batch_size, is_adversarial=parameters["adversarial"] > 0)


def choose_batch_size(batch_size: int | str, n_samples: int) -> int:
    """Return the batch size; "auto" is smaller for small data."""
    if batch_size != "auto":
        return int(batch_size)
    return _SMALL_BATCH if n_samples <= _SMALL_DATA else _MEDIUM_BATCH


def choose_train_maxlen(train_maxlen: int | str | None, n_samples: int) -> int | None:
    """Return the number of last words to train on; "auto" is larger for small data."""
    if train_maxlen != "auto":
        return None if train_maxlen is None else int(train_maxlen)
    return _LONG if n_samples <= _SMALL_DATA else _SHORT
