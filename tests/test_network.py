"""build_network, compared with networks of Keras layers."""

import inspect

import numpy as np
import pytest

from seqsent import RecurrentSentimentClassifier, build_network
from seqsent._inputs.constraints import NETWORK_CONSTRAINTS
from seqsent._nn.model.architecture import Architecture
from seqsent._runtime.backend import import_keras, tensor_to_numpy

keras = import_keras()

N_WORDS, ROW_LENGTH = 60, 12
CELLS = {
    "simple": keras.layers.SimpleRNN,
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
}


@pytest.fixture(scope="module")
def ids():
    rng = np.random.default_rng(0)
    rows = rng.integers(1, N_WORDS, size=(7, ROW_LENGTH), dtype=np.int32)
    for row, padding in zip(rows, [0, 0, 1, 4, 7, 11, 12], strict=True):
        row[:padding] = 0
    return rows


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_unmasked_network_equals_the_tutorial(cell, n_outputs, ids):
    network = build_network(
        cell=cell,
        state_dim=6,
        embed_dim=5,
        num_words=N_WORDS,
        mask_padding=False,
        meta={"n_classes_": max(n_outputs, 2)},
        random_state=0,
    )
    tutorial = keras.Sequential(
        [
            keras.Input((ROW_LENGTH,), dtype="int32"),
            keras.layers.Embedding(N_WORDS, 5),
            CELLS[cell](6),
            keras.layers.Dense(n_outputs, activation="sigmoid" if n_outputs == 1 else "softmax"),
        ]
    )
    tutorial.set_weights(network.get_weights())
    assert network.count_params() == tutorial.count_params()
    expected = tutorial.predict(ids, verbose=0)
    np.testing.assert_allclose(network.predict(ids, verbose=0), expected, atol=1e-6)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", ["last", "max", "mean"])
