"""Each cell computes the same as its Keras layer, and a new cell needs only a record."""

import pickle

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from seqsent import RecurrentSentimentClassifier, build_network
from seqsent._nn.model.cells import CELLS, Cell
from seqsent._runtime.backend import import_keras
from seqsent.datasets import make_reviews
from seqsent.inspection import gate_activations, hidden_states, token_attributions

keras = import_keras()
ops = keras.ops

HAND_WRITTEN = {name: cell for name, cell in CELLS.items() if cell.backward is not None}
for_each_cell = pytest.mark.parametrize("cell", HAND_WRITTEN.values(), ids=HAND_WRITTEN)


@for_each_cell
def test_numpy_forward_equals_the_keras_layer(cell):
    layer = cell.layer(4, return_sequences=True)
    layer.build((None, None, 3))
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 0.8, w.shape) for w in layer.get_weights()]
    layer.set_weights(weights)
    inputs = rng.normal(size=(7, 5, 3))  # time, samples, inputs
    outputs = cell.numpy_forward(inputs, weights)
    assert list(outputs) == list(cell.activations)
    assert outputs["state"].dtype == np.float64
    expected = ops.convert_to_numpy(layer(inputs.swapaxes(0, 1).astype(np.float32)))
    np.testing.assert_allclose(outputs["state"], expected.swapaxes(0, 1), atol=1e-5)
    one_sample = cell.numpy_forward(inputs[:, 2], weights)
    np.testing.assert_allclose(one_sample["state"], outputs["state"][:, 2])


@for_each_cell
def test_backward_equals_central_differences(cell):
    rng = np.random.default_rng(2)
    state = rng.normal(size=(len(cell.states), 4))
    input_terms, recurrent_terms = rng.normal(size=(2, len(cell.gates), 4))
    grad_state = tuple(rng.normal(size=(len(cell.states), 4)))

    def loss(state, input_terms, recurrent_terms):
        new_state, _ = cell.forward(np, tuple(state), input_terms, recurrent_terms)
        return np.sum(np.multiply(new_state, grad_state))

    def central_differences(argument):
        """Return the gradient of ``loss`` with respect to one of its arguments."""
        gradient = np.zeros(inputs[argument].shape)
        for index in np.ndindex(gradient.shape):
            losses = []
            for step in (1e-6, -1e-6):
                moved = [array.copy() for array in inputs]
                moved[argument][index] += step
                losses.append(loss(*moved))
            gradient[index] = (losses[0] - losses[1]) / 2e-6
        return gradient

    inputs = [state, input_terms, recurrent_terms]
    _, residuals = cell.forward(np, tuple(state), input_terms, recurrent_terms)
    grad_previous, grad_terms = cell.backward(np, grad_state, tuple(state), residuals)
    grad_inputs, extra = list(grad_terms[: len(cell.gates)]), list(grad_terms[len(cell.gates) :])
    grad_recurrent = [
        extra.pop(0) if gate.reset_after else grad
        for gate, grad in zip(cell.gates, grad_inputs, strict=True)
    ]
    np.testing.assert_allclose(grad_previous, central_differences(0), atol=1e-8)
    np.testing.assert_allclose(grad_inputs, central_differences(1), atol=1e-8)
    np.testing.assert_allclose(grad_recurrent, central_differences(2), atol=1e-8)


@for_each_cell
def test_leading_padding_keeps_the_state_at_zero_and_has_no_gradient(cell):
    rng = np.random.default_rng(3)
    input_terms = np.array([np.full(4, gate.padding_input) for gate in cell.gates])
    recurrent_terms = rng.normal(size=(len(cell.gates), 4))
    if cell.mask_gradient:
        recurrent_terms[:] = 0  # such a cell has no bias at padding and a state of zeros
    zeros = tuple(np.zeros(4) for _ in cell.states)
    new_state, residuals = cell.forward(np, zeros, input_terms, recurrent_terms)
    np.testing.assert_array_equal(new_state, zeros)
    if not cell.mask_gradient:
        grad_state = tuple(rng.normal(size=(len(cell.states), 4)))
        _, grad_terms = cell.backward(np, grad_state, zeros, residuals)
        np.testing.assert_array_equal(grad_terms, np.zeros_like(grad_terms))


