"""A stored state that is damaged, or of a version to come, is refused; nothing else is."""

import copy
import io
import pickle
import sys
import traceback
import warnings
import zipfile

import joblib
import numpy as np
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

import seqsent._estimator.base
from seqsent import SequenceVectorizer, make_sentiment_pipeline
from seqsent._estimator.state import seal, unseal
from seqsent._runtime.backend import import_keras
from seqsent._text.packing import pack_words

keras = import_keras()
TEXTS = ["a good film", "not a good film", "bad", "not bad at all, good", "", "bad, bad film"] * 2
BASE = seqsent._estimator.base.__file__  # where states are read
LABELS = ["pos", "neg", "neg", "pos", "neg", "neg"] * 2


@pytest.fixture(scope="module")
def pipeline():
    """With all that a state can hold: vectors of words given and moved, n-grams, and equal shapes.

    Both kernels of the LSTM have the shape (4, 16).
    """
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
    """Return the context in which a state is refused for what a message says."""
    advice = "install that one; else .* load another copy, or fit again"
    return pytest.raises(ValueError, match=rf"(?s)^The stored .* is refused: .*{message}.*{advice}")


def restored(estimator, state):
    other = object.__new__(type(estimator))
    other.__setstate__(state)
    return other


def state_of(estimator):
    return copy.deepcopy(estimator.__getstate__())


def network_with(**parts):
    """Return a change of a classifier's state: parts of its network, or of the architecture."""

    def change(state):
        network = state["_network"]
        for name, value in parts.items():
            holder = network if name in network else network["architecture"]
            holder[name] = value(holder[name]) if callable(value) else value

    return change


def swapped(first, second):
    def swap(weights):
        weights[first], weights[second] = weights[second], weights[first]
        return weights

    return swap


def put(place, function):
    def change(weights):
        weights[place] = function(weights[place])
        return weights

    return change


def with_one_of(value):
    def change(array):
        array.flat[3] = value
        return array

    return change


def without(name):
    return lambda state: state.pop(name)


# The weights: rows of words, rows of n-grams, kernel, recurrent kernel, bias, and the output's.
CLASSIFIERS = {
    "truncated array": (network_with(weights=put(3, lambda w: w[:-1])), "have the shapes"),
    "truncated bias": (network_with(weights=put(-1, lambda w: w[:0])), "have the shapes"),
    "other shape": (network_with(weights=put(2, np.transpose)), "have the shapes"),
    "an array less": (network_with(weights=lambda w: w[:-1]), "have the shapes"),
    "swapped": (network_with(weights=swapped(3, 4)), "have the shapes"),
    "no arrays": (network_with(weights=None), "TypeError"),
    "lists": (network_with(weights=put(4, np.ndarray.tolist)), "AttributeError"),
    "text": (network_with(weights=put(4, lambda w: w.astype(str))), "TypeError"),
    "NaN": (network_with(weights=put(2, with_one_of(np.nan))), r"Array 2 .* NaN or infinity"),
    "infinity": (network_with(weights=put(1, with_one_of(np.inf))), r"Array 1 .* NaN or inf"),
    "rows of words": (network_with(moved_rows=lambda r: r + 16), "beyond the table"),
    "rows below zero": (network_with(ngram_rows=lambda r: r - 16), "beyond the table"),
    "a row less": (network_with(ngram_rows=lambda r: r[:-1]), "some are missing"),
    "rows of what": (network_with(ngram_rows=lambda r: r.astype(float)), "IndexError"),
    "cell": (network_with(cell="qrnn"), r"cell must be one of .*'lstm'.*, got 'qrnn'"),
    "pooling": (network_with(pooling="median"), "pooling must be .* got 'median'"),
    "dropout": (network_with(dropout=2.0), "'dropout' .*Got 2.0 instead"),
    "layers": (network_with(n_layers=10**12), "1000000000000 layers have 7 arrays"),
    "units": (network_with(state_dim="4"), "have the shapes"),
    "units of no size": (network_with(state_dim=4.0), "'state_dim' .* must be an int"),
    "a field": (lambda s: s["_network"]["architecture"].update(attention=1), "not known here"),
    "no field": (lambda s: s["_network"]["architecture"].pop("n_words"), "'n_words'"),
    "3 classes": (lambda s: s.update(classes_=np.arange(3)), r"shape \(3,\), .*tells 2 classes"),
    "1 class": (lambda s: s.update(classes_=np.arange(1)), r"shape \(1,\), .*tells 2 classes"),
    "no array": (lambda s: s.update(classes_=None), "shape None"),
    "table": (lambda s: s.update(n_words_=17), "n_words_ is 17, but its table has 16"),
    "no classes": (without("classes_"), "it lacks 'classes_'"),
    "no optimizer": (without("optimizer"), "it lacks 'optimizer'"),
}
VECTORIZERS = {
    "large id": (lambda s: s.update(_words=pack_words({"a": 2**31}, {"a": 1})), "word ids are"),
    "truncated": (lambda s: s.update(_words=s["_words"][:-9]), "incomplete or truncated"),
    "no bytes": (lambda s: s.update(_words=[["a"], [4], [1]]), "TypeError"),
    "n_words_": (lambda s: s.update(n_words_=3), r"n_words_ is 3, but its ids need \d"),
    "no analyzer": (without("vocabulary"), "it lacks 'vocabulary'"),
}
CASES = [(0, *case) for case in VECTORIZERS.values()] + [
    (1, *case) for case in CLASSIFIERS.values()
]
NAMES = [*VECTORIZERS, *CLASSIFIERS]


