"""RecurrentSentimentClassifier: learning, predictions and parameters."""

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
def test_fit_learns_a_decisive_word(cell):
    rng = np.random.default_rng(1)
    X = rng.integers(10, 200, size=(600, 8))
    y = rng.integers(2, size=600)
    X[np.arange(600), rng.integers(8, size=600)] = np.where(y, 3, 4)
    model = RecurrentSentimentClassifier(cell=cell, epochs=15, learning_rate=0.01, random_state=0)
    assert model.fit(X[:400], y[:400]).score(X[400:], y[400:]) > 0.8
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 2


@pytest.mark.parametrize("cell", CELLS)
def test_fit_equals_the_tutorial_program(cell, data, small_classifier, keras_defaults):
    X, y = data
    network = {"cell": cell, "num_words": 60, "mask_padding": False, "gate_bias": "keras"}
    # 90 documents in batches of 32: the last batch is incomplete
    parameters = {**keras_defaults, **network, "optimizer": "rmsprop", "batch_size": 32}
    model = small_classifier(shuffle=False, epochs=3, **parameters)
    model.fit(X, y, X_val=X[:50], y_val=y[:50])
    layers = {"simple": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    program = keras.Sequential(
        [
            keras.Input((12,), dtype="int32"),
            keras.layers.Embedding(60, 5),
            layers[cell](6),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    seed = draw_seed(model.random_state)
    program.set_weights(
        build_network(state_dim=6, embed_dim=5, random_state=seed, **network).get_weights()
    )
    program.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    y = y.astype(np.int32)  # JAX 0.12 warns of 64 bits, which Keras passes on
    history = program.fit(
        X, y, batch_size=32, epochs=3, shuffle=False, verbose=0, validation_data=(X[:50], y[:50])
    ).history
    for name, values in history.items():
        np.testing.assert_allclose(model.history_[name], values, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(
        model.predict_proba(X)[:, 1:], program.predict(X, verbose=0), atol=1e-5
    )


def test_time_scale_is_the_95th_percentile_of_lengths(fitted, small_classifier):
    assert fitted.time_scale_ == 12
    X = np.zeros((100, 12), dtype=int)
    X[:, :3] = 5
    assert small_classifier(epochs=1).fit(X, np.arange(100) % 2).time_scale_ == 3


def test_predictions_do_not_depend_on_other_rows(data, fitted):
    X, _ = data
    one_by_one = np.vstack([fitted.predict_proba(X[i : i + 1]) for i in range(20)])
    np.testing.assert_allclose(one_by_one, fitted.predict_proba(X)[:20], atol=1e-7)


def test_log_probabilities_are_logarithms(data, fitted):
    expected = np.log(fitted.predict_proba(data[0]))
    np.testing.assert_allclose(fitted.predict_log_proba(data[0]), expected)


def test_log_probabilities_are_finite(data, fitted):
    model = clone(fitted).fit(*data)
    weights = model.model_.get_weights()
    weights[-1][:] = 1000.0
    model.model_.set_weights(weights)
    assert (model.predict_proba(data[0])[:, 0] == 0).all()
    assert np.isfinite(model.predict_log_proba(data[0])).all()


def test_classifier_has_no_decision_function(fitted):
    assert not hasattr(fitted, "decision_function")


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
def test_prediction_before_fit_raises_not_fitted_error(method, data, small_classifier):
    with pytest.raises(NotFittedError):
        getattr(small_classifier(), method)(data[0])


@pytest.mark.parametrize("attribute", ["model_", "loss_curve_"])
def test_unfitted_classifier_lacks_fitted_properties(attribute, small_classifier):
    assert not hasattr(small_classifier(), attribute)


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_padding_does_not_change_predictions(padding, data, small_classifier):
    X, y = data
    X = X if padding == "pre" else np.array([np.roll(row, -(row == 0).sum()) for row in X])
    wide = np.pad(X, [(0, 0), (9, 9)])
    narrow, padded = small_classifier().fit(X, y), small_classifier().fit(wide, y)
    np.testing.assert_allclose(narrow.loss_curve_, padded.loss_curve_, atol=1e-6)
    np.testing.assert_allclose(narrow.predict_proba(X), padded.predict_proba(wide), atol=1e-6)


def test_predictions_use_weights_set_on_the_model(data, fitted):
    model = clone(fitted).fit(*data)
    model.model_.set_weights([np.zeros_like(w) for w in model.model_.get_weights()])
    np.testing.assert_array_equal(model.predict_proba(data[0]), 0.5)


def test_unknown_parameter_error_suggests_a_name(small_classifier):
    with pytest.raises(ValueError, match="Did you mean 'state_dim'"):
        small_classifier().set_params(units=3)


def test_clone_shares_the_embedding_weights(small_classifier):
    matrix = np.zeros((88_000, 50), dtype=np.float32)
    assert clone(small_classifier(embedding_weights=matrix)).embedding_weights is matrix


class Small(RecurrentSentimentClassifier):
    """Subclass with few parameters, one of which is new."""

    def __init__(self, *, state_dim=4, topic="films"):
        super().__init__(cell="gru", state_dim=state_dim, embed_dim=3, epochs=1, random_state=0)
        self.topic = topic


@pytest.mark.slow
def test_subclass_with_fewer_parameters(data):
    model = clone(Small(state_dim=5)).fit(*data)
    assert model.get_params() == {"state_dim": 5, "topic": "films"}
    assert model.model_.get_layer("gru_1").units == 5
    expected = model.predict_proba(data[0])
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict_proba(data[0]), expected)
    assert clone(model).set_params(state_dim=2).fit(*data).n_iter_ == 1
