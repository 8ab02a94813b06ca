"""RecurrentSentimentClassifier: parameters, fit, predict and what they leave alone."""

import pickle
import random
import threading
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from seqsent import RecurrentSentimentClassifier, build_network
from seqsent._backend import import_keras
from seqsent._base import draw_seed
from seqsent._cooccurrence import cooccurrence_tables

keras = import_keras()
from keras.src.random.seed_generator import global_seed_generator  # noqa: E402  after import_keras

CELLS = ["simple", "lstm", "gru"]
PLAIN = {  # as programs by hand train
    "learning_rate_schedule": "constant",
    "global_clipnorm": None,
    "embedding_init": "uniform",
    "dropout": 0.0,
}


def classifier(**parameters):
    """A small one, quick to fit."""
    small = {"state_dim": 6, "embed_dim": 5, "epochs": 2, "random_state": 0}
    return RecurrentSentimentClassifier(**{**small, **parameters})


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(3, 60, size=(90, 12), dtype=np.int32)
    X[:30, :4] = 0
    return X, (X[:, -2] > 30).astype(int)


@pytest.fixture(scope="module")
def fitted(data):
    return classifier().fit(*data)


# What is learned


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
def test_training_equals_the_hand_written_program(cell, data):
    X, y = data
    ours = classifier(
        cell=cell,
        num_words=60,
        mask_padding=False,
        gate_bias="keras",
        optimizer="rmsprop",
        learning_rate=0.001,
        shuffle=False,
        batch_size=32,  # 90 texts: the last batch is not full
        epochs=3,
        **PLAIN,
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


def test_time_scale_is_a_high_quantile_of_the_lengths(fitted):
    assert fitted.time_scale_ == 12
    X = np.zeros((100, 12), dtype=int)
    X[:, :3] = 5
    assert classifier(epochs=1).fit(X, np.arange(100) % 2).time_scale_ == 3


# Labels


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["bad", "good"]),
        np.array([False, True]),
        np.array([-1, 1]),
        np.array([1.0, 2.0]),
        np.array(["bad", "good"], dtype=object),
        np.array(["bad", "fair", "good"]),
        np.array([3, 1, 2, 9]),
    ],
)
def test_labels_of_any_type_come_back(labels, data):
    X, _ = data
    y = labels[X[:, -1] % len(labels)]
    model = classifier(epochs=1).fit(X, y)
    np.testing.assert_array_equal(model.classes_, np.unique(labels))
    predicted = model.predict(X)
    assert predicted.dtype == labels.dtype
    assert set(predicted) <= set(labels)
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (90, len(labels))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_array_equal(predicted, model.classes_[probabilities.argmax(axis=1)])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(90), "one class"),
        (np.linspace(0, 1, 90), "Unknown label type"),
        (np.eye(2, dtype=int)[np.arange(90) % 2], "1d array"),
        ([None] * 90, "None for 90 texts"),
        (np.arange(89) % 2, "inconsistent numbers of samples"),
    ],
)
def test_labels_that_cannot_be_learned(y, message, data):
    with pytest.raises(ValueError, match=message):
        classifier().fit(data[0], y)


# Ids


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (["good", "bad"], TypeError, "reads rows of word ids, got text in X"),
        (np.array(["good", "bad"]), TypeError, "SequenceVectorizer"),
        (pd.Series(["good", "bad"]), TypeError, "make_sentiment_pipeline"),
        (pd.DataFrame({"text": ["good", "bad"]}), TypeError, "got text"),
        ([[1, 2], [3, -4]], ValueError, "Negative values"),
        ([[1, 2], [3, 0.5]], ValueError, "whole numbers, got 0.5"),
        ([[1, 2], [3, 2**31]], ValueError, "below 2\\*\\*31"),
        ([[1, 2], [3, np.nan]], ValueError, "NaN"),
        ([1, 2], ValueError, "Expected 2D array"),
    ],
)
def test_what_is_not_ids(X, error, message):
    with pytest.raises(error, match=message):
        classifier().fit(X, [0, 1])
    fitted = classifier(epochs=1).fit([[1, 2], [3, 4]], [0, 1])
    with pytest.raises(error, match=message):
        fitted.predict(X)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32", "object"])
def test_ids_in_any_numeric_type(dtype, data, fitted):
    X, _ = data
    expected = fitted.predict_proba(X)
    np.testing.assert_array_equal(fitted.predict_proba(X.astype(dtype)), expected)
    np.testing.assert_array_equal(fitted.predict_proba(X.tolist()), expected)


def test_frames_are_checked_by_name(data):
    X, y = data
    frame = pd.DataFrame(X, columns=[f"word{i}" for i in range(12)])
    model = classifier(epochs=1).fit(frame, y)
    assert model.feature_names_in_.tolist() == list(frame.columns)
    model.predict(frame)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"word0": "other"}))


def test_explicit_table_size_is_held_to_in_fit(data):
    with pytest.raises(ValueError, match=r"word id 59, but num_words=59 .*SequenceVectorizer\(num"):
        classifier(num_words=59).fit(*data)
    assert classifier(num_words=60, epochs=1).fit(*data).n_words_ == 60