@pytest.mark.parametrize(("step", "change", "message"), CASES, ids=NAMES)
def test_a_damaged_state_is_refused_without_a_checksum_too(step, change, message, pipeline):
    state, _ = unseal(state_of(pipeline[step]))
    change(state)
    with refused(message):
        restored(pipeline[step], {**state, "_format": 2})


def test_a_state_without_a_checksum_is_read_where_it_is_of_an_old_format(pipeline):
    for step in pipeline.named_steps.values():
        state, _ = unseal(state_of(step))
        other = restored(step, {**state, "_format": 2})
        assert other.__getstate__()["_seal"] == step.__getstate__()["_seal"]
        with refused("it lacks '_seal'"):
            restored(step, {**state, "_format": 3})


@pytest.mark.parametrize("found", [4, 0, -1, "3", None, 2.0, True])
def test_a_format_to_come(found, pipeline):
    for step in pipeline.named_steps.values():
        with refused(f"format is {found!r}, .* are 1 to 3"):
            restored(step, {**state_of(step), "_format": found})


@pytest.mark.parametrize(
    ("step", "change"),
    [
        (1, network_with(weights=swapped(2, 3))),  # both kernels, of one shape
        (1, network_with(weights=put(5, with_one_of(0.25)))),
        (1, network_with(dropout=0.2)),
        (1, lambda state: state.update(classes_=state["classes_"][::-1])),
        (1, lambda state: state.update(oov_char=3)),
        (1, lambda state: state["history_"]["loss"].append(0.1)),
        (1, lambda state: state["embedding_weights"].__setitem__((9, 0), 0.5)),
        (1, without("n_iter_")),
        (1, without("mask_padding")),
        (0, lambda state: state.update(maxlen_=5)),
        (0, lambda state: state.update(padding="post")),
        (0, lambda state: state.update(_words=pack_words({"a": 14}, {"a": 1}), n_words_=15)),
        (0, lambda state: state["_seal"]["names"].remove("_words")),
        # what is half read, and cannot even be printed, in place of a name
        (0, lambda state: state["_seal"]["names"].append(object.__new__(SequenceVectorizer))),
    ],
)
def test_a_checksum_finds_what_could_have_been_a_state(step, change, pipeline):
    state = state_of(pipeline[step])
    change(state)
    with refused("(its checksum is not|it lacks '(n_iter_|mask_padding)')"):
        restored(pipeline[step], state)


