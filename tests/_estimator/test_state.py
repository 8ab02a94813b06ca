"""A stored state that is damaged, foreign or of another format is refused."""

import copy
import io
import pickle
import sys
from typing import ClassVar

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from seqsent import SequenceVectorizer, make_sentiment_pipeline
from seqsent._runtime.backend import import_keras
from seqsent._text.packing import pack

keras = import_keras()
TEXTS = ["a good film", "not a good film", "bad", "not bad at all, good", "", "bad, bad film"] * 2
LABELS = ["pos", "neg", "neg", "pos", "neg", "neg"] * 2


@pytest.fixture(scope="module")
def pipeline():
    """With moved and given word vectors, n-grams, and two kernels of the same shape (4, 16)."""
    vectors = np.random.default_rng(0).normal(size=(16, 4)).astype(np.float32)
    return make_sentiment_pipeline(
        "lstm",
        num_words=16,
        maxlen=6,
        state_dim=4,
        embedding_weights=vectors,
        ngram_range=(1, 2),
        ngram_buckets=16,
        pooling=("max", "mean"),
        epochs=1,
        random_state=0,
    ).fit(TEXTS, LABELS)


def refused(message):
    """Return the context of an expected refusal."""
    advice = "install that version. Otherwise .* load another copy, or fit again"
    return pytest.raises(ValueError, match=rf"(?s)^Cannot load the stored .*{message}.*{advice}")


def restored(estimator, state):
    other = object.__new__(type(estimator))
    other.__setstate__(state)
    return other


def state_of(estimator):
    return copy.deepcopy(estimator.__getstate__())


def network_with(**values):
    """Return a change of a classifier's state: values of its network or architecture."""

    def change(state):
        network = state["_network"]
        for name, value in values.items():
            target = network if name in network else network["architecture"]
            target[name] = value(target[name]) if callable(value) else value

    return change


def with_array(index, function):
    def change(weights):
        weights[index] = function(weights[index])
        return weights

    return change


def with_value(value):
    def change(array):
        array.flat[3] = value
        return array

    return change


def swap_kernels(weights):
    weights[2], weights[3] = weights[3], weights[2]
    return weights


# Weights in order: word vectors, n-gram vectors, kernel, recurrent kernel, bias, output's two.
CLASSIFIERS = {
    "truncated array": (network_with(weights=with_array(3, lambda w: w[:-1])), "checksum"),
    "swapped arrays": (network_with(weights=swap_kernels), "checksum"),
    "changed value": (network_with(weights=with_array(5, with_value(0.25))), "checksum"),
    "NaN": (network_with(weights=with_array(2, with_value(np.nan))), "checksum"),
    "an array less": (network_with(weights=lambda w: w[:-1]), "checksum"),
    "no arrays": (network_with(weights=None), "weights of type NoneType"),
    "transposed": (network_with(weights=with_array(2, lambda w: w.reshape(16, 4))), "have shapes"),
    "rows beyond the table": (network_with(moved_rows=lambda r: r + 16), "beyond"),
    "rows below zero": (network_with(ngram_rows=lambda r: r - 16), "beyond"),
    "cell": (network_with(cell="qrnn"), r"cell must be one of .*'lstm'.*, got 'qrnn'"),
    "pooling": (network_with(pooling="median"), "pooling must be .* got 'median'"),
    "dropout": (network_with(dropout=2.0), "'dropout' .*Got 2.0 instead"),
    "layers": (network_with(n_layers=10**12), "1000000000000 layers"),
    "3 classes": (lambda s: s.update(classes_=np.arange(3)), r"shape \(3,\), .* 2 classes"),
    "no classes": (lambda s: s.update(classes_=None), "classes_ is of type NoneType"),
    "shape of classes": (lambda s: s.update(classes_=np.array(1)), r"shape \(\), .* 2 classes"),
    "type of history_": (lambda s: s.update(history_=[]), "history_ is of type list"),
    "type of n_iter_": (lambda s: s.update(n_iter_="1"), "n_iter_ is of type str"),
    "type of cell": (lambda s: s.update(cell=["lstm"]), "'cell' parameter .* must be a str"),
    "type of optimizer": (lambda s: s.update(optimizer=len), "'optimizer' parameter"),
    "type of weights": (network_with(weights=tuple), "weights of type tuple"),
    "objects as weights": (
        network_with(weights=with_array(0, lambda w: w.astype(object))),
        "no arrays of numbers",
    ),
    "unknown key of the network": (lambda s: s["_network"].update(x=1), "x of type int"),
    "table": (lambda s: s.update(n_words_=17), "n_words_ is 17, but the table has 16"),
    "missing attribute": (lambda s: s.pop("classes_"), "it lacks 'classes_'"),
    "missing parameter": (lambda s: s.pop("mask_padding"), r"it lacks \['mask_padding'\]"),
    "shadowed method": (lambda s: s.update(predict=len), r"unknown keys \['predict'\]"),
}
VECTORIZERS = {
    "large id": (lambda s: s.update(_columns=pack(["a"], [2**31], [1])), "ids require 2147483649"),
    "truncated words": (lambda s: s.update(_columns=s["_columns"][:-9]), "incomplete or truncated"),
    "n_words_": (lambda s: s.update(n_words_=3), "n_words_ is 3"),
    "negative id": (lambda s: s.update(_columns=pack(["a"], [-1], [1])), "no natural numbers"),
    "float id": (lambda s: s.update(_columns=pack(["a"], [3.0], [1])), "no natural numbers"),
    "type of maxlen_": (lambda s: s.update(maxlen_=[3]), "maxlen_ is of type list"),
    "type of maxlen": (lambda s: s.update(maxlen="3"), "'maxlen' parameter .* must be an int"),
    "strip_accents": (lambda s: s.update(strip_accents="os.system"), "'strip_accents' parameter"),
    "missing parameter": (lambda s: s.pop("vocabulary"), r"it lacks \['vocabulary'\]"),
    "shadowed method": (lambda s: s.update(_get_param_names=str), "unknown keys"),
}
CASES = [(0, *case) for case in VECTORIZERS.values()]
CASES += [(1, *case) for case in CLASSIFIERS.values()]


