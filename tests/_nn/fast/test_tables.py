"""Lazy updates of the embedding table against Adam written out row by row."""

import numpy as np
import pytest

from seqsent import RecurrentSentimentClassifier
from seqsent._nn.model.architecture import Architecture
from seqsent._runtime.backend import import_keras

keras = import_keras()
if keras.backend.backend() != "jax":
    pytest.skip("tables are updated lazily under JAX only", allow_module_level=True)

import jax.numpy as jnp  # noqa: E402  after the backend is known

from seqsent._nn.fast.programs import _lazy_tables  # noqa: E402
from seqsent._nn.fast.tables import Touched, update_lazily  # noqa: E402

RATE, BETA_1, BETA_2, EPSILON = 0.1, 0.8, 0.95, 1e-5


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("clip", [{}, {"global_clipnorm": 0.7}, {"clipnorm": 0.5}], ids=str)
def test_rows_are_moved_as_adam_moves_them(clip, waits):
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(3, 2)), rng.normal(size=(9, 3))]  # the table is the second
    optimizer = keras.optimizers.Adam(RATE, BETA_1, BETA_2, EPSILON, **clip)
    optimizer.build([keras.Variable(value) for value in values])
    trainable = [jnp.asarray(value, "float32") for value in values]
    state = [variable.value for variable in optimizer.variables]
    means, squares = ([np.zeros_like(value) for value in values] for _ in range(2))
    for step in range(1, 4):
        ids = rng.integers(0, 6, size=(2, 4))  # 6, 7 and 8 never, others several times
        by_vectors, by_other = rng.normal(size=(2, 4, 3)), rng.normal(size=(3, 2))
        trainable, state = update_lazily(
            optimizer, state, trainable,
            [Touched(1, jnp.asarray(ids), jnp.asarray(by_vectors, "float32"), waits)],
            [jnp.asarray(by_other, "float32")],
        )  # fmt: skip
        by_table = np.zeros((9, 3))
        np.add.at(by_table, ids, by_vectors)
        gradients = [by_other, by_table]
        if "global_clipnorm" in clip:
            norm = np.sqrt(sum((g**2).sum() for g in gradients))
            gradients = [g * min(1, 0.7 / norm) for g in gradients]
        if "clipnorm" in clip:
            gradients = [g * min(1, 0.5 / np.sqrt((g**2).sum())) for g in gradients]
        for number, rows in enumerate([np.arange(3), np.unique(ids)]):
            gradient = gradients[number][rows]
            m = means[number][rows] = BETA_1 * means[number][rows] + (1 - BETA_1) * gradient
            v = squares[number][rows] = BETA_2 * squares[number][rows] + (1 - BETA_2) * gradient**2
            m, v = m / (1 - BETA_1**step), v / (1 - BETA_2**step)
            if number == 1 and not waits:
                m = gradient
            # Keras adds epsilon before it corrects the bias
            epsilon = EPSILON / np.sqrt(1 - BETA_2**step)
            values[number][rows] -= RATE * m / (np.sqrt(v) + epsilon)
        for found, expected in zip(trainable, values, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(trainable[1][6:], values[1][6:].astype(np.float32))


@pytest.fixture(scope="module")
def data():
    """Rows of which each batch holds every word."""
    rng = np.random.default_rng(0)
    X = np.stack([rng.permutation(np.arange(1, 21)) for _ in range(64)]).astype(np.int32)
    return X, (X[:, -1] > 10).astype(int)


def weights(data, **parameters):
    small = {"state_dim": 4, "embed_dim": 3, "num_words": 21, "batch_size": 16, "epochs": 2}
    plain = {"dropout": 0.0, "embedding_init": "uniform", "random_state": 0}
    optimizer = keras.optimizers.Adam(
        0.004, beta_1=0.0
    )  # what it does not gather is not waited for
    model = RecurrentSentimentClassifier(**{**small, **plain, "optimizer": optimizer, **parameters})
    return model.fit(*data).model_.get_weights()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cell": "gru", "adversarial": 0.1, "ngram_range": (1, 2), "ngram_buckets": 6},
        {  # a batch of several parts
            "batch_size": 64,
            "state_dim": 160,
            "bidirectional": True,
            "ngram_range": (1, 3),
            "ngram_buckets": 6,
        },
        {"dropout": 0.2, "embedding_dropout": 0.4, "pooling": ("max", "mean")},
    ],
    ids=str,
)
def test_where_each_batch_holds_every_word_they_are_plain_updates(options, data, monkeypatch):
    from seqsent._nn.fast import programs

    monkeypatch.setattr(programs, "_ROWS_PER_PART", 16)
    monkeypatch.setattr(programs, "_WORK_FOR_PARTS", 2**17)
    programs.clear_caches()
    lazy, plain = (weights(data, lazy_updates=is_lazy, **options) for is_lazy in (True, False))
    programs.clear_caches()
    for found, expected in zip(lazy, plain, strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-5)


