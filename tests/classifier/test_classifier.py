"""RecurrentSentimentClassifier: what it learns, predicts and lets one change."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from seqsent import RecurrentSentimentClassifier, build_network
from seqsent._estimator.base import draw_seed
from seqsent._runtime.backend import import_keras

keras = import_keras()

CELLS = ["simple", "lstm", "gru"]


@pytest.mark.parametrize("cell", CELLS)
def test_learns_a_word_that_decides(cell):
    rng = np.random.default_rng(1)
    X = rng.integers(10, 200, size=(600, 8))
    y = rng.integers(2, size=600)
    X[np.arange(600), rng.integers(8, size=600)] = np.where(y, 3, 4)
    model = RecurrentSentimentClassifier(cell=cell, epochs=15, learning_rate=0.01, random_state=0)
    assert model.fit(X[:400], y[:400]).score(X[400:], y[400:]) > 0.8
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 2


@pytest.mark.parametrize("cell", CELLS)
def test_training_equals_the_hand_written_program(cell, data, classifier, plain):
    X, y = data
    ours = classifier(
        cell=cell,
        num_words=60,
        mask_padding=False,
        gate_bias="keras",
        shuffle=False,
        batch_size=32,  # 90 texts: the last batch is not full
        epochs=3,
        **{**plain, "optimizer": "rmsprop"},
    )
    start = ours.fit(X, y, X_val=X[:50], y_val=y[:50]).history_
    hand = keras.Sequential(
        [
            keras.Input((12,), dtype="int32"),
            keras.layers.Embedding(60, 5),
            {"simple": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[
                cell
            ](6),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    weights = build_network(
        cell=cell,
        state_dim=6,
        embed_dim=5,
        num_words=60,
        mask_padding=False,
        gate_bias="keras",
        random_state=draw_seed(ours.random_state),
    ).get_weights()
    hand.set_weights(weights)
    hand.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    y = y.astype(np.int32)  # JAX 0.12 warns of 64 bits, which Keras passes on
    history = hand.fit(
        X, y, batch_size=32, epochs=3, shuffle=False, verbose=0, validation_data=(X[:50], y[:50])
    ).history
    for name, values in history.items():
        np.testing.assert_allclose(start[name], values, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(ours.predict_proba(X)[:, 1:], hand.predict(X, verbose=0), atol=1e-5)


def test_time_scale_is_a_high_quantile_of_the_lengths(fitted, classifier):
    assert fitted.time_scale_ == 12
    X = np.zeros((100, 12), dtype=int)
    X[:, :3] = 5
    assert classifier(epochs=1).fit(X, np.arange(100) % 2).time_scale_ == 3


# Predictions


def test_one_row_and_none_at_a_time(data, fitted):
    X, _ = data
    probabilities = fitted.predict_proba(X)
    one_by_one = np.vstack([fitted.predict_proba(X[i : i + 1]) for i in range(20)])
    assert one_by_one.shape == (20, 2)
    np.testing.assert_allclose(one_by_one, probabilities[:20], atol=1e-7)


def test_log_probabilities_are_finite(data, fitted):
    model = clone(fitted).fit(*data)
    weights = model.model_.get_weights()
    weights[-1][:] = 1000.0
    model.model_.set_weights(weights)
    assert (model.predict_proba(data[0])[:, 0] == 0).all()
    assert np.isfinite(model.predict_log_proba(data[0])).all()
    np.testing.assert_allclose(
        fitted.predict_log_proba(data[0]), np.log(fitted.predict_proba(data[0]))
    )


def test_there_is_no_decision_function(fitted):
    assert not hasattr(fitted, "decision_function")


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
def test_unfitted(method, data, classifier):
    with pytest.raises(NotFittedError):
        getattr(classifier(), method)(data[0])
    assert not hasattr(classifier(), "model_")
    assert not hasattr(classifier(), "loss_curve_")


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_padding_does_not_move_predictions(padding, data, classifier):
    X, y = data
    X = X if padding == "pre" else np.array([np.roll(row, -(row == 0).sum()) for row in X])
    wide = np.pad(X, [(0, 0), (9, 9)])
    narrow, padded = classifier().fit(X, y), classifier().fit(wide, y)
    np.testing.assert_allclose(narrow.loss_curve_, padded.loss_curve_, atol=1e-6)
    np.testing.assert_allclose(narrow.predict_proba(X), padded.predict_proba(wide), atol=1e-6)


def test_weights_set_on_the_model_are_seen(data, fitted):
    model = clone(fitted).fit(*data)
    model.model_.set_weights([np.zeros_like(w) for w in model.model_.get_weights()])
    np.testing.assert_array_equal(model.predict_proba(data[0]), 0.5)


# Parameters


def test_a_parameter_that_others_call_differently(classifier):
    with pytest.raises(ValueError, match="Did you mean 'state_dim'"):
        classifier().set_params(units=3)


def test_clone_shares_the_embedding_weights(classifier):
    matrix = np.zeros((88_000, 50), dtype=np.float32)
    model = classifier(embedding_weights=matrix)
    assert clone(model).embedding_weights is matrix
    assert clone(model).state_dim == 6


class Small(RecurrentSentimentClassifier):
    """Has few parameters, and one of its own."""

    def __init__(self, *, state_dim=4, topic="films"):
        super().__init__(cell="gru", state_dim=state_dim, embed_dim=3, epochs=1, random_state=0)
        self.topic = topic


@pytest.mark.slow
def test_a_subclass_with_fewer_parameters(data):
    model = clone(Small(state_dim=5)).fit(*data)
    assert model.get_params() == {"state_dim": 5, "topic": "films"}
    assert model.model_.get_layer("gru_1").units == 5
    expected = model.predict_proba(data[0])
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model)).predict_proba(data[0]), expected
    )
    assert clone(model).set_params(state_dim=2).fit(*data).n_iter_ == 1
