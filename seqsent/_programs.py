"""Compiled train, test and predict functions, shared between equal networks.

Keras's JAX trainer passes all state into its compiled functions explicitly, so that a
function compiled for one network serves every other of the same architecture,
optimizer and options. Under other backends each network keeps functions of its own.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._backend import import_keras
from ._batches import Batches
from ._initial_weights import InitialWeights, build_optimizer
from ._network import Architecture, default_compile_kwargs

keras = import_keras()

_MAX_PROGRAMS = 20  # those of ten networks; a search takes its candidates one after another

_programs: OrderedDict[Hashable, Any] = OrderedDict()
_programs_lock = threading.Lock()


@dataclass(frozen=True)
class TrainingPrograms:
    """Step functions as ``keras.Model`` keeps them: (state, iterator) -> (logs, state)."""

    train_function: Callable[..., Any]
    test_function: Callable[..., Any]


def training_programs(architecture: Architecture, optimizer: Any) -> TrainingPrograms | None:
    """Return the train and test functions of networks like this one.

    Parameters
    ----------
    architecture : Architecture
        What the network looks like.
    optimizer : keras.optimizers.Optimizer
        The optimizer it is compiled with; its class and options count, its state does not.

    Returns
    -------
    TrainingPrograms or None
        None where functions cannot be shared: on another backend than JAX.
    """
    if not _can_share():
        return None
    options = optimizer.get_config()
    options.pop("name", None)
    if isinstance(options.get("learning_rate"), float):
        del options["learning_rate"]  # a variable, not a constant of the program
    kind = type(optimizer)
    key = (
        "train",
        architecture,
        f"{kind.__module__}.{kind.__qualname__}",
        json.dumps(keras.saving.serialize_keras_object(options), sort_keys=True, default=repr),
    )
    return _shared(key, lambda: _make_training_programs(architecture, optimizer))


def predict_function(architecture: Architecture) -> Callable[..., Any] | None:
    """Return the function (trainable, non_trainable, ids) -> outputs of such networks.

    None where functions cannot be shared: on another backend than JAX.
    """
    if not _can_share():
        return None
    return _shared(("predict", architecture), lambda: _make_predict_function(architecture))


def _can_share() -> bool:
    return (
        keras.backend.backend() == "jax"
        and not getattr(keras.config, "is_nnx_enabled", bool)()  # since Keras 3.11
        and keras.distribution.distribution() is None
    )


def _shared(key: Hashable, make: Callable[[], Any]) -> Any:
    import jax

    key = (
        key,
        keras.config.dtype_policy().name,
        keras.config.floatx(),
        jax.config.jax_enable_x64,
        jax.config.jax_default_matmul_precision,
        str(jax.config.jax_default_device),
    )
    with _programs_lock:
        if key not in _programs:
            _programs[key] = make()
        _programs.move_to_end(key)
        while len(_programs) > _MAX_PROGRAMS:
            _programs.popitem(last=False)
        return _programs[key]


def _make_training_programs(architecture: Architecture, optimizer: Any) -> TrainingPrograms:
    donor = _make_donor(architecture)
    compile_kwargs = default_compile_kwargs(architecture.n_outputs)
    compile_kwargs["optimizer"] = type(optimizer).from_config(optimizer.get_config())
    donor.compile(**compile_kwargs)
    build_optimizer(donor)
    row = np.ones((1, 1), dtype=np.int32)
    one_batch = Batches(row, np.zeros(1, dtype=np.float32), np.ones(1, np.float32), 1, None)
    donor.fit(one_batch, epochs=0, verbose=0)  # builds the metrics, runs nothing
    donor.make_test_function()
    if hasattr(donor, "_record_training_state_sharding_spec"):  # before Keras 3.14
        donor._record_training_state_sharding_spec()  # what fit forgets when it ends
    _drop_values([*donor.variables, *donor.optimizer.variables])

    def step(function: Callable[..., Any]) -> Callable[..., Any]:
        lone = _TracesAlone(lambda state, *batch: function(state, iter([batch])))
        return lambda state, iterator: lone(state, *next(iterator))

    return TrainingPrograms(step(donor.train_function), step(donor.test_function))


def _make_predict_function(architecture: Architecture) -> Callable[..., Any]:
    import jax

    donor = _make_donor(architecture)
    _drop_values(donor.variables)

    def predict(state: Any, ids: Any) -> Any:
        return donor.stateless_call(*state, ids, training=False)[0]

    return _TracesAlone(jax.jit(predict))


def _make_donor(architecture: Architecture) -> Any:
    from ._recurrence import FAST_LAYERS  # imports JAX

    initial = InitialWeights(np.random.default_rng(0))
    by_name = {layer.__name__: layer for layer in FAST_LAYERS.values()}
    with keras.saving.custom_object_scope(by_name):  # Bidirectional looks them up by name
        return architecture.assemble(initial, layers=FAST_LAYERS)


def _drop_values(variables: Iterator[Any] | list[Any]) -> None:
    """Free a donor's arrays: only its code is used, each call brings its own values."""
    for variable in variables:
        variable._value = None


class _TracesAlone:
    """Calls a function of (state, batch...); one thread at a time where a shape is new.

    Tracing runs the donor's Python code, which Keras does not make safe for threads.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._traced: set[tuple[int, ...]] = set()
        self._lock = threading.Lock()

    def __call__(self, state: Any, ids: Any, *rest: Any) -> Any:
        if ids.shape in self._traced:
            return self._function(state, ids, *rest)
        with self._lock:
            result = self._function(state, ids, *rest)
            self._traced.add(ids.shape)
        return result
