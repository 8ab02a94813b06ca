"""Defaults of training options that depend on the data."""

import pytest

from seqsent._nn.train.options import choose_batch_size, choose_epochs


@pytest.mark.parametrize(
    ("n_samples", "batch_size", "epochs"),
    [
        (25_000, 128, 4),  # 196 steps: 2 epochs have 300, but large batches need at least 4
        (25_000, "auto", 2),  # 391 steps of 64
        (8_530, "auto", 3),  # 134 steps of 64, although batches have 32 documents
        (2_000, "auto", 10),
        (500, "auto", 38),
        (1_000, 100, 30),
        (90, 90, 100),  # the maximum
    ],
)
def test_epochs_have_at_least_300_steps(n_samples, batch_size, epochs):
    assert choose_epochs(n_samples, batch_size, has_ngrams=False, is_adversarial=False) == epochs


@pytest.mark.parametrize(
    ("n_samples", "batch_size", "epochs"),
    [
        (25_000, 128, 2),  # the minimum, also for large batches
        (8_530, "auto", 3),  # 3 are not halved
        (5_000, "auto", 3),  # 4 are not halved below 3
        (2_000, "auto", 5),
        (500, "auto", 19),
    ],
)
def test_ngrams_halve_the_number_of_epochs(n_samples, batch_size, epochs):
    assert choose_epochs(n_samples, batch_size, has_ngrams=True, is_adversarial=False) == epochs


@pytest.mark.parametrize(
    ("n_samples", "has_ngrams", "epochs"),
    [(25_000, False, 4), (25_000, True, 4), (2_000, True, 10), (90, True, 100)],
)
def test_adversarial_training_doubles_the_number_of_epochs(n_samples, has_ngrams, epochs):
    assert choose_epochs(n_samples, 64, has_ngrams=has_ngrams, is_adversarial=True) == epochs


@pytest.mark.parametrize(
    ("batch_size", "n_samples", "expected"),
    [("auto", 90, 32), ("auto", 10_000, 32), ("auto", 10_001, 64), (7, 10_001, 7)],
)
def test_automatic_batches_are_small_for_small_data(batch_size, n_samples, expected):
    assert choose_batch_size(batch_size, n_samples) == expected
