"""RecurrentSentimentClassifier: partial_fit and warm starts."""

import copy
import sys
import warnings

import numpy as np
import pytest

from seqsent._runtime.backend import import_keras

keras = import_keras()


def test_partial_fit_equals_fit_in_epochs(data, small_classifier, keras_defaults):
    X, y = data
    model = small_classifier(num_words=60)
    for epoch in range(1, 4):
        model.partial_fit(X, y, classes=[0, 1])
        assert model.n_iter_ == epoch
    assert len(model.loss_curve_) == 3
    whole = small_classifier(num_words=60, epochs=3, shuffle=False, **keras_defaults).fit(X, y)
    chunks = small_classifier(num_words=60, shuffle=False, **keras_defaults)
    for _ in range(3):
        chunks.partial_fit(X, y, classes=[0, 1])
    np.testing.assert_allclose(chunks.loss_curve_, whole.loss_curve_, atol=1e-5)


def test_partial_fit_accepts_a_class_in_a_later_call(data, small_classifier):
    X, _ = data
    model = small_classifier(num_words=60).partial_fit(X, ["a"] * 90, classes=["a", "b", "c"])
    assert model.predict_proba(X).shape == (90, 3)
    model.partial_fit(X, ["b"] * 90)
    with pytest.raises(ValueError, match=r"labels \['z'\]"):
        model.partial_fit(X, ["z"] * 90)
    with pytest.raises(ValueError, match="continues with the classes"):
        model.partial_fit(X, ["b"] * 90, classes=["a", "b"])


def test_partial_fit_without_num_words_warns(data, small_classifier):
    X, y = data
    with pytest.warns(UserWarning, match="Set num_words") as warned:
        model = small_classifier().partial_fit(X, y, classes=[0, 1])
    if sys.version_info >= (3, 12):
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
def test_first_partial_fit_rejects_arguments(
    parameters, arguments, message, data, small_classifier
):
    model = small_classifier(num_words=60, **parameters)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(*data, **arguments)
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize("oov_char", [60, 5000])
@pytest.mark.parametrize("word_dropout", [0.0, 3.0])
def test_partial_fit_rejects_a_new_oov_char_beyond_the_table(
    oov_char, word_dropout, data, small_classifier
):
    model = small_classifier(num_words=60, word_dropout=word_dropout)
    expected = model.partial_fit(*data, classes=[0, 1]).model_.get_weights()
    with pytest.raises(ValueError, match=f"oov_char={oov_char} must be less than n_words_=60"):
        model.set_params(oov_char=oov_char).partial_fit(*data)
    for now, then in zip(model.model_.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(now, then)


def test_warm_start_continues_training(data, small_classifier, keras_defaults):
    X, y = data
    model = small_classifier(warm_start=True, epochs=2, shuffle=False, **keras_defaults).fit(X, y)
    model.fit(X, y)
    assert model.n_iter_ == 4
    whole = small_classifier(epochs=4, shuffle=False, **keras_defaults).fit(X, y)
    np.testing.assert_allclose(model.loss_curve_, whole.loss_curve_, atol=1e-5)
    with pytest.raises(ValueError, match="continues with the classes"):
        model.fit(X, np.where(y, "good", "bad"))
    fixed = small_classifier(warm_start=True, num_words=60).fit(X, y)
    with pytest.raises(ValueError, match="word id 5059"):
        fixed.fit(X + 5000, y)


def test_warm_start_grows_the_embedding_table(data, small_classifier):
    X, y = data
    model = small_classifier(warm_start=True, epochs=1).fit(X, y)
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
        ({"cell": "lstm"}, r"cell \(gru to lstm\)"),
        ({"state_dim": 7, "pooling": "max"}, r"state_dim \(6 to 7\), pooling \(last to max\)"),
        ({"embed_dim": 3}, r"embed_dim \(5 to 3\)"),
        ({"num_words": 2000}, r"num_words \(1024 to 2000\)"),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_continued_training_rejects_changed_parameters(
    method, change, described, data, small_classifier
):
    model = small_classifier(warm_start=True, epochs=1).fit(*data)
    expected = model.predict_proba(data[0])
    with pytest.raises(ValueError, match=f"change of .*{described}.*warm_start=False"):
        getattr(model.set_params(**change), method)(*data)
    np.testing.assert_array_equal(model.predict_proba(data[0]), expected)


@pytest.mark.parametrize(
    "change",
    [
        {"gate_bias": "keras"},
        {"embedding_init": "ppmi"},
        {"embed_dim": None},
        {"embedding_weights": np.eye(1024, 5)},
        {"embedding_weights": "no such file.npy"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_continued_training_ignores_parameters_of_the_initial_weights(
    method, change, data, small_classifier
):
    options = {"warm_start": True, "epochs": 1, "embedding_init": "uniform"}
    model = small_classifier(**options).fit(*data)
    expected = getattr(copy.deepcopy(model), method)(*data).predict_proba(data[0])
    getattr(model.set_params(**change), method)(*data)
    np.testing.assert_array_equal(model.predict_proba(data[0]), expected)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_continued_training_does_not_read_the_file_of_word_vectors_again(
    method, data, tmp_path, small_classifier
):
    path = tmp_path / "vectors.npy"
    np.save(path, np.full((60, 7), 0.1))
    model = small_classifier(embedding_weights=path, embed_dim=None, warm_start=True, epochs=1)
    before = model.fit(*data).model_.get_weights()[0]
    path.unlink()
    getattr(model, method)(*data)
    after = model.model_.get_weights()[0]
    assert after.shape == before.shape == (60, 7)
    assert not np.array_equal(after, before)


@pytest.mark.parametrize("change", [{"cell": "gru"}, {"mask_padding": False}], ids=str)
def test_error_of_a_changed_cell_does_not_name_default_pooling(change, data, small_classifier):
    model = small_classifier(cell="simple", warm_start=True, epochs=1).fit(*data)
    with pytest.raises(ValueError, match=r"the change of (?!.*pooling)"):
        model.set_params(**change).fit(*data)
    model.set_params(cell="simple", mask_padding=True, pooling=["max", "mean"]).fit(*data)
    with pytest.raises(ValueError, match=r"pooling \(\('max', 'mean'\) to last\)"):
        model.set_params(pooling="last").fit(*data)


def test_continued_training_adopts_a_new_optimizer(data, small_classifier, learning_rate_of):
    model = small_classifier(warm_start=True, optimizer=keras.optimizers.Adam(0.01)).fit(*data)
    model.set_params(optimizer=keras.optimizers.Adam(0.02)).fit(*data)
    assert learning_rate_of(model) == pytest.approx(0.02)
    model.set_params(optimizer="sgd", learning_rate=0.5, epochs=1, batch_size=8).fit(*data)
    assert (learning_rate_of(model), model.n_iter_) == (pytest.approx(0.5), 5)
    assert type(model.model_.optimizer).__name__ == "SGD"


def test_continued_training_resets_the_state_of_another_optimizer(data, small_classifier):
    # The states of the two have the same shapes and different meanings.
    first, second = keras.optimizers.Adam(0.01), keras.optimizers.Nadam(1e-9)
    model = small_classifier(warm_start=True, optimizer=first, epochs=1, batch_size=90).fit(*data)
    moved = model.set_params(optimizer=second).fit(*data).model_.optimizer
    assert max(abs(keras.ops.convert_to_numpy(v.value)).max() for v in moved.variables[2:]) < 1
    assert float(keras.ops.convert_to_numpy(moved.iterations.value)) == 1
