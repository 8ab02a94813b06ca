"""Training on chunks: partial_fit of the vectorizer and of the classifier."""

import copy
import pickle
import random
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import check_is_fitted

from seqsent import SequenceVectorizer
from seqsent._runtime.backend import import_keras
from seqsent.datasets import make_reviews
from seqsent.inspection import TrainingHistoryDisplay

keras = import_keras()
TEXTS = ["a good film", "not good not a film at all", "", "dull", "a dull story", "good good story"]


def fit_in_chunks(vectorizer, texts, size=2):
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


# SequenceVectorizer


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"num_words": None, "maxlen": None},
        {"num_words": 200, "min_df": 2, "max_df": 0.5},
        {"min_df": 40, "max_df": 200, "oov_char": None},  # more documents than in a chunk
        {"min_df": 0.1, "start_char": None, "maxlen": None},
        {"analyzer": "char", "maxlen": 9},
        {"tokenizer": str.split, "stop_words": ["w1"]},
        {"vocabulary": ["w2", "never seen", "w1"], "maxlen": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [1, 37, 300])
def test_vocabulary_of_chunks_equals_fit(parameters, size):
    texts = random_texts()
    expected = SequenceVectorizer(**parameters).fit(texts)
    vectorizer = fit_in_chunks(SequenceVectorizer(**parameters), texts, size)
    check_is_fitted(vectorizer)
    assert learned(vectorizer) == learned(expected)
    assert list(vectorizer.vocabulary_) == list(expected.vocabulary_)
    np.testing.assert_array_equal(vectorizer.transform(texts), expected.transform(texts))


def test_memory_is_bounded_by_num_words():
    frequent = "good film film " * 20
    vectorizer = SequenceVectorizer(num_words=6)
    for chunk in range(40):
        rare = " ".join(f"rare{chunk}x{i}" for i in range(100)) + " good" * 20
        vectorizer.partial_fit([frequent, rare])
        assert len(pickle.dumps(vectorizer)) < 10_000
    assert vectorizer.vocabulary_ == {"film": 4, "good": 5}
    assert vectorizer.word_counts_ == {"film": 1600, "good": 1600}


def test_all_words_are_counted_without_num_words():
    texts = [" ".join(f"w{chunk}x{i // 2}" for i in range(200)) for chunk in range(10)]
    assert len(fit_in_chunks(SequenceVectorizer(num_words=None), texts).vocabulary_) == 1000


def test_all_words_of_a_given_vocabulary_are_counted():
    texts = [" ".join(f"w{chunk}x{i // 2}" for i in range(200)) for chunk in range(10)]
    vectorizer = SequenceVectorizer(vocabulary=["w0x0", "w9x0", "none"], num_words=7)
    counts = fit_in_chunks(vectorizer, texts).word_counts_
    assert counts == {"w0x0": 2, "w9x0": 2, "none": 0}


@pytest.mark.parametrize(
    "use",
    [
        lambda vectorizer: vectorizer.transform([]),
        lambda vectorizer: vectorizer.inverse_transform([[4]]),
    ],
    ids=["transform", "inverse_transform"],
)
def test_first_use_fixes_the_vocabulary(use):
    vectorizer = fit_in_chunks(SequenceVectorizer(maxlen=5), TEXTS)
    expected = learned(vectorizer)
    use(vectorizer)
    with pytest.raises(ValueError, match="vocabulary is fixed"):
        vectorizer.partial_fit(["all at at at"])
    assert learned(vectorizer) == expected


@pytest.mark.parametrize(
    "use",
    [
        lambda vectorizer: vectorizer.get_feature_names_out(),
        lambda vectorizer: vectorizer.set_output(transform="pandas"),
        lambda vectorizer: vectorizer.build_analyzer(),
        repr,
        lambda vectorizer: vectorizer._repr_html_(),
    ],
)
def test_counting_continues_after_a_look_at_the_vectorizer(use):
    vectorizer = fit_in_chunks(SequenceVectorizer(maxlen=5), TEXTS[:1])
    use(vectorizer)
    fit_in_chunks(vectorizer, TEXTS[1:])
    assert learned(vectorizer) == learned(SequenceVectorizer(maxlen=5).fit(TEXTS))


@pytest.mark.parametrize("method", ["transform", "inverse_transform"])
def test_counting_continues_after_a_failed_transform(method):
    vectorizer = fit_in_chunks(SequenceVectorizer(maxlen=5), TEXTS[:1])
    with pytest.raises((TypeError, ValueError)):
        getattr(vectorizer, method)([None])
    fit_in_chunks(vectorizer, TEXTS[1:])
    assert learned(vectorizer) == learned(SequenceVectorizer(maxlen=5).fit(TEXTS))