def test_table_size_from_the_data_is_a_multiple_of_1024(data, fitted):
    X, y = data
    assert fitted.n_words_ == 1024
    large = np.where(X == 59, 1024, X)
    assert classifier(epochs=1).fit(large, y).n_words_ == 2048


def test_ids_beyond_the_table_read_as_oov(data, fitted):
    X, y = data
    X_oov, X_far = np.where(X == 59, 2, X), np.where(X == 59, 5000, X)
    np.testing.assert_array_equal(fitted.predict_proba(X_far), fitted.predict_proba(X_oov))
    dropping = classifier(oov_char=None, epochs=1).fit(X, y)
    X_gone = np.where(X == 59, 0, X)
    np.testing.assert_array_equal(dropping.predict_proba(X_far), dropping.predict_proba(X_gone))
    with pytest.raises(ValueError, match="oov_char=60 must lie below num_words=60"):
        classifier(oov_char=60, num_words=60).fit(X, y)
    with pytest.raises(ValueError, match="oov_char=1024 must lie below 1024"):
        dropping.set_params(oov_char=1024).predict(X_far)


def test_embedding_weights(data, tmp_path):
    X, y = data
    matrix = np.random.default_rng(0).normal(size=(70, 3)).astype(np.float32)
    np.save(tmp_path / "vectors.npy", matrix)
    frozen = [
        classifier(embedding_weights=weights, train_embedding=False, embed_dim=None).fit(X, y)
        for weights in (matrix, str(tmp_path / "vectors.npy"))
    ]
    assert frozen[0].n_words_ == 70
    np.testing.assert_array_equal(frozen[0].model_.get_weights()[0], matrix)
    np.testing.assert_array_equal(*(model.predict_proba(X) for model in frozen))
    moved = classifier(embedding_weights=matrix, embed_dim=3).fit(X, y).model_.get_weights()[0]
    assert not np.array_equal(moved, matrix)
    for contradiction in ({"num_words": 80, "embed_dim": 3}, {"embed_dim": 8}, {"embed_dim": 32}):
        with pytest.raises(ValueError, match="contradicts embedding_weights"):
            classifier(embedding_weights=matrix, **contradiction).fit(X, y)
    with pytest.raises(ValueError, match=r"embedding_weights \(40 rows\)"):
        classifier(embedding_weights=matrix[:40], embed_dim=3).fit(X, y)


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
def test_unfitted(method, data):
    with pytest.raises(NotFittedError):
        getattr(classifier(), method)(data[0])
    assert not hasattr(classifier(), "model_")
    assert not hasattr(classifier(), "loss_curve_")


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_padding_does_not_move_predictions(padding, data):
    X, y = data
    X = X if padding == "pre" else np.array([np.roll(row, -(row == 0).sum()) for row in X])
    wide = np.pad(X, [(0, 0), (9, 9)])
    narrow, padded = classifier().fit(X, y), classifier().fit(wide, y)
    np.testing.assert_allclose(narrow.loss_curve_, padded.loss_curve_, atol=1e-6)
    np.testing.assert_allclose(narrow.predict_proba(X), padded.predict_proba(wide), atol=1e-6)


# Weights


def test_weights_of_zero_leave_texts_out(data):
    X, y = data
    weights = np.where(np.arange(90) < 60, 2.0, 0.0)
    with_zeros = classifier(num_words=60).fit(X, y, sample_weight=weights)
    without = classifier(num_words=60).fit(X[:60], y[:60])
    np.testing.assert_allclose(with_zeros.predict_proba(X), without.predict_proba(X), atol=1e-6)


def test_integer_weights_equal_repeated_texts(data):
    X, y = data
    weights = 1 + np.arange(90) % 3
    # Under TensorFlow, Keras's Adam squares the gradients of a repeated word one by one.
    options = {"batch_size": 1000, "shuffle": False, "optimizer": "sgd", "learning_rate": 0.5}
    options |= PLAIN  # texts that repeat one another would lose other units
    weighted = classifier(**options).fit(X, y, sample_weight=weights)
    repeated = classifier(**options).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, atol=1e-5)
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-4)


def test_class_weight_equals_sample_weight(data):
    X, _ = data
    y = (X[:, -2] > 50).astype(int)
    weights = np.where(y == 1, 3.0, 1.0)
    by_class = classifier(class_weight={0: 1.0, 1: 3.0}).fit(X, y)
    by_sample = classifier().fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(by_class.predict_proba(X), by_sample.predict_proba(X))
    balanced = classifier(class_weight="balanced").fit(X, y)
    assert (
        balanced.predict_proba(X)[:, 1].mean()
        > classifier().fit(X, y).predict_proba(X)[:, 1].mean()
    )


