"""RecurrentSentimentClassifier: what a fit must leave alone."""

import random
import warnings

import numpy as np
import pytest

from seqsent._runtime.backend import import_keras

keras = import_keras()
from keras.src.random.seed_generator import global_seed_generator  # noqa: E402  after import_keras


def test_a_fit_that_fails_leaves_the_fit_before(data, classifier):
    X, y = data

    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model = classifier(warm_start=True, num_words=60).fit(X, y)
    expected = model.predict_proba(X)
    history = dict(model.history_)

    def assert_whole():
        np.testing.assert_array_equal(model.predict_proba(X), expected)
        assert model.history_ == history
        assert model.n_features_in_ == 12

    for wrong in [(X[:, :5], np.zeros(90)), (X, np.linspace(0, 1, 90)), (-X, y), (X + 9000, y)]:
        with pytest.raises(ValueError):  # noqa: PT011  # each has a test of its own
            model.fit(*wrong)
        assert_whole()
    for warm_start in (True, False):
        model.set_params(warm_start=warm_start, callbacks=[Interrupt()])
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, y)
        assert_whole()
    model.set_params(callbacks=None, cell="transformer")
    with pytest.raises(ValueError, match="'cell' parameter"):
        model.fit(X, y)
    model.set_params(cell="lstm", optimizer="adamant")
    with pytest.raises(ValueError, match="optimizer='adamant' is unknown"):
        model.fit(X, y)
    assert_whole()


def global_states():
    keras_state = keras.ops.convert_to_numpy(global_seed_generator().state.value).tolist()
    return random.getstate(), np.random.get_state()[1].tolist(), keras_state


@pytest.mark.slow
def test_nothing_global_and_nothing_of_the_users_changes(data, classifier):
    X, y = (array.copy() for array in data)
    weights = np.ones(90)
    before = X.copy(), y.copy(), weights.copy()
    classifier().fit(X, y)  # whatever Keras sets up once is set up now
    states = global_states()
    filters = list(warnings.filters)
    model = classifier(dropout=0.3, early_stopping=True, bidirectional=True, class_weight={0: 2})
    model.fit(X, y, sample_weight=weights).predict(X)
    assert global_states() == states
    assert warnings.filters == filters
    for array, copy in zip((X, y, weights), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    "parameters", [{}, {"dropout": 0.3, "cell": "gru", "early_stopping": True}]
)
def test_same_random_state_same_bits(parameters, data, classifier):
    first, second = (classifier(**parameters).fit(*data) for _ in range(2))
    for a, b in zip(first.model_.get_weights(), second.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first.predict_proba(data[0]), second.predict_proba(data[0]))
    other = classifier(**{**parameters, "random_state": 1}).fit(*data)
    assert not np.allclose(first.predict_proba(data[0]), other.predict_proba(data[0]))
    generators = [
        classifier(**{**parameters, "random_state": np.random.RandomState(0)}).fit(*data)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*(model.predict_proba(data[0]) for model in generators))


def test_silent_unless_told_to_speak(data, capfd, classifier):
    classifier().fit(*data).predict(data[0])
    assert capfd.readouterr() == ("", "")
    classifier(verbose=1).fit(*data)
    shown = capfd.readouterr().out
    assert "Epoch 2/2" in shown
    assert "accuracy" in shown


def test_optimizers(data, classifier, rate_of):
    adam = keras.optimizers.Adam(0.006, global_clipnorm=1.0)
    by_name, by_instance = classifier(num_words=60), classifier(num_words=60, optimizer=adam)
    by_name, by_instance = (
        model.partial_fit(*data, classes=[0, 1]).predict_proba(data[0])
        for model in (by_name, by_instance)
    )
    np.testing.assert_array_equal(by_name, by_instance)
    assert not adam.built
    classifier(optimizer="sgd", epochs=1).fit(*data)
    with pytest.raises(ValueError, match=r"learning_rate=0.5 contradicts .* rate is 0.006"):
        classifier(optimizer=adam, learning_rate=0.5).fit(*data)
    assert rate_of(classifier(learning_rate=1, epochs=1).fit(*data)) == 1  # an int is a number