def test_fit_after_partial_fit_forgets_the_chunks():
    vectorizer = fit_in_chunks(SequenceVectorizer(maxlen=5), TEXTS).fit(["other words"])
    assert learned(vectorizer) == learned(SequenceVectorizer(maxlen=5).fit(["other words"]))
    with pytest.raises(ValueError, match="vocabulary is fixed"):
        vectorizer.partial_fit(TEXTS)


def test_warm_start_appends_words_to_those_of_chunks():
    vectorizer = fit_in_chunks(SequenceVectorizer(warm_start=True), TEXTS)
    before = dict(vectorizer.vocabulary_)
    vectorizer.fit(["new words"])
    largest = max(before.values())
    assert vectorizer.vocabulary_ == {**before, "new": largest + 1, "words": largest + 2}


@pytest.mark.parametrize(
    "copy_vectorizer",
    [
        lambda v: pickle.loads(pickle.dumps(v)),
        copy.deepcopy,
        lambda v: skops.io.loads(
            skops.io.dumps(v), trusted=["seqsent._vectorizer.SequenceVectorizer"]
        ),
    ],
    ids=["pickle", "deepcopy", "skops"],
)
@pytest.mark.parametrize("parameters", [{}, {"min_df": 2, "stop_words": ["at"], "num_words": 6}])
def test_counting_continues_after_a_round_trip(parameters, copy_vectorizer):
    vectorizer = SequenceVectorizer(**parameters)
    texts = [text + f" \ud800{i} odd" for i, text in enumerate(TEXTS * 30)]
    expected = fit_in_chunks(clone(vectorizer), texts)
    for start in range(0, len(texts), 40):
        vectorizer = copy_vectorizer(fit_in_chunks(vectorizer, texts[start : start + 40]))
    assert learned(vectorizer) == learned(expected)


def test_failed_chunk_changes_nothing():
    vectorizer = fit_in_chunks(SequenceVectorizer(), TEXTS)
    expected = learned(vectorizer)
    for wrong in ([], ["new", None], "one text", [7]):
        with pytest.raises((TypeError, ValueError), match=r"text|document"):
            vectorizer.partial_fit(wrong)
    assert learned(vectorizer) == expected
    vectorizer.partial_fit(["new"])
    assert vectorizer.word_counts_["new"] == 1


def test_vocabulary_may_be_empty_until_transform():
    vectorizer = SequenceVectorizer(min_df=2).partial_fit(["", "once"])
    assert (vectorizer.vocabulary_, vectorizer.n_words_) == ({}, 4)
    with pytest.raises(ValueError, match="min_df=2"):
        vectorizer.transform(["once"])
    assert vectorizer.partial_fit(["once"]).vocabulary_ == {"once": 4}
    assert vectorizer.transform(["once"]).shape == (1, 500)


def test_partial_fit_rejects_unlimited_rows_without_unknown_words():
    with pytest.raises(ValueError, match="requires a number for maxlen or oov_char"):
        SequenceVectorizer(maxlen=None, oov_char=None).partial_fit(TEXTS)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 cannot skip frames by file")
def test_warning_names_the_line_of_the_caller():
    with pytest.warns(UserWarning, match="stop_words contains negations") as warned:
        SequenceVectorizer(stop_words="english").partial_fit(TEXTS)
    assert warned[0].filename == __file__


# RecurrentSentimentClassifier


@pytest.fixture(scope="module")
def small_classifier(small_classifier):
    """A classifier with a table large enough for sparse updates."""
    return partial(
        small_classifier,
        embed_dim=4,
        num_words=200,
        batch_size=32,
        ngram_range=(1, 2),
        ngram_buckets=2**18,
    )


@pytest.fixture(scope="module")
def csv_file(tmp_path_factory):
    """A file of 192 reviews with named labels."""
    frame = make_reviews(192, as_frame=True, random_state=0).frame
    frame["label"] = frame["label"].map({0: "negative", 1: "positive"})
    path = tmp_path_factory.mktemp("chunks") / "reviews.csv"
    frame.to_csv(path, index=False)
    return path


def read_with_pandas(path):
    return list(pd.read_csv(path, chunksize=64))


def read_with_pyarrow(path):
    pytest.importorskip("pyarrow")
    from pyarrow import csv

    return csv.read_csv(path).to_batches(max_chunksize=64)