def test_a_class_of_weight_zero_is_as_if_it_were_not_there():
    rng = np.random.default_rng(0)
    X = rng.integers(3, 60, size=(129, 12), dtype=np.int32)
    y = np.arange(129) % 3
    options = {"batch_size": 64, "num_words": 60}
    model = classifier(class_weight={0: 1, 1: 1, 2: 0}, **options).fit(X, y)
    without = classifier(**options).fit(X[y != 2], y[y != 2])
    assert np.isfinite(model.loss_curve_).all()
    assert model.classes_.tolist() == [0, 1]
    np.testing.assert_array_equal(model.predict_proba(X), without.predict_proba(X))
    stopped = classifier(class_weight={2: 0}, early_stopping=True, **options).fit(X, y)
    assert np.isfinite(stopped.history_["val_loss"]).all()
    weights = np.where(y == 2, 3.0, 1.0)  # the product decides
    both = classifier(class_weight={2: 0}, **options).fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(both.predict_proba(X), without.predict_proba(X))


@pytest.mark.parametrize("factor", [1e-320, 1e-46, 1e-30, 1e38, 1e300])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_common_factor_of_all_weights_changes_nothing(early_stopping, factor, data):
    X, y = data
    options = {"early_stopping": early_stopping, "validation_fraction": 0.3}
    weights = np.where(np.arange(90) % 2, 1.0, 0.5)
    expected = classifier(**options).fit(X, y, sample_weight=weights)
    by_sample = classifier(**options).fit(X, y, sample_weight=weights * factor)
    by_class = classifier(class_weight={0: factor, 1: factor}, **options).fit(
        X, y, sample_weight=weights
    )
    against = classifier(class_weight={0: factor, 1: factor}, **options).fit(
        X, y, sample_weight=weights / factor if factor > 1e-300 else weights
    )
    for model in (by_sample, by_class, against):
        np.testing.assert_allclose(model.loss_curve_, expected.loss_curve_, rtol=1e-4)
        np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(X), atol=1e-4)


def test_weights_of_very_different_size(data):
    X, y = data
    weights = np.where(np.arange(90) < 45, 1e-46, 1.0)
    model = classifier(epochs=3, batch_size=8).fit(X, y, sample_weight=weights)
    assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.predict_proba(X)).all()
    assert model.classes_.tolist() == [0, 1]


def test_a_part_without_weight_moves_nothing(data):
    X, y = data
    model = classifier(num_words=60, optimizer="adam").partial_fit(X, y, classes=[0, 1])
    before, history = model.model_.get_weights(), dict(model.history_)
    model.partial_fit(X, y, sample_weight=np.zeros(90))
    model.set_params(class_weight={1: 0}).partial_fit(X[y == 1], y[y == 1])
    assert (model.n_iter_, model.history_) == (1, history)
    for now, then in zip(model.model_.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_part_may_lack_the_only_class_with_a_weight(data):
    X, y = data
    model = classifier(num_words=60, class_weight={0: 2.0})
    model.partial_fit(X[y == 1], y[y == 1], classes=[0, 1])
    assert model.n_iter_ == 1


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf, "much", None])
def test_class_weights_that_cannot_be_used(weight, data):
    with pytest.raises(ValueError, match=r"class_weight\[1\] must be a finite number .* got"):
        classifier(class_weight={0: 1.0, 1: weight}).fit(*data)


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_training_that_diverges(cell, data):
    model = classifier(cell=cell).fit(*data)
    expected = model.predict_proba(data[0])
    with pytest.raises(ValueError, match=r"Training diverged.*Lower learning_rate"):
        model.set_params(learning_rate=1e30).fit(*data)
    np.testing.assert_array_equal(model.predict_proba(data[0]), expected)
    with pytest.raises(ValueError, match="Training diverged"):
        classifier(cell=cell, optimizer="sgd", learning_rate=1e30).fit(*data)


def test_an_id_that_asks_for_a_huge_table(data):
    X, y = data
    X = X.copy()
    X[3, 5] = 2**31 - 2
    with pytest.raises(ValueError, match=r"word id 2147483646, .*num_words=2147483647"):
        classifier().fit(X, y)
    with pytest.raises(ValueError, match=r"word id 2147483646"):
        classifier().partial_fit(X, y, classes=[0, 1])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(90), "zero"),
        (np.full(90, -1.0), "[Nn]egative"),
        (np.ones(5), "shape|inconsistent"),
    ],
)
def test_weights_that_cannot_be_used(weights, message, data):
    with pytest.raises(ValueError, match=message):
        classifier().fit(*data, sample_weight=weights)


# Validation and early stopping


def test_validation_data_are_recorded(data):
    X, y = data
    model = classifier().fit(X, y, X_val=X[:20], y_val=y[:20])
    assert sorted(model.history_) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert all(len(values) == 2 for values in model.history_.values())
    probabilities = model.predict_proba(X[:20])[np.arange(20), y[:20]]
    assert model.history_["val_loss"][-1] == pytest.approx(-np.log(probabilities).mean(), abs=1e-5)
    assert model.history_["val_accuracy"][-1] == pytest.approx(model.score(X[:20], y[:20]))
    np.testing.assert_array_equal(model.predict_proba(X), classifier().fit(X, y).predict_proba(X))
    assert (model.n_iter_, model.best_iter_) == (2, 2)


