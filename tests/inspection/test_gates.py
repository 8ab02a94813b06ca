"""Gate activations, compared with the states of Keras and with the equations."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from seqsent import SequenceVectorizer
from seqsent._nn.model.initializers import InitialWeights
from seqsent._runtime.backend import import_keras
from seqsent.inspection import gate_activations, hidden_states

keras = import_keras()

Fitted = Callable[[str], Pipeline]

TEXT = "The film was dull at first, but in the end it was quite wonderful"
TEXT_OF_THREE = "not dull"
LSTM_GATES = ["forget_gate", "input_gate", "output_gate", "new_value", "carry", "state"]
GRU_GATES = ["update_gate", "reset_gate", "candidate", "state"]


def keras_states(pipeline: Pipeline, layer: int) -> np.ndarray:
    """Return the states of a Keras layer after each word of TEXT."""
    network = pipeline[-1]._fitted_network()
    # a network with the same weights that returns the states at all words
    architecture = network.architecture
    if architecture.pooling == "last":
        architecture = replace(architecture, pooling="max")
    model = architecture.assemble(InitialWeights(np.random.default_rng(0)))
    model.set_weights(network.model.get_weights())
    recurrent = [one for one in model.layers if hasattr(one, "return_sequences")]
    states = keras.Model(model.input, recurrent[layer].output)
    ids = pipeline[:-1].transform([TEXT])
    return np.asarray(keras.ops.convert_to_numpy(states(ids)))[0][ids[0] != 0]


@pytest.mark.parametrize(
    ("kind", "layer", "direction"),
    [
        ("simple", 0, "forward"),
        ("lstm", 0, "forward"),
        ("gru", -1, "forward"),
        ("unmasked", 0, "forward"),
        ("bidirectional", 0, "forward"),
        ("bidirectional", 0, "backward"),
        ("stacked", 0, "backward"),
        ("stacked", 1, "forward"),
        ("stacked", 1, "backward"),
    ],
)
def test_states_equal_those_of_keras(fitted: Fitted, kind: str, layer: int, direction: str) -> None:
    pipeline = fitted(kind)
    states = keras_states(pipeline, layer)
    if pipeline[-1].bidirectional:
        states = np.split(states, 2, axis=1)[direction == "backward"]
    gates = gate_activations(pipeline, TEXT, "all", layer=layer, direction=direction)
    np.testing.assert_allclose(gates["state"], states, atol=1e-5)
    assert np.ptp(states) > 0.5


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_lstm_gates_equal_the_equations(fitted: Fitted) -> None:
    pipeline = fitted("lstm")
    table, kernel, recurrent, bias, *_ = pipeline[-1].model_.get_weights()
    parts = [np.hsplit(kernel, 4), np.hsplit(recurrent, 4), np.split(bias, 4)]
    w, u, b = (dict(zip("ifgo", part, strict=True)) for part in parts)
    h = c = np.zeros(4)
    rows = []
    for word in pipeline[:-1].transform([TEXT])[0]:
        if word == 0:
            continue
        i, f, g, o = (table[word] @ w[k] + h @ u[k] + b[k] for k in "ifgo")
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        rows.append([sigmoid(f), sigmoid(i), sigmoid(o), np.tanh(g), c, h])
    means = gate_activations(pipeline, TEXT)
    np.testing.assert_allclose(means.iloc[:, :3], np.mean(rows, axis=2)[:, :3], atol=1e-5)
    by_unit = gate_activations(pipeline, TEXT, "all")
    assert by_unit.columns.unique(0).to_list() == LSTM_GATES
    np.testing.assert_allclose(by_unit, np.reshape(rows, (len(rows), -1)), atol=1e-5)
    np.testing.assert_allclose(
        by_unit["state"].iloc[-1], hidden_states(pipeline, TEXT)[0], atol=1e-5
    )


def test_gru_gates_equal_the_equations(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    table, kernel, recurrent, bias, *_ = pipeline[-1].model_.get_weights()
    h = np.zeros(4)
    rows = []
    for word in pipeline[:-1].transform([TEXT])[0]:
        if word == 0:
            continue
        x_terms = np.split(table[word] @ kernel + bias[0], 3)
        h_terms = np.split(h @ recurrent + bias[1], 3)
        z, r = (sigmoid(x_terms[k] + h_terms[k]) for k in (0, 1))
        g = np.tanh(x_terms[2] + r * h_terms[2])
        h = z * h + (1 - z) * g
        rows.append([z, r, g, h])
    by_unit = gate_activations(pipeline, TEXT, "all")
    np.testing.assert_allclose(by_unit, np.reshape(rows, (len(rows), -1)), atol=1e-5)


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_means_over_units_contain_the_absolute_change_of_the_state(
    fitted: Fitted, direction: str
) -> None:
    pipeline = fitted("bidirectional")
    states = gate_activations(pipeline, TEXT_OF_THREE, "all", direction=direction)["state"]
    first, second, third = states.to_numpy()
    zero = np.zeros(4)
    pairs = [(zero, first), (first, second), (second, third)]
    if direction == "backward":
        pairs = [(second, first), (third, second), (zero, third)]
    means = gate_activations(pipeline, TEXT_OF_THREE, direction=direction)
    assert means.columns.to_list() == ["update_gate", "reset_gate", "state_change"]
    expected = [sum(abs(after - before)) / 4 for before, after in pairs]
    np.testing.assert_allclose(means["state_change"], expected)


def test_units(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    by_unit = gate_activations(pipeline, TEXT, "all")
    assert by_unit.columns.names == ["gate", "unit"]
    assert by_unit.columns.to_list() == [(gate, unit) for gate in GRU_GATES for unit in range(4)]
    two_units = gate_activations(pipeline, TEXT, [3, 1])
    np.testing.assert_array_equal(two_units["reset_gate"][3], by_unit["reset_gate"][3])
    assert two_units["state"].columns.to_list() == [3, 1]
    one_unit = gate_activations(pipeline, TEXT, 2)
    assert one_unit.columns.to_list() == GRU_GATES
    np.testing.assert_array_equal(one_unit["candidate"], by_unit["candidate"][2])


def test_one_row_per_token(fitted: Fitted) -> None:
    gates = gate_activations(fitted("simple"), "The film was zzz")
    assert gates.index.to_list() == ["[START]", "the", "film", "was", "zzz [OOV]"]
    assert gates.index.name == "word"
    assert gates.columns.to_list() == ["state_change"]


def test_tokens_cut_by_maxlen_are_nan(fitted: Fitted) -> None:
    gates = gate_activations(fitted("gru"), " ".join(["film"] * 30 + ["dull"]))
    assert gates.index.to_list() == ["film [CUT]"] * 11 + ["film"] * 19 + ["dull"]
    assert gates[:11].isna().all(axis=None)
    assert gates[11:].notna().all(axis=None)


def test_classifier_without_a_vectorizer_takes_ids(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    ids = pipeline[:-1].transform([TEXT])
    gates = gate_activations(pipeline[-1], ids)
    np.testing.assert_array_equal(gates, gate_activations(pipeline, TEXT))
    assert gates.index.to_list() == [str(word_id) for word_id in ids[0] if word_id]
    np.testing.assert_array_equal(gate_activations(pipeline[-1], ids[0]), gates)


@pytest.mark.parametrize("kind", ["gru", "unmasked"])
def test_empty_text(fitted: Fitted, kind: str) -> None:
    assert gate_activations(fitted(kind), "").index.to_list() == ["[START]"]
    row = np.zeros(20, dtype=np.int32)
    gates = gate_activations(fitted(kind)[-1], row)
    assert gates.shape == (0, 3)
    assert gate_activations(fitted(kind)[-1], row, "all").shape == (0, 16)


def test_post_padding(fitted: Fitted) -> None:
    gates = {}
    for padding in ("pre", "post"):
        vocabulary = {"film": 1, "dull": 2}
        vectorizer = SequenceVectorizer(maxlen=20, padding=padding, vocabulary=vocabulary)
        pipeline = Pipeline([("vectorizer", vectorizer), ("classifier", fitted("gru")[-1])])
        gates[padding] = gate_activations(pipeline, "dull film")
        assert gates[padding].index.to_list() == ["[START]", "dull", "film"]
    np.testing.assert_allclose(gates["post"], gates["pre"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layer": 1}, "n_layers=1"),
        ({"layer": -2}, "n_layers=1"),
        ({"direction": "backward"}, "bidirectional=True"),
        ({"direction": "up"}, "direction"),
        ({"units": [4]}, "4 units"),
        ({"units": -1}, "4 units"),
        ({"units": [0.5]}, "4 units"),
        ({"units": "some"}, "units"),
    ],
)
def test_rejects_invalid_arguments(fitted: Fitted, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gate_activations(fitted("gru"), TEXT, **arguments)


def test_rejects_several_texts(fitted: Fitted) -> None:
    with pytest.raises(ValueError, match="Expected one text, got 2"):
        gate_activations(fitted("gru"), [TEXT, TEXT])
