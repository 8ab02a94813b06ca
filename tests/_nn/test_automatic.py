"""Training with ``epochs="auto"``."""

import gc
import weakref

import numpy as np
import pytest

import seqsent
from seqsent._nn import automatic
from seqsent._nn.batches import TrainingData
from seqsent._nn.train.calibration import Calibration
from seqsent._nn.train.options import TrainingOptions
from seqsent._nn.train.training import TrainingResult
from seqsent.datasets import make_reviews


@pytest.fixture(scope="module")
def reviews():
    texts, y = make_reviews(700, return_X_y=True, random_state=0)
    X = seqsent.SequenceVectorizer(maxlen=30).fit_transform(texts)
    return X[:400], y[:400], X[400:], y[400:]


def make(**parameters):
    return seqsent.RecurrentSentimentClassifier(
        **{"cell": "gru", "state_dim": 6, "embed_dim": 6, "random_state": 0, **parameters}
    )


@pytest.fixture(scope="module")
def fitted(reviews):
    X, y, _, _ = reviews
    return make().fit(X, y)


OPTIONS = TrainingOptions.from_parameters(
    seqsent.RecurrentSentimentClassifier().get_params(),
    kind="first",
    lengths=np.full(100, 2),
    n_epochs_before=0,
    seed=0,
)


def log_loss(probabilities, y):
    return -np.log(probabilities[np.arange(len(y)), y]).mean()


def test_number_of_epochs_is_the_end_of_a_cycle(fitted):
    assert fitted.n_iter_ in (5, 15, 35, 75)  # 13 steps in an epoch
    assert fitted.best_iter_ == fitted.n_iter_ == len(fitted.loss_curve_)


def test_outputs_of_the_model_contain_the_temperature(fitted, reviews):
    X_test = reviews[2]
    expected = fitted.model_.predict(X_test, verbose=0)[:, 0]
    np.testing.assert_allclose(fitted.predict_proba(X_test)[:, 1], expected, atol=1e-6)
    assert fitted.temperature_ != 1


def test_temperature_lowers_the_loss_of_new_texts(fitted, reviews):
    _, _, X_test, y_test = reviews
    calibrated = fitted.predict_proba(X_test)
    logits = np.log(calibrated) * fitted.temperature_
    plain = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert log_loss(calibrated, y_test) < log_loss(plain, y_test)


def test_networks_of_few_texts_do_not_become_more_confident(reviews, monkeypatch):
    # make_reviews(2000, noise=0.2, random_state=0)[:1000]: 0.5, and .84 confident with .74 right
    X, y, _, _ = reviews
    monkeypatch.setattr(automatic, "fit_temperature", lambda *_: Calibration(0.5, 0.6))
    assert make().fit(X[:200], y[:200]).temperature_ == 1


def test_fits_are_deterministic(fitted, reviews):
    X, y, X_test, _ = reviews
    again = make().fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X_test), fitted.predict_proba(X_test))
    assert again.temperature_ == fitted.temperature_


def test_explicit_epochs_have_no_temperature(reviews):
    X, y, _, _ = reviews
    model = make(epochs=2).fit(X, y)
    assert (model.n_iter_, model.temperature_) == (2, 1.0)


def test_many_documents_are_trained_once(reviews, monkeypatch):
    X, y, _, _ = reviews
    monkeypatch.setattr("seqsent._nn.train.options._SMALL_DATA", 300)
    model = make().fit(X, y)
    assert model.n_iter_ == 100  # 700 steps, of 7 in an epoch
    assert model.temperature_ != 1


def test_early_stopping_calibrates_on_its_held_out_part(reviews):
    X, y, X_test, y_test = reviews
    model = make(early_stopping=True).fit(X, y, X_val=X_test, y_val=y_test)
    logits = np.log(model.predict_proba(X_test))

    def loss(factor):
        scaled = np.exp(logits * factor)
        return log_loss(scaled / scaled.sum(axis=1, keepdims=True), y_test)

    assert loss(1) <= min(loss(0.9), loss(1.1))


def test_continued_training_starts_from_the_uncalibrated_weights(reviews):
    X, y, _, _ = reviews
    model = make(warm_start=True).fit(X, y)
    kernel = model.model_.get_layer("output").get_weights()[0] * model.temperature_
    model.set_params(learning_rate=1e-12, epochs=1).fit(X, y)
    assert model.temperature_ == 1
    np.testing.assert_allclose(model.model_.get_layer("output").get_weights()[0], kernel, rtol=1e-4)


@pytest.mark.parametrize("labels", [[0] * 3 + [1] * 3, [0] * 110 + [1] * 3 + [2]])
def test_rare_classes(labels):
    X = np.random.default_rng(0).integers(3, 40, size=(len(labels), 6), dtype=np.int32)
    model = make(state_dim=2, embed_dim=2).fit(X, labels)
    assert model.predict_proba(X).shape == (len(labels), len(set(labels)))


def test_words_that_only_held_out_documents_contain_are_unknown():
    ids = np.array([[5, 6]] * 4 + [[5, 7]], np.int32)
    targets, weights = np.zeros(5, np.int32), np.ones(5)
    folds = list(automatic._folds(TrainingData(ids, targets, weights), 5, OPTIONS))
    held_out = np.concatenate([held_out.ids for _, held_out in folds])
    assert sorted(map(tuple, held_out)) == [(5, 2), *[(5, 6)] * 4]


def test_folds_are_stratified():
    ids, weights = np.ones((100, 2), np.int32), np.ones(100)
    targets = np.repeat([0, 1], [80, 20]).astype(np.int32)
    for train, held_out in automatic._folds(TrainingData(ids, targets, weights), 5, OPTIONS):
        assert np.bincount(held_out.targets).tolist() == [16, 4]
        assert len(train.targets) == 80


def test_networks_of_folds_are_freed():
    n_alive = []
    copies = []

    class Network:
        def copy(self):
            gc.collect()
            n_alive.append(sum(copy() is not None for copy in copies))
            new = Network()
            copies.append(weakref.ref(new))
            return new

        def predict(self, ids):
            return np.full((len(ids), 2), 0.5)

        def train(self, data, validation_data, *, options, monitor):
            for end in options.schedule.cycle_ends:
                monitor.on_epoch_end(end - 1)
            return TrainingResult({}, options.schedule.epochs, 1, [], None)

    ids, targets = np.ones((100, 2), np.int32), np.repeat([0, 1], 50).astype(np.int32)
    data = TrainingData(ids, targets, np.ones(100))
    schedule, _ = automatic._select_schedule(Network(), data, OPTIONS)
    assert n_alive == [0] * 5
    assert schedule == OPTIONS.schedule  # as no cycle learned