def test_early_stopping_gives_back_the_best_weights(data):
    X, _ = data
    noise = np.random.default_rng(0).integers(2, size=90)
    model = classifier(early_stopping=True, epochs=60, learning_rate=0.05, n_iter_no_change=4)
    model.fit(X[:60], noise[:60], X_val=X[60:], y_val=noise[60:])
    losses = model.history_["val_loss"]
    assert model.n_iter_ == len(losses) < 60
    assert model.best_iter_ == 1 + int(np.argmin(losses))
    assert model.n_iter_ == model.best_iter_ + 4
    probabilities = model.predict_proba(X[60:])[np.arange(30), noise[60:]]
    assert min(losses) == pytest.approx(-np.log(probabilities).mean(), abs=1e-5)


def test_early_stopping_holds_out_a_stratified_part(data, monkeypatch):
    from seqsent._nn import fitted as _fitted

    X, _ = data
    y = np.repeat([0, 1, 2], [10, 20, 60])  # sorted: the last rows would be one class
    weights = np.linspace(1, 2, 90)
    seen = []
    train = _fitted.train_network

    def spy(model, training_data, validation_data, **kwargs):
        seen.append((training_data, validation_data))
        return train(model, training_data, validation_data, **kwargs)

    monkeypatch.setattr(_fitted, "train_network", spy)
    model = classifier(early_stopping=True, validation_fraction=0.2)
    for _ in range(2):
        model.fit(X, y, sample_weight=weights)
    (_, part_y, part_w), (_, held_y, held_w) = seen[0]
    assert np.bincount(held_y).tolist() == [2, 4, 12]
    assert np.bincount(part_y).tolist() == [8, 16, 48]
    np.testing.assert_array_equal(np.sort(np.concatenate([part_w, held_w])), weights)
    np.testing.assert_array_equal(seen[0][1][0], seen[1][1][0])
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"hold out validation_fraction=0.1 of 3 texts.*X_val"):
        classifier(early_stopping=True).fit(X[:3], [0, 1, 1])


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
def test_validation_data_that_cannot_be_used(validation, error, message, data):
    with pytest.raises(error, match=message):
        classifier().fit(*data, **validation)


# Going on


def test_partial_fit_goes_on(data):
    X, y = data
    model = classifier(num_words=60)
    for epoch in range(1, 4):
        model.partial_fit(X, y, classes=[0, 1])
        assert model.n_iter_ == epoch
    assert len(model.loss_curve_) == 3
    whole = classifier(num_words=60, epochs=3, shuffle=False, **PLAIN).fit(X, y)
    parts = classifier(num_words=60, shuffle=False, **PLAIN)
    for _ in range(3):
        parts.partial_fit(X, y, classes=[0, 1])
    np.testing.assert_allclose(parts.loss_curve_, whole.loss_curve_, atol=1e-5)


def test_partial_fit_may_see_a_class_late(data):
    X, _ = data
    model = classifier(num_words=60).partial_fit(X, ["a"] * 90, classes=["a", "b", "c"])
    assert model.predict_proba(X).shape == (90, 3)
    model.partial_fit(X, ["b"] * 90)
    with pytest.raises(ValueError, match=r"labels \['z'\]"):
        model.partial_fit(X, ["z"] * 90)
    with pytest.raises(ValueError, match="goes on with the classes"):
        model.partial_fit(X, ["b"] * 90, classes=["a", "b"])


