"""Compiled functions, shared between equal networks.

Keras's JAX trainer passes all state into its compiled functions explicitly, so that a
function compiled for one network serves every other of the same architecture,
optimizer and options.
"""

import json
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import numpy as np

from ..._runtime.backend import import_keras
from ..._runtime.signals import defer_signals
from ..._types import Array
from ..batches import as_batch
from ..model.architecture import Architecture, without_tables
from ..model.cells import CELLS, Cell
from ..train.objective import get_config
from .steps import State, StepFunction, Steps
from .tables import can_be_lazy
from .threads import forget_helpers, run_beside, run_in_threads

keras = import_keras()

Key = tuple[str, Architecture, str, Cell]  # what for, and all that decides what is computed

# Of each kind, those used last are kept. A search takes all folds of a candidate before the next,
# so few will do for training, whose programs take 10 MB and more; those of predictions take 2 MB
# and serve whatever is asked. A later process, or this one, reads the others from disk.
_MOST_KEPT = {"train": 4, "predict": 16, "vectors": 4}
_ROWS_PER_PART = 64  # fewer would slow the products down
# LLVM's cheapest optimization: the programs run as fast, and compile in two thirds of the time
_OPTIONS = {"xla_backend_optimization_level": 1}
# XLA's older code generator, too: two thirds again. Gradients run as fast, large updates slower
_OPTIONS_OF_GRADIENTS = {**_OPTIONS, "xla_cpu_use_fusion_emitters": False}
_LARGE_TABLE = 2**20  # weights of an embedding
_WORK_FOR_PARTS = 2**19  # rows x width x state x gates; less is done as soon by one thread

shared_programs: OrderedDict[Key, Any] = OrderedDict()  # the one used last is the last
_programs_lock = threading.Lock()
_tracing_lock = threading.RLock()


@dataclass(frozen=True)
class TrainingPrograms:
    """Step functions as ``keras.Model`` keeps them: (state, iterator) -> (logs, state)."""

    train_function: "TrainFunction"
    test_function: Callable[..., Any]


@dataclass(frozen=True)
class VectorPrograms:
    """Functions of word vectors: their states, and the gradient by them."""

    states: "Program"
    gradient: "Program"


def training_programs(
    architecture: Architecture,
    optimizer: Any,
    adversarial: float = 0.0,
    lazy_updates: bool | None = None,
) -> TrainingPrograms:
    """Return the train and test functions of networks like this one.

    Of the optimizer that it is compiled with, class and options count; its state does not.
    ``adversarial`` is that of :class:`.steps.Steps`. ``lazy_updates`` says whether tables are
    updated where they were touched; None leaves it to a table's size, and what cannot be is a
    ValueError.
    """
    lazy = _lazy_tables(architecture, optimizer, lazy_updates)
    kind, config = type(optimizer), get_config(optimizer)
    options = {key: value for key, value in config.items() if key != "name"}
    if isinstance(options.get("learning_rate"), float):
        del options["learning_rate"]  # a variable, not a constant of the program
    name = _name(
        architecture,
        f"{kind.__module__}.{kind.__qualname__}",
        json.dumps(keras.saving.serialize_keras_object(options), sort_keys=True, default=repr),
        adversarial,
        lazy,
    )
    is_plain = all(isinstance(value, str | float | int | None) for value in options.values())
    # the code of other classes may change from process to process
    is_plain = is_plain and kind.__module__.startswith("keras.")
    kept = _name_on_disk(name, architecture) if is_plain else None

    def make() -> TrainingPrograms:
        steps = cache(lambda: Steps(architecture, kind.from_config(config), adversarial, lazy))
        train = TrainFunction(steps, kept, architecture)
        test = Program(steps, "test", kept, donates=True)
        trims = architecture.mask_padding
        return TrainingPrograms(
            train, lambda state, iterator: test(state, *as_batch(*next(iterator), trims=trims))
        )

    return _shared("train", architecture, name, make)


def predict_program(architecture: Architecture) -> "Program":
    """Return the function (state, ids) -> outputs of such networks."""
    name = _name(architecture)

    def make() -> Program:
        kept = _name_on_disk(name, architecture)
        return Program(cache(lambda: Steps(architecture)), "predict", kept, donates=False)

    return _shared("predict", architecture, name, make)


