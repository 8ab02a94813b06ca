"""A Keras model with its architecture: training, prediction, weights and state."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._runtime.backend import (
    check_not_forked,
    count_usable_cores,
    import_keras,
    tensor_to_numpy,
    to_numpy,
)
from .._runtime.signals import defer_signals
from .._types import Array, FloatArray, Ids
from . import fast
from .batches import TrainingData, prediction_batches
from .gradients import VectorFunctions, vector_functions
from .model.architecture import Architecture, draw_network
from .model.cells import CELLS
from .model.initializers import InitialWeights
from .model.ngrams import embed
from .model.numpy_forward import NumpyNetwork, class_probabilities
from .train.calibration import CycleMonitor
from .train.objective import build_optimizer, get_config, loss_and_metrics, restore_optimizer_state
from .train.options import TrainingOptions
from .train.saturation import check_saturation
from .train.seeds import make_rng
from .train.training import TrainingResult, train_network

keras = import_keras()

_BATCHES_PER_THREAD = 4  # in prediction


class Network:
    """A ``keras.Model`` with its architecture, compiled with an optimizer of its own."""

    def __init__(self, architecture: Architecture, model: Any, optimizer: Any) -> None:
        self.architecture = architecture
        self.model = model
        model.compile(optimizer, **loss_and_metrics(architecture.n_outputs))
        model._called = True  # otherwise ``export`` raises an error, as Keras never called it

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
        """Return a network with initial weights."""
        with defer_signals():
            model = draw_network(
                architecture, seed, gate_bias=gate_bias, time_scale=time_scale, tables=tables
            )
            return cls(architecture, model, optimizer)

    @property
    def tables(self) -> list[NDArray[np.float32]]:
        """The word vectors, shape (n_words, embed_dim), and the n-gram vectors if any."""
        return to_numpy(self.model.get_layer("embedding").weights)

    @property
    def output_weights(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The kernel of the output layer, shape (n_states, n_outputs), and its bias."""
        kernel, bias = to_numpy(self.model.get_layer("output").weights)
        return kernel, bias

    def copy(self) -> Self:
        """Return a network with the same weights and a new optimizer with the same options."""
        optimizer = self.model.optimizer
        optimizer = type(optimizer).from_config(get_config(optimizer))
        return self.from_state(self.get_state(with_optimizer=False), optimizer)

    def divide_logits(self, temperature: float) -> None:
        """Divide the weights of the output layer by a temperature."""
        layer = self.model.get_layer("output")
        layer.set_weights([values / np.float32(temperature) for values in self.output_weights])

    def recurrent_layer(self, depth: int, *, backward: bool = False) -> Any:
        """Return the recurrent layer at a depth, starting at 0, for one direction."""
        if not self.architecture.bidirectional:
            return self.model.get_layer(f"{self.architecture.cell}_{depth + 1}")
        layer = self.model.get_layer(f"bidirectional_{depth + 1}")
        return layer.backward_layer if backward else layer.forward_layer

    def train(
        self,
        data: TrainingData,
        validation_data: TrainingData | None,
        *,
        options: TrainingOptions,
        monitor: CycleMonitor | None = None,
    ) -> TrainingResult:
        """Train the network. After an interrupt, rebuild it with a new optimizer."""
        if options.adversarial and not fast.is_usable():
            raise ValueError(
                f"adversarial={options.adversarial} needs JAX, but Keras runs on "
                f"{keras.backend.backend()}. Start Python with KERAS_BACKEND=jax to train. The "
                "fitted classifier predicts on every backend."
            )
        with defer_signals():
            build_optimizer(self.model)
            ids, targets, weights = (column[:1] for column in data)
            batch = ids, targets, weights.astype(np.float32)  # JAX warns of float64
            self.model._symbolic_build(data_batch=batch)
        optimizer = self.model.optimizer
        config = get_config(optimizer)
        programs = None
        if fast.is_usable():
            from .fast.programs import training_programs

            programs = training_programs(self.architecture, optimizer, options.adversarial)
        result = train_network(
            self.model,
            data,
            validation_data,
            programs=programs,
            options=options,
            monitor=monitor,
        )
        if result.interrupt is not None:  # JAX may have deleted the model's arrays
            state = {"architecture": self.architecture.to_dict(), "weights": result.weights}
            rebuilt = Network.from_state(state, type(optimizer).from_config(config))
            vars(self).clear()
            vars(self).update(vars(rebuilt))
        else:
            check_saturation(self.predict, self.output_weights, data)
        return result

    def predict(self, ids: Ids) -> FloatArray:
        """Return the probabilities, shape (n_samples, n_classes)."""
        outputs = np.empty((len(ids), self.architecture.n_outputs))
        for rows, values in self._predict_batches(ids):
            outputs[rows] = values[: len(rows)]
        return class_probabilities(outputs)

    def _predict_batches(self, ids: Ids) -> Iterator[tuple[NDArray[np.intp], Array]]:
        """Yield the row numbers of each batch and its outputs, followed by outputs of padding."""
        batches = prediction_batches(ids, mask_padding=self.architecture.mask_padding)
        if not fast.is_usable():
            for rows, batch in batches:
                yield rows, _predict_on_batch(self.model, batch)
            return
        from .fast.programs import predict_program
        from .fast.threads import map_in_threads

        program = predict_program(self.architecture)
        state = (
            [variable.value for variable in self.model.trainable_variables],
            [variable.value for variable in self.model.non_trainable_variables],
        )
        group_size = _BATCHES_PER_THREAD * count_usable_cores()
        for group in iter(lambda: list(islice(batches, group_size)), []):
            for _, batch in group:
                program.prepare(state, batch)
            values = map_in_threads(lambda item: program(state, item[1]), group)
            for (rows, _), outputs in zip(group, values, strict=True):
                yield rows, np.asarray(outputs)

    @cached_property
    def vector_functions(self) -> VectorFunctions:
        """The network as functions of word vectors."""
        check_not_forked("Gradients")
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
        for index in range(layer + 1):
            directions = [self._read_states(inputs, index)]
            if self.architecture.bidirectional:
                directions.append(self._read_states(inputs[::-1], index, backward=True)[::-1])
            inputs = np.concatenate(directions, axis=1)
        (name,) = CELLS[self.architecture.cell].activations
        return [{name: states.astype(np.float64)} for states in directions]

    def _read_states(
        self, inputs: NDArray[np.float32], depth: int, *, backward: bool = False
    ) -> NDArray[np.float32]:
        """Return the states of a Keras layer, shape (n_words, state_dim)."""
        layer = self.recurrent_layer(depth, backward=backward)
        config = {**layer.get_config(), "return_sequences": True, "go_backwards": False}
        returns_sequences = type(layer).from_config(config)
        returns_sequences.build((1, *inputs.shape))
        returns_sequences.set_weights(to_numpy(layer.weights))
        if not len(inputs):
            return np.zeros((0, self.architecture.state_dim), np.float32)
        states: NDArray[np.float32] = tensor_to_numpy(returns_sequences(inputs[np.newaxis]))[0]
        return states

    def get_state(self, with_optimizer: bool) -> dict[str, Any]:
        """Return architecture, weights and optionally the optimizer state as plain data.

        Floats are float32 under any dtype policy; file formats have no bfloat16.
        """
        state = {
            "architecture": self.architecture.to_dict(),
            "weights": _as_float32(to_numpy(self.model.weights)),
        }
        if with_optimizer:
            state["optimizer"] = _as_float32(to_numpy(self.model.optimizer.variables))
            state["optimizer_class"] = type(self.model.optimizer).__name__
        return state

    @classmethod
    def from_state(cls, state: dict[str, Any], optimizer: Any) -> Self:
        """Return the network that ``get_state`` described."""
        architecture = Architecture.from_dict(state["architecture"])
        with defer_signals():
            model = architecture.assemble(InitialWeights(np.random.default_rng(0)))
            model.set_weights(state["weights"])
            network = cls(architecture, model, optimizer)
            if state.get("optimizer"):
                restore_optimizer_state(model, state["optimizer"], state["optimizer_class"])
        return network


