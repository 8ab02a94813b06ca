"""RecurrentSentimentClassifier: where training starts, how fast it goes and how long."""

import pickle

import numpy as np
import pytest

from seqsent._inputs.word_vectors import cooccurrence_tables
from seqsent._nn.train.options import choose_epochs
from seqsent._runtime.backend import import_keras

keras = import_keras()


class Rates(keras.callbacks.Callback):
    """Record the learning rate of each epoch."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))


def test_the_rate_of_adam_decays_along_a_cosine_in_fit(data, classifier, rate_of):
    rates = Rates()
    model = classifier(learning_rate=0.01, warm_start=True, epochs=3, callbacks=[rates]).fit(*data)
    # the mean of (1 + cos(pi t)) / 2 over each third of the fit
    half = 3 * np.sin(np.pi / 3) / (2 * np.pi)
    expected = [0.01 * (0.5 + half), 0.005, 0.01 * (0.5 - half)]
    assert rates.seen == pytest.approx(expected, rel=1e-5)
    assert rate_of(model) == pytest.approx(0.01)
    model.fit(*data)
    model.partial_fit(*data)
    assert rates.seen == pytest.approx([*expected, *expected, 0.01], rel=1e-5)


@pytest.mark.parametrize("optimizer", ["rmsprop", keras.optimizers.Adam(0.001)])
def test_the_rate_of_other_optimizers_is_constant(data, classifier, optimizer):
    rates = Rates()
    model = classifier(optimizer=optimizer, callbacks=[rates]).fit(*data)
    assert rates.seen == pytest.approx([0.001, 0.001])
    assert model.model_.optimizer.global_clipnorm is None


def test_adam_clips_the_norm_of_the_gradient(fitted):
    assert fitted.model_.optimizer.global_clipnorm == 1.0


def test_embedding_init_sets_the_initial_word_vectors(data, classifier):
    X, y = data
    frozen = {"train_embedding": False, "num_words": 64, "epochs": 1}
    uniform = classifier(embedding_init="uniform", **frozen).fit(X, y)
    found = classifier(**frozen).fit(X, y)
    tables = [model.model_.get_layer("embedding").get_weights()[0] for model in (uniform, found)]
    assert np.abs(tables[0]).max() <= 0.05
    options = {"seed": found._seed, "oov_id": 2}
    (expected,) = cooccurrence_tables(X, np.ones(len(X)), 64, 5, **options)
    np.testing.assert_array_equal(tables[1], expected)
    with_ngrams = classifier(
        **{**frozen, "train_embedding": True},
        learning_rate=1e-12,
        ngram_range=(1, 2),
        ngram_buckets=50,
    ).fit(X, y)
    expected = cooccurrence_tables(X, np.ones(len(X)), 64, 5, **options, max_n=2, n_rows=50)
    for start, table in zip(
        expected, with_ngrams.model_.get_layer("embedding").get_weights(), strict=True
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
        (2_000, "auto", 1, 0.0, 10),
        (500, "auto", 1, 0.0, 38),
        (8_530, 64, 3, 0.05, 6),  # 134 steps, of which 3 epochs have 300
        (8_530, 16, 3, 0.05, 4),
        (10_000, "auto", 2, 0.0, 2),
        (8_530, "auto", 2, 0.0, 3),
        (8_530, "auto", 2, 0.05, 6),
        (5_000, "auto", 2, 0.0, 3),  # 79 steps of 64: 4 epochs, half of which are too few
        (2_000, "auto", 2, 0.0, 5),  # 32 steps: 10 epochs, half of them with pairs
        (2_000, "auto", 2, 0.05, 10),
        (500, "auto", 2, 0.05, 38),
        (90, "auto", 2, 0.05, 100),
        (1_000, 100, 1, 0.0, 30),
        (90, 90, 1, 0.0, 100),
    ],
)
def test_epochs_that_follow_from_the_data(n_texts, batch_size, ngrams, adversarial, epochs):
    options = {"has_ngrams": ngrams > 1, "is_adversarial": adversarial > 0}
    assert choose_epochs(n_texts, batch_size, **options) == epochs


@pytest.mark.slow
def test_automatic_epochs_are_run(data, classifier):
    X, y = (np.repeat(part, 60, axis=0) for part in data)  # 85 steps of 64 each
    model = classifier(epochs="auto").fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 4
    assert model.partial_fit(X, y).n_iter_ == 5


@pytest.mark.parametrize(
    ("cell", "n_texts", "steps"),
    [
        ("gru", 90, 3),
        ("lstm", 10_000, 313),
        ("lstm", 10_001, 157),
        ("simple", 180, 6),
        ("simple", 10_001, 157),
    ],
)
def test_automatic_batches(data, cell, n_texts, steps, classifier):
    class Steps(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            counted.append(batch)

    counted: list[int] = []
    X, y = (np.resize(part, (n_texts, *part.shape[1:])) for part in data)
    small = {"cell": cell, "state_dim": 1, "embed_dim": 1, "epochs": 1}
    classifier(batch_size="auto", callbacks=[Steps()], **small).fit(X, y)
    assert counted == list(range(steps))


@pytest.mark.parametrize(("cell", "rate"), [("simple", 0.004), ("lstm", 0.006), ("gru", 0.006)])
def test_the_default_learning_rate_of_a_cell(data, cell, rate, classifier, rate_of):
    model = classifier(epochs=1, cell=cell).fit(*data)
    assert rate_of(model) == pytest.approx(rate)
    # A stored network predicts even if parameters for the next fit are invalid.
    expected = model.predict_proba(data[0])
    stored = pickle.loads(pickle.dumps(model)).set_params(cell="none of ours")
    np.testing.assert_array_equal(stored.predict_proba(data[0]), expected)
    assert rate_of(stored) == pytest.approx(rate)


def test_the_rate_is_restored_when_training_fails(data, classifier, rate_of):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise OverflowError

    model = classifier(warm_start=True, learning_rate=0.01).fit(*data)
    with pytest.raises(OverflowError):
        model.set_params(callbacks=[Stop()]).fit(*data)
    assert rate_of(model) == pytest.approx(0.01)


@pytest.mark.parametrize(
    "options", [{"mask_padding": True}, {"mask_padding": False}, {"embedding_init": "ppmi"}]
)
def test_training_reads_the_last_words_and_predictions_the_whole_row(data, options, classifier):
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
def test_rows_that_are_no_longer_are_read_whole(data, fitted, train_maxlen, classifier):
    model = classifier(train_maxlen=train_maxlen).fit(*data)
    np.testing.assert_array_equal(model.predict_proba(data[0]), fitted.predict_proba(data[0]))


@pytest.mark.slow
def test_adversarial_training_is_jaxs(data, classifier):
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
