"""RecurrentSentimentClassifier: parameters of the optimizer and of training."""

import pickle

import numpy as np
import pytest

from seqsent._inputs.word_vectors import cooccurrence_tables
from seqsent._runtime.backend import import_keras

keras = import_keras()


class RecordRates(keras.callbacks.Callback):
    """Record the learning rate of each epoch."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_epoch_end(self, epoch, logs=None):
        self.rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))


def test_rate_of_adam_decays_along_a_cosine_in_fit(data, small_classifier, learning_rate_of):
    record = RecordRates()
    options = {"learning_rate": 0.01, "warm_start": True, "epochs": 3, "callbacks": [record]}
    model = small_classifier(**options).fit(*data)
    # the mean of (1 + cos(pi t)) / 2 over each third of the fit
    half = 3 * np.sin(np.pi / 3) / (2 * np.pi)
    expected = [0.01 * (0.5 + half), 0.005, 0.01 * (0.5 - half)]
    assert record.rates == pytest.approx(expected, rel=1e-5)
    assert learning_rate_of(model) == pytest.approx(0.01)
    model.fit(*data)
    model.partial_fit(*data)
    assert record.rates == pytest.approx([*expected, *expected, 0.01], rel=1e-5)


@pytest.mark.parametrize("optimizer", ["rmsprop", keras.optimizers.Adam(0.001)])
def test_rate_of_other_optimizers_is_constant(data, small_classifier, optimizer):
    record = RecordRates()
    model = small_classifier(optimizer=optimizer, callbacks=[record]).fit(*data)
    assert record.rates == pytest.approx([0.001, 0.001])
    assert model.model_.optimizer.global_clipnorm is None


def test_adam_clips_the_norm_of_the_gradient(fitted):
    assert fitted.model_.optimizer.global_clipnorm == 1.0


def test_optimizer_instance_is_copied(data, small_classifier):
    adam = keras.optimizers.Adam(0.006, global_clipnorm=1.0)
    by_name, by_instance = (
        small_classifier(num_words=60, optimizer=optimizer).partial_fit(*data, classes=[0, 1])
        for optimizer in ("adam", adam)
    )
    np.testing.assert_array_equal(
        by_name.predict_proba(data[0]), by_instance.predict_proba(data[0])
    )
    assert not adam.built


def test_learning_rate_with_an_optimizer_instance_is_rejected(data, small_classifier):
    model = small_classifier(optimizer=keras.optimizers.Adam(0.006), learning_rate=0.5)
    with pytest.raises(ValueError, match=r"learning_rate=0.5 contradicts .* rate is 0.006"):
        model.fit(*data)


def test_learning_rate_can_be_an_integer(data, small_classifier, learning_rate_of):
    model = small_classifier(optimizer="sgd", learning_rate=1, epochs=1).fit(*data)
    assert learning_rate_of(model) == 1


@pytest.mark.parametrize(("cell", "rate"), [("simple", 0.004), ("lstm", 0.006), ("gru", 0.006)])
def test_default_learning_rate_of_a_cell(data, cell, rate, small_classifier, learning_rate_of):
    model = small_classifier(epochs=1, cell=cell).fit(*data)
    assert learning_rate_of(model) == pytest.approx(rate)
    loaded = pickle.loads(pickle.dumps(model)).set_params(cell="gru")  # for the next fit
    assert learning_rate_of(loaded) == pytest.approx(rate)


def test_loaded_classifier_predicts_after_an_invalid_parameter_is_set(data, fitted):
    loaded = pickle.loads(pickle.dumps(fitted)).set_params(cell="transformer")
    np.testing.assert_array_equal(loaded.predict_proba(data[0]), fitted.predict_proba(data[0]))


def test_failed_fit_restores_the_learning_rate(data, small_classifier, learning_rate_of):
    class Fail(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise OverflowError

    model = small_classifier(warm_start=True, learning_rate=0.01).fit(*data)
    with pytest.raises(OverflowError):
        model.set_params(callbacks=[Fail()]).fit(*data)
    assert learning_rate_of(model) == pytest.approx(0.01)


def tables_of(model):
    return model.model_.get_layer("embedding").get_weights()


FROZEN = {"train_embedding": False, "num_words": 64, "epochs": 1}


def test_uniform_word_vectors_are_small(data, small_classifier):
    (table,) = tables_of(small_classifier(embedding_init="uniform", **FROZEN).fit(*data))
    assert 0.04 < np.abs(table).max() <= 0.05


@pytest.mark.parametrize("max_n", [1, 2])
def test_ppmi_word_vectors_are_computed_from_the_data(max_n, data, small_classifier):
    X, y = data
    options = {"ngram_range": (1, max_n), "ngram_buckets": 50, "learning_rate": 1e-12}
    model = small_classifier(num_words=64, epochs=1, **options).fit(X, y)
    ngrams = {"max_n": 2, "n_rows": 50} if max_n == 2 else {}
    expected = cooccurrence_tables(
        X, np.ones(len(X)), 64, 5, seed=model._seed, oov_char=2, **ngrams
    )
    for table, initial in zip(tables_of(model), expected, strict=True):
        assert initial.any()
        np.testing.assert_allclose(table, initial, atol=1e-7)


def test_embedding_weights_are_the_initial_word_vectors(data, small_classifier):
    matrix = np.random.default_rng(0).normal(size=(64, 5)).astype(np.float32)
    frozen = {**FROZEN, "num_words": None}
    (table,) = tables_of(small_classifier(embedding_weights=matrix, **frozen).fit(*data))
    np.testing.assert_array_equal(table, matrix)


@pytest.mark.slow
def test_automatic_number_of_epochs(data, small_classifier):
    X, y = (np.repeat(part, 60, axis=0) for part in data)  # 169 steps in an epoch
    model = small_classifier(epochs="auto").fit(X, y)
    n_epochs = len(model.loss_curve_)
    assert model.n_iter_ == n_epochs
    assert n_epochs in (1, 3, 7)  # ends of cycles
    assert model.partial_fit(X, y).n_iter_ == n_epochs + 1


def test_automatic_batch_size(data, small_classifier):
    batches = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: batches.append(batch)
    )
    small_classifier(callbacks=[count], epochs=1).fit(*data)
    assert batches == [0, 1, 2]  # 90 documents in batches of 32


@pytest.mark.parametrize("mask_padding", [True, False])
def test_train_maxlen_trains_on_the_last_words(mask_padding, data, small_classifier):
    X, y = np.roll(data[0], -4, axis=1), data[1]  # a third of the rows ends with padding
    options = {"num_words": 60, "mask_padding": mask_padding}
    model = small_classifier(train_maxlen=5, **options)
    shortened = X[:, -5:].copy()
    if mask_padding:
        shortened[:30] = X[:30, 3:8]
    expected = small_classifier(**options)
    for method, arguments in [("fit", {}), ("partial_fit", {"classes": [0, 1]})]:
        getattr(model, method)(X, y, **arguments)
        getattr(expected, method)(shortened, y, **arguments)
        assert model.time_scale_ == expected.time_scale_ == 5
        weights = zip(model.model_.get_weights(), expected.model_.get_weights(), strict=True)
        for ours, theirs in weights:
            np.testing.assert_array_equal(ours, theirs)


def test_train_maxlen_does_not_shorten_rows_of_predictions(data, small_classifier):
    X, y = data
    model = small_classifier(train_maxlen=5, num_words=60).fit(X, y, X_val=X, y_val=y)
    assert model.n_features_in_ == 12
    changed = X.copy()
    changed[30:, :7] = 59
    assert not np.allclose(model.predict_proba(X)[30:], model.predict_proba(changed)[30:])
    assert model.history_["val_accuracy"][-1] == pytest.approx(model.score(X, y))


@pytest.mark.parametrize("train_maxlen", [12, 100])
def test_large_train_maxlen_has_no_effect(data, fitted, train_maxlen, small_classifier):
    model = small_classifier(train_maxlen=train_maxlen).fit(*data)
    np.testing.assert_array_equal(model.predict_proba(data[0]), fitted.predict_proba(data[0]))


@pytest.mark.slow
def test_adversarial_training_needs_jax(data, small_classifier):
    model = small_classifier(adversarial=0.3, pooling=("max", "mean"))
    if keras.backend.backend() != "jax":
        with pytest.raises(ValueError, match="KERAS_BACKEND=jax"):
            model.fit(*data)
        return
    expected = small_classifier(pooling=("max", "mean")).fit(*data)
    assert model.fit(*data).n_iter_ == model.epochs
    assert not np.allclose(model.predict_proba(data[0]), expected.predict_proba(data[0]), atol=1e-6)
