"""The numpy forward pass against the layers of Keras."""

import numpy as np
import pytest

from seqsent._nn.model.architecture import Architecture
from seqsent._nn.model.cells import CELLS, Cell
from seqsent._nn.model.initializers import InitialWeights
from seqsent._nn.model.numpy_forward import NumpyNetwork
from seqsent._runtime.backend import import_keras

keras = import_keras()


@pytest.fixture(scope="module")
def ids():
    rng = np.random.default_rng(0)
    rows = rng.integers(1, 40, size=(9, 23), dtype=np.int32)
    for row, n_padding in zip(rows, [0, 1, 5, 14, 22, 23, 0, 3, 9], strict=True):
        row[:n_padding] = 0
    rows[6, 7] = 0  # padding between words
    return rows


@pytest.mark.parametrize("mask_padding", [True, False])
@pytest.mark.parametrize("pooling", ["last", "max", "mean", ("max", "mean")])
@pytest.mark.parametrize(
    ("n_layers", "bidirectional"), [(1, False), (2, True)], ids=["1 layer", "2 layers, both ways"]
)
@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
def test_outputs_equal_those_of_keras(cell, n_layers, bidirectional, pooling, mask_padding, ids):
    architecture = Architecture(
        cell=cell,
        state_dim=5,
        embed_dim=4,
        n_words=40,
        n_outputs=3 if pooling == "mean" else 1,
        n_layers=n_layers,
        bidirectional=bidirectional,
        pooling=pooling,
        mask_padding=mask_padding,
        dropout=0.2,
        train_embedding=pooling != "max",
    )
    rng = np.random.default_rng(1)
    model = architecture.assemble(InitialWeights(rng, time_scale=20))
    weights = [w + rng.normal(scale=0.3, size=w.shape) for w in model.get_weights()]
    model.set_weights([w.astype(np.float32) for w in weights])
    outputs = NumpyNetwork(architecture, model.get_weights()).predict(ids)
    expected = model.predict(ids, verbose=0)
    np.testing.assert_allclose(outputs[:, -expected.shape[1] :], expected, atol=1e-6)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-6)


def test_cell_without_numpy_functions_is_an_error(monkeypatch):
    monkeypatch.setitem(CELLS, "other", Cell(layer=keras.layers.SimpleRNN))
    architecture = Architecture(cell="other", n_words=5, n_outputs=1)
    with pytest.raises(ValueError, match="cell='other'"):
        NumpyNetwork(architecture, [])