@pytest.mark.parametrize("cell", CELLS)
def test_padding_does_not_change_predictions(cell, pooling, bidirectional, ids):
    network = build_network(
        cell=cell,
        state_dim=4,
        num_words=N_WORDS,
        pooling=pooling,
        bidirectional=bidirectional,
        n_layers=2,
        random_state=0,
    )
    expected = network.predict(ids, verbose=0)
    assert np.isfinite(expected).all()  # the last row is an empty text
    leading, trailing = np.pad(ids, [(0, 0), (5, 0)]), np.pad(ids, [(0, 0), (0, 5)])
    inside = np.insert(ids, [ROW_LENGTH // 2] * 5, 0, axis=1)
    padded = network.predict(np.vstack([leading, trailing, inside]), verbose=0)
    np.testing.assert_allclose(padded, np.vstack([expected] * 3), atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_max_and_mean_pooling_ignore_padding(cell, ids):
    options = {"cell": cell, "state_dim": 4, "num_words": N_WORDS, "random_state": 0}
    row = ids[3:4]
    words = row[row != 0][np.newaxis]
    for pooling in ("max", "mean", ("mean", "max"), ["max"]):
        network = build_network(pooling=pooling, **options)
        recurrent = keras.Model(network.inputs, network.get_layer(f"{cell}_1").output)
        states = recurrent.predict(words, verbose=0)[0]
        names = [pooling] if isinstance(pooling, str) else pooling
        pooled = np.concatenate([getattr(states, name)(axis=0) for name in names])
        kernel, bias = network.get_layer("output").get_weights()
        expected = 1 / (1 + np.exp(-(pooled @ kernel + bias)))
        np.testing.assert_allclose(network.predict(row, verbose=0)[0], expected, atol=1e-6)


@pytest.mark.parametrize("mask_padding", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_default_pooling_of_each_cell(cell, mask_padding):
    options = {"cell": cell, "num_words": N_WORDS, "mask_padding": mask_padding, "random_state": 0}
    pooling = ("max", "mean") if cell == "simple" and mask_padding else "last"
    default, explicit = build_network(**options), build_network(pooling=pooling, **options)
    for weights, expected in zip(default.get_weights(), explicit.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, expected)
    classifier = RecurrentSentimentClassifier(
        cell=cell, mask_padding=mask_padding, epochs=1, embedding_init="uniform"
    ).fit([[5, 6], [6, 7]], [0, 1])
    output = classifier.model_.get_layer("output")
    assert output.kernel.shape[0] == default.get_layer("output").kernel.shape[0]


@pytest.mark.parametrize("pooling", ["median", (), 3, ("last", "max"), ["max", "max"]])
def test_rejects_an_invalid_pooling(pooling):
    with pytest.raises(ValueError, match=r"pooling.* must be"):
        build_network(num_words=N_WORDS, pooling=pooling)


@pytest.mark.parametrize(
    "options",
    [
        {"gate_bias": "kears"},
        {"cell": "qrnn"},
        {"n_layers": 0},
        {"state_dim": "many"},
        {"dropout": 1.0},
        {"mask_padding": "no"},
        {"ngram_range": (1, 2), "ngram_buckets": 1},
        {"time_scale": -1},
        {"random_state": -1},
        {"meta": 3},
        {"compile_kwargs": ["loss"]},
    ],
    ids=str,
)
def test_rejects_an_invalid_parameter(options):
    name = list(options)[-1]
    with pytest.raises(ValueError, match=f"The '{name}' parameter of .*build_network must be"):
        build_network(num_words=N_WORDS, **options)


def test_constraints_of_the_parameters_agree_with_the_classifier():
    parameters = inspect.signature(build_network).parameters
    names = parameters.keys() & RecurrentSentimentClassifier().get_params().keys()
    assert names - {"random_state"} == NETWORK_CONSTRAINTS.keys()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    "options",
    [
        {"pooling": "last"},
        {"n_layers": 2, "bidirectional": True, "pooling": ("max", "mean")},
        {"pooling": "max", "ngram_range": (1, 2), "ngram_buckets": 7},
    ],
)
def test_weight_shapes(cell, options):
    sizes = {"cell": cell, "state_dim": 4, "embed_dim": 3, **options}
    network = build_network(num_words=N_WORDS, **sizes)
    architecture = Architecture(n_words=N_WORDS, n_outputs=1, **sizes)
    assert architecture.weight_shapes() == [w.shape for w in network.get_weights()]


@pytest.mark.parametrize(
    ("options", "rates"),
    [
        ({}, {"embedding_dropout": 0.5, "state_dropout": 0.5}),
        ({"dropout": 0.0}, {}),
        ({"dropout": 0.5}, {"embedding_dropout": 0.5, "state_dropout": 0.5}),
        ({"embedding_dropout": 0.1}, {"embedding_dropout": 0.1, "state_dropout": 0.5}),
        ({"embedding_dropout": 0.0}, {"state_dropout": 0.5}),
        ({"dropout": 0.0, "embedding_dropout": 0.1}, {"embedding_dropout": 0.1}),
    ],
)
def test_dropout_rates(options, rates):
    layers = build_network(num_words=N_WORDS, **options).layers
    assert {one.name: one.rate for one in layers if one.name.endswith("_dropout")} == rates


@pytest.mark.parametrize("mask_padding", [False, True])
@pytest.mark.parametrize("pooling", ["last", "max", "mean", ("max", "mean")])
def test_keras_file_round_trip_with_layers_of_keras(pooling, mask_padding, ids, tmp_path):
    network = build_network(
        cell="gru", num_words=N_WORDS, pooling=pooling, mask_padding=mask_padding, dropout=0.1
    )
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras", compile=False)
    assert {type(layer).__module__.split(".")[0] for layer in loaded.layers} == {"keras"}
    np.testing.assert_array_equal(loaded.predict(ids, verbose=0), network.predict(ids, verbose=0))


def test_clone_model_draws_weights_with_keras_initializers():
    network = build_network(cell="lstm", num_words=N_WORDS, bidirectional=True)
    clone = keras.models.clone_model(network)
    assert np.ptp(clone.get_layer("embedding").get_weights()[0]) > 0
    cell = clone.get_layer("bidirectional_1").forward_layer.cell
    assert type(cell.recurrent_initializer).__name__ == "Orthogonal"
    assert cell.unit_forget_bias is True


def test_initial_weights_have_keras_distributions():
    options = {"cell": "lstm", "state_dim": 64, "embed_dim": 64, "num_words": 2000}
    network = build_network(gate_bias="keras", random_state=0, **options)
    embedding, kernel, recurrent, bias, dense, dense_bias = network.get_weights()
    assert abs(embedding).max() == pytest.approx(0.05, rel=1e-3)
    assert abs(kernel).max() == pytest.approx(np.sqrt(6 / (64 + 256)), rel=1e-2)
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(64), atol=1e-5)
    np.testing.assert_array_equal(bias, np.repeat([0, 1, 0, 0], 64))
    assert abs(dense).max() == pytest.approx(np.sqrt(6 / 65), rel=0.1)
    assert abs(dense).max() <= np.sqrt(6 / 65)
    np.testing.assert_array_equal(dense_bias, [0])


@pytest.mark.parametrize(
    ("options", "scale"),
    [
        ({}, 0.5),
        ({"pooling": "max", "bidirectional": True}, 0.5),
        ({"pooling": "last"}, 1.0),
        ({"gate_bias": "keras"}, 1.0),
    ],
)
def test_initial_recurrent_weights_of_a_pooled_simple_rnn_are_halved(options, scale):
    network = build_network(cell="simple", state_dim=8, num_words=N_WORDS, **options)
    recurrent = [w for w in network.get_weights() if w.shape == (8, 8)]
    assert len(recurrent) == (2 if "bidirectional" in options else 1)
    for weights in recurrent:  # a multiple of an orthogonal matrix
        np.testing.assert_allclose(weights.T @ weights, scale**2 * np.eye(8), atol=1e-6)


def test_chrono_biases_are_logarithms_up_to_the_time_scale():
    options = {"state_dim": 200, "num_words": 10, "time_scale": 101, "random_state": 0}
    lstm = build_network(cell="lstm", **options).get_weights()[3].reshape(4, -1)
    np.testing.assert_array_equal(lstm[0], -lstm[1])
    np.testing.assert_array_equal(lstm[2:], 0)
    u = np.exp(lstm[1])
    assert u.min() >= 1
    assert u.max() <= 100.001
    assert u.mean() == pytest.approx(50.5, rel=0.15)
    gru = build_network(cell="gru", **options).get_weights()[3]
    np.testing.assert_array_equal(gru[1], 0)
    np.testing.assert_array_equal(gru[0, 200:], 0)
    assert np.exp(gru[0, :200]).mean() == pytest.approx(50.5, rel=0.15)
    del options["time_scale"]
    from_meta = build_network(cell="gru", meta={"n_features_in_": 101}, **options).get_weights()[3]
    np.testing.assert_array_equal(from_meta, gru)


def test_compile_kwargs_replace_the_defaults():
    optimizer = keras.optimizers.SGD(0.5)
    network = build_network(num_words=10, compile_kwargs={"optimizer": optimizer, "loss": None})
    assert network.optimizer is optimizer
    assert network.loss.name == "binary_crossentropy"


@pytest.mark.parametrize(("cell", "rate"), [("simple", 0.004), ("lstm", 0.006), ("gru", 0.006)])
def test_default_learning_rate(cell, rate):
    optimizer = build_network(cell=cell, num_words=10).optimizer
    assert tensor_to_numpy(optimizer.learning_rate.value) == pytest.approx(rate)


def test_random_state():
    options = {"num_words": 20, "bidirectional": True, "dropout": 0.2}
    first, second, other = (build_network(random_state=seed, **options) for seed in (5, 5, 6))
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])


