"""Length of a training, and the decay of the learning rate with restarts."""

import numpy as np
import pytest

from seqsent._nn.train.schedule import Schedule


@pytest.mark.parametrize(
    ("n_samples", "epochs"),
    [
        (11_700, 4),  # 183 steps each
        (25_000, 2),  # 391 steps each
        (1_000_000, 2),
        (90, 130),
    ],
)
def test_large_data_have_no_cycles(n_samples, epochs):
    assert Schedule.fixed(n_samples, 64, is_adversarial=False) == Schedule(epochs)


def test_adversarial_training_takes_twice_as_long():
    assert Schedule.fixed(25_000, 64, is_adversarial=True) == Schedule(4)


@pytest.mark.parametrize(
    ("n_samples", "batch_size", "cycle_ends"),  # of documents of 20 words
    [
        (8_530, 32, [1, 3, 7]),  # 267 steps each
        (2_000, 32, [1, 3, 7, 15, 31]),  # 63 steps each
        (500, 32, [4, 12, 28, 60, 124]),  # 16 steps each: 4 epochs have about 60
        (100, 32, [15, 45, 105]),  # no more than 130 epochs
        (30, 32, [60]),
        (10_000, 8, [1, 3]),  # at least two cycles, although the first has 1,250 steps
    ],
)
def test_number_of_cycles_follows_from_the_number_of_steps(n_samples, batch_size, cycle_ends):
    assert Schedule.longest(n_samples, batch_size, 20 * n_samples).cycle_ends == cycle_ends


def test_long_documents_have_fewer_cycles():
    # 7 epochs of 2,000 documents of 450 words have 6.3 million words, 15 have 13.5 million
    assert Schedule.longest(2000, 32, 900_000).cycle_ends == [1, 3, 7]
    assert Schedule.longest(2000, 32, 9_000_000).cycle_ends == [1, 3]


def test_cosine_without_restarts():
    schedule = Schedule(4)
    rates = [schedule.factor(epoch) for epoch in range(4)]
    # mean of (1 + cos(pi t)) / 2 over each quarter of [0, 1]
    points = (np.arange(4000) + 0.5) / 4000
    expected = (0.5 + np.cos(np.pi * points) / 2).reshape(4, -1).mean(axis=1)
    np.testing.assert_allclose(rates, expected, atol=1e-6)


def test_learning_rate_restarts_with_each_cycle():
    schedule = Schedule(7, unit=1)
    of_cycles = [Schedule(1), Schedule(2), Schedule(4)]
    expected = [one.factor(epoch) for one in of_cycles for epoch in range(one.epochs)]
    assert [schedule.factor(epoch) for epoch in range(7)] == expected


def test_last_cycle_may_be_cut_off():
    assert Schedule(5, unit=1).cycle_ends == [1, 3, 5]
