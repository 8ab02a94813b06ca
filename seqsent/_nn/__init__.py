"""The neural network, from rows of word ids to probabilities and gradients.

- ``model``: parameters, cells, initial weights, n-gram embedding and numpy forward pass.
- ``train``: loss, optimizer, training loop, history and checkpoints.
- ``fast``: the same computations, compiled for JAX.
- ``automatic``: ``epochs="auto"``, which selects the length of a training and a temperature.
- ``network``: a model with its training, predictions and state; ``serialization`` stores it.
- ``batches``: rows in batches without needless padding.
- ``gradients``: a network as a function of its word vectors.

To add a cell, add a :class:`.model.cells.Cell` to ``CELLS``. To add a parameter of the network,
add a field to :class:`.model.architecture.Architecture`.

Invariants:

- A model is a ``keras.Model`` that Keras can save and load without seqsent, except with n-grams.
- Weights have the order of ``get_weights()``, and their layers have the names that ``network``
  uses.
- A seed gives the same initial weights on every backend.
- Padding does not change a prediction unless ``mask_padding=False``.
- ``fast`` and ``model.numpy_forward`` agree with the Keras layers up to rounding.
"""
