"""What training minimizes and how: the loss, the metrics, the optimizer."""

from typing import Any

from numpy.typing import NDArray

from ..._runtime.backend import import_keras, tensor_to_numpy, zeros_on_backend

keras = import_keras()

_PACKED = "Keras optimizer"  # the key that tells what was packed from other dicts
LOG_LOSS = "log_loss"  # the metric that is the loss, exact over batches of unequal weight


def loss_and_metrics(n_outputs: int) -> dict[str, Any]:
    """Return the arguments of ``keras.Model.compile`` that follow from the number of outputs.

    The loss is the mean over weights, not over rows, so that a row of weight zero
    changes nothing. Labels may come with or without an axis of their own.
    """
    kind = "Binary" if n_outputs == 1 else "SparseCategorical"
    loss = getattr(keras.losses, f"{kind}Crossentropy")
    # Keras's metrics of these names take labels of one shape only, its losses both
    log_loss = keras.metrics.MeanMetricWrapper(loss(reduction=None), name=LOG_LOSS)
    return {
        "loss": loss(reduction="mean_with_sample_weight"),
        "weighted_metrics": ["accuracy", log_loss],
    }


def has_cosine_decay(optimizer: Any) -> bool:
    """Return whether the learning rate of a fit decays: for "adam", not for an instance."""
    return isinstance(optimizer, str) and optimizer.lower() == "adam"


def make_optimizer(optimizer: Any, learning_rate: float | None, *, default_rate: float) -> Any:
    """Return a new Keras optimizer from a name, or a copy of an instance.

    "adam" has the default rate and clips the norm of the gradient at 1; other names have Keras's
    settings. An unknown name is a ValueError, as is a learning rate for an instance.
    """
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
    try:
        return keras.optimizers.get({"class_name": optimizer, "config": options})
    except ValueError as error:
        raise ValueError(
            f"optimizer={optimizer!r} is unknown to Keras. Pass 'adam', 'rmsprop', 'sgd', another "
            "name in keras.optimizers, or an instance."
        ) from error


def get_config(optimizer: Any) -> dict[str, Any]:
    """Return the options of an optimizer.

    Keras reads the learning rate by ``np.array``, of which numpy 2 warns; where warnings are
    errors that would fail, so it is read in another way meanwhile.
    """
    rate = optimizer.learning_rate
    if not isinstance(rate, keras.Variable):  # computed by a options
        config: dict[str, Any] = optimizer.get_config()
        return config
    rate.numpy = lambda: tensor_to_numpy(rate.value)
    try:
        config = optimizer.get_config()
    finally:
        vars(rate).pop("numpy", None)
    return config


def pack_optimizer(optimizer: Any) -> Any:
    """Return one of Keras's own optimizers as plain data, anything else as it is."""
    if isinstance(optimizer, str) or not type(optimizer).__module__.startswith("keras."):
        return optimizer
    return {_PACKED: type(optimizer).__name__, "config": get_config(optimizer)}


def unpack_optimizer(packed: Any) -> Any:
    """Undo :func:`pack_optimizer`; the optimizer is a new one.

    One that names classes of others, as of a options, is a ValueError unless they are
    registered: some versions of Keras would import whatever is named.
    """
    if not (isinstance(packed, dict) and _PACKED in packed):
        return packed
    _refuse_foreign(packed["config"])
    return keras.optimizers.get({"class_name": packed[_PACKED], "config": packed["config"]})


def _refuse_foreign(config: Any) -> None:
    if isinstance(config, list | tuple):
        for part in config:
            _refuse_foreign(part)
    if not isinstance(config, dict):
        return
    module = config.get("module")
    is_of_keras = isinstance(module, str) and f"{module}.".startswith("keras.optimizers.")
    is_known = is_of_keras or keras.saving.get_registered_object(config.get("registered_name"))
    if "class_name" in config and not is_known:
        raise ValueError(
            f"its optimizer needs {config['class_name']!r} of {module!r}, which is not of "
            "keras.optimizers; import first what registers it by "
            "keras.saving.register_keras_serializable"
        )
    _refuse_foreign(list(config.values()))


def go_on_with(model: Any, values: list[NDArray[Any]], kind: str | None) -> None:
    """Let a model's optimizer go on with what one of the same class has gathered.

    ``values`` are those of all its variables, ``kind`` the name of its class, None where it is
    not known. The learning rate stays the model's own; another optimizer begins anew.
    """
    optimizer = model.optimizer
    if kind not in (None, type(optimizer).__name__):
        return
    build_optimizer(model)
    if [value.shape for value in values] != [tuple(v.shape) for v in optimizer.variables]:
        return
    rate = optimizer.learning_rate
    for variable, value in zip(optimizer.variables, values, strict=True):
        if variable is not rate:
            variable.assign(value)


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
