"""Compiled steps, shared by all networks of the same architecture, optimizer and settings."""

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

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
from .tables import supports_sparse_updates
from .threads import map_in_threads

keras = import_keras()

# Cached programs of each kind. A grid search fits all folds of a candidate before the next one,
# so few training programs, of 10 MB and more, are enough. A prediction program has 2 MB.
_CACHE_SIZES = {"train": 4, "predict": 16, "vectors": 4}
# LLVM's lowest optimization level: programs are as fast, and compile in two thirds of the time.
_OPTIONS = {"xla_backend_optimization_level": 1}
# XLA's older code generator compiles in two thirds of that time. Gradients are as fast, updates of
# large tables are slower.
_GRADIENT_OPTIONS = {**_OPTIONS, "xla_cpu_use_fusion_emitters": False}
_LARGE_TABLE = 2**20  # values in an embedding table
_MICROBATCH_SIZE = 64  # products of smaller matrices are slower
_MIN_WORK = 2**19  # ids x state_dim x gates; threads do not speed up smaller batches


class Key(NamedTuple):
    """Cache key of compiled programs."""

    kind: str
    architecture: Architecture
    cell: Cell
    settings: tuple[Any, ...]


cached_programs: OrderedDict[Key, Any] = OrderedDict()  # least recently used first
_cache_lock = threading.Lock()
_tracing_lock = threading.RLock()


@dataclass(frozen=True)
class TrainingPrograms:
    """Functions (state, iterator) -> (logs, state), as ``keras.Model`` stores them."""

    train_function: "TrainFunction"
    test_function: Callable[..., Any]


@dataclass(frozen=True)
class VectorPrograms:
    """Programs for :class:`..gradients.VectorFunctions`."""

    states: "Program"
    gradient: "Program"


def training_programs(
    architecture: Architecture, optimizer: Any, adversarial: float = 0.0
) -> TrainingPrograms:
    """Return the training and evaluation functions of networks with an architecture.

    They depend on the class and the options of ``optimizer``, not on its state. ``adversarial``
    is explained in :class:`.steps.Steps`. Large tables have sparse updates if the optimizer
    supports them, see :mod:`.tables`.
    """
    optimizer_class, config = type(optimizer), get_config(optimizer)
    options = {name: value for name, value in config.items() if name != "name"}
    if isinstance(options.get("learning_rate"), float):
        del options["learning_rate"]  # a variable, not a constant of the program
    serialized = keras.saving.serialize_keras_object(options)

    def make() -> TrainingPrograms:
        sparse_tables = _sparse_tables(architecture, optimizer)
        steps = cache(
            lambda: Steps(
                architecture, optimizer_class.from_config(config), adversarial, sparse_tables
            )
        )
        test = Program(steps, "test", donates=True)

        def test_function(state: State, iterator: Iterator[Any]) -> Any:
            return test(state, *as_batch(*next(iterator), mask_padding=architecture.mask_padding))

        return TrainingPrograms(TrainFunction(steps, architecture), test_function)

    settings = json.dumps(serialized, sort_keys=True, default=repr)
    return _get_or_make("train", architecture, (optimizer_class, settings, adversarial), make)


def predict_program(architecture: Architecture) -> "Program":
    """Return the program (state, ids) -> outputs of networks with an architecture."""

    def make() -> Program:
        return Program(cache(lambda: Steps(architecture)), "predict")

    return _get_or_make("predict", architecture, (), make)


def vector_programs(architecture: Architecture) -> VectorPrograms:
    """Return the programs of networks with an architecture; the embedding is ignored."""
    architecture = without_tables(architecture)

    def make() -> VectorPrograms:
        steps = cache(lambda: Steps(architecture))
        return VectorPrograms(Program(steps, "states"), Program(steps, "grad_vectors"))

    return _get_or_make("vectors", architecture, (), make)


def _large_tables(architecture: Architecture) -> tuple[int, ...]:
    """Return the indices of the tables with at least ``_LARGE_TABLE`` values."""
    n_rows = [architecture.n_words, architecture.ngram_buckets][: architecture.n_tables]
    sizes = [n * architecture.embed_dim for n in n_rows]
    return tuple(index for index, size in enumerate(sizes) if size >= _LARGE_TABLE)


def _sparse_tables(architecture: Architecture, optimizer: Any) -> tuple[int, ...]:
    if not architecture.train_embedding or not supports_sparse_updates(optimizer):
        return ()
    return _large_tables(architecture)