@for_each_cell
def test_states_stay_within_their_bound(cell):
    large = np.full((len(cell.gates), 4), 50.0)
    for sign in (-1, 1):
        state = tuple(np.full(4, sign * cell.bound) for _ in cell.states)
        new_state, _ = cell.forward(np, state, sign * large, large)
        assert abs(new_state[0]).max() <= cell.bound


class PlainRNN(keras.layers.SimpleRNN):
    """A recurrent layer that Keras does not know by its name."""


def states_of_plain_rnn(pipeline, text):
    """Return the states computed from the equation of a SimpleRNN."""
    table, kernel, recurrent, bias = pipeline[-1].model_.get_weights()[:4]
    h, states = np.zeros(len(bias)), []
    for token_id in pipeline[:-1].transform([text])[0]:
        if token_id:
            h = np.tanh(table[token_id] @ kernel + h @ recurrent + bias)
            states.append(h)
    return states


@pytest.fixture
def new_cell(monkeypatch):
    """The name of a cell that is a Keras layer and a record without numpy functions."""
    monkeypatch.setitem(CELLS, "plain", Cell(layer=PlainRNN))
    return "plain"


@pytest.fixture(scope="module")
def reviews():
    return make_reviews(200, return_X_y=True, random_state=0)


@pytest.mark.parametrize(
    "options", [{}, {"bidirectional": True, "n_layers": 2, "pooling": "max"}], ids=str
)
def test_a_new_cell_trains_predicts_pickles_and_is_inspected(
    options, new_cell, reviews, small_pipeline
):
    texts, labels = reviews
    pipeline = small_pipeline(cell=new_cell, epochs=2, dropout=0.0, **options).fit(texts, labels)
    model = pipeline[-1].model_
    layers = [layer for layer in model.layers if "plain" in layer.name or "bidir" in layer.name]
    assert len(layers) == options.get("n_layers", 1)
    losses = pipeline[-1].loss_curve_
    assert losses[-1] < losses[0]
    probabilities = pipeline.predict_proba(texts)
    loaded = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(loaded.predict_proba(texts), probabilities)
    padded = np.pad(pipeline[:-1].transform(texts), [(0, 0), (5, 0)])
    outputs = model.predict(padded, verbose=0)
    np.testing.assert_allclose(outputs, probabilities[:, 1:], atol=1e-6)

    gates = gate_activations(pipeline, texts[0], "all")
    assert set(gates.columns.get_level_values("gate")) == {"state"}
    if not options:
        expected = states_of_plain_rnn(pipeline, texts[0])
        np.testing.assert_allclose(gates["state"], expected, atol=1e-5)
        np.testing.assert_allclose(hidden_states(pipeline, texts[:1])[0], expected[-1], atol=1e-5)
    scores = token_attributions(pipeline, texts[0], method="integrated_gradients")
    assert scores["score"].abs().max() > 0


def test_grid_search_over_a_new_cell(new_cell, reviews, small_pipeline):
    grid = {"classifier__cell": ["simple", new_cell]}
    search = GridSearchCV(small_pipeline(), grid, cv=2).fit(*reviews)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert set(search.cv_results_["param_classifier__cell"]) == {"simple", new_cell}


def test_build_network_with_a_new_cell(new_cell):
    network = build_network(cell=new_cell, num_words=30, state_dim=4, random_state=0)
    assert network.predict(np.ones((2, 5), dtype=np.int32), verbose=0).shape == (2, 1)


def test_fit_rejects_an_unknown_cell(reviews, small_pipeline):
    with pytest.raises(ValueError, match=r"'cell' parameter .* must be a str among .*'lstm'"):
        small_pipeline(cell="plain").fit(*reviews)
    assert "plain" not in RecurrentSentimentClassifier._parameter_constraints["cell"][0].options
