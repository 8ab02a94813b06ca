"""Options of a training, and defaults that depend on the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Self

from .epoch_tasks import epoch_tasks
from .objective import has_cosine_decay

_SMALL_BATCH, _MEDIUM_BATCH = 32, 64
_SMALL_DATA = 10_000  # documents, up to which "auto" is the smaller batch size
_MIN_STEPS = 300
_MIN_EPOCHS, _MAX_EPOCHS = 2, 100
_MIN_EPOCHS_WITH_NGRAMS = 3  # when n-grams halve the number of epochs
_LARGE_BATCH = 64  # larger batches need more epochs


@dataclass(frozen=True)
class TrainingOptions:
    """Options of a training."""

    epochs: int  # maximum number of epochs
    n_epochs_before: int  # epochs of earlier trainings, from which callbacks count
    batch_size: int
    seed: int  # of the order of documents and of dropout, see seeds.py
    shuffle: bool
    trims: bool  # whether batches are trimmed to their longest document
    is_partial: bool  # whether the data are a chunk, as in partial_fit
    decays: bool  # whether the learning rate decays along a cosine
    patience: int | None  # epochs without improvement before early stopping, None for no limit
    tol: float  # minimum decrease of the validation loss that counts as an improvement
    callbacks: Sequence[Any]  # of the user
    verbose: int
    parameters: Mapping[str, Any]  # of the classifier, which a backup must agree with

    @classmethod
    def from_parameters(
        cls,
        parameters: Mapping[str, Any],
        *,
        n_samples: int,
        n_epochs_before: int,
        seed: int,
        is_partial: bool,
    ) -> Self:
        """Return options from the parameters of a classifier, such as ``vars(classifier)``."""
        epochs = parameters["epochs"]
        if epochs == "auto":
            epochs = choose_epochs(
                n_samples,
                parameters["batch_size"],
                has_ngrams=parameters["ngram_range"][1] > 1,
                is_adversarial=parameters["adversarial"] > 0,
            )
        names = (name for name in parameters if not name.startswith("_") and name[-1] != "_")
        unrelated = {"callbacks", "verbose", "optimizer"}  # the optimizer is compared by its state
        return cls(
            epochs=1 if is_partial else int(epochs),
            n_epochs_before=n_epochs_before,
            batch_size=choose_batch_size(parameters["batch_size"], n_samples),
            seed=seed,
            shuffle=parameters["shuffle"],
            trims=parameters["mask_padding"],
            is_partial=is_partial,
            decays=not is_partial and has_cosine_decay(parameters["optimizer"]),
            patience=parameters["n_iter_no_change"] if parameters["early_stopping"] else None,
            tol=parameters["tol"],
            callbacks=[*(parameters["callbacks"] or ()), *epoch_tasks(parameters)],
            verbose=parameters["verbose"],
            parameters={name: parameters[name] for name in names if name not in unrelated},
        )


def choose_batch_size(batch_size: int | str, n_samples: int) -> int:
    """Return the batch size, for "auto" a smaller one for small data, which need more steps."""
    if batch_size != "auto":
        return int(batch_size)
    return _SMALL_BATCH if n_samples <= _SMALL_DATA else _MEDIUM_BATCH


def choose_epochs(
    n_samples: int, batch_size: int | str, *, has_ngrams: bool, is_adversarial: bool
) -> int:
    """Return the number of epochs for ``epochs="auto"``."""
    if isinstance(batch_size, str):  # smaller batches mean more steps, not fewer epochs
        batch_size = _MEDIUM_BATCH
    is_slow = batch_size > _LARGE_BATCH and not has_ngrams
    fewest = 2 * _MIN_EPOCHS if is_slow else _MIN_EPOCHS
    epochs = max(fewest, ceil(_MIN_STEPS / ceil(n_samples / batch_size)))
    if has_ngrams:  # they overfit small data sooner
        epochs = max(min(epochs, _MIN_EPOCHS_WITH_NGRAMS), ceil(epochs / 2))
    return min(2 * epochs if is_adversarial else epochs, _MAX_EPOCHS)
