"""What is compiled for JAX: the same networks, in less time.

One seam leads in: :mod:`.programs` hands out compiled functions of all state, which serve every
network of the same architecture, optimizer and settings. They compute what the stock layers of
Keras compute, to rounding; tests hold each against the plain way, so that this folder could be
left out and nothing but time be lost. Behind the seam anything may change: how layers compute,
how a batch is cut into parts, what is kept on disk, which options XLA gets. What must not: the
form of the functions (state in, state out, as Keras's JAX trainer passes it), results that do
not depend on the number of threads, and that no function holds a user's network alive.

- ``layers``: stand-ins for the stock layers.
- ``tables``: embedding tables updated where a batch touched them.
- ``steps``: what is computed for a batch, as functions of all state.
- ``programs``: these, compiled once for each shape and shared.
- ``traces``: what a process leaves on disk for the next.
- ``threads``: the cores that a large batch is shared out to.

Its modules import JAX; ask :func:`is_usable` before importing any of them.
"""

from ..._runtime.backend import import_keras

keras = import_keras()


def is_usable() -> bool:
    """Return whether functions can be shared: Keras runs on JAX and passes state explicitly."""
    return (
        keras.backend.backend() == "jax"
        and not getattr(keras.config, "is_nnx_enabled", bool)()  # since Keras 3.11
        and keras.distribution.distribution() is None
    )
