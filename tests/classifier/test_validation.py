"""RecurrentSentimentClassifier: validation data and early stopping."""

import numpy as np
import pytest

from seqsent._nn import network


def test_validation_metrics_are_recorded(data, small_classifier):
    X, y = data
    model = small_classifier().fit(X, y, X_val=X[:20], y_val=y[:20])
    assert sorted(model.history_) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert all(len(values) == 2 for values in model.history_.values())
    probabilities = model.predict_proba(X[:20])[np.arange(20), y[:20]]
    assert model.history_["val_loss"][-1] == pytest.approx(-np.log(probabilities).mean(), abs=1e-5)
    assert model.history_["val_accuracy"][-1] == pytest.approx(model.score(X[:20], y[:20]))
    np.testing.assert_array_equal(
        model.predict_proba(X), small_classifier().fit(X, y).predict_proba(X)
    )
    assert (model.n_iter_, model.best_iter_) == (2, 2)


def test_early_stopping_restores_the_best_weights(data, small_classifier):
    X, _ = data
    noise = np.random.default_rng(0).integers(2, size=90)
    model = small_classifier(early_stopping=True, epochs=60, learning_rate=0.05, n_iter_no_change=4)
    model.fit(X[:60], noise[:60], X_val=X[60:], y_val=noise[60:])
    losses = model.history_["val_loss"]
    assert model.n_iter_ == len(losses) < 60
    assert model.best_iter_ == 1 + int(np.argmin(losses))
    assert model.n_iter_ == model.best_iter_ + 4
    probabilities = model.predict_proba(X[60:])[np.arange(30), noise[60:]]
    assert min(losses) == pytest.approx(-np.log(probabilities).mean(), abs=1e-5)


def test_early_stopping_holds_out_a_stratified_part(data, monkeypatch, small_classifier):
    X, _ = data
    y = np.repeat([0, 1, 2], [10, 20, 60])  # sorted: the last rows belong to one class
    weights = np.linspace(1, 2, 90)
    seen = []
    train = network.train_network

    def spy(model, training_data, validation_data, **kwargs):
        seen.append((training_data, validation_data))
        return train(model, training_data, validation_data, **kwargs)

    monkeypatch.setattr(network, "train_network", spy)
    model = small_classifier(early_stopping=True, validation_fraction=0.2)
    for _ in range(2):
        model.fit(X, y, sample_weight=weights)
    (_, train_y, train_weights), (_, held_out_y, held_out_weights) = seen[0]
    assert np.bincount(held_out_y).tolist() == [2, 4, 12]
    assert np.bincount(train_y).tolist() == [8, 16, 48]
    all_weights = np.concatenate([train_weights, held_out_weights])
    np.testing.assert_array_equal(np.sort(all_weights), weights)
    np.testing.assert_array_equal(seen[0][1][0], seen[1][1][0])  # the same in each fit


def test_early_stopping_rejects_too_few_documents_to_hold_out(data, small_classifier):
    X, _ = data
    with pytest.raises(ValueError, match=r"hold out validation_fraction=0.1 of 3 documents.*X_val"):
        small_classifier(early_stopping=True).fit(X[:3], [0, 1, 1])


@pytest.mark.parametrize(
    ("validation", "error", "message"),
    [
        ({"X_val": [[1] * 12]}, ValueError, "y_val is None"),
        ({"y_val": [1]}, ValueError, "X_val is None"),
        ({"X_val": [[1] * 12], "y_val": [7]}, ValueError, r"labels \[7\]"),
        ({"X_val": [[1] * 12], "y_val": [0, 1]}, ValueError, "1 rows, but y_val has 2"),
        ({"X_val": [[1] * 5], "y_val": [1]}, ValueError, "5 features"),
        ({"X_val": ["good film"], "y_val": [1]}, TypeError, "transform_input="),
    ],
)
def test_invalid_validation_data_are_rejected(validation, error, message, data, small_classifier):
    with pytest.raises(error, match=message):
        small_classifier().fit(*data, **validation)
