"""Gates against the networks' own states, and against a forward pass written anew."""

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
LSTM_GATES = ["forget_gate", "input_gate", "output_gate", "new_value", "carry", "state"]
GRU_GATES = ["update_gate", "reset_gate", "candidate", "state"]


def own_states(pipeline: Pipeline, layer: int) -> np.ndarray:
    """Return what Keras computes in a recurrent layer after each word of TEXT."""
    network = pipeline[-1]._fitted_network()
    # the same network, but one that hands on the states at all words
    architecture = network.architecture
    if architecture.pooling == "last":
        architecture = replace(architecture, pooling="max")
    model = architecture.assemble(InitialWeights(np.random.default_rng(0)))
    model.set_weights(network.model.get_weights())
    recurrent = [part for part in model.layers if hasattr(part, "return_sequences")]
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
        ("both ways", 0, "forward"),
        ("both ways", 0, "backward"),
        ("stacked", 0, "backward"),
        ("stacked", 1, "forward"),
        ("stacked", 1, "backward"),
    ],
)
def test_states_are_the_networks_own(fitted: Fitted, kind: str, layer: int, direction: str) -> None:
    pipeline = fitted(kind)
    states = own_states(pipeline, layer)
    if pipeline[-1].bidirectional:
        states = np.split(states, 2, axis=1)[direction == "backward"]
    gates = gate_activations(pipeline, TEXT, "all", layer=layer, direction=direction)
    np.testing.assert_allclose(gates["state"], states, atol=1e-5)
    assert np.ptp(states) > 0.5


def test_state_after_the_last_word(fitted: Fitted) -> None:
    state = gate_activations(fitted("lstm"), TEXT, "all")["state"].iloc[-1]
    np.testing.assert_allclose(state, hidden_states(fitted("lstm"), TEXT)[0], atol=1e-5)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_lstm_gates_by_hand(fitted: Fitted) -> None:
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
    gates = gate_activations(pipeline, TEXT)
    assert gates.columns.to_list() == LSTM_GATES
    np.testing.assert_allclose(gates, np.mean(rows, axis=2), atol=1e-5)
    every = gate_activations(pipeline, TEXT, "all")
    np.testing.assert_allclose(every, np.reshape(rows, (len(rows), -1)), atol=1e-5)


def test_gru_gates_by_hand(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    table, kernel, recurrent, bias, *_ = pipeline[-1].model_.get_weights()
    h = np.zeros(4)
    rows = []
    for word in pipeline[:-1].transform([TEXT])[0]:
        if word == 0:
            continue
        from_word = np.split(table[word] @ kernel + bias[0], 3)
        from_state = np.split(h @ recurrent + bias[1], 3)
        z, r = (sigmoid(from_word[k] + from_state[k]) for k in (0, 1))
        g = np.tanh(from_word[2] + r * from_state[2])
        h = z * h + (1 - z) * g
        rows.append([z, r, g, h])
    gates = gate_activations(pipeline, TEXT)
    assert gates.columns.to_list() == GRU_GATES
    np.testing.assert_allclose(gates, np.mean(rows, axis=2), atol=1e-5)


def test_units(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    every = gate_activations(pipeline, TEXT, "all")
    assert every.columns.names == ["gate", "unit"]
    assert every.columns.to_list() == [(gate, unit) for gate in GRU_GATES for unit in range(4)]
    some = gate_activations(pipeline, TEXT, [3, 1])
    np.testing.assert_array_equal(some["reset_gate"][3], every["reset_gate"][3])
    assert some["state"].columns.to_list() == [3, 1]
    one = gate_activations(pipeline, TEXT, 2)
    assert one.columns.to_list() == GRU_GATES
    np.testing.assert_array_equal(one["candidate"], every["candidate"][2])


def test_one_row_per_word(fitted: Fitted) -> None:
    gates = gate_activations(fitted("simple"), "The film was zzz")
    assert gates.index.to_list() == ["[START]", "the", "film", "was", "zzz [OOV]"]
    assert gates.index.name == "word"
    assert gates.columns.to_list() == ["state"]


def test_long_text_is_cut_as_the_network_sees_it(fitted: Fitted) -> None:
    gates = gate_activations(fitted("gru"), " ".join(["film"] * 30 + ["dull"]))
    assert gates.index.to_list() == ["film [CUT]"] * 11 + ["film"] * 19 + ["dull"]
    assert gates[11:].notna().all(axis=None)


def test_rows_of_ids(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    ids = pipeline[:-1].transform([TEXT])
    by_ids = gate_activations(pipeline[-1], ids)
    np.testing.assert_array_equal(by_ids, gate_activations(pipeline, TEXT))
    assert by_ids.index.to_list() == [str(number) for number in ids[0] if number]
    np.testing.assert_array_equal(gate_activations(pipeline[-1], ids[0]), by_ids)


@pytest.mark.parametrize("kind", ["gru", "unmasked"])
def test_empty_text(fitted: Fitted, kind: str) -> None:
    gates = gate_activations(fitted(kind), "")
    assert gates.index.to_list() == ["[START]"]
    row = np.zeros(20, dtype=np.int32)
    none = gate_activations(fitted(kind)[-1], row)
    assert none.shape == (0, 4)
    assert none.columns.to_list() == GRU_GATES
    assert gate_activations(fitted(kind)[-1], row, "all").shape == (0, 16)


def test_padding_behind(fitted: Fitted) -> None:
    classifier = fitted("gru")[-1]
    behind = SequenceVectorizer(maxlen=20, padding="post", vocabulary={"film": 1, "dull": 2})
    pipeline = Pipeline([("vectorizer", behind), ("classifier", classifier)])
    gates = gate_activations(pipeline, "dull film")
    assert gates.index.to_list() == ["[START]", "dull", "film"]
    in_front = pipeline.set_params(vectorizer__padding="pre")
    np.testing.assert_allclose(gates, gate_activations(in_front, "dull film"))


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
def test_wrong_arguments(fitted: Fitted, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gate_activations(fitted("gru"), TEXT, **arguments)


def test_several_texts(fitted: Fitted) -> None:
    with pytest.raises(ValueError, match="Expected one text, got 2"):
        gate_activations(fitted("gru"), [TEXT, TEXT])
