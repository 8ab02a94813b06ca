"""Equal networks share compiled functions; none influences another."""

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
    pytest.skip("functions are shared under JAX only", allow_module_level=True)

import jax  # noqa: E402  after the backend is known

from seqsent._nn.fast import programs  # noqa: E402  after the backend is known
from seqsent._nn.fast.programs import clear_caches, shared_programs  # noqa: E402  as above


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(1, 60, size=(120, 20), dtype=np.int32)
    X[:40, :8] = 0
    return X, (X[:, -3] > 30).astype(int)


@pytest.fixture(autouse=True)
def empty_cache():
    clear_caches()
    yield shared_programs
    clear_caches()


def classifier(**parameters):
    return RecurrentSentimentClassifier(
        **{
            "state_dim": 4,
            "embed_dim": 4,
            "epochs": 2,
            "dropout": 0.0,
            "random_state": 0,
            **parameters,
        }
    )


def test_equal_networks_share_and_others_do_not(data, empty_cache, monkeypatch):
    monkeypatch.setattr(programs, "_MOST_KEPT", {"train": 20, "predict": 20})
    fitted = classifier().fit(*data)
    fitted.predict(data[0])
    assert len(empty_cache) == 2
    same = [
        {},
        {"random_state": 1},
        {"learning_rate": 0.1},
        {"gate_bias": "keras"},
        {"class_weight": "balanced"},
        {"batch_size": 64},
        {"epochs": 1},
    ]
    for parameters in same:
        classifier(**parameters).fit(*data).predict(data[0])
    assert len(empty_cache) == 2
    others = [
        {"cell": "gru"},
        {"state_dim": 5},
        {"dropout": 0.2},
        {"pooling": "max"},
        {"optimizer": "rmsprop"},
        {"optimizer": keras.optimizers.Adam(weight_decay=0.1)},
        {"optimizer": keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 10))},
        {"mask_padding": False},
        {"train_embedding": False},
    ]
    for n_others, parameters in enumerate(others, start=1):
        classifier(**parameters).fit(*data)
        assert sum(key[0] == "train" for key in empty_cache) == 1 + n_others, parameters


def test_the_shared_function_gives_what_a_fresh_one_gives(data, monkeypatch):
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
    for ours, parameters in zip(shared[:5], interleaved, strict=True):
        plain = classifier(**parameters).fit(*data)
        np.testing.assert_allclose(ours.loss_curve_, plain.loss_curve_, atol=1e-5)
        np.testing.assert_allclose(
            ours.predict_proba(data[0]), plain.predict_proba(data[0]), atol=1e-5
        )