def _as_float32(arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Convert arrays to float32, except for integers."""
    return [a if a.dtype.kind in "iu" else a.astype(np.float32, copy=False) for a in arrays]


def _predict_on_batch(model: Any, batch: Ids) -> Array:
    if keras.backend.backend() != "torch":
        return model.predict_on_batch(batch)
    import torch

    with torch.no_grad():  # as in Keras, which then converts outputs with a warning from numpy
        return tensor_to_numpy(model(batch, training=False))


def grow_table(state: dict[str, Any], n_words: int, *, seed: int) -> dict[str, Any]:
    """Return the state of a network with new rows in its table of words, as initially drawn."""
    table, *others = state["weights"]
    if any(other.shape == table.shape for other in others):  # their optimizer states look alike
        state = {**state, "optimizer": []}
    rng = make_rng("new_words", seed, len(table))
    n_new = n_words - len(table)
    new_rows = rng.uniform(-0.05, 0.05, size=(n_new, table.shape[1])).astype(table.dtype)
    optimizer = [
        np.vstack([value, np.zeros_like(new_rows)]) if value.shape == table.shape else value
        for value in state.get("optimizer", [])
    ]
    return {
        **state,
        "architecture": {**state["architecture"], "n_words": n_words},
        "weights": [np.vstack([table, new_rows]), *others],
        "optimizer": optimizer,
    }
