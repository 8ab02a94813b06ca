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

from ..._backend import import_keras
from ..._network import Architecture
from .threads import run_in_threads
from .traces import without_python

keras = import_keras()

Key = tuple[str, Architecture, str]

_MAX_PROGRAMS = 20  # those of ten networks; a search takes its candidates one after another
_ROWS_PER_PART = 64  # fewer would slow the products down
# LLVM's cheapest optimization: the programs run as fast, and compile in two thirds of the time
_OPTIONS = {"xla_backend_optimization_level": 1}
# XLA's older code generator, too: two thirds again. Gradients run as fast, large updates slower
_OPTIONS_OF_GRADIENTS = {**_OPTIONS, "xla_cpu_use_fusion_emitters": False}
_LARGE_TABLE = 2**20  # weights of an embedding
_WORK_FOR_PARTS = 2**19  # rows x width x state x gates; less is done as soon by one thread

_programs: OrderedDict[Key, Any] = OrderedDict()
_programs_lock = threading.Lock()
_tracing_lock = threading.RLock()


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
        steps = _steps_maker(architecture, lambda: kind.from_config(config))
        train = _TrainFunction(steps, name if kept else None, architecture)
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
        return Program(_steps_maker(architecture), "predict", name, donates=False)

    return _shared(("predict", architecture, name), make)


def _steps_maker(
    architecture: Architecture, make_optimizer: Callable[[], Any] = lambda: None
) -> Callable[[], Any]:
    @cache
    def steps() -> Any:
        from .steps import Steps  # imports JAX

        return Steps(architecture, make_optimizer())

    return steps


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

    def __init__(
        self, steps: Callable[[], Any], name: str | None, architecture: Architecture
    ) -> None:
        from .layers import FAST_LAYERS  # imports JAX

        n_gates = len(FAST_LAYERS[architecture.cell].gate_scales)
        self._work_per_word = architecture.state_dim * n_gates
        is_large = architecture.n_words * architecture.embed_dim >= _LARGE_TABLE
        options = _OPTIONS if is_large else _OPTIONS_OF_GRADIENTS
        self._whole = Program(steps, "train", name, donates=True, options=options)
        self._part = Program(steps, "gradient", name, donates=False, options=_OPTIONS_OF_GRADIENTS)
        self._sum = Program(steps, "update", name, donates=True)

    def __call__(self, state: Any, iterator: Iterator[Any]) -> tuple[Any, Any]:
        batch = next(iterator)
        n_parts = self._count_parts(batch[0])
        if n_parts == 1:
            return self._whole(state, *batch)
        columns = (np.split(column, n_parts) for column in batch)
        numbers = np.arange(n_parts, dtype=np.uint32)
        parts = list(zip(*columns, numbers, strict=True))
        self._part.prepare(
            state,
            *parts[0],
            meanwhile=lambda part: self._sum.prepare(state, *batch, [part] * n_parts),
        )
        gradients = run_in_threads(lambda part: self._part(state, *part), parts)
        return self._sum(state, *batch, gradients)

    def _count_parts(self, ids: Any) -> int:
        if ids.size * self._work_per_word < _WORK_FOR_PARTS:
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
    options : dict
        Of the compiler.
    """

    def __init__(
        self,
        steps: Callable[[], Any],
        step: str,
        name: str | None,
        *,
        donates: bool,
        options: dict[str, Any] = _OPTIONS,
    ) -> None:
        self._steps = steps
        self._step = step
        self._name = name
        self._donates = donates
        self._options = options
        self._compiled: dict[tuple[int, ...], Callable[..., Any]] = {}

    def __call__(self, state: Any, ids: Any, *rest: Any) -> Any:
        self.prepare(state, ids, *rest)
        return self._compiled[ids.shape](state, ids, *rest)

    def prepare(
        self, state: Any, ids: Any, *rest: Any, meanwhile: Callable[[Any], None] | None = None
    ) -> None:
        """Compile what calls with such arguments need, under the settings of this thread.

        ``meanwhile`` is called while XLA compiles, with the shapes and types of the outputs.
        """
        if ids.shape in self._compiled:
            return
        with _tracing_lock:  # Keras is not made to be traced by several threads at once
            if ids.shape in self._compiled:
                return
            lowered = self._lower(state, ids, *rest)
            work = [lambda: self._compile(ids.shape, lowered)]
            if meanwhile is not None:
                work.insert(0, lambda: meanwhile(lowered.out_info))
            run_in_threads(lambda item: item(), work)

    def _lower(self, *arguments: Any) -> Any:
        import jax

        def get_function() -> Callable[..., Any]:
            function: Callable[..., Any] = getattr(self._steps(), self._step)
            return function

        if self._name is None:
            function = get_function()
        else:
            function = without_python(f"{self._step} {self._name}", get_function, arguments)
        donated = (0,) if self._donates else ()
        # compiled ahead, since jit would compile anew for the state that the first call returns
        return jax.jit(function, donate_argnums=donated).lower(*arguments)

    def _compile(self, shape: tuple[int, ...], lowered: Any) -> None:
        try:
            self._compiled[shape] = lowered.compile(compiler_options=self._options)
        except RuntimeError:  # a release of XLA that does not know an option
            self._compiled[shape] = lowered.compile()
