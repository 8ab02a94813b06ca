"""Replacement of rare training words by [OOV]."""

import numpy as np
import pytest

import seqsent
from seqsent._nn.batches import Batches, WordDropout

OOV = 2


def replaced_share(word, counts, rate, n=20_000):
    ids = np.full((n // 100, 100), word, np.int32)
    words = WordDropout(np.array(counts), OOV, rate).apply(ids, 0)
    assert set(np.unique(words)) <= {word, OOV}
    return (words == OOV).mean()


@pytest.mark.parametrize(
    ("word", "rate", "expected"),
    [
        (3, 1.0, 1 / 2),  # counted once
        (4, 1.0, 1 / 10),  # counted 9 times
        (4, 3.0, 3 / 12),
        (0, 3.0, 0),  # padding
    ],
)
def test_probability_of_a_replacement(word, rate, expected):
    assert replaced_share(word, [5, 5, 0, 1, 9], rate) == pytest.approx(expected, abs=0.01)


def test_batches_differ_and_do_not_depend_on_their_order():
    ids = np.full((4, 50), 3, np.int32)
    words = WordDropout(np.array([0, 0, 0, 1]), OOV, 1.0)
    first, second = words.apply(ids, 0), words.apply(ids, 1)
    assert (first != second).any()
    np.testing.assert_array_equal(words.apply(ids, 0), first)


def test_batches_without_word_dropout_are_unchanged():
    ids = np.full((4, 16), 3, np.int32)
    batches = Batches(ids, np.zeros(4), np.ones(4, np.float32), 4, None)
    np.testing.assert_array_equal(batches[0][0], ids)


@pytest.fixture(scope="module")
def documents():
    """Return documents with the word 3 or 4 as label; each has one word that no other has."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=200)
    X = np.column_stack([np.arange(10, 210), rng.integers(5, 10, size=200), 3 + y])
    return X.astype(np.int32), y


@pytest.mark.parametrize(("word_dropout", "is_trained"), [(0.0, False), (1.0, True)])
@pytest.mark.parametrize("partial", [False, True])
def test_vector_of_oov_is_trained(word_dropout, is_trained, partial, documents, small_classifier):
    X, y = documents

    def make(learning_rate):
        return small_classifier(
            word_dropout=word_dropout,
            embedding_init="uniform",
            num_words=256,
            learning_rate=learning_rate,
        )

    initial = make(1e-12).fit(X, y).model_.get_weights()[0]
    model = make(0.01)
    if partial:
        model.partial_fit(X, y, classes=[0, 1])
    else:
        model.fit(X, y)
    moved = np.abs(model.model_.get_weights()[0] - initial).max(axis=1) > 1e-6
    assert moved[OOV] == is_trained
    assert moved[[3, 4]].all()


def test_chunks_count_the_words_of_earlier_chunks(documents, small_classifier):
    X, y = documents
    model = small_classifier(num_words=256)
    for chunk in (slice(0, 100), slice(100, 200)):
        model.partial_fit(X[chunk], y[chunk], classes=[0, 1])
    np.testing.assert_array_equal(model._word_counts, np.bincount(X.ravel(), minlength=256))


def test_words_are_not_replaced_without_oov_char(documents, small_classifier):
    X, y = documents
    results = [
        small_classifier(oov_char=None, word_dropout=rate).fit(X, y).predict_proba(X)
        for rate in (0.0, 1.0)
    ]
    np.testing.assert_array_equal(*results)


def test_rare_words_are_not_learned_by_heart(documents):
    X, _ = documents
    y = np.arange(200) % 2  # only the word of each document tells its label
    losses = [
        seqsent.RecurrentSentimentClassifier(
            cell="simple", state_dim=8, epochs=30, dropout=0, word_dropout=rate, random_state=0
        )
        .fit(X, y)
        .loss_curve_[-1]
        for rate in (0.0, 3.0)
    ]
    assert losses[0] < 0.1 < 0.4 < losses[1]
