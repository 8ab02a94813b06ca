"""RecurrentSentimentClassifier: validation of labels, ids and weights."""

import numpy as np
import pandas as pd
import pytest

CELLS = ["simple", "lstm", "gru"]


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
def test_predict_returns_labels_of_the_type_in_fit(labels, data, small_classifier):
    X, _ = data
    y = labels[X[:, -1] % len(labels)]
    model = small_classifier(epochs=1).fit(X, y)
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
        ([None] * 90, r"90 missing labels \(rows 0, 1, 2, 3, 4 and 85 more\)"),
        ([0.0, np.nan] * 45, r"45 missing labels \(rows 1, 3, 5, 7, 9 and 40 more\)"),
        (pd.array([1, 0, None] * 30, dtype="Int64"), "30 missing labels"),
        (np.arange(89) % 2, "inconsistent numbers of samples"),
    ],
)
def test_fit_rejects_invalid_labels(y, message, data, small_classifier):
    with pytest.raises(ValueError, match=message):
        small_classifier().fit(data[0], y)


@pytest.mark.parametrize(
    "y",
    [
        [0, 1, None] * 30,
        ["bad", "good", np.nan] * 30,
        np.array([0, 1, np.nan] * 30),
        pd.Series([0, 1, None] * 30, dtype="Int64"),
        pd.Series(["bad", "good", None] * 30, dtype="string"),
        pd.Series(["bad", "good", None] * 30, dtype="category"),
    ],
)
def test_missing_labels_raise_the_same_error_everywhere(y, data, small_classifier):
    model = small_classifier(epochs=1).fit(*data)
    classes = [label for label in y if not pd.isna(label)]
    X = data[0]
    rows = r"\(rows 2, 5, 8, 11, 14 and 25 more\)"
    message = rf"contains 30 missing labels {rows}\. Remove these rows\.$"
    with pytest.raises(ValueError, match=f"^y {message}"):
        model.fit(X, y)
    with pytest.raises(ValueError, match=f"^y {message}"):
        small_classifier().partial_fit(X, y, classes=classes)
    with pytest.raises(ValueError, match=f"^y_val {message}"):
        model.fit(*data, X_val=X, y_val=y)
    with pytest.raises(ValueError, match=f"^y {message}"):
        model.score(X, y)


CONTAINERS_OF_STR = {
    "list": list,
    "array": np.array,
    "object array": lambda labels: np.array(labels, dtype=object),
    "pandas": pd.Series,
    "categories": lambda labels: pd.Series(labels, dtype="category"),
}
NUMBERS, WORDS, MIXED = [0, 1] * 45, ["a", "b"] * 45, pd.Series([0, "b"] * 45, dtype=object)


@pytest.mark.parametrize("container", CONTAINERS_OF_STR)
@pytest.mark.parametrize("fits_numbers", [True, False])
def test_labels_of_another_type_than_the_classes_are_rejected(
    fits_numbers, container, data, small_classifier
):
    words = CONTAINERS_OF_STR[container](WORDS)
    known, others = (NUMBERS, words) if fits_numbers else (words, NUMBERS)
    message = "contains the labels .*, which are not among the classes"
    with pytest.raises(ValueError, match=f"y_val {message}"):
        small_classifier().fit(data[0], known, X_val=data[0], y_val=others)
    weight = {0: 1, 1: 2} if fits_numbers else {"a": 1, "b": 2}
    model = small_classifier(num_words=60, class_weight=weight)
    model.partial_fit(data[0], known, classes=[0, 1] if fits_numbers else ["a", "b"])
    with pytest.raises(ValueError, match=f"y {message}"):
        model.partial_fit(data[0], others)
    with pytest.raises(ValueError, match="Mix of label input types"):  # of scikit-learn
        model.score(data[0], others)


@pytest.mark.parametrize("labels", [MIXED, MIXED.tolist(), MIXED.to_numpy()], ids=type)
def test_labels_of_different_types_are_rejected(labels, data, small_classifier):
    fitted = small_classifier(num_words=60).partial_fit(data[0], WORDS, classes=["a", "b"])
    for name, call in [
        ("y", lambda: small_classifier().fit(data[0], labels)),
        ("y", lambda: fitted.partial_fit(data[0], labels)),
        ("y", lambda: fitted.score(data[0], labels)),
        ("y_val", lambda: small_classifier().fit(data[0], WORDS, X_val=data[0], y_val=labels)),
        ("classes", lambda: small_classifier().partial_fit(data[0], WORDS, classes=labels[:2])),
    ]:
        with pytest.raises(ValueError, match=rf"^{name} .* types \['int', 'str'\]. Convert"):
            call()


