"""Fitted estimators survive pickling, copying and skops, in every form and place."""

import copy
import io
import pickle
import subprocess
import sys
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import clone

from seqsent import RecurrentSentimentClassifier, make_sentiment_pipeline
from seqsent._backend import import_keras

keras = import_keras()
TEXTS = ["a good film", "not a good film", "bad", "not bad at all, good", "", "bad, bad film"] * 5
LABELS = ["pos", "neg", "neg", "pos", "neg", "neg"] * 5
TRUSTED = [
    "seqsent._classifier.RecurrentSentimentClassifier",
    "seqsent._vectorizer.SequenceVectorizer",
]


def through_joblib(estimator):
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


def through_skops(estimator):
    data = skops.io.dumps(estimator)
    assert set(skops.io.get_untrusted_types(data=data)) <= set(TRUSTED)
    return skops.io.loads(data, trusted=TRUSTED)


WAYS = {
    "pickle": lambda estimator: pickle.loads(pickle.dumps(estimator)),
    "joblib": through_joblib,
    "cloudpickle": lambda estimator: cloudpickle.loads(cloudpickle.dumps(estimator)),
    "deepcopy": copy.deepcopy,
    "skops": through_skops,
}


def make_pipeline(**parameters):
    small = {"state_dim": 4, "embed_dim": 4, "epochs": 2, "maxlen": 8, "random_state": 0}
    return make_sentiment_pipeline(**{**small, **parameters})


@pytest.fixture(scope="module", params=["simple", "lstm", "gru"])
def fitted(request):
    return make_pipeline(cell=request.param).fit(TEXTS, LABELS)


@pytest.mark.parametrize("way", WAYS)
def test_fitted_pipeline(way, fitted):
    expected = fitted.predict_proba(TEXTS)
    other = WAYS[way](fitted)
    np.testing.assert_array_equal(other.predict_proba(TEXTS), expected)
    classifier = other[-1]
    assert classifier.history_ == fitted[-1].history_
    assert classifier.get_params() == fitted[-1].get_params()
    classifier.model_.set_weights([0 * w for w in classifier.model_.get_weights()])
    np.testing.assert_array_equal(fitted.predict_proba(TEXTS), expected)
    again = WAYS[way](other)  # what was set on the model goes along
    np.testing.assert_array_equal(again.predict_proba(TEXTS), 0.5)


@pytest.mark.parametrize("way", [*WAYS, "clone"])
def test_unfitted_pipeline(way, fitted):
    unfitted = clone(fitted)
    other = {**WAYS, "clone": clone}[way](unfitted)
    assert repr(other) == repr(unfitted)
    np.testing.assert_array_equal(
        other.fit(TEXTS, LABELS).predict_proba(TEXTS), fitted.predict_proba(TEXTS)
    )


