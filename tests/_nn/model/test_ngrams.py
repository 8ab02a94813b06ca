"""Rows and vectors of n-grams, against Python's own numbers and by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from seqsent import RecurrentSentimentClassifier, build_network
from seqsent._nn.model.ngrams import NgramEmbedding, embed, hash_ngrams
from seqsent._runtime.backend import import_keras

keras = import_keras()

MULTIPLIER = 0x2C9277B5
IDS = np.array([[0, 0, 7, 5, 5, 9], [3, 1, 0, 2, 2**31 - 1, 4]], dtype=np.int32)


def row_of(words, n_rows):
    """Return the row of an n-gram by integers without bounds, cut to 32 bits in the end."""
    *before, last = words
    mixed = last
    for word in reversed(before):
        mixed = mixed * MULTIPLIER + word
    mixed = (mixed * MULTIPLIER + 2**31) % 2**32 - 2**31
    return 1 + mixed % (n_rows - 1)


@pytest.mark.parametrize("n_rows", [2, 100, 2**18])
@pytest.mark.parametrize("width", [6, 1])
def test_rows(n_rows, width):
    ids = IDS[:, -width:]
    pairs, triples = hash_ngrams(np, ids, 3, n_rows)
    for text, row in enumerate(ids):
        for place in range(width):
            for n, found in ((2, pairs), (3, triples)):
                words = [int(word) for word in row[max(place - n + 1, 0) : place + 1]]
                whole = len(words) == n and 0 not in words
                assert found[text, place] == (row_of(words, n_rows) if whole else 0)
    on_backend = hash_ngrams(keras.ops, keras.ops.convert_to_tensor(ids), 3, n_rows)
    for found, expected in zip(on_backend, (pairs, triples), strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), expected)


def test_a_remainder_with_the_sign_of_the_dividend_gives_the_same_rows():
    """As that of C, and so of networks that TensorFlow exports to ONNX."""
    as_c = SimpleNamespace(pad=np.pad, where=np.where, mod=np.fmod)
    ids = np.random.RandomState(0).randint(1, 300, (20, 30), dtype=np.int32)
    np.testing.assert_array_equal(hash_ngrams(as_c, ids, 3, 100), hash_ngrams(np, ids, 3, 100))


def test_single_words_have_no_rows():
    assert hash_ngrams(np, IDS, 1, 100) == []


@pytest.mark.parametrize("n_rows", [1001, 2**14])
def test_different_pairs_spread_over_the_rows(n_rows):
    """As many rows are taken as by throwing balls into boxes."""
    rng = np.random.default_rng(0)
    ids = np.minimum(rng.zipf(1.3, size=(1, 60_000)), 20_000).astype(np.int32)
    (rows,) = hash_ngrams(np, ids, 2, n_rows)
    pairs = np.unique(np.stack([ids[0, :-1], ids[0, 1:], rows[0, 1:]]), axis=1)
    boxes = n_rows - 1
    expected = boxes * (1 - np.exp(-pairs.shape[1] / boxes))
    assert len(np.unique(pairs[2])) == pytest.approx(expected, rel=0.03)


@pytest.fixture
def layer():
    layer = NgramEmbedding(10, 4, max_n=3, n_rows=6, ngram_dropout=0.25, seed=0)
    layer.build((None, None))
    rng = np.random.default_rng(0)
    layer.set_weights([rng.normal(size=(10, 4)), rng.normal(size=(6, 4))])
    return layer


def test_vectors(layer):
    ids = np.array([[0, 3, 5, 9]], dtype=np.int32)
    words, ngrams = layer.get_weights()
    expected = words[ids]
    expected[0, 2] += ngrams[row_of([3, 5], 6)]
    expected[0, 3] += ngrams[row_of([5, 9], 6)] + ngrams[row_of([3, 5, 9], 6)]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(ids)), expected, atol=1e-6)
    np.testing.assert_allclose(embed(ids, [words, ngrams], 3), expected, atol=1e-6)
    np.testing.assert_array_equal(embed(ids, [words], 1), words[ids])


def test_a_share_is_left_out_in_training(layer):
    ids = np.full((500, 20), 3, dtype=np.int32)
    words, ngrams = layer.get_weights()
    layer.set_weights([0 * words, ngrams])
    found = keras.ops.convert_to_numpy(layer(ids, training=True))[:, 1]  # one pair each
    dropped = (found == 0).all(axis=1)
    assert dropped.mean() == pytest.approx(0.25, abs=0.06)
    kept = np.tile(ngrams[row_of([3, 3], 6)] / 0.75, (np.sum(~dropped), 1))
    np.testing.assert_allclose(found[~dropped], kept, rtol=1e-5)


def test_a_network_is_saved_and_opened(tmp_path):
    network = build_network(cell="gru", num_words=10, ngram_range=(1, 2), ngram_buckets=8)
    rng = np.random.default_rng(0)
    network.set_weights([rng.normal(size=w.shape) for w in network.get_weights()])
    path = tmp_path / "network.keras"
    network.save(path)
    opened = keras.models.load_model(path, compile=False)
    ids = rng.integers(0, 10, size=(5, 7)).astype(np.int32)
    found, expected = (model.predict(ids, verbose=0) for model in (opened, network))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)  # torch uses threads


def fit(**parameters):
    rng = np.random.default_rng(0)
    X = np.sort(rng.integers(0, 12, size=(48, 6)), axis=1).astype(np.int32)
    small = {"num_words": 12, "state_dim": 3, "embed_dim": 4, "epochs": 1, "random_state": 0}
    classifier = RecurrentSentimentClassifier(**{**small, **parameters})
    return classifier.fit(X, np.arange(48) % 2), X


@pytest.mark.parametrize("ngram_range", [(1, 2), [1, 3]])
def test_every_form_of_a_network_reads_them(ngram_range):
    classifier, X = fit(ngram_range=ngram_range, ngram_buckets=20, pooling="max")
    rng = np.random.default_rng(1)
    model = classifier.model_
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    expected = classifier.predict_proba(X)[:, 1:]
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, atol=1e-5)
    np.testing.assert_allclose(classifier._numpy_network().predict(X), expected, atol=1e-5)
    padded = np.pad(X, ((0, 0), (3, 0)))
    np.testing.assert_allclose(model.predict(padded, verbose=0), expected, atol=1e-5)
    tables = [table.copy() for table in model.get_layer("embedding").get_weights()]
    tables[1][1:] = 0
    model.get_layer("embedding").set_weights(tables)
    assert np.abs(classifier.predict_proba(X)[:, 1:] - expected).max() > 0.01


def test_no_ngram_stays_without_a_vector():
    classifier, _ = fit(ngram_range=(1, 2), ngram_buckets=20, lazy_updates=False)
    ngrams = classifier.model_.get_layer("embedding").get_weights()[1]
    assert not ngrams[0].any()
    assert ngrams[1:].any(axis=1).sum() > 10


@pytest.mark.parametrize(
    "value", [(2, 2), (1, 0), (1, 6), (1,), (0, 1), (1, 2.5), (1, 2.0), (1, True), ()]
)
def test_what_is_no_range(value):
    with pytest.raises(ValueError, match=r"ngram_range must be \(1, n\)"):
        fit(ngram_range=value)


def test_they_are_learned():
    with pytest.raises(ValueError, match=r"ngram_range=\(1, 2\) needs train_embedding=True"):
        fit(ngram_range=(1, 2), train_embedding=False)
