"""Compiled train, test and predict functions, shared between equal networks.

Keras's JAX trainer passes all state into its compiled functions explicitly, so that a
function compiled for one network serves every other of the same architecture,
optimizer and options. Under other backends each network keeps functions of its own.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ._backend import import_keras
from ._compilation_cache import without_python
from ._network import Architecture
from ._threads import run_in_threads

keras = import_keras()

Key = tuple[str, Architecture, str]

_MAX_PROGRAMS = 20  # those of ten networks; a search takes its candidates one after another
_ROWS_PER_PART = 64  # fewer would slow the products down
# LLVM's cheapest optimization: the programs run as fast, and compile in two thirds of the time
_COMPILER_OPTIONS = {"xla_backend_optimization_level": 1}
_WORK_FOR_PARTS = 2**17  # rows x width x state; less is done before a thread has begun

_programs: OrderedDict[Key, Any] = OrderedDict()
_programs_lock = threading.Lock()
_tracing_lock = threading.Lock()


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
    kind, config = type(optimizer), optimizer.get_config()
    options = {key: value for key, value in config.items() if key != "name"}
    if isinstance(options.get("learning_rate"), float):
        del options["learning_rate"]  # a variable, not a constant of the program
    name = _name(
        architecture,
        f"{kind.__module__}.{kind.__qualname__}",
        json.dumps(keras.saving.serialize_keras_object(options), sort_keys=True, default=repr),
    )
    # the code of other classes may change from process to process
    plain = all(isinstance(value, str | float | int | None) for value in options.values())
    kept = plain and kind.__module__.startswith("keras.")

    def make() -> TrainingPrograms:
        @cache
        def steps() -> Any:
            from ._steps import Steps  # imports JAX

            return Steps(architecture, kind.from_config(config))

        train = _TrainFunction(steps, name if kept else None, architecture.state_dim)
        test = Program(steps, "test", name if kept else None, donates=True)
        return TrainingPrograms(train, lambda state, iterator: test(state, *next(iterator)))

    return _shared(("train", architecture, name), make)


def predict_function(architecture: Architecture) -> "Program | None":
    """Return the function (trainable, non_trainable, ids) -> outputs of such networks.

    None where functions cannot be shared: on another backend than JAX.
    """
    if not _can_share():
        return None
    name = _name(architecture)

    def make() -> Program:
        def steps() -> Any:
            from ._steps import Steps

            return Steps(architecture)

        return Program(cache(steps), "predict", name, donates=False)

    return _shared(("predict", architecture, name), make)


def _can_share() -> bool:
    return (
        keras.backend.backend() == "jax"
        and not getattr(keras.config, "is_nnx_enabled", bool)()  # since Keras 3.11
        and keras.distribution.distribution() is None
    )


def _name(*parts: Any) -> str:
    """Return all that tells such programs from others, in words."""
    import jax

    settings = (
        keras.config.dtype_policy().name,
        keras.config.floatx(),
        keras.config.epsilon(),
        jax.config.jax_enable_x64,
        jax.config.jax_default_matmul_precision,
        str(jax.config.jax_default_device),
    )
    return repr((*parts, *settings))


def _shared(key: Key, make: Callable[[], Any]) -> Any:
    with _programs_lock:
        if key not in _programs:
            _programs[key] = make()
        _programs.move_to_end(key)
        while len(_programs) > _MAX_PROGRAMS:
            _programs.popitem(last=False)
        return _programs[key]


class _TrainFunction:
    """A training step, in which threads compute the gradients of parts of a large batch.

    How a batch is cut depends on nothing but its shape, so the number of threads changes
    no result.
    """

    def __init__(self, steps: Callable[[], Any], name: str | None, state_dim: int) -> None:
        self._state_dim = state_dim
        self._whole = Program(steps, "train", name, donates=True)
        self._part = Program(steps, "gradient", name, donates=False)
        self._sum = Program(steps, "update", name, donates=True)

    def __call__(self, state: Any, iterator: Iterator[Any]) -> tuple[Any, Any]:
        batch = next(iterator)
        n_parts = self._count_parts(batch[0])
        if n_parts == 1:
            return self._whole(state, *batch)
        columns = (np.split(column, n_parts) for column in batch)
        numbers = np.arange(n_parts, dtype=np.uint32)
        parts = list(zip(*columns, numbers, strict=True))
        gradients = run_in_threads(
            lambda part: self._part(state, *part),
            parts,
            alone=not self._part.knows(parts[0][0]),
        )
        return self._sum(state, *batch, gradients)

    def _count_parts(self, ids: Any) -> int:
        if ids.size * self._state_dim < _WORK_FOR_PARTS:
            return 1
        most = max(len(ids) // _ROWS_PER_PART, 1)
        return next(n for n in range(most, 0, -1) if len(ids) % n == 0)


class Program:
    """A function of (state, ids, ...) that is compiled once for each shape of ids.

    Parameters
    ----------
    steps : callable
        Returns the Steps it is one of. They cost a network, and are made only to be traced.
    step : str
        Its name there.
    name : str or None
        All else that decides what it computes, for traces on disk; None keeps none there.
    donates : bool
        Whether calls give the state away.
    """

    def __init__(
        self, steps: Callable[[], Any], step: str, name: str | None, *, donates: bool
    ) -> None:
        self._steps = steps
        self._step = step
        self._name = name
        self._donates = donates
        self._compiled: dict[tuple[int, ...], Callable[..., Any]] = {}

    def knows(self, ids: Any) -> bool:
        """Return whether calls with such ids compile nothing."""
        return ids.shape in self._compiled

    def __call__(self, state: Any, ids: Any, *rest: Any) -> Any:
        if self.knows(ids):
            return self._compiled[ids.shape](state, ids, *rest)
        with _tracing_lock:  # Keras is not made to be traced by several threads at once
            compiled = self._compiled.get(ids.shape) or self._prepare(state, ids, *rest)
            result = compiled(state, ids, *rest)
            self._compiled[ids.shape] = compiled
        return result

    def _prepare(self, *arguments: Any) -> Callable[..., Any]:
        import jax

        def get_function() -> Callable[..., Any]:
            function: Callable[..., Any] = getattr(self._steps(), self._step)
            return function

        if self._name is None:
            function = get_function()
        else:
            function = without_python(f"{self._step} {self._name}", get_function, arguments)
        donated = (0,) if self._donates else ()
        jitted = jax.jit(function, donate_argnums=donated)
        # compiled ahead, since jit would compile anew for the state that the first call returns
        return jitted.lower(*arguments).compile(compiler_options=_COMPILER_OPTIONS)
