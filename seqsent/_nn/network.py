"""A network with what belongs to it: weights by their meaning, predictions, plain-data state."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._runtime.backend import (
    count_usable_cores,
    import_keras,
    refuse_in_fork,
    tensor_to_numpy,
    to_numpy,
)
from .._types import Array, FloatArray, Ids
from . import fast
from .batches import prediction_batches
from .gradients import VectorFunctions, vector_functions
from .model.architecture import Architecture, draw_network
from .model.cells import CELLS
from .model.initializers import InitialWeights
from .model.ngrams import embed
from .model.numpy_forward import NumpyNetwork
from .train.objective import build_optimizer, go_on_with, loss_and_metrics
from .train.options import TrainingOptions
from .train.progress import ProgressLine
from .train.training import Data, Training, train_network

keras = import_keras()

_BATCHES_PER_THREAD = 4  # of predictions, handed out at once


class Network:
    """A compiled ``keras.Model`` and its architecture.

    Parameters
    ----------
    architecture : Architecture
        What the model looks like.
    model : keras.Model
        The model; it holds the only copy of the weights.
    optimizer : keras.optimizers.Optimizer
        A new one, for this model alone.
    """

    def __init__(self, architecture: Architecture, model: Any, optimizer: Any) -> None:
        self.architecture = architecture
        self.model = model
        model.compile(optimizer, **loss_and_metrics(architecture.n_outputs))
        model._called = True  # ``export`` refuses a model that Keras itself has never run

    @classmethod
    def draw(
        cls,
        architecture: Architecture,
        optimizer: Any,
        *,
        seed: int,
        gate_bias: str,
        time_scale: float,
        tables: Sequence[NDArray[np.float32]],
    ) -> Self:
        """Return a network with random weights."""
        model = draw_network(
            architecture, seed, gate_bias=gate_bias, time_scale=time_scale, tables=tables
        )
        return cls(architecture, model, optimizer)

    @property
    def tables(self) -> list[NDArray[np.float32]]:
        """The word vectors, of shape (n_words, embed_dim), and behind them the n-grams' if any."""
        return to_numpy(self.model.get_layer("embedding").weights)

    @property
    def output_weights(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The output layer's kernel, of shape (n_state, n_outputs), and bias."""
        kernel, bias = to_numpy(self.model.get_layer("output").weights)
        return kernel, bias

    def recurrent_layer(self, depth: int, *, backward: bool = False) -> Any:
        """Return a recurrent layer, counted from 0; of a bidirectional one the half."""
        if not self.architecture.bidirectional:
            return self.model.get_layer(f"{self.architecture.cell}_{depth + 1}")
        both = self.model.get_layer(f"bidirectional_{depth + 1}")
        return both.backward_layer if backward else both.forward_layer

    def train(
        self,
        data: Data,
        validation_data: Data | None,
        *,
        options: TrainingOptions,
        adversarial: float = 0.0,
        lazy_updates: bool | None = None,
    ) -> Training:
        """Go on with the training; see :func:`train_network`.

        ``adversarial`` and ``lazy_updates`` are those of
        :func:`.fast.programs.training_programs`; on another backend than JAX they are a
        ValueError.
        """
        for name, value in (("adversarial", adversarial), ("lazy_updates", lazy_updates)):
            if value and not fast.is_usable():
                raise ValueError(
                    f"{name}={value} needs JAX, but Keras runs on {keras.backend.backend()}. "
                    "Start Python with KERAS_BACKEND=jax to train; what is trained predicts on "
                    "every backend."
                )
        build_optimizer(self.model)
        programs = None
        if fast.is_usable():
            from .fast.programs import training_programs

            programs = training_programs(
                self.architecture, self.model.optimizer, adversarial, lazy_updates
            )
        return train_network(self.model, data, validation_data, programs=programs, options=options)

    def predict(self, ids: Ids, verbose: int = 0) -> FloatArray:
        """Return the outputs of shape (n_texts, n_outputs)."""
        outputs = np.empty((len(ids), self.architecture.n_outputs))
        with ProgressLine("Predict", len(ids), verbose) as progress:
            for rows, values in self._predict_batches(ids):
                outputs[rows] = values[: len(rows)]
                progress.advance(len(rows))
            progress.end()
        return outputs

    def _predict_batches(self, ids: Ids) -> Iterator[tuple[NDArray[np.intp], Array]]:
        """Yield the rows of each batch and their outputs; more outputs may follow."""
        batches = prediction_batches(ids, trim=self.architecture.mask_padding)
        if not fast.is_usable():
            for rows, batch in batches:
                yield rows, _predict_on_batch(self.model, batch)
            return
        from .fast.programs import predict_program
        from .fast.threads import run_in_threads

        program = predict_program(self.architecture)
        state = (
            [variable.value for variable in self.model.trainable_variables],
            [variable.value for variable in self.model.non_trainable_variables],
        )
        at_once = _BATCHES_PER_THREAD * count_usable_cores()
        for group in iter(lambda: list(islice(batches, at_once)), []):
            for _, batch in group:
                program.prepare(state, batch)
            values = run_in_threads(lambda item: program(state, item[1]), group)
            for (rows, _), part in zip(group, values, strict=True):
                yield rows, np.asarray(part)

    @cached_property
    def vector_functions(self) -> VectorFunctions:
        """The network as functions of its word vectors."""
        refuse_in_fork("Gradients")
        return vector_functions(self.model, self.architecture)

    def layer_activations(self, ids: Ids, layer: int) -> list[dict[str, FloatArray]]:
        """Return the activations of each direction of a recurrent layer, forward first.

        They are arrays of shape (n_words, state_dim) in text order, by the names in
        ``Cell.activations``, for ids of shape (n_words,) and the index of a layer.
        """
        if CELLS[self.architecture.cell].forward is not None:
            network = NumpyNetwork(self.architecture, to_numpy(self.model.weights))
            return [output.activations for output in network.forward(ids, layer)]
        inputs = embed(ids[np.newaxis], self.tables, self.architecture.max_n)[0]
        for number in range(layer + 1):
            halves = [self._read_states(inputs, number)]
            if self.architecture.bidirectional:
                halves.append(self._read_states(inputs[::-1], number, backward=True)[::-1])
            inputs = np.concatenate(halves, axis=1)
        (name,) = CELLS[self.architecture.cell].activations
        return [{name: states.astype(np.float64)} for states in halves]

    def _read_states(
        self, inputs: NDArray[np.float32], depth: int, *, backward: bool = False
    ) -> NDArray[np.float32]:
        """Return the states (n_words, units) of a stock layer, or half of one."""
        layer = self.recurrent_layer(depth, backward=backward)
        config = {**layer.get_config(), "return_sequences": True, "go_backwards": False}
        every_state = type(layer).from_config(config)
        every_state.build((1, *inputs.shape))
        every_state.set_weights(to_numpy(layer.weights))
        states: NDArray[np.float32] = np.zeros((0, self.architecture.state_dim), np.float32)
        if len(inputs):
            states = tensor_to_numpy(every_state(inputs[np.newaxis]))[0]
        return states

    def get_state(self, with_optimizer: bool) -> dict[str, Any]:
        """Return architecture and weights as plain data."""
        state = {
            "architecture": self.architecture.to_dict(),
            "weights": to_numpy(self.model.weights),
        }
        if with_optimizer:
            state["optimizer"] = to_numpy(self.model.optimizer.variables)
            state["optimizer_class"] = type(self.model.optimizer).__name__
        return state

    @classmethod
    def from_state(cls, state: dict[str, Any], optimizer: Any, *, seed: int = 0) -> Self:
        """Return a network rebuilt from what ``get_state`` returned.

        ``seed`` decides what training drops next.
        """
        architecture = Architecture.from_dict(state["architecture"])
        model = architecture.assemble(InitialWeights(np.random.default_rng(0)), seed)
        model.set_weights(state["weights"])
        network = cls(architecture, model, optimizer)
        if state.get("optimizer"):
            go_on_with(model, state["optimizer"], state.get("optimizer_class"))
        return network


def _predict_on_batch(model: Any, batch: Ids) -> Array:
    if keras.backend.backend() != "torch":
        return model.predict_on_batch(batch)
    import torch

    with torch.no_grad():  # Keras does the same, but see tensor_to_numpy
        return tensor_to_numpy(model(batch, training=False))


def grow_table(state: dict[str, Any], n_words: int, *, seed: int) -> dict[str, Any]:
    """Return a network's state with rows behind its table of words, up to ``n_words``.

    New rows are drawn as those of a new table are; what the optimizer has gathered for a
    table is none for them.
    """
    table, *others = state["weights"]
    if any(other.shape == table.shape for other in others):  # whose is which is not known
        state = {**state, "optimizer": []}
    rng = np.random.default_rng([seed, len(table)])
    n_new = n_words - len(table)
    new_rows = rng.uniform(-0.05, 0.05, size=(n_new, table.shape[1])).astype(table.dtype)
    gathered = [
        np.vstack([value, np.zeros_like(new_rows)]) if value.shape == table.shape else value
        for value in state.get("optimizer", [])
    ]
    return {
        **state,
        "architecture": {**state["architecture"], "n_words": n_words},
        "weights": [np.vstack([table, new_rows]), *others],
        "optimizer": gathered,
    }
