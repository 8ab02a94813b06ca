"""Fitted estimators survive pickling, copying and skops, in every form and place."""

import copy
import io
import pickle
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.utils.fixes import parse_version

from seqsent import RecurrentSentimentClassifier, make_sentiment_pipeline
from seqsent._estimator.state import unseal
from seqsent._runtime.backend import import_keras

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


def test_a_pickle_holds_those_vectors_of_ngrams_that_were_learned():
    ids = make_pipeline()[0].fit_transform(TEXTS)
    model = RecurrentSentimentClassifier(num_words=64, ngram_range=(1, 2), epochs=2)
    model.fit(ids, LABELS)
    size = sum(w.nbytes for w in model.model_.get_weights())
    stored = pickle.dumps(model)
    assert len(stored) < size / 20
    loaded = pickle.loads(stored)
    np.testing.assert_array_equal(loaded.predict_proba(ids), model.predict_proba(ids))
    for ours, theirs in zip(loaded.model_.get_weights(), model.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


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


def test_used_callbacks_do_not_keep_the_network():
    ids = make_pipeline()[0].fit_transform(TEXTS)
    stop = keras.callbacks.EarlyStopping("loss", restore_best_weights=True)
    model = RecurrentSentimentClassifier(num_words=50_000, epochs=1, callbacks=[stop])
    size = len(pickle.dumps(clone(model).set_params(callbacks=None).fit(ids, LABELS)))
    model.fit(ids, LABELS)
    assert stop.best_weights is not None  # the user's own
    assert len(cloudpickle.dumps(model)) < size + 10_000
    assert len(cloudpickle.dumps(clone(model))) < 10_000
    assert clone(model).callbacks[0] is not stop
    assert clone(model).callbacks[0].patience == stop.patience


@pytest.mark.slow
def test_a_fresh_process_predicts_the_same(tmp_path):
    fitted = [make_pipeline(cell=cell).fit(TEXTS, LABELS) for cell in ("simple", "lstm", "gru")]
    joblib.dump(fitted, tmp_path / "models.joblib")
    np.save(tmp_path / "expected.npy", [model.predict_proba(TEXTS) for model in fitted])
    code = (
        "import sys, joblib, numpy as np; "
        "models = joblib.load('models.joblib'); "
        f"found = [model.predict_proba({TEXTS!r}) for model in models]; "
        "assert np.abs(found - np.load('expected.npy')).max() < 1e-6"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_a_parameter_set_after_fit_waits_for_the_next_fit(fitted):
    expected = fitted.predict_proba(TEXTS)
    other = pickle.loads(pickle.dumps(fitted)).set_params(classifier__state_dim=9)
    np.testing.assert_array_equal(other.predict_proba(TEXTS), expected)
    n_states = {"simple": 2 * 9, "lstm": 9, "gru": 9}[other[-1].cell]
    model = other.fit(TEXTS, LABELS)[-1].model_
    assert model.get_layer("output").kernel.shape == (n_states, 1)


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
    # and a fit is what it was then
    assert (classifier.embedding_init, classifier.global_clipnorm) == ("uniform", None)
    assert (classifier.learning_rate_schedule, classifier.dropout) == ("constant", 0.0)
    assert (classifier.learning_rate, classifier.batch_size) == (0.004, 128)


def restored(classifier, **changes):
    """Return the classifier as an old pickle restores it whose architecture was stored so."""
    state, _ = unseal(classifier.__getstate__())
    architecture = {**state["_network"]["architecture"], **changes}
    stored = {name: value for name, value in architecture.items() if value is not None}
    state["_network"] = {**state["_network"], "architecture": stored}
    state["_format"] = 2
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
        restored(classifier, attention=True)


@pytest.mark.parametrize("embed_dim", [32, 20])
def test_the_width_that_0_1_0_left_to_the_word_vectors(embed_dim):
    # there, 32 stood for "not given"
    matrix = np.eye(64, 20, dtype=np.float32)
    ids = make_pipeline()[0].fit_transform(TEXTS)
    old = RecurrentSentimentClassifier(embedding_weights=matrix, embed_dim=embed_dim, epochs=1)
    state, _ = unseal(old.__getstate__())  # 0.1.0 wrote no format
    old.__setstate__(state)
    assert clone(old).fit(ids, LABELS).model_.get_weights()[0].shape == (64, 20)
    now = pickle.loads(pickle.dumps(RecurrentSentimentClassifier(**old.get_params())))
    assert now.embed_dim == old.embed_dim


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_fitted", [False, True])
def test_an_optimizer_instance(is_fitted, way):
    schedule = keras.optimizers.schedules.CosineDecay(0.01, 50)
    for optimizer in (keras.optimizers.Adam(0.02, clipnorm=1.0), keras.optimizers.SGD(schedule)):
        model = make_pipeline(optimizer=optimizer)
        if is_fitted:
            model.fit(TEXTS, LABELS)
        other = WAYS[way](model)
        found = other[-1].optimizer
        assert type(found) is type(optimizer)
        assert found.get_config() == optimizer.get_config()
        expected = model.fit(TEXTS, LABELS).predict_proba(TEXTS)
        np.testing.assert_array_equal(other.fit(TEXTS, LABELS).predict_proba(TEXTS), expected)


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Keras itself warns where it reads PyTorch's tensors"
)
def test_warnings_may_be_errors(tmp_path):
    code = """
import pickle
import numpy as np
from seqsent import RecurrentSentimentClassifier, make_sentiment_pipeline
import keras
from seqsent.inspection import gate_activations, token_attributions

X, y = np.arange(60).reshape(20, 3) % 7 + 3, [0, 1] * 10
for optimizer in ("adam", keras.optimizers.Adam(0.1)):
    for early_stopping in (False, True):
        model = RecurrentSentimentClassifier(
            epochs=2, optimizer=optimizer, early_stopping=early_stopping, warm_start=True,
            validation_fraction=0.2, dropout=0.2,
        )
        model.fit(X, y).fit(X, y).set_params(early_stopping=False).partial_fit(X, y)
        pickle.loads(pickle.dumps(model)).predict(X)
pipeline = make_sentiment_pipeline("gru", epochs=1, maxlen=5, state_dim=4)
pipeline.fit(["good film", "bad film"] * 9, [1, 0] * 9)
token_attributions(pipeline, ["good"])
gate_activations(pipeline, "good")
"""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def check_export_to_onnx(path, cell, n_classes, **parameters):
    onnxruntime = pytest.importorskip("onnxruntime")
    ids = np.random.RandomState(0).randint(1, 30, (24, 9)).astype(np.int32)
    ids[::2, :4] = 0
    model = RecurrentSentimentClassifier(
        cell=cell, state_dim=4, embed_dim=3, epochs=2, random_state=0, **parameters
    ).fit(ids, ids[:, -1] % n_classes)
    model.model_.export(path, format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(path)
    (given,) = session.get_inputs()
    for n_texts, width in ((24, 9), (1, 5)):
        rows = ids[:n_texts, -width:]
        (outputs,) = session.run(None, {given.name: rows})
        expected = model.model_.predict(rows, verbose=0)
        np.testing.assert_allclose(outputs, expected, atol=1e-6)
    outputs = session.run(None, {given.name: ids})[0]
    np.testing.assert_allclose(outputs[:, -1], model.predict_proba(ids)[:, -1], atol=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "jax", reason="jax2onnx is JAX's tool")
@pytest.mark.skipif(
    parse_version(keras.__version__) < parse_version("3.15"),
    reason="older versions of Keras want TensorFlow for it",
)
@pytest.mark.skipif(
    parse_version(version("jax")) < parse_version("0.7"),
    reason="jax2onnx for older JAX leaves jax_dynamic_shapes on, which stops compiled programs",
)
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("cell", "n_classes"), [("simple", 2), ("lstm", 3), ("gru", 2), ("gru", 3)]
)
def test_export_to_onnx_at_once(cell, n_classes, tmp_path):
    check_export_to_onnx(tmp_path / "model.onnx", cell, n_classes)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf2onnx is TensorFlow's tool")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("cell", "parameters"),
    [
        pytest.param("simple", {"ngram_range": (1, 3)}, marks=pytest.mark.slow),
        pytest.param("lstm", {"bidirectional": True, "pooling": "mean"}, marks=pytest.mark.slow),
        ("gru", {"bidirectional": True, "ngram_range": (1, 2)}),
    ],
)
def test_export_to_onnx_by_tensorflow(cell, parameters, tmp_path):
    """Also of what jax2onnx does not take."""
    pytest.importorskip("tf2onnx")
    check_export_to_onnx(tmp_path / "model.onnx", cell, 2, **parameters)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_mlflow(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    fitted = make_pipeline().fit(TEXTS, LABELS)
    monkeypatch.chdir(tmp_path)  # where it puts the files of models
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/runs.db")
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            fitted,
            name="sentiment",
            serialization_format="skops",
            skops_trusted_types=TRUSTED,
            pip_requirements=["seqsent"],  # else it asks another process what they are
        )
    loaded = mlflow.sklearn.load_model(logged.model_uri)
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
