"""Compiled steps for JAX, equivalent to Keras's layers and optimizers but faster.

- ``layers``: replacements of the Keras layers.
- ``tables``: Adam with sparse updates of embedding tables.
- ``steps``: the steps as pure functions of state and batch, see :class:`.steps.StepFunction`.
- ``programs``: steps compiled once for each shape, and shared by equal networks.
- ``threads``: one thread per core, for microbatches and predictions.

The other packages call :mod:`.programs` and :mod:`.threads` only. Tests compare the results with
Keras. The modules import JAX: ask :func:`is_usable` first.
"""

from ..._runtime.backend import import_keras

keras = import_keras()


def is_usable() -> bool:
    """Return whether Keras runs on JAX and its trainer passes state explicitly."""
    return (
        keras.backend.backend() == "jax"
        and not getattr(keras.config, "is_nnx_enabled", bool)()  # since Keras 3.11
        and keras.distribution.distribution() is None
    )
