"""A network with what belongs to it: compiled functions, predictions, plain-data state."""

from collections.abc import Iterator
from itertools import islice
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._backend import import_keras
from .._network import Architecture, default_compile_kwargs, draw_network
from .batches import Ids, prediction_batches
from .fast.programs import predict_function, training_programs
from .fast.threads import count_threads, run_in_threads
from .initial_weights import InitialWeights, build_optimizer
from .training import Schedule, Training, train_network

keras = import_keras()

_GROUP = 4  # batches of predictions per thread that are handed out at once


class FittedNetwork:
    """A compiled ``keras.Model`` and its architecture.

    Parameters
    ----------
    architecture : Architecture
        What the model looks like.
    model : keras.Model
        The model; it holds the only copy of the weights.
    optimizer : str or keras.optimizers.Optimizer
        Name, or an instance whose options are copied.
    learning_rate : float
        Goes with a name; an instance brings its own.
    """

    def __init__(
        self, architecture: Architecture, model: Any, optimizer: Any, learning_rate: float
    ) -> None:
        self.architecture = architecture
        self.model = model
        model.compile(
            **{
                **default_compile_kwargs(architecture.n_outputs),
                "optimizer": make_optimizer(optimizer, learning_rate),
            }
        )

    @classmethod
    def draw(
        cls,
        architecture: Architecture,
        optimizer: Any,
        learning_rate: float,
        *,
        seed: int,
        time_scale: float | None,
        embedding: NDArray[np.float32] | None,
    ) -> Self:
        """Return a network with random weights."""
        model = draw_network(architecture, seed, time_scale, embedding)
        return cls(architecture, model, optimizer, learning_rate)

    def train(self, *data: Any, schedule: Schedule) -> Training:
        """Go on with the training; see :func:`train_network`."""
        build_optimizer(self.model)
        programs = training_programs(self.architecture, self.model.optimizer)
        return train_network(self.model, *data, programs=programs, schedule=schedule)

    def predict(self, ids: Ids, verbose: int = 0) -> NDArray[np.float64]:
        """Return the outputs of shape (n_texts, n_outputs)."""
        outputs = np.empty((len(ids), self.architecture.n_outputs))
        progress = keras.utils.Progbar(len(ids)) if verbose else None
        for rows, values in self._predict_batches(ids):
            outputs[rows] = values[: len(rows)]
            if progress is not None:
                progress.add(len(rows))
        return outputs

    def _predict_batches(self, ids: Ids) -> Iterator[tuple[NDArray[np.intp], Any]]:
        """Yield the rows of each batch and their outputs; more outputs may follow."""
        batches = prediction_batches(ids, trim=self.architecture.mask_padding)
        compiled = predict_function(self.architecture)
        if compiled is None:
            for rows, batch in batches:
                yield rows, self.model.predict_on_batch(batch)
            return
        state = (
            [variable.value for variable in self.model.trainable_variables],
            [variable.value for variable in self.model.non_trainable_variables],
        )
        for batch_group in iter(lambda: list(islice(batches, _GROUP * count_threads())), []):
            for _, batch in batch_group:
                compiled.prepare(state, batch)
            values = run_in_threads(lambda item: compiled(state, item[1]), batch_group)
            for (rows, _), part in zip(batch_group, values, strict=True):
                yield rows, np.asarray(part)

    def get_state(self, with_optimizer: bool) -> dict[str, Any]:
        """Return architecture and weights as plain data."""
        state = {
            "architecture": self.architecture.to_dict(),
            "weights": _to_arrays(self.model.weights),
        }
        if with_optimizer:
            state["optimizer"] = _to_arrays(self.model.optimizer.variables)
        return state

    @classmethod
    def from_state(cls, state: dict[str, Any], optimizer: Any, learning_rate: float) -> Self:
        """Return a network rebuilt from what ``get_state`` returned."""
        architecture = Architecture.from_dict(state["architecture"])
        model = architecture.assemble(InitialWeights(np.random.default_rng(0)))
        model.set_weights(state["weights"])
        network = cls(architecture, model, optimizer, learning_rate)
        values = state.get("optimizer", [])
        if values:
            build_optimizer(model)
            if [value.shape for value in values] == [v.shape for v in model.optimizer.variables]:
                for variable, value in zip(model.optimizer.variables, values, strict=True):
                    variable.assign(value)
        if isinstance(optimizer, str):
            model.optimizer.learning_rate = learning_rate  # it may have been set anew
        return network


def pack_embedding(state: dict[str, Any], parameter: Any) -> dict[str, Any]:
    """Leave out of a network's state the rows of the embedding that a parameter holds too.

    A table that starts from given word vectors differs from them in the rows that
    training moved, so the vectors need not be stored twice.
    """
    weights = state["weights"]
    base = _as_base(parameter, weights[0].shape)
    if base is None:
        return state
    rows = np.flatnonzero((weights[0] != base).any(axis=1))
    return {**state, "weights": [weights[0][rows], *weights[1:]], "moved_rows": rows}


def unpack_embedding(state: dict[str, Any], parameter: Any) -> dict[str, Any]:
    """Undo :func:`pack_embedding`."""
    if "moved_rows" not in state:
        return state
    state = dict(state)
    moved, *others = state["weights"]
    embedding = np.array(parameter, dtype=np.float32)
    embedding[state.pop("moved_rows")] = moved
    return {**state, "weights": [embedding, *others]}


def _as_base(parameter: Any, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    if parameter is None or isinstance(parameter, str | PathLike):
        return None  # a file may be gone when the pickle is loaded
    base = np.asarray(parameter, dtype=np.float32)
    return base if base.shape == shape else None


def _to_arrays(variables: list[Any]) -> list[NDArray[Any]]:
    return [np.asarray(keras.ops.convert_to_numpy(variable.value)) for variable in variables]


def make_optimizer(optimizer: Any, learning_rate: float) -> Any:
    """Return a new Keras optimizer.

    Raises
    ------
    ValueError
        If Keras knows no optimizer of that name.
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