def vector_programs(architecture: Architecture) -> VectorPrograms:
    """Return the functions of word vectors of such networks, whatever their embedding."""
    architecture = without_tables(architecture)
    name = _name(architecture)

    def make() -> VectorPrograms:
        kept = _name_on_disk(name, architecture)
        steps = cache(lambda: Steps(architecture))
        return VectorPrograms(
            Program(steps, "states", kept, donates=False),
            Program(steps, "gradient_by_vectors", kept, donates=False),
        )

    return _shared("vectors", architecture, name, make)


def clear_caches() -> None:
    """Forget all compiled functions, and let the threads end that run them."""
    with _programs_lock:
        shared_programs.clear()
    forget_helpers()


def _large_tables(architecture: Architecture) -> tuple[int, ...]:
    n_rows = [architecture.n_words, architecture.ngram_buckets][: architecture.n_tables]
    sizes = [n * architecture.embed_dim for n in n_rows]
    return tuple(place for place, size in enumerate(sizes) if size >= _LARGE_TABLE)


def _lazy_tables(
    architecture: Architecture, optimizer: Any, wanted: bool | None
) -> tuple[int, ...]:
    """Return the places of the tables that are updated only where they were touched."""
    if not architecture.train_embedding:
        return ()
    if wanted and not can_be_lazy(optimizer):
        raise ValueError(
            "lazy_updates=True needs optimizer='adam', or an instance of keras.optimizers.Adam "
            "without amsgrad, weight_decay, use_ema, loss_scale_factor and accumulation, got "
            f"{optimizer!r}."
        )
    if wanted is None:
        return _large_tables(architecture) if can_be_lazy(optimizer) else ()
    return tuple(range(architecture.n_tables)) if wanted else ()


def _name(*parts: Any) -> str:
    """Return a text that is the same for two programs only if they compute the same."""
    settings = (
        keras.config.dtype_policy().name,
        keras.config.floatx(),
        keras.config.epsilon(),
        jax.config.jax_enable_x64,
        jax.config.jax_default_matmul_precision,
        str(jax.config.jax_default_device),
    )
    return repr((*parts, *settings))


def _name_on_disk(name: str, architecture: Architecture) -> str | None:
    """Return None for a cell that is not seqsent's: its code may change between processes."""
    cell = CELLS[architecture.cell]
    parts: tuple[Any, ...] = (cell.layer, cell.forward, cell.backward)
    homes = {part.__module__.partition(".")[0] for part in parts if part is not None}
    return name if homes <= {"keras", __name__.partition(".")[0]} else None


def _shared(what: str, architecture: Architecture, name: str, make: Callable[[], Any]) -> Any:
    key = what, architecture, name, CELLS[architecture.cell]
    with _programs_lock:
        if key not in shared_programs:
            shared_programs[key] = make()
        shared_programs.move_to_end(key)
        of_this_kind = [other for other in shared_programs if other[0] == what]
        for oldest in of_this_kind[: -_MOST_KEPT[what]]:
            del shared_programs[oldest]
        return shared_programs[key]


