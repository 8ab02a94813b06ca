"""Training on chunks, of which one at a time is in memory."""

import copy
import pickle
import random
import sys

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import check_is_fitted

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer
from seqsent._runtime.backend import import_keras
from seqsent.datasets import make_reviews
from seqsent.inspection import TrainingHistoryDisplay

keras = import_keras()
IS_JAX = keras.backend.backend() == "jax"

TEXTS = ["a good film", "not good not a film at all", "", "dull", "a dull story", "good good story"]


def in_chunks(vectorizer, texts, size=2):
    for start in range(0, len(texts), size):
        vectorizer.partial_fit(texts[start : start + size])
    return vectorizer


def learned(vectorizer):
    names = ("vocabulary_", "word_counts_", "maxlen_", "n_words_")
    return {name: getattr(vectorizer, name) for name in names}


def random_texts(n=300):
    rng = random.Random(0)
    words = [f"w{int(rng.paretovariate(0.7))}" for _ in range(5000)]
    return [" ".join(rng.choices(words, k=rng.randrange(30))) for _ in range(n)]


# A vocabulary


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"num_words": None, "maxlen": None},
        {"num_words": 200, "min_df": 2, "max_df": 0.5},
        {"min_df": 40, "max_df": 200, "oov_char": None},  # more than some chunks hold
        {"min_df": 0.1, "start_char": None, "maxlen": None},
        {"analyzer": "char", "maxlen": 9},
        {"tokenizer": str.split, "stop_words": ["w1"]},
        {"vocabulary": ["w2", "never seen", "w1"], "maxlen": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [1, 37, 300])
def test_chunks_teach_the_vocabulary_of_the_whole(parameters, size):
    texts = random_texts()
    whole = SequenceVectorizer(**parameters).fit(texts)
    chunks = in_chunks(SequenceVectorizer(**parameters), texts, size)
    check_is_fitted(chunks)
    assert learned(chunks) == learned(whole)
    assert list(chunks.vocabulary_) == list(whole.vocabulary_)
    np.testing.assert_array_equal(chunks.transform(texts), whole.transform(texts))


def test_memory_is_bounded_by_the_size_of_the_vocabulary():
    frequent = "good film film " * 20
    vectorizer = SequenceVectorizer(num_words=6)
    for chunk in range(40):
        rare = " ".join(f"rare{chunk}x{i}" for i in range(100)) + " good" * 20
        vectorizer.partial_fit([frequent, rare])
        assert len(vectorizer._so_far.words) <= 20 * 6
    assert vectorizer.vocabulary_ == {"film": 4, "good": 5}
    assert vectorizer.word_counts_ == {"film": 1600, "good": 1600}
    assert len(pickle.dumps(vectorizer)) < 10_000


def test_nothing_is_left_out_where_all_words_are_wanted():
    texts = [" ".join(f"w{chunk}x{i // 2}" for i in range(200)) for chunk in range(10)]
    assert len(in_chunks(SequenceVectorizer(num_words=None), texts).vocabulary_) == 1000
    given = SequenceVectorizer(vocabulary=["w0x0", "w9x0", "none"], num_words=7)
    assert in_chunks(given, texts).word_counts_ == {"w0x0": 2, "w9x0": 2, "none": 0}


@pytest.mark.parametrize(
    "use",
    [
        lambda vectorizer: vectorizer.transform([]),
        lambda vectorizer: vectorizer.inverse_transform([[4]]),
        lambda vectorizer: (
            pickle.loads(pickle.dumps(vectorizer)).transform(["good"])
            and vectorizer.transform(["good"])
        ),
    ],
    ids=["transform", "inverse_transform", "after a pickle"],
)
def test_ids_move_no_more_once_they_are_used(use):
    vectorizer = in_chunks(SequenceVectorizer(maxlen=5), TEXTS)
    expected = learned(vectorizer)
    vectorizer.transform(TEXTS)
    with pytest.raises(ValueError, match=r"fixed since fit or the first transform.*begin anew"):
        vectorizer.partial_fit(["all at at at"])
    assert learned(vectorizer) == expected


def test_a_fit_begins_anew():
    vectorizer = in_chunks(SequenceVectorizer(maxlen=5), TEXTS)
    assert learned(vectorizer.fit(["other words"])) == learned(
        clone(vectorizer).fit(["other words"])
    )
    with pytest.raises(ValueError, match="fixed since fit"):
        vectorizer.partial_fit(TEXTS)
    rows = in_chunks(SequenceVectorizer(maxlen=5), TEXTS).fit_transform(["other words"])
    np.testing.assert_array_equal(rows, vectorizer.transform(["other words"]))


