"""Equal networks share compiled programs, and none influences another."""

import gc
import threading
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from seqsent import RecurrentSentimentClassifier
from seqsent._nn import fast
from seqsent._runtime.backend import import_keras

keras = import_keras()
if keras.backend.backend() != "jax":
    pytest.skip("programs are shared under JAX only", allow_module_level=True)

import jax  # noqa: E402  after the backend is known

from seqsent._nn.fast import programs  # noqa: E402  as above
from seqsent._nn.fast.programs import cached_programs, clear_caches  # noqa: E402  as above


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(1, 60, size=(120, 20), dtype=np.int32)
    X[:40, :8] = 0
    return X, (X[:, -3] > 30).astype(int)


@pytest.fixture(autouse=True)
def empty_cache():
    clear_caches()
    yield
    clear_caches()


def classifier(**parameters):
    defaults = {"state_dim": 4, "embed_dim": 4, "epochs": 2, "dropout": 0.0, "random_state": 0}
    return RecurrentSentimentClassifier(**{**defaults, **parameters})


def count_cached(kind):
    return sum(key.kind == kind for key in cached_programs)


SHARED = {
    "random_state": 1,
    "learning_rate": 0.1,
    "gate_bias": "keras",
    "class_weight": "balanced",
    "batch_size": 64,
    "epochs": 1,
}


@pytest.mark.parametrize("name", SHARED)
def test_equal_networks_share_programs(name, data):
    classifier().fit(*data).predict(data[0])
    classifier(**{name: SHARED[name]}).fit(*data).predict(data[0])
    assert count_cached("train") == count_cached("predict") == 1


NOT_SHARED = {
    "cell": "gru",
    "state_dim": 5,
    "dropout": 0.2,
    "pooling": "max",
    "optimizer": keras.optimizers.Adam(weight_decay=0.1),
    "mask_padding": False,
    "train_embedding": False,
}


def test_other_networks_have_programs_of_their_own(data, monkeypatch):
    monkeypatch.setattr(programs, "_CACHE_SIZES", {"train": 20, "predict": 20})
    classifier().fit(*data)
    for n_others, (name, value) in enumerate(NOT_SHARED.items(), start=1):
        classifier(**{name: value}).fit(*data)
        assert count_cached("train") == 1 + n_others, name


def test_learning_rate_schedules_are_not_shared(data):
    for rate in (0.1, 0.2):
        schedule = keras.optimizers.schedules.CosineDecay(rate, 10)
        classifier(optimizer=keras.optimizers.Adam(schedule)).fit(*data)
    assert count_cached("train") == 2


def test_results_do_not_depend_on_earlier_fits(data, monkeypatch):
    interleaved = [
        {"learning_rate": 0.1},
        {"dropout": 0.4, "random_state": 3},
        {"random_state": 7},
        {"dropout": 0.4, "random_state": 4},
        {"learning_rate": 0.001, "optimizer": "sgd"},
    ]
    shared = [classifier(**parameters).fit(*data) for parameters in interleaved * 2]
    for first, second in zip(shared[:5], shared[5:], strict=True):
        np.testing.assert_array_equal(first.predict_proba(data[0]), second.predict_proba(data[0]))
    monkeypatch.setattr(fast, "is_usable", lambda: False)
    for fitted, parameters in zip(shared[:5], interleaved, strict=True):
        keras_only = classifier(**parameters).fit(*data)
        np.testing.assert_allclose(fitted.loss_curve_, keras_only.loss_curve_, atol=1e-5)
        np.testing.assert_allclose(
            fitted.predict_proba(data[0]), keras_only.predict_proba(data[0]), atol=1e-5
        )


