"""Adversarial training steps against the formula of Miyato et al., with Keras's layers."""

import numpy as np
import pytest

from seqsent import RecurrentSentimentClassifier
from seqsent._nn.fast.programs import cached_programs
from seqsent._nn.model.architecture import after_embedding
from seqsent._runtime.backend import import_keras

keras = import_keras()
if keras.backend.backend() != "jax":
    pytest.skip("steps are compiled under JAX only", allow_module_level=True)

import jax  # noqa: E402  after the backend is known
import jax.numpy as jnp  # noqa: E402  after the backend is known

from seqsent._nn.fast import steps  # noqa: E402  as above
from seqsent._nn.model.ngrams import hash_ngrams  # noqa: E402

RATE = 0.5


class WeightsAtStart(keras.callbacks.Callback):
    """Copies the weights at the beginning of training."""

    def on_train_begin(self, logs=None):
        self.weights = self.model.get_weights()


@pytest.fixture
def no_warm_up(monkeypatch):
    monkeypatch.setattr(steps, "_WARM_UP_STEPS", 1)
    cached_programs.clear()
    yield
    cached_programs.clear()


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(1, 30, size=(12, 7), dtype=np.int32)
    X[:5, :3] = 0
    return X, np.arange(12) % 3, rng.uniform(0.5, 2, size=12)


def adversarial_step(model, start, ids, targets, weights, eps, masks):
    """Return the weights after one step of gradient descent on the mean of both losses."""
    after, output = after_embedding(model), model.get_layer("output")
    is_word = (ids != 0)[..., None] if masks else np.ones((*ids.shape, 1), bool)
    n_output = len(output.weights)
    rest = [variable.value for variable in after.non_trainable_variables]  # seeds
    n_tables = len(model.get_layer("embedding").weights)

    def read(values):
        if n_tables == 1:
            return values[0][ids]
        pairs = hash_ngrams(np, ids, 2, len(values[1]))[0]
        return values[0][ids] + jnp.where(pairs[..., None] > 0, values[1][pairs], 0)

    def mean_loss(values, offset):
        inner = values[n_tables:-n_output]
        states = after.stateless_call(inner, rest, [ids, read(values) + offset])[0]
        probabilities = output.stateless_call(values[-n_output:], [], states)[0]
        if probabilities.shape[1] == 1:
            probabilities = jnp.hstack([1 - probabilities, probabilities])
        losses = -jnp.log(probabilities[jnp.arange(len(ids)), targets])
        return (losses * weights).sum() / weights.sum()

    start = [jnp.asarray(w) for w in start]
    vectors = read(start) * is_word
    gradients = jax.jit(jax.grad(mean_loss, argnums=(0, 1)))
    clean, grad_vectors = gradients(start, jnp.zeros_like(vectors))

    def norm(x):
        return jnp.sqrt((x**2).sum(axis=(1, 2), keepdims=True))

    offset = eps * norm(vectors) * grad_vectors / norm(grad_vectors)
    adversarial, _ = gradients(start, offset)
    return [w - RATE * (a + b) / 2 for w, a, b in zip(start, clean, adversarial, strict=True)]


def fit_one_step(X, y, weights, **parameters):
    """Return the initial weights of a fit of one step, and its model."""
    start = WeightsAtStart()
    fitted = RecurrentSentimentClassifier(
        **parameters, state_dim=4, embed_dim=3, epochs=1, callbacks=[start], num_words=30,
        optimizer=keras.optimizers.SGD(RATE), dropout=0.0, word_dropout=0, random_state=0,
    ).fit(X, y, sample_weight=weights)  # fmt: skip
    return start.weights, fitted.model_


NGRAMS = {"pooling": ("max", "mean"), "ngram_range": (1, 2), "ngram_buckets": 9}


@pytest.mark.parametrize(
    ("cell", "options"),
    [("lstm", {}), ("gru", {"bidirectional": True, **NGRAMS}), ("simple", {"mask_padding": False})],
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_adversarial_step_equals_the_formula(cell, options, n_classes, data, no_warm_up):
    X, y, weights = data
    y = y % n_classes
    start, model = fit_one_step(X, y, weights, cell=cell, adversarial=0.3, **options)
    masks = options.get("mask_padding", True)
    expected = adversarial_step(model, start, X, y, weights, 0.3, masks)
    for actual, desired in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(actual, desired, atol=2e-6)
    clean = adversarial_step(model, start, X, y, weights, 0.0, masks)
    assert max(float(np.abs(a - b).max()) for a, b in zip(clean, expected, strict=True)) > 1e-4


def test_first_adversarial_step_has_a_hundredth_of_the_distance(data):
    start, model = fit_one_step(*data, adversarial=0.9)
    expected = adversarial_step(model, start, *data, 0.009, masks=True)
    for actual, desired in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(actual, desired, atol=1e-6)
