"""Equal networks share compiled programs without influence on each other."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from seqsent._nn import fast
from seqsent._runtime.backend import import_keras

keras = import_keras()
if keras.backend.backend() != "jax":
    pytest.skip("programs are shared under JAX only", allow_module_level=True)

import jax  # noqa: E402  after the backend is known

from seqsent._nn.fast import programs  # noqa: E402  as above
from seqsent._nn.fast.programs import cached_programs  # noqa: E402  as above


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(1, 60, size=(140, 20), dtype=np.int32)
    X[:40, :8] = 0
    return X, (X[:, -3] > 30).astype(int)


@pytest.fixture(autouse=True)
def empty_cache():
    cached_programs.clear()
    yield
    cached_programs.clear()


@pytest.fixture
def classifier(small_classifier):
    return partial(small_classifier, dropout=0.0)


def count_cached(kind):
    return sum(key.kind == kind for key in cached_programs)


def test_equal_networks_share_programs(data, classifier):
    for parameters in (
        {},
        {"random_state": 1},
        {"learning_rate": 0.1},
        {"gate_bias": "keras"},
        {"class_weight": "balanced"},
        {"batch_size": 64},
        {"epochs": 1},
    ):
        classifier(**parameters).fit(*data).predict(data[0])
        assert count_cached("train") == count_cached("predict") == 1, parameters


def test_other_networks_have_programs_of_their_own(data, classifier, monkeypatch):
    monkeypatch.setattr(programs, "_CACHE_SIZES", {"train": 20, "predict": 20})
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    for n_programs, parameters in enumerate(
        [
            {},
            {"cell": "lstm"},
            {"state_dim": 7},
            {"dropout": 0.2},
            {"pooling": "max"},
            {"optimizer": keras.optimizers.Adam(weight_decay=0.1)},
            {"optimizer": keras.optimizers.Adam(schedule)},
            {"mask_padding": False},
            {"train_embedding": False},
        ],
        start=1,
    ):
        classifier(**parameters).fit(*data)
        assert count_cached("train") == n_programs, parameters


def test_results_do_not_depend_on_earlier_fits(data, classifier, monkeypatch):
    interleaved = [
        {"learning_rate": 0.1},
        {"dropout": 0.4, "random_state": 3},
        {"random_state": 7},
        {"dropout": 0.4, "random_state": 4},
        {"learning_rate": 0.001, "optimizer": "sgd"},
    ]
    shared = [classifier(**parameters).fit(*data) for parameters in interleaved * 2]
    outputs = [fitted.predict_proba(data[0]) for fitted in shared]
    np.testing.assert_array_equal(outputs[:5], outputs[5:])
    monkeypatch.setattr(fast, "is_usable", lambda: False)
    keras_only = [classifier(**parameters).fit(*data) for parameters in interleaved]
    expected = [fitted.predict_proba(data[0]) for fitted in keras_only]
    np.testing.assert_allclose(outputs[:5], expected, atol=1e-5)
    for fitted, other in zip(shared[:5], keras_only, strict=True):
        np.testing.assert_allclose(fitted.loss_curve_, other.loss_curve_, atol=1e-5)


def test_concurrent_fits_give_the_results_of_sequential_ones(data, classifier):
    grid = [
        {"random_state": seed, "learning_rate": rate, "dropout": dropout}
        for seed, rate, dropout in [(0, 0.1, 0), (1, 0.01, 0), (0, 0.1, 0.5), (1, 0.01, 0.5)]
    ] * 2

    def fit(parameters):
        return classifier(**parameters).fit(*data).predict_proba(data[0])

    sequential = list(map(fit, grid))
    cached_programs.clear()
    with ThreadPoolExecutor(len(grid)) as pool:
        concurrent = list(pool.map(fit, grid))
    np.testing.assert_array_equal(concurrent, sequential)


@pytest.mark.parametrize(("n_classes", "optimizer"), [(2, "adam"), (3, "rmsprop")])
def test_microbatches_do_not_change_results(n_classes, optimizer, data, classifier, monkeypatch):
    X, y = data
    y = y + (X[:, -2] > 40) if n_classes == 3 else y

    def fit():
        cached_programs.clear()
        fitted = classifier(cell="gru", batch_size=128, optimizer=optimizer)
        fitted.fit(X, y, sample_weight=np.linspace(0.1, 2, len(y)))
        ((_, training),) = ((k, v) for k, v in cached_programs.items() if k.kind == "train")
        assert len(training.train_function.gradient._compiled) == (programs._MIN_WORK == 0)
        return fitted.loss_curve_, fitted.predict_proba(X)

    whole = fit()
    monkeypatch.setattr(programs, "_MIN_WORK", 0)
    split = fit()
    for actual, expected in zip(split, whole, strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-5)
    monkeypatch.setattr(programs, "map_in_threads", lambda f, items: list(map(f, items)))
    for actual, expected in zip(fit(), split, strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize(
    ("cell", "batch_size", "width", "expected"),
    [("lstm", 32, 256, 1), ("lstm", 64, 256, 2), ("lstm", 128, 256, 2), ("lstm", 320, 256, 5)]
    + [("lstm", 64, 32, 1), ("simple", 128, 256, 2), ("simple", 64, 256, 1), ("gru", 97, 256, 1)],
)
def test_number_of_microbatches(cell, batch_size, width, expected):
    architecture = programs.Architecture(cell=cell, n_words=10, n_outputs=1, state_dim=32)
    function = programs.TrainFunction(lambda: None, architecture)
    assert function._count_microbatches(np.zeros((batch_size, width))) == expected


def test_microbatches_have_different_dropout(data, classifier, monkeypatch):
    monkeypatch.setattr(programs, "_MIN_WORK", 0)
    X = np.tile(data[0][:1], (128, 1))  # outputs are equal without dropout
    outputs = []

    def record(function, items):
        results = [function(item) for item in items]
        outputs.extend(np.asarray(result.outputs) for result in results)
        return results

    monkeypatch.setattr(programs, "map_in_threads", record)
    classifier(cell="gru", batch_size=128, dropout=0.5, epochs=1).fit(X, np.arange(128) % 2)
    first, second = outputs
    assert first.shape == second.shape == (64, 1)
    assert not np.array_equal(first, second)


def test_learning_rate_set_by_a_callback_affects_one_fit(data, classifier):
    class Freeze(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.0

    before = classifier().fit(*data)
    frozen = classifier(callbacks=[Freeze()], epochs=3).fit(*data)
    after = classifier().fit(*data)
    np.testing.assert_allclose(frozen.loss_curve_, frozen.loss_curve_[0], rtol=1e-5)
    np.testing.assert_array_equal(before.loss_curve_, after.loss_curve_)


def test_search_compiles_once_per_candidate_and_frees_evicted_programs(
    data, classifier, monkeypatch
):
    monkeypatch.setattr(programs, "_CACHE_SIZES", {"train": 1, "predict": 2})
    compiled, compile_ = [], programs.Program._compile

    def record(program, *arguments):
        compiled.append((program.step, weakref.ref(program)))
        return compile_(program, *arguments)

    def count_executables():
        gc.collect()
        return len(jax.devices()[0].client.live_executables())

    classifier(epochs=1).fit(*data).predict(data[0])  # JAX keeps some small programs
    cached_programs.clear()
    before = count_executables()
    monkeypatch.setattr(programs.Program, "_compile", record)
    search = GridSearchCV(classifier(epochs=1), {"state_dim": [3, 5, 6]}, cv=3, refit=False)
    search.fit(*data)
    assert [step for step, _ in compiled] == ["train", "predict"] * 3
    assert count_executables() == before + 3
    is_alive = [program() is not None for _, program in compiled]
    assert is_alive == [False, False, False, True, True, True]
    cached_programs.clear()
    assert count_executables() == before


@pytest.fixture
def program():
    steps = SimpleNamespace(add=lambda state, ids: state + ids.sum())
    return programs.Program(lambda: steps, "add", options={"xla_one": 1, "xla_two": True})


def test_unknown_compiler_options_are_ignored(program):
    assert program(np.float32(1), np.ones((2, 3), dtype=np.int32)) == 7


def test_xla_flags_take_precedence(program, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_one=0 --xla_other=1")
    used = []
    monkeypatch.setattr(programs, "_compile", lambda lowered, options: used.append(options))
    program.prepare(np.float32(1), np.ones((2, 3), dtype=np.int32))
    assert used == [{"xla_two": True}]


def test_model_is_independent_of_the_programs(data, classifier):
    fitted = classifier().fit(*data)
    model = fitted.model_
    assert model.train_function is None
    assert model.get_metrics_result().keys() == {"loss", "accuracy", "log_loss"}
    expected = fitted.predict_proba(data[0])[:, 1:]
    np.testing.assert_allclose(model.predict(data[0], verbose=0), expected, atol=1e-6)
    model.fit(data[0], data[1][:, np.newaxis], epochs=1, verbose=0)
    assert not np.allclose(fitted.predict_proba(data[0])[:, 1:], expected)
