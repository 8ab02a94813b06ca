"""Each cell computes what its Keras layer computes; a further one needs one record alone."""

import pickle

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from seqsent import RecurrentSentimentClassifier, build_network, make_sentiment_pipeline
from seqsent._nn.model.cells import CELLS, Cell
from seqsent._runtime.backend import import_keras
from seqsent.datasets import make_reviews
from seqsent.inspection import gate_activations, hidden_states, token_attributions

keras = import_keras()
ops = keras.ops

OURS = ["simple", "lstm", "gru"]


# The cells against Keras, and gradients against differences


def weights_of(cell, n_inputs=3, units=4, seed=0):
    """Return the weights of the stock layer, far from their start, and the layer."""
    layer = CELLS[cell].layer(units, return_sequences=True)
    layer.build((None, None, n_inputs))
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, 0.8, w.shape) for w in layer.get_weights()]
    layer.set_weights(weights)
    return weights, layer


@pytest.mark.parametrize("cell", OURS)
def test_numpy_form_equals_the_stock_layer(cell):
    weights, layer = weights_of(cell)
    words = np.random.default_rng(1).normal(size=(7, 5, 3))  # time, texts, inputs
    found = CELLS[cell].numpy_forward(words, weights)
    assert list(found) == list(CELLS[cell].activations)
    expected = layer(words.swapaxes(0, 1).astype(np.float32))
    expected = keras.ops.convert_to_numpy(expected).swapaxes(0, 1)
    np.testing.assert_allclose(found["state"], expected, atol=1e-5)
    assert found["state"].dtype == np.float64
    one = CELLS[cell].numpy_forward(words[:, 2], weights)
    np.testing.assert_allclose(one["state"], found["state"][:, 2])


@pytest.mark.parametrize("cell", OURS)
def test_gradient_equals_central_differences(cell):
    record = CELLS[cell]
    rng = np.random.default_rng(2)
    state = tuple(rng.normal(size=4) for _ in record.states)
    from_word, from_state = (rng.normal(size=(len(record.gates), 4)) for _ in range(2))
    direction = tuple(rng.normal(size=4) for _ in record.states)

    def value(state, from_word, from_state):
        new, _ = record.forward(np, state, from_word, from_state)
        return sum((new_part * by).sum() for new_part, by in zip(new, direction, strict=True))

    def differences(inputs, place):
        """Return the gradient of ``value`` by one of its three inputs."""
        gradient = np.zeros(np.shape(inputs[place]))
        for index in np.ndindex(gradient.shape):
            moved = []
            for step in (1e-6, -1e-6):
                changed = [np.array(part) for part in inputs]
                changed[place][index] += step
                moved.append(value(*changed))
            gradient[index] = (moved[0] - moved[1]) / 2e-6
        return gradient

    _, values = record.forward(np, state, from_word, from_state)
    by_state, by_gates = record.backward(np, direction, state, values)
    n_gates = len(record.gates)
    by_word, behind = list(by_gates[:n_gates]), list(by_gates[n_gates:])
    inputs = [np.array(state), from_word, from_state]
    np.testing.assert_allclose(by_state, differences(inputs, 0), atol=1e-8)
    np.testing.assert_allclose(by_word, differences(inputs, 1), atol=1e-8)
    by_past = [
        behind.pop(0) if gate.reset_after else by
        for gate, by in zip(record.gates, by_word, strict=True)
    ]
    np.testing.assert_allclose(by_past, differences(inputs, 2), atol=1e-8)


@pytest.mark.parametrize("cell", OURS)
def test_padding_holds_an_empty_state(cell):
    record = CELLS[cell]
    from_state = np.random.default_rng(3).normal(size=(len(record.gates), 4))
    from_word = np.array([np.full(4, gate.padding_input) for gate in record.gates])
    empty = tuple(np.zeros(4) for _ in record.states)
    if cell == "simple":
        from_state[:] = 0  # an empty state brings nothing, and the layer's bias is the word's
    new, _ = record.forward(np, empty, from_word, from_state)
    np.testing.assert_array_equal(new, empty)


@pytest.mark.parametrize("cell", OURS)
def test_states_stay_within_their_bound(cell):
    record = CELLS[cell]
    far = np.full((len(record.gates), 4), 50.0)
    for sign in (-1, 1):
        state = tuple(np.full(4, sign * record.bound) for _ in record.states)
        new, _ = record.forward(np, state, sign * far, far)
        assert abs(new[0]).max() <= record.bound


# A further cell