def test_partial_fit_without_a_table_size_warns(data):
    X, y = data
    with pytest.warns(UserWarning, match="Set num_words") as warned:
        model = classifier().partial_fit(X, y, classes=[0, 1])
    assert warned[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.partial_fit(X + 5000, y)


@pytest.mark.parametrize(
    ("parameters", "arguments", "message"),
    [
        ({"early_stopping": True}, {"classes": [0, 1]}, "early_stopping"),
        ({"class_weight": "balanced"}, {"classes": [0, 1]}, "balanced"),
        ({}, {}, "classes must be passed on the first call"),
        ({}, {"classes": [0]}, "at least 2"),
    ],
)
def test_partial_fit_that_cannot_begin(parameters, arguments, message, data):
    model = classifier(num_words=60, **parameters)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(*data, **arguments)
    assert not hasattr(model, "classes_")


def test_warm_start(data):
    X, y = data
    model = classifier(warm_start=True, epochs=2, shuffle=False, **PLAIN).fit(X, y)
    model.fit(X, y)
    assert model.n_iter_ == 4
    whole = classifier(epochs=4, shuffle=False, **PLAIN).fit(X, y)
    np.testing.assert_allclose(model.loss_curve_, whole.loss_curve_, atol=1e-5)
    with pytest.raises(ValueError, match="goes on with the classes"):
        model.fit(X, np.where(y, "good", "bad"))
    fixed = classifier(warm_start=True, num_words=60).fit(X, y)
    with pytest.raises(ValueError, match="word id 5059"):
        fixed.fit(X + 5000, y)


def test_warm_start_grows_a_table_of_no_given_size(data):
    X, y = data
    model = classifier(warm_start=True, epochs=1).fit(X, y)
    before = model.model_.get_weights()
    model.set_params(learning_rate=1e-12).fit(X + 1500, y)
    table, *others = model.model_.get_weights()
    assert model.n_words_ == len(table) == 2048
    np.testing.assert_allclose(table[:1024], before[0], atol=1e-6)
    assert 0 < abs(table[1024:]).max() <= 0.05
    for now, then in zip(others, before[1:], strict=True):
        np.testing.assert_allclose(now, then, atol=1e-6)
    assert model.predict_proba(X + 1500).shape == (90, 2)


@pytest.mark.parametrize(
    ("change", "described"),
    [
        ({"cell": "gru"}, r"cell \(lstm to gru\)"),
        ({"state_dim": 7, "pooling": "max"}, r"state_dim \(6 to 7\), pooling \(last to max\)"),
        ({"embed_dim": 3}, r"embed_dim \(5 to 3\)"),
        ({"gate_bias": "keras"}, r"gate_bias \(chrono to keras\)"),
        ({"num_words": 2000}, r"num_words \(1024 to 2000\)"),
        ({"embedding_weights": np.eye(1024, 5)}, r"embedding_weights \(None to CRC-32"),
    ],
    ids=str,
)
@pytest.mark.parametrize("going_on", ["fit", "partial_fit"])
def test_what_a_training_that_goes_on_cannot_follow(going_on, change, described, data):
    model = classifier(warm_start=True, epochs=1).fit(*data)
    expected = model.predict_proba(data[0])
    with pytest.raises(ValueError, match=f"change of .*{described}.*warm_start=False"):
        getattr(model.set_params(**change), going_on)(*data)
    np.testing.assert_array_equal(model.predict_proba(data[0]), expected)


def test_what_a_training_that_goes_on_follows(data):
    model = classifier(warm_start=True, optimizer=keras.optimizers.Adam(0.01)).fit(*data)
    model.set_params(optimizer=keras.optimizers.Adam(0.02)).fit(*data)
    assert rate_of(model) == pytest.approx(0.02)
    model.set_params(optimizer="sgd", learning_rate=0.5, epochs=1, batch_size=8).fit(*data)
    assert (rate_of(model), model.n_iter_) == (pytest.approx(0.5), 5)
    assert type(model.model_.optimizer).__name__ == "SGD"


def test_a_rate_that_falls_along_a_cosine(data):
    rates = []

    class Rate(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))

    options = {"epochs": 3, "learning_rate_schedule": "cosine", "callbacks": [Rate()]}
    model = classifier(learning_rate=0.01, warm_start=True, **options).fit(*data)
    # the mean of (1 + cos(pi t)) / 2 over each third of the way
    half = 3 * np.sin(np.pi / 3) / (2 * np.pi)
    expected = [0.01 * (0.5 + half), 0.005, 0.01 * (0.5 - half)]
    assert rates == pytest.approx(expected, rel=1e-5)
    assert rate_of(model) == pytest.approx(0.01)  # as it was
    model.fit(*data)
    assert rates == pytest.approx(expected * 2, rel=1e-5)
    with pytest.raises(ValueError, match="partial_fit does not know how many epochs"):
        model.partial_fit(*data)
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    by_itself = classifier(optimizer=keras.optimizers.Adam(rate), **options)
    with pytest.raises(ValueError, match="whose learning rate is a schedule"):
        by_itself.fit(*data)


def test_by_default_the_rate_of_a_named_optimizer_falls_in_a_fit(data):
    rates = []

    class Rate(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))

    options = {"callbacks": [Rate()], "batch_size": 90}
    model = classifier(**options).fit(*data)
    classifier(learning_rate_schedule="constant", **options).fit(*data)
    classifier(optimizer=keras.optimizers.Adam(0.006), **options).fit(*data)
    model.partial_fit(*data)
    falls = [0.006 * (0.5 + 1 / np.pi), 0.006 * (0.5 - 1 / np.pi)]
    assert rates == pytest.approx([*falls, *[0.006] * 5], rel=1e-5)


