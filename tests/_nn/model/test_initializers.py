"""Layers get their initial weights, and keep Keras's initializers in their configuration."""

import numpy as np
import pytest

from seqsent._nn.model.initializers import InitialWeights
from seqsent._runtime.backend import import_keras

keras = import_keras()


class FailingDense(keras.layers.Dense):
    def build(self, input_shape):
        super().build(input_shape)
        raise RuntimeError("build failed")


def test_initializers_are_restored_if_build_raises():
    layer = FailingDense(3)
    stock = layer.kernel_initializer, layer.bias_initializer
    with pytest.raises(RuntimeError, match="build failed"):
        InitialWeights(np.random.default_rng(0)).build(layer, keras.Input((2,)))
    assert (layer.kernel_initializer, layer.bias_initializer) == stock