def test_concurrent_fits_give_the_results_of_sequential_ones(data):
    grid = [
        {"random_state": seed, "learning_rate": rate, "dropout": dropout}
        for seed, rate, dropout in [(0, 0.1, 0), (1, 0.01, 0), (0, 0.1, 0.5), (1, 0.01, 0.5)]
    ] * 2
    sequential = [classifier(**parameters).fit(*data).predict_proba(data[0]) for parameters in grid]
    clear_caches()
    concurrent = [None] * len(grid)

    def fit(i):
        concurrent[i] = classifier(**grid[i]).fit(*data).predict_proba(data[0])

    threads = [threading.Thread(target=fit, args=(i,)) for i in range(len(grid))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for a, b in zip(sequential, concurrent, strict=True):
        np.testing.assert_array_equal(a, b)


def train_function():
    (training,) = [cached for key, cached in cached_programs.items() if key.kind == "train"]
    return training.train_function


@pytest.fixture(scope="module")
def large_data():
    rng = np.random.default_rng(0)
    X = rng.integers(1, 60, size=(300, 24), dtype=np.int32)
    X[:100, :12] = 0
    return X, (X[:, -3] > 30).astype(int)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_microbatches_do_not_change_results(n_classes, optimizer, large_data, monkeypatch):
    X, y = large_data
    y = y + (X[:, -2] > 40) if n_classes == 3 else y
    weights = np.linspace(0.1, 2, len(y))

    def fit():
        clear_caches()
        fitted = classifier(cell="gru", batch_size=128, optimizer=optimizer)
        fitted.fit(X, y, sample_weight=weights)
        return fitted.loss_curve_, fitted.predict_proba(X), len(train_function().gradient.shapes)

    *whole, n_programs = fit()
    assert n_programs == 0
    monkeypatch.setattr(programs, "_MIN_WORK", 0)
    *split, n_programs = fit()
    assert n_programs == 1
    for actual, expected in zip(split, whole, strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-5)
    monkeypatch.setattr(programs, "map_in_threads", lambda f, items: list(map(f, items)))
    *sequential, _ = fit()
    for actual, expected in zip(sequential, split, strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize(
    ("cell", "batch_size", "width", "expected"),
    [("lstm", 32, 256, 1), ("lstm", 64, 256, 2), ("lstm", 128, 256, 2), ("lstm", 320, 256, 5)]
    + [("lstm", 64, 32, 1), ("simple", 128, 256, 1), ("gru", 97, 256, 1)],
)
def test_number_of_microbatches(cell, batch_size, width, expected):
    architecture = programs.Architecture(cell=cell, n_words=10, n_outputs=1, state_dim=32)
    function = programs.TrainFunction(lambda: None, architecture)
    assert function._count_microbatches(np.zeros((batch_size, width))) == expected


def test_microbatches_have_different_dropout(large_data, monkeypatch):
    monkeypatch.setattr(programs, "_MIN_WORK", 0)
    X = np.tile(large_data[0][:1], (128, 1))  # outputs are equal without dropout
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


def test_learning_rate_set_by_a_callback_affects_one_fit(data):
    class Freeze(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.0

    before = classifier().fit(*data)
    frozen = classifier(callbacks=[Freeze()], epochs=3).fit(*data)
    after = classifier().fit(*data)
    np.testing.assert_allclose(frozen.loss_curve_, frozen.loss_curve_[0], rtol=1e-5)
    np.testing.assert_array_equal(before.loss_curve_, after.loss_curve_)


def test_search_compiles_once_per_candidate_and_frees_evicted_programs(data, monkeypatch):
    monkeypatch.setattr(programs, "_CACHE_SIZES", {"train": 1, "predict": 2})
    compiled, compile_ = [], programs.Program._compile

    def record(program, *arguments):
        compiled.append((program.step, weakref.ref(program)))
        return compile_(program, *arguments)

    def count_executables():
        gc.collect()
        return len(jax.devices()[0].client.live_executables())

    classifier(epochs=1).fit(*data).predict(data[0])  # JAX keeps some small programs
    clear_caches()
    before = count_executables()
    monkeypatch.setattr(programs.Program, "_compile", record)
    search = GridSearchCV(classifier(epochs=1), {"state_dim": [3, 5, 6]}, cv=3, refit=False)
    search.fit(*data)
    assert [step for step, _ in compiled] == ["train", "predict"] * 3
    assert count_executables() == before + 3
    is_alive = [program() is not None for _, program in compiled]
    assert is_alive == [False, False, False, True, True, True]
    clear_caches()
    assert count_executables() == before


def add(state, ids):
    return state + ids.sum()


def run_add(options):
    program = programs.Program(lambda: SimpleNamespace(add=add), "add", options=options)
    return program(np.float32(1), np.ones((2, 3), dtype=np.int32))


def test_unknown_compiler_options_are_ignored():
    assert run_add({"xla_of_another_release": 1}) == 7


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("", {"xla_one": 1, "xla_two": True}),
        ("--xla_one=0", {"xla_two": True}),
        ("--xla_one=0 --xla_two", {}),
    ],
)
def test_xla_flags_take_precedence(flags, expected, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", flags)
    used = []
    monkeypatch.setattr(programs, "_compile", lambda lowered, options: used.append(options))
    program = programs.Program(
        lambda: SimpleNamespace(add=add), "add", options={"xla_one": 1, "xla_two": True}
    )
    program._compile(np.float32(1), np.ones((2, 3), dtype=np.int32))
    assert used == [expected]


def test_model_is_independent_of_the_programs(data):
    fitted = classifier().fit(*data)
    model = fitted.model_
    assert model.train_function is None
    assert model.get_metrics_result().keys() == {"loss", "accuracy", "log_loss"}
    expected = fitted.predict_proba(data[0])[:, 1:]
    np.testing.assert_allclose(model.predict(data[0], verbose=0), expected, atol=1e-6)
    model.fit(data[0], data[1][:, np.newaxis], epochs=1, verbose=0)
    assert not np.allclose(fitted.predict_proba(data[0])[:, 1:], expected)