def test_a_checksum_is_over_all_that_a_fit_leaves(pipeline):
    ids = pipeline[0].transform(TEXTS)
    in_parts = clone(pipeline[1]).partial_fit(ids, LABELS, ["neg", "pos"])
    for fitted in (*pipeline, in_parts):
        state = fitted.__getstate__()
        assert state.keys() - {"_seal"} == set(state["_seal"]["names"])


class Reloading(SequenceVectorizer):
    """Leaves out of its state what it makes anew."""

    def __getstate__(self):
        state = super().__getstate__()
        del state["tool_"]
        return {**state, "note": "mine"}

    def __setstate__(self, state):
        super().__setstate__(state)
        self.tool_ = "anew"


def test_a_subclass_may_leave_its_own_attributes_out():
    vectorizer = Reloading(maxlen=3).fit(TEXTS)
    vectorizer.tool_ = "old"
    copied = copy.deepcopy(vectorizer)
    assert (copied.tool_, copied.note) == ("anew", "mine")
    assert copied.vocabulary_ == vectorizer.vocabulary_


def test_a_network_that_is_no_use_is_not_stored(pipeline):
    classifier = copy.deepcopy(pipeline[-1])
    weights = classifier.model_.get_weights()
    weights[3][:] = np.nan
    classifier.model_.set_weights(weights)  # as a training by Keras alone may
    with pytest.raises(ValueError, match=r"Array 3 .* NaN or infinity\. Fit again"):
        pickle.dumps(classifier)


def test_equal_values_have_the_same_checksum():
    def digest(value):
        return seal({"value": value}, ["value"])["_seal"]["sha256"]

    matrix = np.arange(6.0).reshape(2, 3)
    assert digest(np.asfortranarray(matrix)) == digest(matrix)
    assert digest((1, [2, "a"])) == digest([1, (2, "a")])
    assert digest({"b", "a"}) == digest({"a", "b"})
    # functions and classes are what other packages make of them
    assert digest(print) == digest(np.ndarray)
    different = [
        matrix,
        matrix.T,
        matrix.astype("f4"),
        -matrix,
        matrix.tolist(),
        np.array(["a", "b"]),
        np.array(["a", 1], dtype=object),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.float32(1),
        1,
        1.5,
        "1",
        b"1",
        None,
        {"a": 1},
        {"a": 2},
        {1, 2},
        float("nan"),
    ]
    assert len(set(map(digest, different))) == len(different)


@pytest.mark.parametrize(
    "schedule",
    [
        {"module": "antigravity", "class_name": "Sky", "config": {}, "registered_name": None},
        {"module": "antigravity", "class_name": "function", "config": "geohash"},
        {"module": "keras.utils", "class_name": "function", "config": "get_file"},
        {"class_name": "__lambda__", "config": {"value": "4wEAAAAA"}},
    ],
)
def test_an_optimizer_brings_nothing_foreign_with_it(schedule, pipeline):
    state, _ = unseal(state_of(pipeline[1]))
    state["optimizer"] = {"Keras optimizer": "SGD", "config": {"learning_rate": schedule}}
    with refused("its optimizer needs .* not of keras.optimizers"):
        restored(pipeline[1], {**state, "_format": 2})
    assert "antigravity" not in sys.modules


@keras.saving.register_keras_serializable(package="tests")
class Halving(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1 * 0.5**step

    def get_config(self):
        return {}


def test_an_optimizer_may_have_what_is_registered(pipeline):
    classifier = clone(pipeline[1]).set_params(optimizer=keras.optimizers.SGD(Halving()))
    stored = pickle.loads(pickle.dumps(classifier)).optimizer
    assert type(stored._learning_rate) is Halving


# Files


def in_joblib(pipeline, change):
    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer)
    data = buffer.getvalue()
    kernel = pipeline[1].model_.get_weights()[3].tobytes()
    assert data.count(kernel) == 1
    return joblib.load(io.BytesIO(data.replace(kernel, change(kernel))))


