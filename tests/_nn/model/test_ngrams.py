"""The n-gram table: hashing, the embedding layer, and networks with n-grams."""

from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqsent import build_network
from seqsent._nn.model.architecture import Architecture
from seqsent._nn.model.ngrams import NgramEmbedding, embed, hash_ngrams
from seqsent._nn.model.numpy_forward import NumpyNetwork
from seqsent._nn.network import Network
from seqsent._runtime.backend import import_keras

keras = import_keras()

MULTIPLIER = 0x2C9277B5
IDS = np.array([[0, 0, 7, 5, 5, 9], [3, 1, 0, 2, 2**31 - 1, 4]], dtype=np.int32)


def expected_row(words, n_rows):
    """Return the row of an n-gram, from Python integers that are cut to 32 bits at the end."""
    *previous, last = words
    product = last
    for word in reversed(previous):
        product = product * MULTIPLIER + word
    product = (product * MULTIPLIER + 2**31) % 2**32 - 2**31
    return 1 + product % (n_rows - 1)


@pytest.mark.parametrize("n_rows", [2, 100, 2**18])
@pytest.mark.parametrize("width", [6, 1])
def test_hash_ngrams(n_rows, width):
    ids = IDS[:, -width:]
    pairs, triples = hash_ngrams(np, ids, 3, n_rows)
    for index in np.ndindex(ids.shape):
        row, end = index
        for n, rows in ((2, pairs), (3, triples)):
            words = [int(word) for word in ids[row, max(end - n + 1, 0) : end + 1]]
            is_ngram = len(words) == n and 0 not in words
            assert rows[index] == (expected_row(words, n_rows) if is_ngram else 0)
    with_keras = hash_ngrams(keras.ops, keras.ops.convert_to_tensor(ids), 3, n_rows)
    for rows, expected in zip(with_keras, (pairs, triples), strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(rows), expected)
    assert hash_ngrams(np, ids, 1, n_rows) == []


def test_hash_ngrams_with_the_remainder_of_c():
    """TensorFlow exports ``mod`` to ONNX as the remainder of C, which may be negative."""
    like_c = SimpleNamespace(pad=np.pad, where=np.where, mod=np.fmod)
    ids = np.random.RandomState(0).randint(1, 300, (20, 30), dtype=np.int32)
    np.testing.assert_array_equal(hash_ngrams(like_c, ids, 3, 100), hash_ngrams(np, ids, 3, 100))


@pytest.mark.parametrize("n_rows", [1001, 2**14])
def test_hash_ngrams_uses_as_many_rows_as_a_random_assignment(n_rows):
    rng = np.random.default_rng(0)
    ids = np.minimum(rng.zipf(1.3, size=(1, 60_000)), 20_000).astype(np.int32)
    (rows,) = hash_ngrams(np, ids, 2, n_rows)
    pairs = np.unique(np.stack([ids[0, :-1], ids[0, 1:], rows[0, 1:]]), axis=1)
    n_available = n_rows - 1
    expected = n_available * (1 - np.exp(-pairs.shape[1] / n_available))
    assert len(np.unique(pairs[2])) == pytest.approx(expected, rel=0.03)


@pytest.fixture
def layer():
    layer = NgramEmbedding(10, 4, max_n=3, n_rows=6, mask_padding=True, ngram_dropout=0.25, seed=0)
    layer.build((None, None))
    rng = np.random.default_rng(0)
    layer.set_weights([rng.normal(size=(10, 4)), rng.normal(size=(6, 4))])
    return layer


def test_embedding_adds_the_vectors_of_ngrams(layer):
    ids = np.array([[0, 3, 5, 9]], dtype=np.int32)
    words, ngrams = layer.get_weights()
    expected = words[ids]
    expected[0, 2] += ngrams[expected_row([3, 5], 6)]
    expected[0, 3] += ngrams[expected_row([5, 9], 6)] + ngrams[expected_row([3, 5, 9], 6)]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(ids)), expected, atol=1e-6)
    np.testing.assert_allclose(embed(ids, [words, ngrams], 3), expected, atol=1e-6)
    np.testing.assert_array_equal(embed(ids, [words], 1), words[ids])


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="exports of JAX")
def test_embedding_can_be_exported_with_symbolic_dimensions(layer):
    import jax
    from jax import export

    ids = np.array([[0, 3, 5, 9], [3, 0, 0, 5]], dtype=np.int32)
    shape = jax.ShapeDtypeStruct(export.symbolic_shape("n_samples, maxlen"), np.int32)
    exported = export.export(jax.jit(lambda ids: layer(ids)))(shape)
    np.testing.assert_allclose(exported.call(ids), layer(ids), atol=1e-6)


def test_dropout_of_ngrams(layer):
    ids = np.full((500, 20), 3, dtype=np.int32)
    words, ngrams = layer.get_weights()
    layer.set_weights([0 * words, ngrams])
    vectors = keras.ops.convert_to_numpy(layer(ids, training=True))[:, 1]  # one pair each
    is_dropped = (vectors == 0).all(axis=1)
    assert is_dropped.mean() == pytest.approx(0.25, abs=0.06)
    expected = np.tile(ngrams[expected_row([3, 3], 6)] / 0.75, (np.sum(~is_dropped), 1))
    np.testing.assert_allclose(vectors[~is_dropped], expected, rtol=1e-5)