@pytest.mark.parametrize(("step", "change", "message"), CASES, ids=[*VECTORIZERS, *CLASSIFIERS])
def test_load_refuses_a_damaged_state(step, change, message, pipeline):
    state = state_of(pipeline[step])
    change(state)
    with refused(message):
        restored(pipeline[step], state)


@pytest.mark.parametrize("found", [2, 0, -1, "1", None, 1.0, True])
def test_load_refuses_another_format(found, pipeline):
    for step in pipeline.named_steps.values():
        with refused(f"format is {found!r}, .* reads 1"):
            restored(step, {**state_of(step), "_format": found})


def test_an_unknown_attribute_is_refused_when_stored(pipeline):
    classifier = copy.deepcopy(pipeline[-1])
    classifier.note = "mine"
    with pytest.raises(ValueError, match=r"attributes \['note'\]\. Delete them"):
        pickle.dumps(classifier)


class Annotated(SequenceVectorizer):
    _fitted_attributes: ClassVar = {**SequenceVectorizer._fitted_attributes, "note_": str}


def test_a_subclass_stores_its_own_attributes():
    vectorizer = Annotated(maxlen=3).fit(TEXTS)
    vectorizer.note_ = "mine"
    copied = copy.deepcopy(vectorizer)
    assert copied.note_ == "mine"
    assert copied.vocabulary_ == vectorizer.vocabulary_


def test_a_network_with_nan_is_not_stored(pipeline):
    classifier = copy.deepcopy(pipeline[-1])
    weights = classifier.model_.get_weights()
    weights[3][:] = np.nan
    classifier.model_.set_weights(weights)
    with pytest.raises(ValueError, match="NaN or infinity"):
        pickle.dumps(classifier)


@pytest.mark.parametrize(
    "schedule",
    [
        {"module": "antigravity", "class_name": "Sky", "config": {}, "registered_name": None},
        {"module": "antigravity", "class_name": "function", "config": "geohash"},
        {"module": "keras.utils", "class_name": "function", "config": "get_file"},
        {"class_name": "__lambda__", "config": {"value": "4wEAAAAA"}},
    ],
)
def test_a_stored_optimizer_imports_no_foreign_code(schedule, pipeline):
    state = state_of(pipeline[1])
    state["optimizer"] = {"Keras optimizer": "SGD", "config": {"learning_rate": schedule}}
    with refused("its optimizer needs .* not registered"):
        restored(pipeline[1], state)
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize("name", ["function", "__lambda__", "Dense", "schedules", "get"])
def test_a_stored_optimizer_is_one_of_keras(name, pipeline):
    state = state_of(pipeline[1])
    state["optimizer"] = {"Keras optimizer": name, "config": {"value": "4wEAAAAA"}}
    with refused(f"its optimizer '{name}' is not in keras.optimizers"):
        restored(pipeline[1], state)


@keras.saving.register_keras_serializable(package="tests")
class Halving(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1 * 0.5**step

    def get_config(self):
        return {}


def test_a_stored_optimizer_keeps_a_registered_schedule(pipeline):
    classifier = clone(pipeline[1]).set_params(optimizer=keras.optimizers.SGD(Halving()))
    stored = pickle.loads(pickle.dumps(classifier)).optimizer
    assert type(stored._learning_rate) is Halving


def test_a_changed_array_in_a_joblib_file_is_refused(pipeline):
    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer)
    kernel = pipeline[1].model_.get_weights()[3].tobytes()
    data = buffer.getvalue()
    assert data.count(kernel) == 1
    with refused("checksum"):
        joblib.load(io.BytesIO(data.replace(kernel, kernel[::-1])))


def test_joblib_may_map_arrays_from_the_file(pipeline, tmp_path):
    joblib.dump(pipeline, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), pipeline.predict_proba(TEXTS))
