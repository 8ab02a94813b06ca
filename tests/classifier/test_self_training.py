"""self_training: texts without a label teach what they can."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import GridSearchCV
from sklearn.semi_supervised import SelfTrainingClassifier

from seqsent._estimator.base import draw_seed
from seqsent._inputs.training_data import TrainingData, add_labelled, find_sure, hold_out
from seqsent._nn.network import Network

LEARNS = {"epochs": 30, "batch_size": 8, "learning_rate": 0.02, "num_words": 60}


@pytest.fixture
def half(data):
    """The data of which every second text has no label."""
    X, y = data
    return X, np.where(np.arange(len(y)) % 2, y, -1)


def weights_of(fitted):
    return fitted.model_.get_weights()


def assert_same_weights(one, other):
    for mine, its in zip(weights_of(one), weights_of(other), strict=True):
        assert_array_equal(mine, its)


@pytest.fixture
def by_hand(half, classifier):
    """Train on labels, give labels where sure, train anew on both."""
    X, y = half

    def train(validation=(), **options):
        options = {**LEARNS, "embedding_init": "uniform", "gate_bias": "keras", **options}
        labelled = y != -1
        learned = X[labelled], y[labelled]
        if options.get("early_stopping"):
            parts = hold_out(TrainingData(*learned, np.ones(len(learned[0]))), 0.1, draw_seed(0))
            learned, validation = (tuple(part[:2]) for part in parts)
        named = dict(zip(("X_val", "y_val"), validation, strict=bool(validation)))
        first = classifier(**options).fit(*learned, **named)
        others = X[~labelled]
        probabilities = first.predict_proba(others)
        of_zeros = np.flatnonzero(probabilities[:, 0] >= 0.9)
        of_ones = np.flatnonzero(probabilities[:, 1] >= 0.9)
        share = learned[1].mean()  # of ones
        n = min(len(of_zeros) / (1 - share), len(of_ones) / share)
        of_zeros = sorted(of_zeros, key=lambda row: probabilities[row, 1])[: round(n - n * share)]
        of_ones = sorted(of_ones, key=lambda row: probabilities[row, 0])[: round(n * share)]
        assert 0 < len(of_ones) < len(of_ones + of_zeros) < len(others)  # or it would tell little
        sure = sorted(of_zeros + of_ones)
        own = [int(row in of_ones) for row in sure]
        both = np.concatenate([learned[0], others[sure]]), np.concatenate([learned[1], own])
        return classifier(**options).fit(*both, **named), options

    return train


@pytest.mark.parametrize("options", [{}, {"early_stopping": True, "n_iter_no_change": 30}])
def test_it_is_two_fits(half, by_hand, classifier, options):
    expected, options = by_hand(**options)
    model = classifier(**options, self_training=True).fit(*half)
    assert_same_weights(model, expected)
    assert model.classes_.tolist() == [0, 1]
    assert model.history_ == expected.history_
    assert model.n_iter_ == expected.n_iter_


def test_all_texts_decide_where_vectors_start(data, half, classifier):
    options = {"train_embedding": False, "num_words": 60}
    of_all, of_labelled = (
        weights_of(classifier(**options).fit(*some))[0]
        for some in (data, [column[1::2] for column in data])
    )
    model = classifier(**options, self_training=True).fit(*half)
    assert_array_equal(weights_of(model)[0], of_all)
    assert np.abs(of_labelled - of_all).max() > 0.1


def test_texts_alone_may_know_the_largest_id(half, classifier):
    X, y = half[0].copy(), half[1]
    X[0, -1] = 3000  # without a label
    model = classifier(self_training=True).fit(X, y)
    assert model.n_words_ == 3072
    assert model.predict(X).shape == y.shape


@pytest.mark.parametrize(
    "as_labels",
    [
        lambda y: np.array(["bad", "good", -1], dtype=object)[y],
        lambda y: np.array(["bad", "good", "-1"])[y],
        lambda y: np.array(["bad", "good", -1], dtype=object)[y].tolist(),
        lambda y: pd.Series(np.array(["bad", "good", -1], dtype=object)[y]),
        lambda y: pd.Series(y).map({0: "bad", 1: "good", -1: "-1"}).astype("category"),
        lambda y: y.astype(float),
        lambda y: pd.Series(y, dtype="int8"),
        lambda y: pd.Series(y).map({0: "bad", 1: "good"}),
        lambda y: pd.Series(y).map({0: "bad", 1: "good"}).astype("string"),
        lambda y: pd.Series(y).map({0: "bad", 1: "good"}).astype("category"),
        lambda y: pd.Series(y).where(y >= 0),
        lambda y: pd.Series(y).where(y >= 0).astype("Int64"),
        lambda y: pd.Series(y).where(y >= 0).astype("boolean"),
        lambda y: np.array([0, 1, None], dtype=object)[y],
        lambda y: np.array([0.0, 1.0, np.nan])[y].tolist(),
        lambda y: np.array([False, True, -1], dtype=object)[y],
        lambda y: np.where(np.arange(90) % 4, y.astype(float), np.nan),  # texts 0, 4, ... have none
        lambda y: pd.Series(y.astype(float)).astype(object),
        lambda y: pd.Series(y.astype(float)).where(np.arange(90) % 4 > 0).astype(object),
    ],
    ids=[
        "objects",
        "strings",
        "list",
        "Series",
        "category",
        "floats",
        "int8",
        "missing",
        "missing strings",
        "missing categories",
        "missing floats",
        "missing Int64",
        "missing booleans",
        "None",
        "NaN",
        "booleans and -1",
        "NaN and -1",
        "floats as objects",
        "NaN and -1 as objects",
    ],
)
def test_labels_of_any_type(half, classifier, as_labels):
    X, y = half
    expected = classifier(self_training=True).fit(X, y)
    model = classifier(self_training=True).fit(X, as_labels(y))
    assert_same_weights(model, expected)
    assert len(model.classes_) == 2
    assert set(model.predict(X)) <= set(model.classes_)


def test_labels_in_a_frame_of_one_column(half, classifier):
    X, y = half
    expected = classifier(self_training=True).fit(X, y)
    for values in (y, np.where(y < 0, np.nan, y), np.array(["bad", "good", None], object)[y]):
        model = classifier(self_training=True)
        with pytest.warns(DataConversionWarning):
            model.fit(X, pd.DataFrame({"label": values}))
        assert_same_weights(model, expected)
        with pytest.warns(DataConversionWarning):
            score = model.score(X, pd.DataFrame({"label": values}))
        assert score == model.score(X, values)


@pytest.mark.parametrize("missing", [-1, None, np.nan])
def test_validation_leaves_out_texts_without_a_label(half, classifier, missing):
    X, y = half
    some = np.where(y == -1, np.array(missing, dtype=object), y)
    model = classifier(self_training=True).fit(X, some, X_val=X, y_val=some)
    loss = -np.log(model.predict_proba(X[1::2])[np.arange(45), y[1::2]]).mean()
    assert model.history_["val_loss"][-1] == pytest.approx(loss, rel=1e-5)
    with pytest.raises(ValueError, match="y_val holds no label for any of 45 texts"):
        classifier(self_training=True).fit(X, y, X_val=X[::2], y_val=y[::2])


@pytest.mark.parametrize(
    "labels",
    [
        lambda y: np.array([0, 1, None], dtype=object)[y],
        lambda y: np.array([0.0, 1.0, np.nan])[y],
        lambda y: np.array([0.0, 1.0, np.nan])[y].tolist(),
        lambda y: np.array(["bad", "good", None], dtype=object)[y].tolist(),
        lambda y: pd.Series(np.array(["bad", "good", None], dtype=object)[y]),
        lambda y: pd.Series(y).where(y >= 0).astype("Int64"),
        lambda y: pd.DataFrame({"label": pd.Series(y).where(y >= 0)}),
    ],
    ids=["None", "NaN", "list", "list of strings", "Series", "Int64", "frame"],
)
def test_without_it_missing_labels_are_refused_with_a_hint(half, classifier, labels):
    X, y = half
    with pytest.raises(ValueError, match=r"None or NaN for 45 of 90 texts.*self_training=True"):
        classifier().fit(X, labels(y))


def test_three_classes(half, classifier):
    X, y = half
    y = np.where((y == 1) & (X[:, -1] > 30), 2, y)
    model = classifier(self_training=True, **LEARNS).fit(X, y)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict_proba(X).shape == (90, 3)


def test_minus_one_is_a_label_like_others_without_it(data, classifier):
    X, y = data
    assert classifier().fit(X, 2 * y - 1).classes_.tolist() == [-1, 1]


def test_it_changes_nothing_where_all_texts_have_labels(data, fitted, classifier):
    assert_same_weights(classifier(self_training=True).fit(*data), fitted)


def test_texts_of_weight_zero_are_left_out(half, classifier):
    X, y = half
    weights = np.where(np.arange(len(y)) < 60, 1.0, 0.0)
    model = classifier(self_training=True, **LEARNS).fit(X, y, sample_weight=weights)
    assert_same_weights(model, classifier(self_training=True, **LEARNS).fit(X[:60], y[:60]))


def test_sure_are_as_many_of_each_class_as_have_labels():
    of_first = [0.95, 0.91, 0.1, 0.99, 0.5, 0.05, 0.97, 0.92, 0.89]
    probabilities = np.column_stack([of_first, 1 - np.array(of_first)])
    # of the first class rows 3, 6, 0, 7, 1 are sure, in this order, of the second 5 and 2
    for targets, expected in (
        ([0, 1], [2, 3, 5, 6]),
        ([0, 0, 1], [0, 2, 3, 5, 6, 7]),
        ([0, 1, 1, 1], [2, 3, 5]),
        ([0] * 9 + [1], [0, 1, 3, 5, 6, 7]),
    ):
        found = find_sure(probabilities, np.array(targets), 0.9)
        assert found.tolist() == expected, targets
    assert find_sure(probabilities[:2], np.array([0, 1]), 0.9).tolist() == []
    assert find_sure(probabilities[:0], np.array([0, 1]), 0.9).tolist() == []


@pytest.mark.parametrize(
    ("class_weight", "expected"),
    [
        (None, [1, 5, 3, 2]),
        ({"a": 10, "b": 0.5}, [1, 5, 1.5, 20]),
        ({"a": 10, "b": 0}, [1, 5, 20]),
        # of four labels three are "b": 4 / (2 * 3) and 4 / (2 * 1)
        ("balanced", [1, 5, 3 * 4 / 6, 2 * 4 / 2]),
    ],
)
def test_own_labels_have_the_weight_of_their_class(class_weight, expected):
    rows = np.arange(4, dtype=np.int32)[:, np.newaxis]
    targets = np.array([1, 1, 1, 0], dtype=np.int32)
    weights = np.array([1.0, 5.0, 3.0, 2.0])
    parts = [TrainingData(rows[i], targets[i], weights[i]) for i in (slice(2), slice(2, 4))]
    both = add_labelled(*parts, class_weight, np.array(["a", "b"]))
    assert both.weights == pytest.approx(expected)
    assert len(both.ids) == len(both.targets) == len(expected)


def test_callbacks_see_the_second_network(half, classifier):
    seen = []
    callback = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: seen.append("begin"),
        on_epoch_end=lambda epoch, logs: seen.append(epoch),
    )
    classifier(self_training=True, callbacks=[callback]).fit(*half)
    assert seen == ["begin", 0, 1]


def test_interrupted_the_first_network_stays(half, classifier, monkeypatch):
    X, y = half
    options = {"num_words": 60, "embedding_init": "uniform", "gate_bias": "keras"}
    expected = classifier(**options).fit(X[1::2], y[1::2])
    train = Network.train
    monkeypatch.setattr(
        Network,
        "train",
        lambda *args, **named: replace(train(*args, **named), interrupt=KeyboardInterrupt()),
    )
    model = classifier(**options, self_training=True)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert_same_weights(model, expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: np.full_like(y, -1), "y holds no label for any of 90 texts"),
        (lambda y: [None] * len(y), "y holds no label for any of 90 texts"),
        (
            lambda y: np.where(y == 0, -1, y),
            "at least 2 classes, .* With self_training=True, -1 is no label",
        ),
    ],
)
def test_labels_that_say_too_little(half, classifier, change, message):
    model = classifier(self_training=True)
    with pytest.raises(ValueError, match=message):
        model.fit(half[0], change(half[1]))
    assert not hasattr(model, "classes_")


def test_what_goes_on_cannot_begin_anew(half, classifier):
    with pytest.raises(ValueError, match="warm_start=True forbids"):
        classifier(self_training=True, warm_start=True).fit(*half)
    with pytest.raises(ValueError, match="partial_fit does not support self_training=True"):
        classifier(self_training=True).partial_fit(*half, classes=[0, 1])


@pytest.mark.parametrize("missing", [-1, None])
def test_score_leaves_out_texts_without_a_label(half, classifier, missing):
    X, y = half
    model = classifier(self_training=True).fit(X, y)
    right = model.predict(X)[1::2] == y[1::2]
    y = np.where(y == -1, missing, y)
    assert model.score(X, y) == pytest.approx(right.mean())
    weights = np.arange(len(y)) % 7
    expected = np.average(right, weights=weights[1::2])
    assert model.score(X, y, sample_weight=weights) == pytest.approx(expected)
    search = GridSearchCV(model, {"state_dim": [6]}, cv=[(np.arange(60), np.arange(60, 90))])
    search.fit(X, y)
    learned = model.fit(X[:60], y[:60])
    assert search.cv_results_["mean_test_score"] == [learned.score(X[61::2], y[61::2])]


@pytest.fixture(scope="module")
def topics():
    """Texts of 15 words, nine in ten of which are of their class's own hundred; 20 have labels."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=1200)
    own = rng.random((len(y), 15)) < 0.9
    X = rng.integers(3, 103, size=own.shape) + 100 * (own == y[:, np.newaxis])
    some = np.where(np.arange(800) < 20, y[:800], -1)
    return X[:800], some, X[800:], y[800:]


def test_few_labels_are_enough(topics, classifier):
    X, some, others, truth = topics
    model = classifier(self_training=True, epochs="auto")
    assert model.fit(X, some).score(others, truth) > 0.9
    assert classifier(epochs="auto").fit(X[:20], some[:20]).score(others, truth) < 0.85


def test_scikit_learns_own_self_training(topics, classifier):
    X, some, others, truth = topics
    network = classifier(epochs="auto", state_dim=32, embed_dim=32)
    model = SelfTrainingClassifier(network, threshold=0.9, max_iter=1)
    assert model.fit(X, some).score(others, truth) > 0.8
    assert model.termination_condition_ == "max_iter"