def test_score_distinguishes_nullable_integers_beyond_float_precision(data, small_classifier):
    X, y = data
    large = pd.Series(2**60 + y, dtype="Int64")
    model = small_classifier(epochs=1).fit(X, large)
    expected = np.mean(model.predict(X) == 2**60 + y)
    assert 0 < expected < 1
    assert model.score(X, large) == expected


def test_score_weights_documents(data, small_classifier):
    X, y = data
    model = small_classifier(epochs=1).fit(X, y)
    is_correct = model.predict(X) == y
    assert model.score(X, y, sample_weight=np.where(is_correct, 3, 1)) == pytest.approx(
        3 * is_correct.sum() / (3 * is_correct.sum() + (~is_correct).sum())
    )


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (["good", "bad"], TypeError, "expects rows of word ids, got text in X"),
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
def test_fit_and_predict_reject_input_that_is_not_ids(X, error, message, small_classifier):
    with pytest.raises(error, match=message):
        small_classifier().fit(X, [0, 1])
    fitted = small_classifier(epochs=1).fit([[1, 2], [3, 4]], [0, 1])
    with pytest.raises(error, match=message):
        fitted.predict(X)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32", "object"])
def test_ids_of_any_numeric_dtype_predict_the_same(dtype, data, fitted):
    X, _ = data
    expected = fitted.predict_proba(X)
    np.testing.assert_array_equal(fitted.predict_proba(X.astype(dtype)), expected)
    np.testing.assert_array_equal(fitted.predict_proba(X.tolist()), expected)


def test_predict_rejects_other_column_names(data, small_classifier):
    X, y = data
    frame = pd.DataFrame(X, columns=[f"word{i}" for i in range(12)])
    model = small_classifier(epochs=1).fit(frame, y)
    assert model.feature_names_in_.tolist() == list(frame.columns)
    model.predict(frame)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"word0": "other"}))


def test_fit_rejects_ids_beyond_num_words(data, small_classifier):
    with pytest.raises(ValueError, match=r"word id 59, but the embedding table has 59 rows"):
        small_classifier(num_words=59).fit(*data)
    assert small_classifier(num_words=60, epochs=1).fit(*data).n_words_ == 60


def test_default_table_size_is_a_multiple_of_1024(data, fitted, small_classifier):
    X, y = data
    assert fitted.n_words_ == 1024
    large = np.where(X == 59, 1024, X)
    assert small_classifier(epochs=1).fit(large, y).n_words_ == 2048


def test_predict_replaces_ids_beyond_the_table_by_oov_char(data, fitted, small_classifier):
    X, y = data
    X_oov, X_far = np.where(X == 59, 2, X), np.where(X == 59, 5000, X)
    np.testing.assert_array_equal(fitted.predict_proba(X_far), fitted.predict_proba(X_oov))
    dropping = small_classifier(oov_char=None, epochs=1).fit(X, y)
    X_gone = np.where(X == 59, 0, X)
    np.testing.assert_array_equal(dropping.predict_proba(X_far), dropping.predict_proba(X_gone))
    with pytest.raises(ValueError, match="oov_char=60 must be less than num_words=60"):
        small_classifier(oov_char=60, num_words=60).fit(X, y)
    with pytest.raises(ValueError, match="oov_char=1024 must be less than n_words_=1024"):
        dropping.set_params(oov_char=1024).predict(X_far)


