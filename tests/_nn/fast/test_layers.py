"""The fast layers compute the same outputs and gradients as Keras's layers."""

import numpy as np
import pytest

from seqsent._nn.batches import align_right
from seqsent._nn.model.architecture import Architecture
from seqsent._nn.model.initializers import InitialWeights
from seqsent._runtime.backend import import_keras

keras = import_keras()
if keras.backend.backend() != "jax":
    pytest.skip("the fast layers are for JAX", allow_module_level=True)

import jax  # noqa: E402  after the backend is known

from seqsent._nn.fast.steps import Steps  # noqa: E402  as above

N_WORDS, N_STEPS = 40, 23  # not a multiple of a chunk


@pytest.fixture(scope="module")
def ids():
    rng = np.random.default_rng(0)
    rows = rng.integers(1, N_WORDS, size=(6, N_STEPS), dtype=np.int32)
    for row, n_padding in zip(rows, [0, 1, 5, 14, 22, 23], strict=True):
        row[:n_padding] = 0
    rows[0, 7] = 0  # padding between words, which batches move to the start
    return align_right(rows)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bidirectional": True, "n_layers": 2},
        {"bidirectional": True, "mask_padding": False},
        {"pooling": "max", "bidirectional": True},
        {"pooling": "mean", "n_layers": 2},
        {"pooling": ("max", "mean"), "ngram_range": (1, 3), "ngram_buckets": 30},
    ],
    ids=str,
)
@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
def test_outputs_and_gradients_equal_keras(cell, options, ids):
    stock, fast = outputs_and_gradients(cell, options, ids, scale=0.3)
    for actual, expected in zip(fast, stock, strict=True):
        np.testing.assert_allclose(actual, expected, atol=2e-6, rtol=1e-4)


@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
def test_gradient_stays_finite_through_padding(cell):
    # Without a mask, the gradient of a SimpleRNN would grow threefold per step of padding.
    ids = np.zeros((3, 240), dtype=np.int32)
    ids[:, -3:] = [[1, 2, 3], [0, 4, 5], [0, 0, 0]]
    stock, fast = outputs_and_gradients(cell, {"pooling": "max"}, ids, scale=3.0)
    for actual, expected in zip(fast, stock, strict=True):
        assert np.isfinite(actual).all()
        np.testing.assert_allclose(actual, expected, atol=1e-5, rtol=1e-4)


def outputs_and_gradients(cell, options, ids, scale):
    """Return the results of Keras's and of the fast layers for equal random weights."""
    architecture = Architecture(
        cell=cell, state_dim=5, embed_dim=4, n_words=N_WORDS, n_outputs=3, **options
    )
    rng = np.random.default_rng(1)
    stock = architecture.assemble(InitialWeights(rng, time_scale=20))
    fast = Steps(architecture).model
    weights = [
        w + rng.normal(scale=scale, size=w.shape).astype(w.dtype) for w in stock.get_weights()
    ]
    rest = [v.value for v in stock.non_trainable_variables]

    def of(model):
        def loss(weights):
            outputs, _ = model.stateless_call(weights, rest, ids)
            return (outputs**2).sum(), outputs

        gradients, outputs = jax.jit(jax.grad(loss, has_aux=True))(weights)
        return [outputs, *gradients]

    assert [v.shape for v in fast.trainable_variables] == [w.shape for w in weights]
    return of(stock), of(fast)
