"""Sparse updates of embedding tables against Adam, row by row."""

import numpy as np
import pytest

from seqsent._nn.model.architecture import Architecture
from seqsent._runtime.backend import import_keras

keras = import_keras()
if keras.backend.backend() != "jax":
    pytest.skip("sparse updates need JAX", allow_module_level=True)

import jax.numpy as jnp  # noqa: E402  after the backend is known

from seqsent._nn.fast import programs  # noqa: E402  after the backend is known
from seqsent._nn.fast.tables import SparseGradient, apply_gradients  # noqa: E402  as above

RATE, BETA_1, BETA_2, EPSILON = 0.1, 0.8, 0.95, 1e-5


@pytest.mark.parametrize("sparse_momentum", [True, False])
@pytest.mark.parametrize("clip", [{}, {"global_clipnorm": 0.7}, {"clipnorm": 0.5}], ids=str)
def test_update_of_rows_equals_adam(clip, sparse_momentum):
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(3, 2)), rng.normal(size=(9, 3))]  # the table is the second
    optimizer = keras.optimizers.Adam(RATE, BETA_1, BETA_2, EPSILON, **clip)
    optimizer.build([keras.Variable(value) for value in values])
    trainable = [jnp.asarray(value, "float32") for value in values]
    state = [variable.value for variable in optimizer.variables]
    means, squares = ([np.zeros_like(value) for value in values] for _ in range(2))
    for step in range(1, 4):
        ids = rng.integers(0, 6, size=(2, 4))  # some rows several times, 6 to 8 never
        grad_vectors, grad_other = rng.normal(size=(2, 4, 3)), rng.normal(size=(3, 2))
        values_32 = jnp.asarray(grad_vectors, "float32")
        table = SparseGradient(1, jnp.asarray(ids), values_32, sparse_momentum)
        trainable, state = apply_gradients(
            optimizer, state, trainable, [table], [jnp.asarray(grad_other, "float32")]
        )
        grad_table = np.zeros((9, 3))
        np.add.at(grad_table, ids, grad_vectors)
        gradients = [grad_other, grad_table]
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
            if number == 1 and not sparse_momentum:
                m = gradient
            # Keras adds epsilon before it corrects the bias
            epsilon = EPSILON / np.sqrt(1 - BETA_2**step)
            values[number][rows] -= RATE * m / (np.sqrt(v) + epsilon)
        for found, expected in zip(trainable, values, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(trainable[1][6:], values[1][6:].astype(np.float32))


@pytest.mark.parametrize(("sparse_momentum", "fraction"), [(False, 1.0), (True, 0.1)])
def test_update_of_a_rare_row(sparse_momentum, fraction):
    gradient_of_row, before, after = np.array([0.3, -0.02, 7.0]), 1000, 100
    m = v = distance = np.zeros(3)
    for step in range(1, before + after + 1):  # Adam, with one batch that reads the row
        gradient = gradient_of_row if step == before else np.zeros(3)
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        distance = distance + RATE * m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-7)
    optimizer = keras.optimizers.Adam(RATE)
    optimizer.build([keras.Variable(np.zeros((2, 3)))])
    optimizer.iterations.assign(before - 1)
    values = jnp.asarray(gradient_of_row, "float32")[None, None]
    table = SparseGradient(0, jnp.array([[1]]), values, sparse_momentum)
    state = [variable.value for variable in optimizer.variables]
    (updated,), _ = apply_gradients(optimizer, state, [jnp.zeros((2, 3))], [table], [])
    np.testing.assert_allclose(-updated[1], fraction * distance, rtol=0.1)


@pytest.fixture(scope="module")
def data():
    """Return rows that have every word in every batch, and labels."""
    rng = np.random.default_rng(0)
    X = np.stack([rng.permutation(np.arange(1, 21)) for _ in range(64)]).astype(np.int32)
    return X, (X[:, -1] > 10).astype(int)


@pytest.fixture
def fit(monkeypatch, small_classifier):
    """Return a function that trains with or without sparse updates and returns the weights."""

    def fit(data, sparse, **parameters):
        monkeypatch.setattr(programs, "_LARGE_TABLE", 0 if sparse else 2**60)
        programs.cached_programs.clear()
        defaults = {"num_words": 21, "batch_size": 16, "dropout": 0.0, "embedding_init": "uniform"}
        # without momentum, a step that does not read a row does not change it
        defaults["optimizer"] = keras.optimizers.Adam(0.004, beta_1=0.0)
        return small_classifier(**{**defaults, **parameters}).fit(*data).model_.get_weights()

    yield fit
    programs.cached_programs.clear()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cell": "gru", "adversarial": 0.1, "ngram_range": (1, 2), "ngram_buckets": 6},
        {"cell": "lstm", "batch_size": 64, "ngram_range": (1, 3), "ngram_buckets": 6},
        {"dropout": 0.2, "embedding_dropout": 0.4, "pooling": ("max", "mean")},
        {
            "optimizer": keras.optimizers.Adam(
                keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=1, decay_rate=0.5),
                beta_1=0.0,
            )
        },
    ],
    ids=["default", "adversarial", "microbatches", "dropout", "learning rate schedule"],
)
def test_sparse_and_dense_updates_are_equal_if_batches_have_every_word(
    options, data, fit, monkeypatch
):
    monkeypatch.setattr(programs, "_MIN_WORK", 0)
    sparse, dense = fit(data, True, **options), fit(data, False, **options)
    for found, expected in zip(sparse, dense, strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize(
    ("n_words", "options", "expected"),
    [
        (2**15 - 1, {}, ()),
        (2**15, {}, (0,)),  # times 32, the length of a vector
        (2**15, {"train_embedding": False}, ()),
        (100, {"ngram_range": (1, 2)}, (1,)),
        (2**15, {"ngram_range": (1, 2)}, (0, 1)),
    ],
)
def test_large_tables_have_sparse_updates(n_words, options, expected):
    architecture = Architecture(n_words=n_words, n_outputs=1, **options)
    assert programs._sparse_tables(architecture, keras.optimizers.Adam()) == expected
    options = {"amsgrad": True}, {"weight_decay": 0.1}, {"loss_scale_factor": 8.0}
    others = [keras.optimizers.Adam(**o) for o in options]
    for optimizer in [*others, keras.optimizers.RMSprop(), keras.optimizers.AdamW()]:
        assert programs._sparse_tables(architecture, optimizer) == ()