def test_fits_in_threads_do_not_mix(data):
    grid = [
        {"random_state": seed, "learning_rate": rate, "dropout": dropout}
        for seed, rate, dropout in [(0, 0.1, 0), (1, 0.01, 0), (0, 0.1, 0.5), (1, 0.01, 0.5)]
    ] * 2
    alone = [classifier(**parameters).fit(*data).predict_proba(data[0]) for parameters in grid]
    clear_caches()
    together = [None] * len(grid)

    def fit(i):
        together[i] = classifier(**grid[i]).fit(*data).predict_proba(data[0])

    threads = [threading.Thread(target=fit, args=(i,)) for i in range(len(grid))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def large_data():
    rng = np.random.default_rng(0)
    X = rng.integers(1, 60, size=(300, 24), dtype=np.int32)
    X[:100, :12] = 0
    return X, (X[:, -3] > 30).astype(int)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_parts_of_a_batch_add_up_to_the_whole(n_classes, optimizer, large_data, monkeypatch):
    X, y = large_data
    y = y + (X[:, -2] > 40) if n_classes == 3 else y
    weights = np.linspace(0.1, 2, len(y))

    def fit():
        fitted = classifier(batch_size=128, optimizer=optimizer).fit(X, y, sample_weight=weights)
        return fitted.loss_curve_, fitted.predict_proba(X)

    whole = fit()
    clear_caches()
    monkeypatch.setattr(programs, "_WORK_FOR_PARTS", 0)
    in_threads = fit()
    for ours, expected in zip(in_threads, whole, strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-5)
    function = train_function()
    assert function.gradient.shapes
    assert function.update.shapes
    assert not function.whole.shapes
    monkeypatch.setattr(programs, "run_in_threads", lambda f, parts: list(map(f, parts)))
    for ours, expected in zip(fit(), in_threads, strict=True):
        np.testing.assert_array_equal(ours, expected)


def train_function():
    (training,) = [kept for key, kept in shared_programs.items() if key[0] == "train"]
    return training.train_function


def test_a_large_vocabulary_changes_options_of_the_compiler_and_no_result(data, monkeypatch):
    # in one batch: over several, Adam makes much of a gradient that is nothing but rounding
    options = {"batch_size": 128, "learning_rate": 0.004}
    expected = classifier(**options).fit(*data).predict_proba(data[0])
    clear_caches()
    monkeypatch.setattr(programs, "_LARGE_TABLE", 0)
    fitted = classifier(**options).fit(*data)
    assert train_function().whole.options == programs._OPTIONS
    np.testing.assert_allclose(fitted.predict_proba(data[0]), expected, atol=1e-5)


def test_each_part_drops_units_of_its_own(large_data, monkeypatch):
    monkeypatch.setattr(programs, "_WORK_FOR_PARTS", 0)
    X = np.tile(large_data[0][:1], (128, 1))  # equal texts: equal outputs unless units drop
    y = np.arange(128) % 2
    outputs = []
    run = programs.run_in_threads

    def record(function, parts):
        results = run(function, parts)
        if isinstance(results[0], tuple):  # not when programs are compiled
            outputs.extend(np.asarray(result[2]) for result in results)
        return results

    monkeypatch.setattr(programs, "run_in_threads", record)
    classifier(batch_size=128, dropout=0.5, epochs=1).fit(X, y)
    first, second = outputs
    assert first.shape == second.shape == (64, 1)
    assert not np.array_equal(first, second)


def test_a_callback_that_changes_the_learning_rate_stays_alone(data):
    class Freeze(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.0

    before = classifier().fit(*data)
    frozen = classifier(callbacks=[Freeze()], epochs=3).fit(*data)
    after = classifier().fit(*data)
    np.testing.assert_allclose(frozen.loss_curve_, frozen.loss_curve_[0], rtol=1e-5)
    np.testing.assert_array_equal(before.loss_curve_, after.loss_curve_)


def test_a_search_compiles_each_program_once_and_those_not_kept_are_freed(data, monkeypatch):
    monkeypatch.setattr(programs, "_MOST_KEPT", {"train": 1, "predict": 2})
    compiled, compile_ = [], programs.Program._compile

    def note(program, *arguments):
        compile_(program, *arguments)
        compiled.append((program._step, weakref.ref(program)))

    def count_alive():
        gc.collect()
        return len(jax.devices()[0].client.live_executables())

    classifier(epochs=1).fit(*data).predict(data[0])  # JAX keeps some small programs for ever
    clear_caches()
    before = count_alive()
    monkeypatch.setattr(programs.Program, "_compile", note)
    search = GridSearchCV(classifier(epochs=1), {"state_dim": [3, 5, 6]}, cv=3, refit=False)
    search.fit(*data)
    assert [step for step, _ in compiled] == ["train", "predict"] * 3
    assert count_alive() == before + 3
    kept = [program() is not None for _, program in compiled]
    assert kept == [False, False, False, True, True, True]
    clear_caches()
    assert count_alive() == before


def test_a_compiler_that_does_not_know_an_option(data, empty_cache, monkeypatch):
    expected = classifier().fit(*data).predict_proba(data[0])
    clear_caches()
    options = {"xla_of_another_release": 1, **programs._OPTIONS_OF_GRADIENTS}
    monkeypatch.setattr(programs, "_OPTIONS_OF_GRADIENTS", options)
    ours = classifier().fit(*data).predict_proba(data[0])
    np.testing.assert_array_equal(ours, expected)  # the options that it knows are kept


def test_what_no_option_is_to_blame_for_is_raised():
    def compile(compiler_options):
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        programs._compile_with({"xla_one": 1}, SimpleNamespace(compile=compile))


@pytest.mark.parametrize(
    ("flags", "given"),
    [
        ("", {"xla_one": 1, "xla_two": True}),
        ("--xla_one=0", {"xla_two": True}),
        ("--xla_one=0 --xla_two", {}),
        ("--xla_one_more=3 --xla_other=xla_two", {"xla_one": 1, "xla_two": True}),
    ],
)
def test_options_that_the_user_set_are_left_alone(flags, given, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", flags)
    compiled = []
    lowered = SimpleNamespace(compile=lambda compiler_options: compiled.append(compiler_options))
    options = {"xla_one": 1, "xla_two": True}
    program = programs.Program(lambda: None, "step", None, donates=False, options=options)
    program._compile((2, 3), lowered)
    assert compiled == [given]


def test_the_model_is_left_a_plain_one(data):
    fitted = classifier().fit(*data)
    model = fitted.model_
    assert model.train_function is None
    assert model.get_metrics_result().keys() == {"loss", "accuracy", "log_loss"}
    expected = fitted.predict_proba(data[0])[:, 1:]
    np.testing.assert_allclose(model.predict(data[0], verbose=0), expected, atol=1e-6)
    model.fit(data[0], data[1][:, np.newaxis], epochs=1, verbose=0)
    assert not np.allclose(fitted.predict_proba(data[0])[:, 1:], expected)