def test_embedding_weights_initialize_the_embedding(tmp_path):
    matrix = np.arange(12.0).reshape(4, 3)
    np.save(tmp_path / "vectors.npy", matrix)
    for weights in (matrix, matrix.tolist(), tmp_path / "vectors.npy"):
        network = build_network(embedding_weights=weights, train_embedding=False)
        np.testing.assert_array_equal(network.get_layer("embedding").get_weights()[0], matrix)
        assert not network.get_layer("embedding").trainable


def test_draws_missing_entries_of_embedding_weights():
    matrix = np.array([[3.0, np.nan], [-3.0, 3.0]] * 50)
    weights = [
        build_network(embedding_weights=matrix, random_state=seed).get_layer("embedding")
        for seed in (0, 0, 1)
    ]
    first, again, other = (layer.get_weights()[0] for layer in weights)
    np.testing.assert_array_equal(first[1::2], matrix[1::2])
    np.testing.assert_array_equal(first, again)
    assert np.sqrt(np.mean(first[::2, 1] ** 2)) == pytest.approx(3, rel=0.2)
    assert (first[::2, 1] != other[::2, 1]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs num_words"),
        ({"embedding_weights": np.eye(4, 3), "num_words": 9}, "num_words=9 contradicts .* 4 rows"),
        ({"embedding_weights": np.eye(4, 3), "embed_dim": 32}, "embed_dim=32 .* 3 columns"),
        ({"embedding_weights": [1.0, 2.0, 3.0]}, r"got an array of shape \(3,\)"),
        ({"embedding_weights": [[1.0], [np.inf]]}, r"contains infinity \(row 1\)"),
    ],
)
def test_rejects_an_embedding_without_a_valid_size(options, message):
    with pytest.raises(ValueError, match=message):
        build_network(**options)


def test_parameters_and_defaults_agree_with_the_architecture():
    names = Architecture.parameter_names()
    assert {"cell", "state_dim", "pooling"} <= set(names)
    assert not {"n_words", "n_outputs"} & set(names)
    expected = {name: getattr(Architecture, name) for name in names}
    expected.update(embed_dim=None, pooling=None)  # they depend on other parameters
    signature = inspect.signature(build_network).parameters
    of_function = {name: parameter.default for name, parameter in signature.items()}
    for defaults in (RecurrentSentimentClassifier().get_params(), of_function):
        assert {name: defaults[name] for name in names} == expected
    network = build_network(num_words=10)
    assert network.get_layer("embedding").output_dim == Architecture.embed_dim == 32


@pytest.mark.parametrize("state_dim", [np.int64(5), np.uint8(5)])
def test_numpy_scalars_as_parameters(state_dim):
    network = build_network(num_words=10, state_dim=state_dim, dropout=np.float64(0.5))
    assert network.get_layer("gru_1").units == 5


def test_architecture_dict_round_trip():
    architecture = Architecture(n_words=9, n_outputs=1, pooling=("max", "mean"), n_layers=2)
    assert Architecture.from_dict(architecture.to_dict()) == architecture


@pytest.mark.parametrize("name", ["dropout", "n_words"])
def test_architecture_rejects_missing_and_unknown_stored_parameters(name):
    values = Architecture(n_words=9, n_outputs=1).to_dict()
    with pytest.raises(ValueError, match=r"unknown parameters: \['attention'\]"):
        Architecture.from_dict({**values, "attention": True})
    del values[name]
    with pytest.raises(ValueError, match=rf"Missing parameters: \['{name}'\]"):
        Architecture.from_dict(values)