def in_skops(pipeline, change):
    """Load a file like that of a pipeline, with one array in it changed and all else in order."""
    kernel = pipeline[1].model_.get_weights()[3].tobytes()
    before, after = (io.BytesIO(data) for data in (skops.io.dumps(pipeline), b""))
    with zipfile.ZipFile(before) as old, zipfile.ZipFile(after, "w") as new:
        parts = {name: old.read(name) for name in old.namelist()}
        assert sum(kernel in part for part in parts.values()) == 1
        for name, part in parts.items():
            new.writestr(name, part.replace(kernel, change(kernel)))
    trusted = skops.io.get_untrusted_types(data=after.getvalue())
    return skops.io.loads(after.getvalue(), trusted=trusted)


@pytest.mark.parametrize("load", [in_joblib, in_skops])
def test_a_changed_array_in_a_file(load, pipeline):
    same = load(pipeline, lambda kernel: kernel)
    np.testing.assert_array_equal(same.predict_proba(TEXTS), pipeline.predict_proba(TEXTS))
    with refused("its checksum is not that of the values it holds"):
        load(pipeline, lambda kernel: kernel[::-1])


def test_joblib_may_leave_arrays_in_the_file(pipeline, tmp_path):
    joblib.dump(pipeline, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), pipeline.predict_proba(TEXTS))


# Bytes flipped in a pickle


class Careful(pickle._Unpickler):
    """Finds nothing but what the pickle of our pipeline names; in Python, so as to stay small."""

    names = frozenset()

    def find_class(self, module, name):
        if (module, name) not in self.names:
            raise pickle.UnpicklingError(f"{module}.{name} is foreign")
        return super().find_class(module, name)


class Listing(pickle._Unpickler):
    def __init__(self, file):
        super().__init__(file)
        self.found = set()

    def find_class(self, module, name):
        self.found.add((module, name))
        return super().find_class(module, name)


@pytest.fixture(scope="module")
def stored(pipeline):
    data = pickle.dumps(pipeline)
    listing = Listing(io.BytesIO(data))
    listing.load()
    reader = type("Reader", (Careful,), {"names": frozenset(listing.found)})
    return data, reader, pipeline.predict_proba(TEXTS)


def fate_of(data, stored):
    """Return what became of a damaged pickle: how it was refused, or that it is as it was."""
    _, reader, expected = stored
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loaded = reader(io.BytesIO(data)).load()
        except Exception as error:
            if "is refused" in str(error):
                return "refused"
            frames = traceback.extract_tb(error.__traceback__)
            is_ours = any((f.filename, f.name) == (BASE, "__setstate__") for f in frames)
            return f"not refused: {error!r}" if is_ours else "no pickle"
        try:
            found = loaded.predict_proba(TEXTS)
        except Exception:
            return "no estimator"
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(loaded.classes_, ["neg", "pos"])
    return "the same"


def damaged(data, damages):
    data = bytearray(data)
    for kind, place, value in damages:
        start = place % max(len(data), 1)
        if kind == "flip":
            data[start : start + 1] = bytes(byte ^ value for byte in data[start : start + 1])
        elif kind == "cut":
            del data[start : start + value]
        else:
            data[start:start] = data[start : start + value]
    return bytes(data)


FATES = ("no pickle", "refused", "no estimator", "the same")
DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "flip", "flip", "cut", "repeat"]),
        st.integers(0, 2**16),
        st.integers(1, 255),
    ),
    min_size=1,
    max_size=3,
)


# numpy's own words on a data type whose flags are damaged, where nobody can catch them
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=4 * settings.default.max_examples)
@given(DAMAGES)
def test_a_damaged_pickle_never_predicts_otherwise(stored, damages):
    assert fate_of(damaged(stored[0], damages), stored) in FATES


@given(st.integers(0, 2**16))
def test_a_truncated_pickle_is_none(stored, length):
    assert fate_of(stored[0][: length % len(stored[0])], stored) in ("no pickle", "refused")