def fit_vectorizer(chunks):
    vectorizer = SequenceVectorizer(num_words=200, maxlen=20)
    for chunk in chunks:
        vectorizer.partial_fit(chunk["text"])
    return vectorizer


def train(model, vectorizer, chunks, after_each=lambda model: model):
    """Train for two passes over the chunks. The last chunk of a pass is validated on."""
    for _ in range(2):
        for number, chunk in enumerate(chunks, 1):
            X, y = vectorizer.transform(chunk["text"]), chunk["label"]
            validation = {"X_val": X, "y_val": y} if number == len(chunks) else {}
            model.partial_fit(X, y, ["negative", "positive"], **validation)
            model = after_each(model)
    return model


def assert_same_weights(model, other):
    # other backends may add numbers in another order
    atol = 0 if keras.backend.backend() == "jax" else 1e-6
    for found, expected in zip(model.model_.get_weights(), other.model_.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


@pytest.fixture(scope="module")
def trained(csv_file, small_classifier):
    """Vectorizer, chunks, and the model after two passes over them."""
    chunks = [chunk.to_dict("list") for chunk in read_with_pandas(csv_file)]
    vectorizer = fit_vectorizer(chunks)
    return vectorizer, chunks, train(small_classifier(), vectorizer, chunks)


def test_training_continues_after_a_pickle_round_trip(trained, small_classifier):
    vectorizer, chunks, expected = trained
    model = train(
        small_classifier(),
        vectorizer,
        chunks,
        after_each=lambda model: pickle.loads(pickle.dumps(model)),
    )
    assert_same_weights(model, expected)
    np.testing.assert_array_equal(model.history_["loss"], expected.history_["loss"])


@pytest.mark.parametrize("read", [read_with_pandas, read_with_pyarrow])
def test_chunks_of_file_readers(read, csv_file, trained, small_classifier):
    chunks = read(csv_file)
    model = train(small_classifier(), fit_vectorizer(chunks), chunks)
    assert_same_weights(model, trained[-1])
    assert model.classes_.tolist() == ["negative", "positive"]


def test_history_is_nan_without_validation_data(trained):
    vectorizer, chunks, model = trained
    assert model.n_iter_ == len(model.loss_curve_) == 6
    for name in ("val_loss", "val_accuracy"):
        figures = np.array(model.history_[name])
        assert np.isfinite(figures).tolist() == [False, False, True] * 2
    X = vectorizer.transform(chunks[-1]["text"])
    assert model.history_["val_accuracy"][-1] == pytest.approx(model.score(X, chunks[-1]["label"]))


def test_history_display_shows_every_chunk(trained):
    pytest.importorskip("matplotlib")
    training, validation = TrainingHistoryDisplay(trained[-1].history_).plot().lines_
    assert len(training.get_xdata()) == len(validation.get_xdata()) == 6


def test_partial_fit_without_validation_after_one_with(trained):
    vectorizer, chunks, model = trained
    model = copy.deepcopy(model)
    model.partial_fit(vectorizer.transform(chunks[0]["text"]), chunks[0]["label"])
    assert {len(values) for values in model.history_.values()} == {7}
    assert np.isnan(model.history_["val_loss"][-1])


def test_partial_fit_rejects_x_val_without_y_val(trained):
    model = copy.deepcopy(trained[-1])
    with pytest.raises(ValueError, match="X_val and y_val must be passed together"):
        model.partial_fit([[4] * 20], ["positive"], X_val=[[4] * 20])


def test_validation_data_is_routed(small_classifier):
    requests = get_routing_for_object(small_classifier()).partial_fit.requests
    assert {name for name, wanted in requests.items() if wanted} == {"X_val", "y_val"}


def test_each_call_draws_other_dropout_masks(trained, small_classifier):
    vectorizer, chunks, _ = trained
    X, y = vectorizer.transform(chunks[0]["text"]), chunks[0]["label"]
    model = small_classifier(learning_rate=1e-12, shuffle=False)
    for _ in range(4):
        model.partial_fit(X, y, ["negative", "positive"])
    assert len(set(model.loss_curve_)) == 4  # the weights do not change


def test_interrupted_partial_fit_keeps_the_previous_state(trained):
    vectorizer, chunks, expected = trained
    X, y = vectorizer.transform(chunks[0]["text"]), chunks[0]["label"]

    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model = copy.deepcopy(expected)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(callbacks=[Interrupt()]).partial_fit(X, y)
    assert_same_weights(model, expected)
    model.set_params(callbacks=None).partial_fit(X, y)
    assert_same_weights(model, copy.deepcopy(expected).partial_fit(X, y))
