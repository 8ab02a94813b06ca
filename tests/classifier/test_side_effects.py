"""RecurrentSentimentClassifier: fits have no side effects and are reproducible."""

import random
import warnings

import numpy as np
import pytest

from seqsent._runtime.backend import import_keras

keras = import_keras()
from keras.src.random.seed_generator import global_seed_generator  # noqa: E402  after import_keras


class Interrupt(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise KeyboardInterrupt


@pytest.fixture
def assert_unchanged(data, small_classifier):
    """Return a fitted classifier, and a function that compares it with its state now."""
    model = small_classifier(warm_start=True, num_words=60).fit(*data)
    expected, history = model.predict_proba(data[0]), dict(model.history_)

    def check():
        np.testing.assert_array_equal(model.predict_proba(data[0]), expected)
        assert model.history_ == history
        assert model.n_features_in_ == 12

    return model, check


@pytest.mark.parametrize(
    "change",
    [
        lambda X, y: (X[:, :5], np.zeros(90)),
        lambda X, y: (X, np.linspace(0, 1, 90)),
        lambda X, y: (-X, y),
        lambda X, y: (X + 9000, y),
    ],
    ids=["one class", "continuous labels", "negative ids", "large ids"],
)
def test_fit_on_invalid_data_keeps_the_previous_fit(change, data, assert_unchanged):
    model, check = assert_unchanged
    with pytest.raises(ValueError):  # noqa: PT011  # each message has its own test
        model.fit(*change(*data))
    check()


@pytest.mark.parametrize("warm_start", [True, False])
def test_interrupted_fit_keeps_the_previous_fit(warm_start, data, assert_unchanged):
    model, check = assert_unchanged
    with pytest.raises(KeyboardInterrupt):
        model.set_params(warm_start=warm_start, callbacks=[Interrupt()]).fit(*data)
    check()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"cell": "transformer"}, "'cell' parameter"),
        ({"optimizer": "adamant"}, "optimizer='adamant' is unknown"),
    ],
)
def test_fit_with_invalid_parameters_keeps_the_previous_fit(
    parameters, message, data, assert_unchanged
):
    model, check = assert_unchanged
    with pytest.raises(ValueError, match=message):
        model.set_params(**parameters).fit(*data)
    check()


def global_states():
    keras_state = keras.ops.convert_to_numpy(global_seed_generator().state.value).tolist()
    return random.getstate(), np.random.get_state()[1].tolist(), keras_state


@pytest.mark.slow
def test_fit_changes_no_global_state_and_no_arguments(data, small_classifier):
    X, y = (array.copy() for array in data)
    weights = np.ones(90)
    before = X.copy(), y.copy(), weights.copy()
    small_classifier().fit(X, y)  # Keras initializes global state once
    states = global_states()
    filters = list(warnings.filters)
    model = small_classifier(
        dropout=0.3, early_stopping=True, bidirectional=True, class_weight={0: 2}
    )
    model.fit(X, y, sample_weight=weights).predict(X)
    assert global_states() == states
    assert warnings.filters == filters
    for array, copy in zip((X, y, weights), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    "parameters", [{}, {"dropout": 0.3, "cell": "gru", "early_stopping": True}]
)
def test_fits_with_the_same_random_state_are_identical(parameters, data, small_classifier):
    first, second = (small_classifier(**parameters).fit(*data) for _ in range(2))
    for a, b in zip(first.model_.get_weights(), second.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first.predict_proba(data[0]), second.predict_proba(data[0]))
    other = small_classifier(**{**parameters, "random_state": 1}).fit(*data)
    assert not np.allclose(first.predict_proba(data[0]), other.predict_proba(data[0]))
    generators = [
        small_classifier(**{**parameters, "random_state": np.random.RandomState(0)}).fit(*data)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*(model.predict_proba(data[0]) for model in generators))


def test_fit_and_predict_print_nothing_by_default(data, capfd, small_classifier):
    small_classifier().fit(*data).predict(data[0])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "name", ["function", "dtype_policy", "", "sgd ", "Optimizer", "LossScaleOptimizer", "Dense"]
)
def test_fit_lists_the_names_of_optimizers_for_an_unknown_one(data, small_classifier, name):
    message = rf"^optimizer='{name}' is unknown .* names \['adadelta', .*'adam', .*'sgd'\]\.$"
    with pytest.raises(ValueError, match=message):
        small_classifier(optimizer=name).fit(*data)


def test_fit_accepts_a_registered_optimizer_by_name(data, small_classifier):
    @keras.saving.register_keras_serializable(package="tests")
    class Momentum(keras.optimizers.SGD):
        pass

    optimizer = small_classifier(optimizer="tests>Momentum", epochs=1).fit(*data).model_.optimizer
    assert type(optimizer) is Momentum
