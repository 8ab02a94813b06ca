"""Detection of a training whose learning rate is too high."""

import numpy as np
import pytest

from seqsent._nn.batches import TrainingData
from seqsent._nn.train.saturation import check_saturation
from seqsent._runtime.backend import import_keras

keras = import_keras()

N = 80
MESSAGE = r"Training diverged: the loss on training data is .*Lower learning_rate"
LARGE = (np.full((4, 1), 60.0, np.float32), np.zeros(1, np.float32))


def make_ids(n_classes=2):
    rng = np.random.default_rng(0)
    ids = rng.integers(10, 60, size=(N, 12), dtype=np.int32)
    targets = np.arange(N) % n_classes
    ids[:, 5] = 3 + targets
    return ids, targets


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
@pytest.mark.parametrize("learning_rate", [100, 1e6])
def test_fit_rejects_a_learning_rate_that_saturates(
    learning_rate, cell, n_classes, small_classifier
):
    model = small_classifier(cell=cell, learning_rate=learning_rate)
    with pytest.raises(ValueError, match=MESSAGE):
        model.fit(*make_ids(n_classes))
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop"])
def test_partial_fit_rejects_a_learning_rate_that_saturates(optimizer, small_classifier):
    ids, targets = make_ids()
    model = small_classifier(optimizer=optimizer, num_words=60).partial_fit(ids, targets, [0, 1])
    expected = model.predict_proba(ids)
    model.set_params(learning_rate=1e6)
    with pytest.raises(ValueError, match=MESSAGE):
        model.partial_fit(ids, targets)
    np.testing.assert_array_equal(model.predict_proba(ids), expected)


@pytest.mark.slow
@pytest.mark.parametrize("learning_rate", [None, 0.1])
@pytest.mark.parametrize("epochs", [1, 30])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_fit_accepts_random_labels(n_classes, epochs, learning_rate, small_classifier):
    ids, _ = make_ids()
    targets = np.random.default_rng(1).integers(n_classes, size=N)
    model = small_classifier(epochs=epochs, learning_rate=learning_rate, dropout=0.0)
    assert model.fit(ids, targets).n_iter_ == epochs
    assert model.set_params(early_stopping=True).fit(ids, targets).n_iter_
    assert model.set_params(early_stopping=False).fit(ids[:3], [0, 1, 0]).n_iter_ == epochs


@pytest.mark.slow
def test_partial_fit_accepts_chunks_of_one_class_and_changed_labels(small_classifier):
    ids, targets = make_ids()
    model = small_classifier(num_words=60, learning_rate=0.1)
    for _ in range(10):
        for label in (0, 1):
            chunk = targets == label
            model.partial_fit(ids[chunk], targets[chunk], classes=[0, 1])
    for _ in range(20):
        model.partial_fit(ids, targets)
    assert model.partial_fit(ids, 1 - targets).n_iter_ == 41


def check(probability, targets, weights=None, output_weights=LARGE):
    """Check a network that predicts a constant probability of class 1."""
    targets = np.asarray(targets, np.int32)
    ids = np.zeros((len(targets), 2), np.int32)
    weights = np.ones(len(targets)) if weights is None else np.asarray(weights)

    def predict(rows):
        return np.tile([1 - probability, probability], (len(rows), 1))

    check_saturation(predict, output_weights, TrainingData(ids, targets, weights))


@pytest.mark.parametrize(("n_rare", "n_frequent"), [(1, 1), (5, 95), (1, 5000)])
@pytest.mark.parametrize("rare", [0, 1])
def test_certain_probability_of_the_frequent_class_is_rejected(rare, n_rare, n_frequent):
    targets = [1 - rare] * n_frequent + [rare] * n_rare
    with pytest.raises(ValueError, match=MESSAGE):
        check(1.0 - rare, targets)


def test_probabilities_that_fit_the_training_data_are_accepted():
    check(1.0, [1] * 20)  # one class
    check(0.95, [1] * 19 + [0])  # constant, but not certain
    check(1.0, [1] * 19 + [0], weights=[1.0] * 19 + [1e-9])
    small = tuple(values / 60 for values in LARGE)
    check(1.0, [0] * 20, output_weights=small)