def test_keras_file_round_trip(tmp_path):
    network = build_network(cell="gru", num_words=10, ngram_range=(1, 2), ngram_buckets=8)
    rng = np.random.default_rng(0)
    network.set_weights([rng.normal(size=w.shape) for w in network.get_weights()])
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras", compile=False)
    ids = rng.integers(0, 10, size=(5, 7)).astype(np.int32)
    outputs, expected = (model.predict(ids, verbose=0) for model in (loaded, network))
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-6)  # torch uses threads


@pytest.fixture
def fit(small_classifier):
    def fit(**parameters):
        rng = np.random.default_rng(0)
        X = np.sort(rng.integers(0, 12, size=(48, 6)), axis=1).astype(np.int32)
        classifier = small_classifier(num_words=12, ngram_buckets=20, **parameters)
        return classifier.fit(X, np.arange(48) % 2), X

    return fit


@pytest.mark.parametrize("ngram_range", [(1, 2), [1, 3]])
def test_keras_jax_and_numpy_predict_the_same(ngram_range, fit):
    classifier, X = fit(ngram_range=ngram_range, pooling="max", epochs=1)
    rng = np.random.default_rng(1)
    model = classifier.model_
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    expected = classifier.predict_proba(X)[:, 1:]
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, atol=1e-5)
    state = classifier._fitted_network().get_state(with_optimizer=False)
    from_numpy = NumpyNetwork.from_state(state).predict(X)
    np.testing.assert_allclose(from_numpy[:, 1:], expected, atol=1e-5)
    padded = np.pad(X, ((0, 0), (3, 0)))
    np.testing.assert_allclose(model.predict(padded, verbose=0), expected, atol=1e-5)
    words, ngrams = model.get_layer("embedding").get_weights()
    model.get_layer("embedding").set_weights([words, 0 * ngrams])
    assert np.abs(classifier.predict_proba(X)[:, 1:] - expected).max() > 0.01


PADDED_NETWORKS = [
    {"cell": "simple", "ngram_range": (1, 2), "pooling": "max"},
    {"cell": "lstm", "ngram_range": (1, 3), "bidirectional": True},
    {"cell": "gru", "ngram_range": (1, 2), "pooling": ("max", "mean"), "n_layers": 2},
    {"cell": "gru", "ngram_range": (1, 3), "mask_padding": False, "pooling": "mean"},
    {"cell": "lstm", "ngram_range": (1, 2), "mask_padding": False, "bidirectional": True},
]


@pytest.fixture(scope="module", params=PADDED_NETWORKS, ids=str)
def networks(request):
    """A network, its numpy forward pass, and the model read from its .keras file."""
    options = {"state_dim": 3, "embed_dim": 2, "ngram_buckets": 9, "pooling": "last"}
    architecture = Architecture(n_words=7, n_outputs=1, **{**options, **request.param})
    network = Network.draw(
        architecture,
        keras.optimizers.Adam(),
        seed=0,
        gate_bias="auto",
        time_scale=9,
        tables=(),
    )
    rng = np.random.default_rng(0)
    network.model.set_weights([rng.normal(size=w.shape) for w in network.model.get_weights()])
    with TemporaryDirectory() as folder:
        network.model.save(f"{folder}/network.keras")
        loaded = keras.models.load_model(f"{folder}/network.keras", compile=False)
    return network, NumpyNetwork(architecture, network.model.get_weights()), loaded


@given(ids=arrays("int32", (8, 7), elements=st.integers(0, 6)))
def test_padding_between_words_is_one_definition(ids, networks):
    network, with_numpy, loaded = networks
    expected = network.model.predict_on_batch(ids)
    np.testing.assert_allclose(loaded.predict_on_batch(ids), expected, atol=1e-5)
    for probabilities in (network.predict(ids), with_numpy.predict(ids)):
        np.testing.assert_allclose(probabilities[:, 1:], expected, atol=1e-5)
    if network.architecture.mask_padding:
        words_last = np.zeros_like(ids)
        for row, padded in zip(ids, words_last, strict=True):
            words = row[row != 0]
            padded[len(padded) - len(words) :] = words
        outputs = network.model.predict_on_batch(words_last)
        np.testing.assert_allclose(outputs, expected, atol=1e-5)


def test_training_from_ppmi_skips_padding_between_words(small_classifier):
    rng = np.random.default_rng(0)
    words = rng.integers(1, 12, size=(48, 6)).astype(np.int32)
    padded = np.insert(words, [2, 4], 0, axis=1)
    parameters = {"num_words": 12, "ngram_range": (1, 2), "ngram_buckets": 20, "epochs": 1}
    probabilities = [
        small_classifier(embedding_init="ppmi", **parameters)
        .fit(X, np.arange(48) % 2)
        .predict_proba(words if X is words else padded)
        for X in (words, padded)
    ]
    np.testing.assert_allclose(*probabilities, atol=1e-6)


def test_training_updates_every_row_but_the_first(fit):
    classifier, _ = fit(ngram_range=(1, 2), epochs=1)
    ngrams = classifier.model_.get_layer("embedding").get_weights()[1]
    assert not ngrams[0].any()
    assert ngrams[1:].any(axis=1).sum() > 10


@pytest.mark.parametrize(
    "value", [(2, 2), (1, 0), (1, 6), (1,), (0, 1), (1, 2.5), (1, 2.0), (1, True), ()]
)
def test_fit_rejects_an_invalid_ngram_range(value, fit):
    with pytest.raises(ValueError, match=r"ngram_range must be \(1, n\)"):
        fit(ngram_range=value)


def test_fit_rejects_ngrams_with_fixed_word_vectors(fit):
    with pytest.raises(ValueError, match=r"ngram_range=\(1, 2\) needs train_embedding=True"):
        fit(ngram_range=(1, 2), train_embedding=False)
