"""Random streams of a fit."""

import itertools

import numpy as np
import pytest

from seqsent._nn.train.seeds import make_rng

STREAMS = itertools.product(["order", "dropout", "new_words"], [0, 1], [0, 1])


def test_streams_are_independent():
    draws = {make_rng(*stream).integers(2**63) for stream in STREAMS}
    assert len(draws) == 12


@pytest.mark.parametrize(
    ("parameters", "varies"),
    [({"dropout": 0.5, "word_dropout": 0.0}, True), ({"dropout": 0.0, "word_dropout": 0.0}, False)],
)
def test_dropout_differs_in_each_epoch(parameters, varies, small_classifier):
    X = np.random.default_rng(0).integers(3, 60, size=(90, 12), dtype=np.int32)
    model = small_classifier(learning_rate=1e-12, epochs=3, shuffle=False, **parameters)
    assert len(set(model.fit(X, X[:, 0] % 2).loss_curve_)) == (3 if varies else 1)