class TrainFunction:
    """A training step, in which threads compute the gradients of parts of a large batch.

    How a batch is cut depends on nothing but its shape, so the number of threads changes
    no result.

    Attributes
    ----------
    whole, gradient, update : Program
        For a batch in one piece; for a part of one; for what the parts add up to.
    """

    def __init__(
        self, steps: Callable[[], Steps], name: str | None, architecture: Architecture
    ) -> None:
        self._trims = architecture.mask_padding
        self._work_per_word = architecture.state_dim * max(1, len(CELLS[architecture.cell].gates))
        options = _OPTIONS if _large_tables(architecture) else _OPTIONS_OF_GRADIENTS
        self.whole = Program(steps, "train", name, donates=True, options=options)
        self.gradient = Program(
            steps, "gradient", name, donates=False, options=_OPTIONS_OF_GRADIENTS
        )
        self.update = Program(steps, "update", name, donates=True)

    def __call__(self, state: State, iterator: Iterator[Any]) -> tuple[Any, State]:
        batch = as_batch(*next(iterator), trims=self._trims)
        n_parts = self._count_parts(batch[0])
        if n_parts == 1:
            return self.whole(state, *batch)
        columns = (np.split(column, n_parts) for column in batch)
        numbers = np.arange(n_parts, dtype=np.uint32)
        parts = list(zip(*columns, numbers, strict=True))
        self.gradient.prepare(
            state,
            *parts[0],
            meanwhile=lambda part: self.update.prepare(state, *batch, [part] * n_parts),
        )
        gradients = run_in_threads(lambda part: self.gradient(state, *part), parts)
        return self.update(state, *batch, gradients)

    def _count_parts(self, ids: Array) -> int:
        if ids.size * self._work_per_word < _WORK_FOR_PARTS:
            return 1
        # what is too small for two parts of that size is halved, for two cores
        halves = min(2 * len(ids) // _ROWS_PER_PART, 2)
        most = max(len(ids) // _ROWS_PER_PART, halves, 1)
        return next(n for n in range(most, 0, -1) if len(ids) % n == 0)


class Program:
    """A step function that is compiled once for each shape of ids.

    Parameters
    ----------
    steps : callable
        Makes the :class:`Steps` that have it. They cost a network, and are made only to be
        traced.
    step : str
        The name of the method.
    name : str or None
        All else that decides what it computes, for traces on disk; None keeps none there.
    donates : bool
        Whether calls give the state away.
    options : dict
        Of the compiler, where ``XLA_FLAGS`` does not choose them.
    """

    def __init__(
        self,
        steps: Callable[[], Steps],
        step: str,
        name: str | None,
        *,
        donates: bool,
        options: dict[str, Any] = _OPTIONS,
    ) -> None:
        self.options = options
        self._steps = steps
        self._step = step
        self._name = name
        self._donates = donates
        self._compiled: dict[tuple[int, ...], Callable[..., Any]] = {}

    @property
    def shapes(self) -> set[tuple[int, ...]]:
        """Return the shapes of ids that it is compiled for."""
        return set(self._compiled)

    def __call__(self, state: State, ids: Array, *rest: Any) -> Any:
        self.prepare(state, ids, *rest)
        return self._compiled[ids.shape](state, ids, *rest)

    def prepare(
        self, state: State, ids: Array, *rest: Any, meanwhile: Callable[[Any], None] | None = None
    ) -> None:
        """Compile what calls with such arguments need, under the settings of this thread.

        ``meanwhile`` is called, by this thread, while XLA compiles in another. It is given
        the shapes and types of the outputs, and may prepare other programs.
        """
        if ids.shape in self._compiled:
            return
        # Keras is made to be traced neither by several threads at once nor to be interrupted
        with _tracing_lock, defer_signals():
            if ids.shape in self._compiled:
                return
            lowered = self._lower(state, ids, *rest)
            if meanwhile is None:
                self._compile(ids.shape, lowered)
            else:  # this thread holds the lock, so what may take it again stays here
                run_beside(
                    lambda: self._compile(ids.shape, lowered),
                    lambda: meanwhile(lowered.out_info),
                )

    def _lower(self, *arguments: Any) -> Any:
        def get_function() -> StepFunction:
            function: StepFunction = getattr(self._steps(), self._step)
            return function

        function = get_function()
        donated = (0,) if self._donates else ()
        # compiled ahead, since jit would compile anew for the state that the first call returns
        return jax.jit(function, donate_argnums=donated).lower(*arguments)

    def _compile(self, shape: tuple[int, ...], lowered: Any) -> None:
        chosen = set(re.findall(r"--(\w+)", os.environ.get("XLA_FLAGS", "")))  # by the user
        options = {name: value for name, value in self.options.items() if name not in chosen}
        self._compiled[shape] = _compile_with(options, lowered)


def _compile_with(options: dict[str, Any], lowered: Any) -> Callable[..., Any]:
    """Compile with those of the options that this release of XLA knows."""
    try:
        compiled: Callable[..., Any] = lowered.compile(compiler_options=options)
        return compiled
    except RuntimeError as error:
        known = {name: value for name, value in options.items() if name not in str(error)}
        if known == options:  # it is not for them that it failed
            raise
    return _compile_with(known, lowered)