def test_a_warm_fit_adds_words_behind_those_of_chunks():
    vectorizer = in_chunks(SequenceVectorizer(warm_start=True), TEXTS)
    before = dict(vectorizer.vocabulary_)
    vectorizer.fit(["new words"])
    largest = max(before.values())
    assert vectorizer.vocabulary_ == {**before, "new": largest + 1, "words": largest + 2}


@pytest.mark.parametrize(
    "store",
    [
        lambda v: pickle.loads(pickle.dumps(v)),
        copy.deepcopy,
        lambda v: skops.io.loads(
            skops.io.dumps(v), trusted=["seqsent._vectorizer.SequenceVectorizer"]
        ),
    ],
    ids=["pickle", "copy", "skops"],
)
@pytest.mark.parametrize("parameters", [{}, {"min_df": 2, "stop_words": ["at"], "num_words": 6}])
def test_a_stored_vectorizer_goes_on(parameters, store):
    vectorizer = SequenceVectorizer(**parameters)
    texts = [text + f" \ud800{i} odd" for i, text in enumerate(TEXTS * 30)]
    unbroken = in_chunks(clone(vectorizer), texts)
    for start in range(0, len(texts), 40):
        vectorizer = store(in_chunks(vectorizer, texts[start : start + 40]))
    assert learned(vectorizer) == learned(unbroken)
    assert (unbroken._so_far.most_missed > 0) == (parameters != {})


def test_a_chunk_that_fails_changes_nothing():
    vectorizer = in_chunks(SequenceVectorizer(), TEXTS)
    expected = learned(vectorizer)
    for wrong in ([], ["new", None], "one text", [7]):
        with pytest.raises((TypeError, ValueError), match=r"text|document"):
            vectorizer.partial_fit(wrong)
    assert learned(vectorizer) == expected
    vectorizer.partial_fit(["new"])
    assert vectorizer.word_counts_["new"] == 1


@pytest.mark.parametrize(
    "change", [{"analyzer": "keras"}, {"min_df": 1.0}, {"stop_words": ["a"]}, {"vocabulary": ["a"]}]
)
def test_what_is_counted_cannot_change_between_chunks(change):
    vectorizer = SequenceVectorizer().partial_fit(TEXTS)
    with pytest.raises(ValueError, match=f"goes on with .* before {next(iter(change))} changed"):
        vectorizer.set_params(**change).partial_fit(TEXTS)
    vectorizer.set_params(
        **{name: clone(SequenceVectorizer()).get_params()[name] for name in change}
    )
    vectorizer.set_params(padding="post").partial_fit(TEXTS)


def test_chunks_without_any_word():
    vectorizer = SequenceVectorizer(min_df=2).partial_fit(["", "once"])
    assert (vectorizer.vocabulary_, vectorizer.n_words_) == ({}, 4)
    with pytest.raises(ValueError, match="None of the 1 words lies within min_df=2"):
        vectorizer.transform(["once"])
    assert vectorizer.partial_fit(["once"]).vocabulary_ == {"once": 4}
    assert vectorizer.transform(["once"]).shape == (1, 250)


def test_the_longest_text_of_known_words_needs_all_words():
    with pytest.raises(ValueError, match="Set maxlen to a number, or give oov_char an id"):
        SequenceVectorizer(maxlen=None, oov_char=None).partial_fit(TEXTS)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 cannot skip frames by file")
def test_a_warning_about_a_chunk_names_the_line_that_passed_it():
    with pytest.warns(UserWarning, match="negation decides sentiment") as warned:
        SequenceVectorizer(stop_words="english").partial_fit(TEXTS)
    assert warned[0].filename == __file__


# A network


def classifier(**parameters):
    """A small one, whose vectors of pairs of words are updated where a step touches them."""
    small = {
        "state_dim": 4,
        "embed_dim": 4,
        "num_words": 200,
        "batch_size": 32,
        "ngram_range": (1, 2),
        "ngram_buckets": 256,
        "lazy_updates": IS_JAX or None,
        "random_state": 0,
    }
    return RecurrentSentimentClassifier(**{**small, **parameters})


@pytest.fixture(scope="module")
def csv_file(tmp_path_factory):
    """A file of 192 reviews, and the name of each label."""
    frame = make_reviews(192, as_frame=True, random_state=0).frame
    frame["label"] = frame["label"].map({0: "negative", 1: "positive"})
    path = tmp_path_factory.mktemp("chunks") / "reviews.csv"
    frame.to_csv(path, index=False)
    return path


def read_pandas(path):
    yield from pd.read_csv(path, chunksize=64)


def read_arrow(path):
    pytest.importorskip("pyarrow")
    from pyarrow import csv

    table = csv.read_csv(path)
    yield from table.to_batches(max_chunksize=64)


