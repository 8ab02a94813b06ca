"""Defaults of training options that depend on the data."""

import pytest

from seqsent._nn.train.options import choose_batch_size


@pytest.mark.parametrize(
    ("batch_size", "n_samples", "expected"),
    [("auto", 90, 32), ("auto", 10_000, 32), ("auto", 10_001, 64), (7, 10_001, 7)],
)
def test_automatic_batches_are_small_for_small_data(batch_size, n_samples, expected):
    assert choose_batch_size(batch_size, n_samples) == expected