class MinimalGatedCell(keras.layers.Layer):
    """f = sigmoid(x W + h U + b), g = tanh(x V + (f h) T + d), h' = (1 - f) h + f g."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units

    def build(self, input_shape):
        names = {"w": input_shape[-1], "v": input_shape[-1], "u": self.units, "t": self.units}
        for name, rows in names.items():
            setattr(self, name, self.add_weight(shape=(rows, self.units), name=name))
        self.b, self.d = (
            self.add_weight(shape=(self.units,), initializer="zeros", name=name) for name in "bd"
        )

    def call(self, inputs, states, training=False):
        (h,) = states
        f = ops.sigmoid(ops.matmul(inputs, self.w) + ops.matmul(h, self.u) + self.b)
        g = ops.tanh(ops.matmul(inputs, self.v) + ops.matmul(f * h, self.t) + self.d)
        h = (1 - f) * h + f * g
        return h, [h]


class MinimalGatedUnit(keras.layers.RNN):
    def __init__(
        self, units, seed=None, kernel_initializer=None, recurrent_initializer=None, **kwargs
    ):
        super().__init__(MinimalGatedCell(units), **kwargs)
        self.units = units

    def get_config(self):
        config = super().get_config()
        config.pop("cell")
        return {**config, "units": self.units}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@pytest.fixture
def minimal(monkeypatch):
    """The cell under the name "minimal": one record, and nothing else anywhere."""
    monkeypatch.setitem(CELLS, "minimal", Cell(layer=MinimalGatedUnit))
    return "minimal"


@pytest.fixture(scope="module")
def reviews():
    return make_reviews(200, return_X_y=True, random_state=0)


def small(cell, **parameters):
    defaults = {"maxlen": 20, "state_dim": 6, "embed_dim": 6, "epochs": 2, "dropout": 0.0}
    defaults["random_state"] = 0
    return make_sentiment_pipeline(cell, **{**defaults, **parameters})


@pytest.mark.parametrize(
    "options", [{}, {"bidirectional": True, "n_layers": 2, "pooling": "max"}], ids=str
)
def test_a_further_cell(options, minimal, reviews):
    texts, labels = reviews
    pipeline = small(minimal, **options).fit(texts, labels)
    model = pipeline[-1].model_
    layers = [layer for layer in model.layers if "minimal" in layer.name or "bidir" in layer.name]
    assert len(layers) == options.get("n_layers", 1)
    losses = pipeline[-1].loss_curve_
    assert losses[-1] < losses[0]
    probabilities = pipeline.predict_proba(texts)
    other = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(other.predict_proba(texts), probabilities)
    padded = np.pad(pipeline[:-1].transform(texts), [(0, 0), (5, 0)])[:, 5:]
    np.testing.assert_array_equal(pipeline[-1].predict_proba(padded), probabilities)

    gates = gate_activations(pipeline, texts[0], "all")
    assert set(gates.columns.get_level_values("gate")) == {"state"}
    if not options:
        final = hidden_states(pipeline, texts[:1])[0]
        np.testing.assert_allclose(gates["state"].iloc[-1], final, atol=1e-5)
        np.testing.assert_allclose(gates["state"], by_hand(pipeline, texts[0]), atol=1e-5)
    scores = token_attributions(pipeline, texts[0], method="integrated_gradients")
    assert scores["score"].abs().max() > 0


def by_hand(pipeline, text):
    """Return the states of a minimal gated unit, from its equations."""
    table, w, v, u, t, b, d = pipeline[-1].model_.get_weights()[:7]
    h, rows = np.zeros(6), []
    for word in pipeline[:-1].transform([text])[0]:
        if word:
            x = table[word].astype(float)
            f = 1 / (1 + np.exp(-(x @ w + h @ u + b)))
            g = np.tanh(x @ v + (f * h) @ t + d)
            h = (1 - f) * h + f * g
            rows.append(h)
    return rows


def test_a_further_cell_is_searched_by_name(minimal, reviews):
    grid = {"classifier__cell": ["simple", minimal]}
    search = GridSearchCV(small("gru", epochs=1), grid, cv=2).fit(*reviews)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert set(search.cv_results_["param_classifier__cell"]) == {"simple", minimal}


def test_a_further_cell_in_a_network_of_its_own(minimal):
    network = build_network(cell=minimal, num_words=30, state_dim=4, random_state=0)
    assert network.predict(np.ones((2, 5), dtype=np.int32), verbose=0).shape == (2, 1)


def test_a_cell_that_is_not_there(reviews):
    texts, labels = reviews
    with pytest.raises(ValueError, match=r"'cell' parameter .* must be a str among .*'lstm'"):
        small("minimal").fit(texts, labels)
    assert "minimal" not in RecurrentSentimentClassifier._parameter_constraints["cell"][0].options
