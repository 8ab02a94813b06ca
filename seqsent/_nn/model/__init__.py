"""The network: parameters, cells, initializers, n-gram embedding and numpy forward pass."""
