"""What training minimizes and how: the loss, the metrics, the optimizer."""

from typing import Any

from .._backend import import_keras, zeros_on_backend

keras = import_keras()

LOG_LOSS = "log_loss"  # the metric that is the loss, exact over batches of unequal weight


def default_compile_kwargs(n_outputs: int) -> dict[str, Any]:
    """Return the arguments of ``keras.Model.compile`` that fit the number of outputs.

    The loss is the mean over weights, not over rows, so that a row of weight zero
    changes nothing.
    """
    kind = "Binary" if n_outputs == 1 else "SparseCategorical"
    loss = getattr(keras.losses, f"{kind}Crossentropy")
    log_loss = getattr(keras.metrics, f"{kind}Crossentropy")
    return {
        "optimizer": keras.optimizers.Adam(0.004),
        "loss": loss(reduction="mean_with_sample_weight"),
        "weighted_metrics": ["accuracy", log_loss(name=LOG_LOSS)],
    }


def make_optimizer(optimizer: Any, learning_rate: float) -> Any:
    """Return a new Keras optimizer: of a name and a learning rate, or like an instance.

    A name that Keras does not know is a ValueError.
    """
    if not isinstance(optimizer, str):
        return type(optimizer).from_config(optimizer.get_config())
    config = {"class_name": optimizer, "config": {"learning_rate": learning_rate}}
    try:
        return keras.optimizers.get(config)
    except ValueError as error:
        raise ValueError(
            f"optimizer={optimizer!r} is not known to Keras; pass 'adam', 'rmsprop', 'sgd', "
            "another name of keras.optimizers, or an instance."
        ) from error


def build_optimizer(model: Any) -> None:
    """Build a compiled model's optimizer, with its zeros made by numpy like the weights."""
    optimizer = model.optimizer
    if optimizer.built:
        return
    add_variable = optimizer.add_variable

    def add(shape: tuple[int, ...], initializer: Any = "zeros", **arguments: Any) -> Any:
        if initializer == "zeros":
            initializer = zeros_on_backend
        return add_variable(shape, initializer=initializer, **arguments)

    optimizer.add_variable = add  # hides the method while the optimizer builds itself
    try:
        optimizer.build(model.trainable_variables)
    finally:
        del optimizer.add_variable