def test_the_norm_of_a_gradient_is_bounded(data):
    """One step of gradient descent changes the weights by no more than rate times norm."""
    steps = []

    class Step(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.before = self.model.get_weights()

        def on_train_end(self, logs=None):
            moved = zip(self.model.get_weights(), self.before, strict=True)
            steps.append(np.sqrt(sum(((now - then) ** 2).sum() for now, then in moved)))

    options = {
        "optimizer": "sgd", "learning_rate": 0.5, "epochs": 1, "batch_size": 90, "dropout": 0.0,
        "learning_rate_schedule": "constant", "callbacks": [Step()],
    }  # fmt: skip
    for bound in (None, 1.0, 0.01):
        classifier(global_clipnorm=bound, **options).fit(*data)
    free, default, tight = steps
    assert 0.02 < free < 0.5
    assert default == pytest.approx(free, rel=1e-4)
    # TensorFlow's gradient by a table has a row for each time that a word was read, and Keras
    # takes the norm of these rows before equal ones are added
    exact = 1e-2 if keras.backend.backend() == "tensorflow" else 1e-3
    assert tight == pytest.approx(0.5 * 0.01, rel=exact)


def test_where_word_vectors_start(data):
    X, y = data
    frozen = {"train_embedding": False, "num_words": 64, "epochs": 1}
    uniform = classifier(embedding_init="uniform", **frozen).fit(X, y)
    found = classifier(**frozen).fit(X, y)
    tables = [model.model_.get_layer("embedding").get_weights()[0] for model in (uniform, found)]
    assert np.abs(tables[0]).max() <= 0.05
    options = {"seed": found._seed, "skipped": 2}
    (expected,) = cooccurrence_tables(X, np.ones(len(X)), 64, 5, **options)
    np.testing.assert_array_equal(tables[1], expected)
    with_pairs = classifier(
        **{**frozen, "train_embedding": True},
        learning_rate=1e-12,
        ngram_range=(1, 2),
        ngram_buckets=50,
    ).fit(X, y)
    expected = cooccurrence_tables(X, np.ones(len(X)), 64, 5, **options, max_n=2, n_rows=50)
    for start, table in zip(
        expected, with_pairs.model_.get_layer("embedding").get_weights(), strict=True
    ):
        assert start.any()
        np.testing.assert_allclose(table, start, atol=1e-7)
    given = classifier(embedding_weights=tables[0], **{**frozen, "num_words": None}).fit(X, y)
    np.testing.assert_array_equal(given.model_.get_layer("embedding").get_weights()[0], tables[0])
    with pytest.raises(ValueError, match=r"embedding_init \(ppmi to uniform\)"):
        found.set_params(warm_start=True, embedding_init="uniform").fit(X, y)


@pytest.mark.parametrize(
    ("n_texts", "batch_size", "ngrams", "adversarial", "epochs"),
    [
        (25_000, 128, 1, 0.0, 4),  # 196 steps each: 2 epochs have 300, but 4 are the fewest
        (25_000, 128, 2, 0.0, 2),
        (25_000, "auto", 1, 0.0, 2),  # 391 steps of 64
        (25_000, 64, 2, 0.05, 4),
        (25_000, 64, 1, 0.05, 4),
        (8_530, "auto", 1, 0.0, 3),  # in batches of 32 as many epochs as in batches of 64
        (500, "auto", 1, 0.0, 38),
        (8_530, 64, 3, 0.05, 6),  # 134 steps, of which 3 epochs have 300
        (8_530, 16, 3, 0.05, 4),
        (1_000, 100, 1, 0.0, 30),
        (90, 90, 1, 0.0, 100),
    ],
)
def test_epochs_that_follow_from_the_data(n_texts, batch_size, ngrams, adversarial, epochs):
    options = {"batch_size": batch_size, "ngram_range": (1, ngrams), "adversarial": adversarial}
    model = classifier(epochs="auto", **options)
    assert model._count_epochs(n_texts) == epochs


@pytest.mark.slow
def test_automatic_epochs_are_run(data):
    X, y = (np.repeat(part, 60, axis=0) for part in data)  # 85 steps of 64 each
    model = classifier(epochs="auto").fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 4
    assert model.partial_fit(X, y).n_iter_ == 5


@pytest.mark.parametrize(
    ("cell", "n_texts", "steps"),
    [("gru", 90, 3), ("lstm", 10_000, 313), ("lstm", 10_001, 157), ("simple", 180, 2)],
)
def test_automatic_batches(data, cell, n_texts, steps):
    class Steps(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            assert logs is not None
            counted.append(batch)

    counted: list[int] = []
    X, y = (np.resize(part, (n_texts, *part.shape[1:])) for part in data)
    small = {"cell": cell, "state_dim": 1, "embed_dim": 1, "epochs": 1}
    classifier(batch_size="auto", callbacks=[Steps()], **small).fit(X, y)
    assert counted == list(range(steps))


@pytest.mark.parametrize(("cell", "rate"), [("simple", 0.004), ("lstm", 0.006), ("gru", 0.006)])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_learning_rate_where_none_is_given(data, cell, rate, optimizer):
    options = {"cell": cell, "optimizer": optimizer, "learning_rate_schedule": "constant"}
    model = classifier(epochs=1, learning_rate=None, **options).fit(*data)
    assert rate_of(model) == pytest.approx(rate)
    # a network that is there predicts, whatever was changed for the next fit
    expected = model.predict_proba(data[0])
    stored = pickle.loads(pickle.dumps(model)).set_params(cell="none of ours")
    np.testing.assert_array_equal(stored.predict_proba(data[0]), expected)
    assert rate_of(stored) == pytest.approx(rate)


def test_the_rate_is_put_back_when_a_training_fails(data):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise OverflowError

    optimizer = keras.optimizers.Adam(0.01)
    model = classifier(warm_start=True, optimizer=optimizer, learning_rate_schedule="cosine")
    model.fit(*data)
    with pytest.raises(OverflowError):
        model.set_params(callbacks=[Stop()]).fit(*data)
    assert rate_of(model) == pytest.approx(0.01)


@pytest.mark.parametrize(
    "options", [{"mask_padding": True}, {"mask_padding": False}, {"embedding_init": "ppmi"}]
)
def test_training_reads_the_last_words_and_predictions_the_whole_row(data, options):
    X, y = np.roll(data[0], -4, axis=1), data[1]  # a third of the rows has padding at its end
    options = {"num_words": 60, "embedding_init": "uniform", **options}
    model = classifier(train_maxlen=5, **options).fit(X, y)
    cut = X[:, -5:].copy()
    if model.mask_padding:
        cut[:30] = X[:30, 3:8]
    on_cut = classifier(**options).fit(cut, y)
    assert model.time_scale_ == on_cut.time_scale_ == 5
    assert model.n_features_in_ == 12
    for ours, theirs in zip(model.model_.get_weights(), on_cut.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    on_cut.n_features_in_ = 12
    np.testing.assert_array_equal(model.predict_proba(X), on_cut.predict_proba(X))
    assert not np.allclose(model.predict_proba(X)[30:], model.predict_proba(X * (X > 30))[30:])
    # so do figures of validation data
    found = model.set_params(warm_start=True).fit(X, y, X_val=X, y_val=y).history_
    assert found["val_accuracy"][-1] == pytest.approx(model.score(X, y))
    part = classifier(train_maxlen=5, **options).partial_fit(X, y, classes=[0, 1])
    of_cut = classifier(**options).partial_fit(cut, y, classes=[0, 1])
    for ours, theirs in zip(part.model_.get_weights(), of_cut.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("train_maxlen", [12, 100])
def test_rows_that_are_no_longer_are_read_whole(data, fitted, train_maxlen):
    model = classifier(train_maxlen=train_maxlen).fit(*data)
    np.testing.assert_array_equal(model.predict_proba(data[0]), fitted.predict_proba(data[0]))


@pytest.mark.slow
def test_adversarial_training_is_jaxs(data):
    model = classifier(adversarial=0.3, pooling=("max", "mean"))
    if keras.backend.backend() == "jax":
        assert model.fit(*data).n_iter_ == model.epochs
        assert not np.allclose(
            model.predict_proba(data[0]),
            classifier(pooling=("max", "mean")).fit(*data).predict_proba(data[0]),
            atol=1e-6,
        )
    else:
        with pytest.raises(ValueError, match="KERAS_BACKEND=jax"):
            model.fit(*data)


def test_an_optimizer_of_another_kind_begins_anew(data):
    # the two gather numbers of the same shapes, which mean something else
    first, second = keras.optimizers.Adam(0.01), keras.optimizers.Nadam(1e-9)
    model = classifier(warm_start=True, optimizer=first, epochs=1, batch_size=90).fit(*data)
    moved = model.set_params(optimizer=second).fit(*data).model_.optimizer
    assert max(abs(keras.ops.convert_to_numpy(v.value)).max() for v in moved.variables[2:]) < 1
    assert float(keras.ops.convert_to_numpy(moved.iterations.value)) == 1


def rate_of(model):
    return float(keras.ops.convert_to_numpy(model.model_.optimizer.learning_rate.value))


# What must not happen


def test_a_fit_that_fails_leaves_the_fit_before(data):
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
    with pytest.raises(ValueError, match="optimizer='adamant' is not known"):
        model.fit(X, y)
    assert_whole()


def global_states():
    keras_state = keras.ops.convert_to_numpy(global_seed_generator().state.value).tolist()
    return random.getstate(), np.random.get_state()[1].tolist(), keras_state


@pytest.mark.slow
def test_nothing_global_and_nothing_of_the_users_changes(data):
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
def test_same_random_state_same_bits(parameters, data):
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


class Look(keras.callbacks.Callback):
    """Records, and holds what cannot be copied."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.epochs = []

    def on_epoch_end(self, epoch, logs=None):
        assert "log_loss" not in logs
        self.epochs.append(epoch)


def test_callbacks_are_the_users_own(data):
    look = Look()
    model = classifier(callbacks=[look], warm_start=True).fit(*data)
    assert look.epochs == [0, 1]
    model.partial_fit(*data)
    model.fit(*data)
    assert look.epochs == [0, 1, 2, 3, 4]  # so that a schedule by epoch advances
    assert model.n_iter_ == 5
    assert look.model is None


def test_a_schedule_by_epoch_advances(data):
    rates = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))
    model = classifier(callbacks=[rates], num_words=60)
    for epoch in range(3):
        model.partial_fit(*data, classes=[0, 1])
        assert rate_of(model) == pytest.approx(0.1 / (epoch + 1))


class Ask(keras.callbacks.Callback):
    """Asks the model in every way, as a user's own validation would."""

    def __init__(self, X, y, path):
        super().__init__()
        self.X, self.y, self.path = X, y, path
        self.figures = []

    def on_epoch_end(self, epoch, logs=None):
        X, y, quiet = self.X, self.y, {"verbose": 0}
        behind = np.array([np.roll(row, -(row == 0).sum()) for row in X])
        probabilities = self.model.predict(X, **quiet)
        of_labels = np.hstack([1 - probabilities, probabilities])
        if probabilities.shape[1] > 1:
            of_labels = probabilities
        loss = -np.log(of_labels[np.arange(len(y)), y])
        for evaluated, expected in [
            (self.model.evaluate(X, y, **quiet), loss.mean()),
            (self.model.evaluate(X, y[:, np.newaxis], **quiet), loss.mean()),
            (self.model.evaluate(X, y.astype(float), batch_size=16, **quiet), None),
            (self.model.evaluate(behind, y, **quiet), loss.mean()),
            (self.model.evaluate(X, y, sample_weight=np.ones(len(y)), **quiet), loss.mean()),
            (
                self.model.evaluate(X, y, sample_weight=1.0 + y, **quiet),
                np.average(loss, weights=1 + y),
            ),
        ]:
            names = dict(zip(self.model.metrics_names, evaluated, strict=False))
            assert np.isfinite(evaluated).all(), names
            if expected is not None:
                np.testing.assert_allclose(evaluated[-1], expected, atol=1e-5)
        self.model.save(self.path)
        self.figures.append(self.model.evaluate(X, y, **quiet))


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_callback_may_ask_the_model(n_classes, data, tmp_path):
    X = data[0][:32]
    y = X[:, -2] % n_classes
    ask = Ask(X, y, tmp_path / "model.keras")
    model = classifier(callbacks=[ask]).fit(X, y, X_val=X, y_val=y)
    plain = classifier().fit(X, y, X_val=X, y_val=y)
    assert model.history_ == plain.history_
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
    # Keras on TensorFlow cannot be asked in both forms, one after the other
    forms = [y] if keras.backend.backend() == "tensorflow" else [y, y[:, np.newaxis]]
    for labels in forms:
        after = model.model_.evaluate(X, labels, verbose=0)
        np.testing.assert_allclose(after, ask.figures[-1], atol=1e-5)
    opened = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(opened.evaluate(X, y, verbose=0), ask.figures[-1], atol=1e-5)


def test_early_stopping_of_the_users_own(data):
    X, _ = data
    noise = np.random.default_rng(0).integers(2, size=90)
    stop = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    model = classifier(callbacks=[stop], epochs=40, learning_rate=0.05)
    model.fit(X[:60], noise[:60], X_val=X[60:], y_val=noise[60:])
    losses = model.history_["val_loss"]
    assert model.n_iter_ == len(losses) < 40
    assert model.best_iter_ == 1 + int(np.argmin(losses))
    keeping = keras.callbacks.EarlyStopping("val_loss", patience=2)
    model.set_params(callbacks=[keeping]).fit(X[:60], noise[:60], X_val=X[60:], y_val=noise[60:])
    assert model.best_iter_ == model.n_iter_ < 40


def test_checkpoints_and_backups_of_the_users_own(data, tmp_path):
    X, y = data
    checkpoint = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.weights.h5", save_weights_only=True, monitor="loss", save_best_only=True
    )

    class GoBack(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            self.model.load_weights(tmp_path / "first.weights.h5")

        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                self.model.save_weights(tmp_path / "first.weights.h5")

    model = classifier(callbacks=[checkpoint, GoBack()], epochs=3).fit(X, y)
    assert (model.n_iter_, model.best_iter_) == (3, 1)
    assert (tmp_path / "best.weights.h5").exists()

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("power cut")

    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(RuntimeError, match="power cut"):
        classifier(callbacks=[backup, Stop()], epochs=5).fit(X, y)
    model = classifier(callbacks=[backup], epochs=5).fit(X, y)
    assert model.n_iter_ == 5
    assert len(model.loss_curve_) == 5


def test_a_callback_that_raises_changes_nothing(data):
    class Prune(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise RuntimeError("pruned")

    prune = Prune()
    unfitted = classifier(callbacks=[prune], epochs=3)
    with pytest.raises(RuntimeError, match="pruned"):
        unfitted.fit(*data)
    assert not hasattr(unfitted, "classes_")
    assert not hasattr(unfitted, "n_features_in_")
    assert prune.model is None
    assert classifier().fit(*data).n_iter_ == 2


def test_silent_unless_told_to_speak(data, capfd):
    classifier().fit(*data).predict(data[0])
    assert capfd.readouterr() == ("", "")
    model = classifier(verbose=1).fit(*data)
    shown = capfd.readouterr().out
    assert "Epoch 2/2" in shown
    assert "accuracy" in shown
    model.predict(data[0])
    assert "90/90" in capfd.readouterr().out


def test_weights_set_on_the_model_are_seen(data, fitted):
    model = clone(fitted).fit(*data)
    model.model_.set_weights([np.zeros_like(w) for w in model.model_.get_weights()])
    np.testing.assert_array_equal(model.predict_proba(data[0]), 0.5)


def test_optimizers(data):
    adam = keras.optimizers.Adam(0.006, global_clipnorm=1.0)
    by_name = classifier().fit(*data)
    by_instance = classifier(optimizer=adam, learning_rate_schedule="cosine").fit(*data)
    np.testing.assert_array_equal(
        by_name.predict_proba(data[0]), by_instance.predict_proba(data[0])
    )
    assert not adam.built
    classifier(optimizer="sgd", epochs=1).fit(*data)
    with pytest.raises(ValueError, match=r"learning_rate=0.5 contradicts .* own is 0.006"):
        classifier(optimizer=adam, learning_rate=0.5).fit(*data)
    assert rate_of(classifier(learning_rate=1, epochs=1).fit(*data)) == 1  # an int is a number


def test_a_parameter_that_others_call_differently():
    with pytest.raises(ValueError, match="Did you mean 'state_dim'"):
        classifier().set_params(units=3)


def test_clone_shares_the_embedding_weights():
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