def _get_or_make(
    kind: str, architecture: Architecture, settings: tuple[Any, ...], make: Callable[[], Any]
) -> Any:
    """Return the cached programs of a kind, and evict those used least recently."""
    process_settings = (
        keras.config.floatx(),
        keras.config.epsilon(),
        jax.config.jax_disable_jit,
        jax.config.jax_enable_x64,
        jax.config.jax_default_matmul_precision,
        str(jax.config.jax_default_device),
    )
    cell = CELLS[architecture.cell]
    key = Key(kind, architecture, cell, (*settings, *process_settings))
    with _cache_lock:
        if key not in cached_programs:
            cached_programs[key] = make()
        cached_programs.move_to_end(key)
        of_kind = [other for other in cached_programs if other.kind == kind]
        for oldest in of_kind[: -_CACHE_SIZES[kind]]:
            del cached_programs[oldest]
        return cached_programs[key]


class TrainFunction:
    """A training step that splits large batches into microbatches, one per thread at a time.

    The number of microbatches depends only on the shape of the batch, so that the number of
    threads does not change results.

    Attributes
    ----------
    whole : Program
        The step for a batch that is not split.
    gradient : Program
        The gradient of a microbatch.
    update : Program
        The update with the gradients of all microbatches.
    """

    def __init__(self, steps: Callable[[], Steps], architecture: Architecture) -> None:
        self._mask_padding = architecture.mask_padding
        self._state_dim = architecture.state_dim
        self._n_gates = max(1, len(CELLS[architecture.cell].gates))
        options = _OPTIONS if _large_tables(architecture) else _GRADIENT_OPTIONS
        self.whole = Program(steps, "train", donates=True, options=options)
        self.gradient = Program(steps, "gradient", options=_GRADIENT_OPTIONS)
        self.update = Program(steps, "update", donates=True)

    def __call__(self, state: State, iterator: Iterator[Any]) -> Any:
        batch = as_batch(*next(iterator), mask_padding=self._mask_padding)
        n_microbatches = self._count_microbatches(batch.ids)
        if n_microbatches == 1:
            return self.whole(state, *batch)
        columns = (np.split(column, n_microbatches) for column in batch)
        indices = np.arange(n_microbatches, dtype=np.uint32)
        microbatches = list(zip(*columns, indices, strict=True))
        self.gradient.prepare(state, *microbatches[0])
        gradients = map_in_threads(lambda m: self.gradient(state, *m), microbatches)
        return self.update(state, *batch, gradients)

    def _count_microbatches(self, ids: Array) -> int:
        work = ids.size * self._state_dim * self._n_gates
        if work < _MIN_WORK or len(ids) < _MICROBATCH_SIZE:
            return 1
        most = len(ids) // _MICROBATCH_SIZE
        if self._n_gates > 1:  # two smaller microbatches do not pay off for a SimpleRNN
            most = max(most, 2)
        return next(n for n in range(most, 0, -1) if len(ids) % n == 0)


class Program:
    """A step that is compiled once for each shape of ids.

    Parameters
    ----------
    steps : callable
        Returns the :class:`Steps`. It is called when the step is traced.
    step : str
        Name of the method, a :class:`StepFunction`.
    donates : bool
        Whether a call invalidates the arrays of the state, so that XLA can reuse their memory.
    options : dict
        Options of the compiler. ``XLA_FLAGS`` take precedence.
    """

    def __init__(
        self,
        steps: Callable[[], Steps],
        step: str,
        *,
        donates: bool = False,
        options: dict[str, Any] = _OPTIONS,
    ) -> None:
        self.step = step
        self._steps = steps
        self._donates = donates
        self._options = options
        self._compiled: dict[tuple[int, ...], Callable[..., Any]] = {}  # by the shape of ids

    def __call__(self, state: State, ids: Array, *rest: Any) -> Any:
        self.prepare(state, ids, *rest)
        return self._compiled[ids.shape](state, ids, *rest)

    def prepare(self, state: State, ids: Array, *rest: Any) -> None:
        """Compile the step for the shapes of these arguments."""
        if ids.shape in self._compiled:
            return
        # Keras can be traced neither by two threads at once nor be interrupted while it is.
        with _tracing_lock, defer_signals():
            if ids.shape not in self._compiled:
                self._compiled[ids.shape] = self._compile(state, ids, *rest)

    def _compile(self, *arguments: Any) -> Callable[..., Any]:
        function: StepFunction = getattr(self._steps(), self.step)
        if jax.config.jax_disable_jit:  # as debuggers and profilers set it
            return function
        donated = (0,) if self._donates else ()
        # Calling the jitted function would compile it again for the state of the first result.
        lowered = jax.jit(function, donate_argnums=donated).lower(*arguments)
        flags = os.environ.get("XLA_FLAGS", "")
        options = {name: value for name, value in self._options.items() if name not in flags}
        return _compile(lowered, options)


def _compile(lowered: Any, options: dict[str, Any]) -> Callable[..., Any]:
    """Compile with these options, or without if a release of XLA does not know one of them."""
    try:
        compiled: Callable[..., Any] = lowered.compile(compiler_options=options)
    except RuntimeError:
        compiled = lowered.compile()
    return compiled