def test_a_rate_that_the_optimizer_computes(data):
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=1, decay_rate=0.5)
    adam = keras.optimizers.Adam(rate, beta_1=0.0)
    lazy, plain = (weights(data, optimizer=adam, lazy_updates=lazy) for lazy in (True, False))
    for found, expected in zip(lazy, plain, strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-5)


def test_words_that_a_batch_lacks_do_not_move(data):
    X, y = data
    X = np.where(X <= 10, 0, X)
    X[:16, 0] = 5  # in the first batch alone
    options = {"epochs": 1, "shuffle": False, "optimizer": "adam", "lazy_updates": True}
    once = weights((X[:16], y[:16]), **options)
    later = weights((X, y), **options)
    np.testing.assert_allclose(later[0][5], once[0][5], atol=1e-6)


@pytest.mark.parametrize(("waits", "share"), [(False, 1.0), (True, 0.1)])
def test_how_far_a_rare_word_moves(waits, share):
    by_word, before, after = np.array([0.3, -0.02, 7.0]), 1000, 100
    m = v = far = np.zeros(3)
    for step in range(1, before + after + 1):  # Adam, of a word that one batch holds
        gradient = by_word if step == before else np.zeros(3)
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        far = far + RATE * m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-7)
    optimizer = keras.optimizers.Adam(RATE)
    optimizer.build([keras.Variable(np.zeros((2, 3)))])
    optimizer.iterations.assign(before - 1)
    table = Touched(0, jnp.array([[1]]), jnp.asarray(by_word, "float32")[None, None], waits)
    state = [variable.value for variable in optimizer.variables]
    (moved,), _ = update_lazily(optimizer, state, [jnp.zeros((2, 3))], [table], [])
    np.testing.assert_allclose(-moved[1], share * far, rtol=0.1)


def test_large_tables_are_lazy_unless_told_otherwise():
    adam = keras.optimizers.Adam()

    def lazy(n_words, optimizer=adam, wanted=None, **options):
        architecture = Architecture(n_words=n_words, n_outputs=1, **options)
        return _lazy_tables(architecture, optimizer, wanted)

    assert lazy(2**15 - 1) == ()
    assert lazy(2**15) == (0,)  # times 32
    assert lazy(2**15, wanted=False) == ()
    assert lazy(100, wanted=True) == (0,)
    assert lazy(2**15, train_embedding=False) == ()
    assert lazy(2**15, keras.optimizers.RMSprop()) == ()
    assert lazy(2**15, keras.optimizers.Adam(weight_decay=0.1)) == ()
    assert lazy(2**15, keras.optimizers.Adam(loss_scale_factor=8.0)) == ()
    assert lazy(2**15, keras.optimizers.AdamW()) == ()
    assert lazy(100, ngram_range=(1, 2)) == (1,)
    assert lazy(2**15, ngram_range=(1, 2)) == (0, 1)
    assert lazy(100, ngram_range=(1, 2), ngram_buckets=99) == ()
    assert lazy(100, ngram_range=(1, 2), ngram_buckets=99, wanted=True) == (0, 1)
    assert lazy(2**15, ngram_range=(1, 2), wanted=False) == ()


@pytest.mark.parametrize(
    "optimizer", ["sgd", keras.optimizers.Adam(amsgrad=True)], ids=["sgd", "amsgrad"]
)
def test_an_optimizer_that_cannot(optimizer, data):
    with pytest.raises(ValueError, match=r"lazy_updates=True needs optimizer='adam'"):
        weights(data, lazy_updates=True, optimizer=optimizer)
