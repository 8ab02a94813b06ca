"""Loss, metrics and optimizer of a network."""

from typing import Any

from numpy.typing import NDArray

from ..._runtime.backend import import_keras, zeros_on_backend

keras = import_keras()

_PACKED = "Keras optimizer"  # key that marks a packed optimizer
LOG_LOSS = "log_loss"  # metric that equals the loss, as a mean over sample weights


def loss_and_metrics(n_outputs: int) -> dict[str, Any]:
    """Return loss and metrics for ``keras.Model.compile``, as means over sample weights."""
    kind = "Binary" if n_outputs == 1 else "SparseCategorical"
    loss = getattr(keras.losses, f"{kind}Crossentropy")
    # unlike Keras's metric of this name, the loss accepts both shapes of targets
    log_loss = keras.metrics.MeanMetricWrapper(
        loss(reduction=None, dtype="float32"), name=LOG_LOSS, dtype="float32"
    )
    return {
        "loss": loss(reduction="mean_with_sample_weight", dtype="float32"),
        "weighted_metrics": ["accuracy", log_loss],
    }


def has_cosine_decay(optimizer: Any) -> bool:
    """Return whether the learning rate of a fit decays: for "adam", not for an instance."""
    return isinstance(optimizer, str) and optimizer.lower() == "adam"


def make_optimizer(optimizer: Any, learning_rate: float | None, *, default_rate: float) -> Any:
    """Return an optimizer by its name, "adam" with the default rate, or a copy of an instance."""
    if not isinstance(optimizer, str):
        config = get_config(optimizer)
        if learning_rate is not None:
            raise ValueError(
                f"learning_rate={learning_rate} contradicts the optimizer instance, whose rate is "
                f"{config.get('learning_rate')}. Leave learning_rate=None and set it there, or "
                f"pass the optimizer by name: optimizer={type(optimizer).__name__.lower()!r}."
            )
        return type(optimizer).from_config(config)
    options: dict[str, Any] = {}
    if optimizer.lower() == "adam":
        options = {"learning_rate": default_rate, "global_clipnorm": 1.0}
    if learning_rate is not None:
        options["learning_rate"] = float(learning_rate)
    return _optimizer_class(optimizer).from_config(options)


def _optimizer_class(name: str) -> Any:
    """Return the optimizer class of a name in keras.optimizers, in any case, or registered."""
    found = keras.saving.get_registered_object(name)
    if isinstance(found, type) and issubclass(found, keras.optimizers.Optimizer):
        return found
    classes = {
        key.lower(): value
        for key, value in vars(keras.optimizers).items()
        if isinstance(value, type) and "Optimizer" not in key  # base class and wrappers
    }
    if name.lower() not in classes:
        raise ValueError(
            f"optimizer={name!r} is unknown to Keras. Pass an instance or one of the names "
            f"{sorted(classes)}."
        )
    return classes[name.lower()]


def get_config(optimizer: Any) -> dict[str, Any]:
    """Return the configuration of an optimizer, without numpy's warning about Keras variables."""
    rate = optimizer.learning_rate
    if isinstance(rate, keras.Variable):
        shallow = object.__new__(type(optimizer))
        vars(shallow).update(vars(optimizer), _learning_rate=rate.value)
        optimizer = shallow
    config: dict[str, Any] = optimizer.get_config()
    return config


def pack_optimizer(optimizer: Any) -> Any:
    """Return a Keras optimizer as plain data, and a name or a user's optimizer unchanged."""
    if isinstance(optimizer, str) or not type(optimizer).__module__.startswith("keras."):
        return optimizer
    return {_PACKED: type(optimizer).__name__, "config": get_config(optimizer)}


def unpack_optimizer(packed: Any) -> Any:
    """Invert :func:`pack_optimizer`. Raise a ValueError for classes that Keras would import."""
    if not (isinstance(packed, dict) and _PACKED in packed):
        return packed
    _check_registered(packed["config"])
    kind = getattr(keras.optimizers, packed[_PACKED], None)
    if not (isinstance(kind, type) and issubclass(kind, keras.optimizers.Optimizer)):
        raise ValueError(f"its optimizer {packed[_PACKED]!r} is not in keras.optimizers")
    return keras.optimizers.get({"class_name": packed[_PACKED], "config": packed["config"]})


def _check_registered(config: Any) -> None:
    if isinstance(config, list | tuple):
        for item in config:
            _check_registered(item)
    if not isinstance(config, dict):
        return
    module = config.get("module")
    is_from_keras = isinstance(module, str) and f"{module}.".startswith("keras.optimizers.")
    is_known = is_from_keras or keras.saving.get_registered_object(config.get("registered_name"))
    if "class_name" in config and not is_known:
        raise ValueError(
            f"its optimizer needs the class {config['class_name']!r} of {module!r}, which is not "
            "registered. Import the module that decorates it with "
            "keras.saving.register_keras_serializable first."
        )
    _check_registered(list(config.values()))


def restore_optimizer_state(model: Any, values: list[NDArray[Any]], class_name: str) -> None:
    """Restore the optimizer state, except the learning rate, if class and shapes match."""
    optimizer = model.optimizer
    if type(optimizer).__name__ != class_name:
        return
    build_optimizer(model)
    if [value.shape for value in values] != [tuple(v.shape) for v in optimizer.variables]:
        return
    rate = optimizer.learning_rate
    for variable, value in zip(optimizer.variables, values, strict=True):
        if variable is not rate:
            variable.assign(value)


def build_optimizer(model: Any) -> None:
    """Build the optimizer of a compiled model, with zeros from numpy, which compile nothing."""
    optimizer = model.optimizer
    if optimizer.built:
        return
    add_variable = optimizer.add_variable

    def add(shape: tuple[int, ...], initializer: Any = "zeros", **arguments: Any) -> Any:
        if initializer == "zeros":
            initializer = zeros_on_backend
        return add_variable(shape, initializer=initializer, **arguments)

    try:
        optimizer.add_variable = add
        optimizer.build(model.trainable_variables)
    finally:
        vars(optimizer).pop("add_variable", None)