def test_loading_again_without_using_it_keeps_everything(fitted):
    twice = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(fitted))))
    np.testing.assert_array_equal(twice.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


@pytest.mark.parametrize("going_on", ["partial_fit", "warm_start"])
def test_training_goes_on_where_it_was(going_on):
    ids = make_pipeline()[0].fit_transform(TEXTS)
    model = RecurrentSentimentClassifier(
        num_words=50, shuffle=False, random_state=0, warm_start=going_on == "warm_start"
    )

    def go_on(model):
        if going_on == "partial_fit":
            return model.partial_fit(ids, LABELS, classes=["neg", "pos"])
        return model.fit(ids, LABELS)

    other = pickle.loads(pickle.dumps(go_on(model)))
    expected = go_on(model).loss_curve_
    np.testing.assert_allclose(go_on(other).loss_curve_, expected, atol=1e-6)


def test_size_of_a_pickle():
    ids = make_pipeline()[0].fit_transform(TEXTS)
    model = RecurrentSentimentClassifier(num_words=10_000, epochs=1).fit(ids, LABELS)
    size = sum(w.nbytes for w in model.model_.get_weights())
    assert len(pickle.dumps(model)) < 1.2 * size + 20_000
    assert len(skops.io.dumps(model)) < 1.2 * size + 20_000
    model.partial_fit(ids, LABELS)
    assert 2.5 * size < len(pickle.dumps(model)) < 3.5 * size


@pytest.mark.parametrize("train_embedding", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_embedding_weights_are_stored_once(dtype, train_embedding):
    ids = make_pipeline()[0].fit_transform(TEXTS)
    matrix = np.random.default_rng(0).normal(size=(5000, 20)).astype(dtype)
    model = RecurrentSentimentClassifier(
        embedding_weights=matrix, embed_dim=20, train_embedding=train_embedding, epochs=1
    ).fit(ids, LABELS)
    assert np.array_equal(model.model_.get_weights()[0], matrix.astype("float32")) is (
        not train_embedding
    )
    data = pickle.dumps(model)
    others = sum(w.nbytes for w in model.model_.get_weights()[1:])
    assert len(data) < 1.2 * (matrix.nbytes + others) + 20_000
    expected = model.predict_proba(ids)
    changed = pickle.loads(data).set_params(embedding_weights=None)  # for the next fit
    np.testing.assert_array_equal(changed.predict_proba(ids), expected)
    np.testing.assert_array_equal(through_skops(model).predict_proba(ids), expected)
    twice = pickle.loads(pickle.dumps(pickle.loads(data)))
    np.testing.assert_array_equal(twice.predict_proba(ids), expected)
    weights = model.model_.get_weights()
    weights[0] = weights[0] + 1
    model.model_.set_weights(weights)
    moved = pickle.loads(pickle.dumps(model)).model_.get_weights()[0]
    np.testing.assert_array_equal(moved, weights[0])


def test_used_callbacks_are_not_kept():
    class Heavy(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.ballast = np.zeros(10_000_000)

    model = make_pipeline(callbacks=[Heavy()]).fit(TEXTS, LABELS)
    assert len(cloudpickle.dumps(model)) < 1_000_000


def test_a_fresh_process_predicts_the_same(fitted, tmp_path):
    joblib.dump(fitted, tmp_path / "model.joblib")
    np.save(tmp_path / "expected.npy", fitted.predict_proba(TEXTS))
    code = (
        "import sys, joblib, numpy as np; "
        "model = joblib.load('model.joblib'); "
        f"texts = {TEXTS!r}; "
        "assert np.abs(model.predict_proba(texts) - np.load('expected.npy')).max() < 1e-6"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_a_parameter_set_after_fit_waits_for_the_next_fit(fitted):
    expected = fitted.predict_proba(TEXTS)
    other = pickle.loads(pickle.dumps(fitted)).set_params(classifier__state_dim=9)
    np.testing.assert_array_equal(other.predict_proba(TEXTS), expected)
    assert other.fit(TEXTS, LABELS)[-1].model_.get_layer("output").kernel.shape == (9, 1)


OLD_PICKLE = Path(__file__).parent / "data" / "estimators-0.1.0.pkl"


def test_a_pickle_of_version_0_1_0():
    # Written by version 0.1.0: what it holds must stay readable.
    vectorizer, classifier = pickle.loads(OLD_PICKLE.read_bytes())
    texts = ["a good film", "not a good film", "bad", "not bad at all, good", "", "bad, bad film"]
    ids = vectorizer.transform(texts)
    expected = [0.49223, 0.49246, 0.49215, 0.49752, 0.4959, 0.48561]
    np.testing.assert_allclose(classifier.predict_proba(ids)[:, 1], expected, atol=2e-5)
    assert vectorizer.transform(["not a good one"]).tolist() == [[0, 1, 8, 7, 6, 2]]
    assert classifier.predict(ids).tolist() == ["neg", "neg", "neg", "neg", "neg", "neg"]
    assert len(classifier.history_["loss"]) == 2


def restored(classifier, **changes):
    """Return the classifier as a pickle restores it whose architecture was stored so."""
    state = classifier.__getstate__()
    architecture = {**state["_network"]["architecture"], **changes}
    stored = {name: value for name, value in architecture.items() if value is not None}
    state["_network"] = {**state["_network"], "architecture": stored}
    other = object.__new__(RecurrentSentimentClassifier)
    other.__setstate__(state)
    return other


def test_an_architecture_stored_before_it_had_a_field():
    _, classifier = pickle.loads(OLD_PICKLE.read_bytes())
    ids = np.arange(12).reshape(2, 6) % 9
    expected = classifier.predict_proba(ids)
    for name in ("n_layers", "bidirectional", "pooling", "dropout", "mask_padding"):
        assert name in classifier.__getstate__()["_network"]["architecture"]
        other = restored(classifier, **{name: None})
        np.testing.assert_array_equal(other.predict_proba(ids), expected)


def test_an_architecture_of_a_version_to_come():
    _, classifier = pickle.loads(OLD_PICKLE.read_bytes())
    with pytest.raises(ValueError, match=r"not known here: \['attention'\].*later version"):
        restored(classifier, attention=True).predict_proba([[1] * 6])


@pytest.mark.parametrize("embed_dim", [32, 20])
def test_the_width_that_0_1_0_left_to_the_word_vectors(embed_dim):
    # there, 32 stood for "not given"
    matrix = np.eye(64, 20, dtype=np.float32)
    ids = make_pipeline()[0].fit_transform(TEXTS)
    old = RecurrentSentimentClassifier(embedding_weights=matrix, embed_dim=embed_dim, epochs=1)
    state = old.__getstate__()
    del state["_format"]  # 0.1.0 wrote none
    old.__setstate__(state)
    assert clone(old).fit(ids, LABELS).model_.get_weights()[0].shape == (64, 20)
    now = pickle.loads(pickle.dumps(RecurrentSentimentClassifier(**old.get_params())))
    assert now.embed_dim == old.embed_dim