def read_lists(path):
    frame = pd.read_csv(path)
    for start in range(0, len(frame), 64):
        yield frame.iloc[start : start + 64].to_dict("list")


def train(model, vectorizer, chunks, n_passes=2, after_each=lambda model: model):
    """Return a model after some passes over chunks, validated at the end of each on the last."""
    for _ in range(n_passes):
        for number, chunk in enumerate(chunks, 1):
            X, y = vectorizer.transform(chunk["text"]), chunk["label"]
            last = {"X_val": X, "y_val": y} if number == len(chunks) else {}
            classes = ["negative", "positive"] if model.__dict__.get("n_iter_") is None else None
            model = after_each(model.partial_fit(X, y, classes, **last))
    return model


def assert_same_weights(model, other):
    for found, expected in zip(model.model_.get_weights(), other.model_.get_weights(), strict=True):
        # other backends may add numbers in another order
        np.testing.assert_allclose(found, expected, rtol=0, atol=0 if IS_JAX else 1e-6)


@pytest.fixture(scope="module")
def unbroken(csv_file):
    """Vectorizer, chunks, and the model that two passes over them have made."""
    chunks = list(read_lists(csv_file))
    vectorizer = SequenceVectorizer(num_words=200, maxlen=20)
    for chunk in chunks:
        vectorizer.partial_fit(chunk["text"])
    return vectorizer, chunks, train(classifier(), vectorizer, chunks)


def test_a_training_that_is_pickled_between_chunks_goes_on_to_the_same_weights(unbroken):
    vectorizer, chunks, expected = unbroken
    model = train(
        classifier(), vectorizer, chunks, after_each=lambda model: pickle.loads(pickle.dumps(model))
    )
    assert_same_weights(model, expected)
    np.testing.assert_array_equal(model.history_["loss"], expected.history_["loss"])


@pytest.mark.parametrize("read", [read_pandas, read_arrow])
def test_chunks_of_what_reads_files(read, csv_file, unbroken):
    _, _, expected = unbroken
    vectorizer = SequenceVectorizer(num_words=200, maxlen=20)
    for chunk in read(csv_file):
        vectorizer.partial_fit(chunk["text"])
    model = train(classifier(), vectorizer, list(read(csv_file)))
    assert_same_weights(model, expected)
    assert model.classes_.tolist() == ["negative", "positive"]


def test_validation_at_the_end_of_each_pass(unbroken):
    vectorizer, chunks, model = unbroken
    assert model.n_iter_ == len(model.loss_curve_) == 6
    for name in ("val_loss", "val_accuracy"):
        figures = np.array(model.history_[name])
        assert np.isfinite(figures).tolist() == [False, False, True] * 2
    X = vectorizer.transform(chunks[-1]["text"])
    assert model.history_["val_accuracy"][-1] == pytest.approx(model.score(X, chunks[-1]["label"]))
    pytest.importorskip("matplotlib")
    training, validation = TrainingHistoryDisplay(model.history_).plot().lines_
    assert len(training.get_xdata()) == len(validation.get_xdata()) == 6


def test_a_call_without_validation_after_one_with(unbroken):
    vectorizer, chunks, model = unbroken
    model = copy.deepcopy(model)
    with pytest.raises(ValueError, match="X_val and y_val belong together"):
        model.partial_fit([[4] * 20], ["positive"], X_val=[[4] * 20])
    model.partial_fit(vectorizer.transform(chunks[0]["text"]), chunks[0]["label"])
    assert {len(values) for values in model.history_.values()} == {7}
    assert np.isnan(model.history_["val_loss"][-1])


def test_validation_data_can_be_routed():
    requests = get_routing_for_object(classifier()).partial_fit.requests
    assert {name for name, wanted in requests.items() if wanted} == {"X_val", "y_val"}


def test_each_call_drops_other_units(unbroken):
    vectorizer, chunks, _ = unbroken
    X, y = vectorizer.transform(chunks[0]["text"]), chunks[0]["label"]
    model = classifier(learning_rate=1e-12, shuffle=False)
    for _ in range(4):
        model.partial_fit(X, y, ["negative", "positive"])
    assert len(set(model.loss_curve_)) == 4  # the weights stay where they were


def test_a_part_that_is_interrupted_leaves_those_before_it(unbroken):
    vectorizer, chunks, expected = unbroken
    X, y = vectorizer.transform(chunks[0]["text"]), chunks[0]["label"]

    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model = copy.deepcopy(expected)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(callbacks=[Interrupt()]).partial_fit(X, y)
    assert_same_weights(model, expected)
    other = copy.deepcopy(expected).partial_fit(X, y)
    assert_same_weights(model.set_params(callbacks=None).partial_fit(X, y), other)