def test_embedding_weights_from_an_array_or_a_file(data, tmp_path, small_classifier):
    X, y = data
    matrix = np.random.default_rng(0).normal(size=(70, 3)).astype(np.float32)
    np.save(tmp_path / "vectors.npy", matrix)
    frozen = [
        small_classifier(embedding_weights=weights, train_embedding=False, embed_dim=None).fit(X, y)
        for weights in (matrix, str(tmp_path / "vectors.npy"))
    ]
    assert frozen[0].n_words_ == 70
    np.testing.assert_array_equal(frozen[0].model_.get_weights()[0], matrix)
    np.testing.assert_array_equal(*(model.predict_proba(X) for model in frozen))
    moved = (
        small_classifier(embedding_weights=matrix, embed_dim=3).fit(X, y).model_.get_weights()[0]
    )
    assert not np.array_equal(moved, matrix)
    for contradiction in ({"num_words": 80, "embed_dim": 3}, {"embed_dim": 8}, {"embed_dim": 32}):
        with pytest.raises(ValueError, match="contradicts embedding_weights"):
            small_classifier(embedding_weights=matrix, **contradiction).fit(X, y)
    with pytest.raises(ValueError, match="the embedding table has 40 rows"):
        small_classifier(embedding_weights=matrix[:40], embed_dim=3).fit(X, y)


def test_documents_of_weight_zero_are_ignored(data, small_classifier):
    X, y = data
    weights = np.where(np.arange(90) < 60, 2.0, 0.0)
    with_zeros = small_classifier(num_words=60).fit(X, y, sample_weight=weights)
    without = small_classifier(num_words=60).fit(X[:60], y[:60])
    np.testing.assert_allclose(with_zeros.predict_proba(X), without.predict_proba(X), atol=1e-6)


def test_integer_weights_equal_repeated_documents(data, small_classifier, keras_defaults):
    X, y = data
    weights = 1 + np.arange(90) % 3
    # Under TensorFlow, Keras's Adam squares the gradients of a repeated word one by one.
    options = {**keras_defaults, "batch_size": 1000, "shuffle": False}
    options |= {
        "optimizer": "sgd",
        "learning_rate": 0.5,
    }  # dropout would differ between repeated documents
    weighted = small_classifier(**options).fit(X, y, sample_weight=weights)
    repeated = small_classifier(**options).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, atol=1e-5)
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-4)


def test_class_weight_equals_sample_weight(data, small_classifier):
    X, _ = data
    y = (X[:, -2] > 50).astype(int)
    weights = np.where(y == 1, 3.0, 1.0)
    by_class = small_classifier(class_weight={0: 1.0, 1: 3.0}).fit(X, y)
    by_sample = small_classifier().fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(by_class.predict_proba(X), by_sample.predict_proba(X))
    balanced = small_classifier(class_weight="balanced").fit(X, y)
    assert (
        balanced.predict_proba(X)[:, 1].mean()
        > small_classifier().fit(X, y).predict_proba(X)[:, 1].mean()
    )


def test_a_class_of_weight_zero_is_ignored(small_classifier):
    rng = np.random.default_rng(0)
    X = rng.integers(3, 60, size=(129, 12), dtype=np.int32)
    y = np.arange(129) % 3
    options = {"batch_size": 64, "num_words": 60}
    model = small_classifier(class_weight={0: 1, 1: 1, 2: 0}, **options).fit(X, y)
    without = small_classifier(**options).fit(X[y != 2], y[y != 2])
    assert np.isfinite(model.loss_curve_).all()
    assert model.classes_.tolist() == [0, 1]
    np.testing.assert_array_equal(model.predict_proba(X), without.predict_proba(X))
    stopped = small_classifier(class_weight={2: 0}, early_stopping=True, **options).fit(X, y)
    assert np.isfinite(stopped.history_["val_loss"]).all()
    weights = np.where(y == 2, 3.0, 1.0)
    both = small_classifier(class_weight={2: 0}, **options).fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(both.predict_proba(X), without.predict_proba(X))


@pytest.mark.parametrize("factor", [1e-320, 1e-46, 1e-30, 1e38, 1e300])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_common_factor_of_all_weights_changes_nothing(
    early_stopping, factor, data, small_classifier
):
    X, y = data
    options = {"early_stopping": early_stopping, "validation_fraction": 0.3}
    weights = np.where(np.arange(90) % 2, 1.0, 0.5)
    expected = small_classifier(**options).fit(X, y, sample_weight=weights)
    by_sample = small_classifier(**options).fit(X, y, sample_weight=weights * factor)
    by_class = small_classifier(class_weight={0: factor, 1: factor}, **options).fit(
        X, y, sample_weight=weights
    )
    against = small_classifier(class_weight={0: factor, 1: factor}, **options).fit(
        X, y, sample_weight=weights / factor if factor > 1e-300 else weights
    )
    for model in (by_sample, by_class, against):
        np.testing.assert_allclose(model.loss_curve_, expected.loss_curve_, rtol=1e-4)
        np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(X), atol=1e-4)


def test_weights_of_very_different_size_train(data, small_classifier):
    X, y = data
    weights = np.where(np.arange(90) < 45, 1e-46, 1.0)
    model = small_classifier(epochs=3, batch_size=8).fit(X, y, sample_weight=weights)
    assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.predict_proba(X)).all()
    assert model.classes_.tolist() == [0, 1]


def test_partial_fit_ignores_a_chunk_of_weight_zero(data, small_classifier):
    X, y = data
    model = small_classifier(num_words=60, optimizer="adam").partial_fit(X, y, classes=[0, 1])
    before, history = model.model_.get_weights(), dict(model.history_)
    model.partial_fit(X, y, sample_weight=np.zeros(90))
    model.set_params(class_weight={1: 0}).partial_fit(X[y == 1], y[y == 1])
    assert (model.n_iter_, model.history_) == (1, history)
    for now, then in zip(model.model_.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_partial_fit_accepts_class_weight_of_an_absent_class(data, small_classifier):
    X, y = data
    model = small_classifier(num_words=60, class_weight={0: 2.0})
    model.partial_fit(X[y == 1], y[y == 1], classes=[0, 1])
    assert model.n_iter_ == 1


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf, "much", None])
def test_fit_rejects_invalid_class_weights(weight, data, small_classifier):
    with pytest.raises(ValueError, match=r"class_weight\[1\] must be a finite, non-negative"):
        small_classifier(class_weight={0: 1.0, 1: weight}).fit(*data)


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_diverging_training_raises_and_keeps_the_previous_fit(cell, data, small_classifier):
    model = small_classifier(cell=cell).fit(*data)
    expected = model.predict_proba(data[0])
    with pytest.raises(ValueError, match=r"Training diverged.*Lower learning_rate"):
        model.set_params(learning_rate=1e30).fit(*data)
    np.testing.assert_array_equal(model.predict_proba(data[0]), expected)
    with pytest.raises(ValueError, match="Training diverged"):
        small_classifier(cell=cell, optimizer="sgd", learning_rate=1e30).fit(*data)


def test_fit_rejects_an_id_that_requires_a_huge_table(data, small_classifier):
    X, y = data
    X = X.copy()
    X[3, 5] = 2**31 - 2
    with pytest.raises(ValueError, match=r"word id 2147483646, .*num_words=2147483647"):
        small_classifier().fit(X, y)
    with pytest.raises(ValueError, match=r"word id 2147483646"):
        small_classifier().partial_fit(X, y, classes=[0, 1])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(90), "zero"),
        (np.full(90, -1.0), "[Nn]egative"),
        (np.ones(5), "shape|inconsistent"),
    ],
)
def test_fit_rejects_invalid_sample_weights(weights, message, data, small_classifier):
    with pytest.raises(ValueError, match=message):
        small_classifier().fit(*data, sample_weight=weights)


def test_fit_treats_minus_one_as_an_ordinary_class(data, small_classifier):
    X, _ = data
    y = np.where(X[:, -1] % 2, 1, -1)
    assert small_classifier(epochs=1).fit(X, y).classes_.tolist() == [-1, 1]


@pytest.mark.parametrize("as_frame", [False, True])
@pytest.mark.parametrize(
    ("values", "dtype"), [([False, True], "boolean"), ([2**60, 2**60 + 1], "Int64")]
)
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_nullable_labels_keep_their_type_and_precision(
    values, dtype, as_frame, data, small_classifier
):
    X, _ = data
    y = pd.Series(pd.array([values[i % 2] for i in range(90)], dtype=dtype))
    model = small_classifier(epochs=1).fit(X, y.to_frame() if as_frame else y)
    assert model.classes_.tolist() == values
    assert type(model.classes_.tolist()[0]) is type(values[0])


def test_partial_fit_rejects_missing_classes(data, small_classifier):
    for classes in (pd.Series(["a", "b", None]), [0, 1, np.nan], ["a", None]):
        with pytest.raises(ValueError, match="classes contains 1 missing labels"):
            small_classifier(num_words=60).partial_fit(data[0], ["a"] * 90, classes=classes)
