"""Pickles, copies, skops files and ONNX exports of estimators."""

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
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.utils.fixes import parse_version

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer
from seqsent._runtime.backend import import_keras

keras = import_keras()
TEXTS = ["a good film", "not a good film", "bad", "not bad at all, good", "", "bad, bad film"] * 5
LABELS = ["pos", "neg", "neg", "pos", "neg", "neg"] * 5
TRUSTED = [
    "seqsent._classifier.RecurrentSentimentClassifier",
    "seqsent._pipeline.SentimentPipeline",
    "seqsent._vectorizer.SequenceVectorizer",
]


def copy_by_pickle(estimator):
    return pickle.loads(pickle.dumps(estimator))


def copy_by_joblib(estimator):
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


def copy_by_cloudpickle(estimator):
    return cloudpickle.loads(cloudpickle.dumps(estimator))


def copy_by_skops(estimator):
    data = skops.io.dumps(estimator)
    assert set(skops.io.get_untrusted_types(data=data)) <= set(TRUSTED)
    return skops.io.loads(data, trusted=TRUSTED)


METHODS = [copy_by_pickle, copy_by_joblib, copy_by_cloudpickle, copy_by_skops, copy.deepcopy]


@pytest.fixture(scope="module")
def ids():
    return SequenceVectorizer(maxlen=8).fit_transform(TEXTS)


@pytest.fixture(scope="module", params=["simple", "lstm", "gru"])
def fitted(request, small_pipeline):
    return small_pipeline(cell=request.param, maxlen=8).fit(TEXTS, LABELS)


def n_weight_bytes(classifier):
    return sum(weights.nbytes for weights in classifier.model_.get_weights())


@pytest.mark.parametrize("method", METHODS)
def test_fitted_pipeline_round_trip(method, fitted):
    other = method(fitted)
    np.testing.assert_array_equal(other.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    assert other[-1].history_ == fitted[-1].history_
    assert other[-1].get_params() == fitted[-1].get_params()


@pytest.mark.parametrize("method", METHODS)
def test_copies_do_not_share_weights(method, fitted):
    expected = fitted.predict_proba(TEXTS)
    other = method(fitted)
    model = other[-1].model_
    model.set_weights([0 * weights for weights in model.get_weights()])
    np.testing.assert_array_equal(fitted.predict_proba(TEXTS), expected)
    np.testing.assert_array_equal(method(other).predict_proba(TEXTS), 0.5)


@pytest.mark.parametrize("method", [*METHODS, clone])
def test_unfitted_pipeline_round_trip(method, fitted):
    unfitted = clone(fitted)
    other = method(unfitted)
    assert repr(other) == repr(unfitted)
    np.testing.assert_array_equal(
        other.fit(TEXTS, LABELS).predict_proba(TEXTS), fitted.predict_proba(TEXTS)
    )


def test_pickle_round_trip_of_an_unused_copy(fitted):
    twice = copy_by_pickle(copy_by_pickle(fitted))
    np.testing.assert_array_equal(twice.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


@pytest.mark.parametrize("method", ["partial_fit", "warm_start"])
def test_training_continues_after_a_pickle_round_trip(method, ids):
    model = RecurrentSentimentClassifier(
        num_words=50, shuffle=False, random_state=0, warm_start=method == "warm_start"
    )

    def train(model):
        if method == "partial_fit":
            return model.partial_fit(ids, LABELS, classes=["neg", "pos"])
        return model.fit(ids, LABELS)

    other = copy_by_pickle(train(model))
    np.testing.assert_allclose(train(other).loss_curve_, train(model).loss_curve_, atol=1e-6)


CLASS_WEIGHTS = [
    {False: 1, True: 2.5},
    {np.False_: 1.0, np.True_: 2.0},
    {-1: 0.5, 1: 2},
    {np.int64(0): np.float32(1), np.int8(1): 2},
    {0.5: 1.0, np.float64(1.5): 2.0},
    {"neg": 1.0, "pos": 2.0},
    {np.str_("1"): 1.0, 1: 2.0, "\ud800": 3.0},
    {np.datetime64("2020-01-01"): 1.0, b"neg": 2.0, None: 3.0},
    {},
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("class_weight", CLASS_WEIGHTS, ids=repr)
def test_class_weight_round_trip(class_weight, method):
    found = method(RecurrentSentimentClassifier(class_weight=class_weight)).class_weight
    assert found == class_weight
    assert [type(key) for key in found] == [type(key) for key in class_weight]


@pytest.fixture
def dtype_policy(request):
    """Set a dtype policy of Keras during a test."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("dtype_policy", ["bfloat16", "mixed_bfloat16"], indirect=True)
@pytest.mark.parametrize("method", METHODS)
def test_round_trip_under_a_dtype_policy(method, ids, dtype_policy):
    model = RecurrentSentimentClassifier(cell="gru", num_words=50, epochs=1, warm_start=True)
    model.fit(ids, LABELS)
    other = method(model)
    np.testing.assert_array_equal(other.predict_proba(ids), model.predict_proba(ids))
    other.fit(ids, LABELS)  # with the stored state of the optimizer
    network = model._fitted_network().get_state(with_optimizer=True)
    assert {array.dtype.name for array in network["weights"]} == {"float32"}
    assert {array.dtype.name for array in network["optimizer"]} <= {"float32", "int32", "int64"}


@pytest.mark.parametrize("dtype_policy", ["bfloat16", "mixed_float16"], indirect=True)
def test_a_file_written_under_float32_loads_under_a_dtype_policy(dtype_policy, fitted):
    weights = fitted[-1].model_.get_weights()
    for array, expected in zip(
        copy_by_skops(fitted)[-1].model_.get_weights(), weights, strict=True
    ):
        np.testing.assert_allclose(array.astype("float32"), expected, rtol=0.01, atol=1e-5)


def test_size_of_a_pickle(ids):
    model = RecurrentSentimentClassifier(num_words=10_000, epochs=1).fit(ids, LABELS)
    size = n_weight_bytes(model)
    assert len(pickle.dumps(model)) < 1.2 * size + 20_000
    assert len(skops.io.dumps(model)) < 1.2 * size + 20_000
    model.partial_fit(ids, LABELS)  # adds Adam's two moments
    assert 2.5 * size < len(pickle.dumps(model)) < 3.5 * size


def test_pickle_omits_ngram_vectors_without_training_examples(ids):
    model = RecurrentSentimentClassifier(num_words=64, ngram_range=(1, 2), epochs=2)
    model.fit(ids, LABELS)
    data = pickle.dumps(model)
    assert len(data) < n_weight_bytes(model) / 20
    loaded = pickle.loads(data)
    np.testing.assert_array_equal(loaded.predict_proba(ids), model.predict_proba(ids))
    for found, expected in zip(
        loaded.model_.get_weights(), model.model_.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("method", METHODS)
def test_embedding_weights_in_a_frame_round_trip(method, ids):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3)))
    model = RecurrentSentimentClassifier(embedding_weights=frame, state_dim=3, epochs=1)
    model.fit(ids, LABELS)
    other = method(model)
    np.testing.assert_array_equal(other.predict_proba(ids), model.predict_proba(ids))
    np.testing.assert_array_equal(np.asarray(other.embedding_weights), frame)


@pytest.mark.parametrize("train_embedding", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pickle_holds_embedding_weights_once(dtype, train_embedding, ids):
    matrix = np.random.default_rng(0).normal(size=(5000, 20)).astype(dtype)
    model = RecurrentSentimentClassifier(
        embedding_weights=matrix, embed_dim=20, train_embedding=train_embedding, epochs=1
    ).fit(ids, LABELS)
    table, *others = model.model_.get_weights()
    assert np.array_equal(table, matrix.astype("float32")) is not train_embedding
    data = pickle.dumps(model)
    assert len(data) < 1.2 * (matrix.nbytes + sum(w.nbytes for w in others)) + 20_000
    expected = model.predict_proba(ids)
    for other in (
        copy_by_skops(model),
        copy_by_pickle(pickle.loads(data)),
        pickle.loads(data).set_params(embedding_weights=None),  # takes effect in the next fit
    ):
        np.testing.assert_array_equal(other.predict_proba(ids), expected)
    model.model_.set_weights([table + 1, *others])
    np.testing.assert_array_equal(copy_by_pickle(model).model_.get_weights()[0], table + 1)


def test_pickle_and_clone_omit_the_state_of_callbacks(ids):
    stop = keras.callbacks.EarlyStopping("loss", restore_best_weights=True)
    model = RecurrentSentimentClassifier(num_words=50_000, epochs=1, callbacks=[stop])
    size = len(pickle.dumps(clone(model).set_params(callbacks=None).fit(ids, LABELS)))
    model.fit(ids, LABELS)
    assert stop.best_weights is not None
    assert len(cloudpickle.dumps(model)) < size + 10_000
    assert len(cloudpickle.dumps(clone(model))) < 10_000
    assert clone(model).callbacks[0] is not stop
    assert clone(model).callbacks[0].patience == stop.patience


@pytest.mark.slow
def test_another_process_predicts_the_same(tmp_path, small_pipeline):
    fitted = [small_pipeline(cell=cell).fit(TEXTS, LABELS) for cell in ("simple", "lstm", "gru")]
    joblib.dump(fitted, tmp_path / "models.joblib")
    np.save(tmp_path / "expected.npy", [model.predict_proba(TEXTS) for model in fitted])
    code = (
        "import sys, joblib, numpy as np; "
        "models = joblib.load('models.joblib'); "
        f"found = [model.predict_proba({TEXTS!r}) for model in models]; "
        "assert np.abs(found - np.load('expected.npy')).max() < 1e-6"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_set_params_of_a_copy_takes_effect_in_the_next_fit(fitted):
    expected = fitted.predict_proba(TEXTS)
    other = copy_by_pickle(fitted).set_params(classifier__state_dim=9)
    np.testing.assert_array_equal(other.predict_proba(TEXTS), expected)
    n_states = {"simple": 2 * 9, "lstm": 9, "gru": 9}[other[-1].cell]
    model = other.fit(TEXTS, LABELS)[-1].model_
    assert model.get_layer("output").kernel.shape == (n_states, 1)


@pytest.mark.parametrize("method", [copy_by_pickle, copy_by_skops, copy.deepcopy])
@pytest.mark.parametrize("is_fitted", [False, True])
def test_optimizer_instance_round_trip(is_fitted, method, small_pipeline):
    schedule = keras.optimizers.schedules.CosineDecay(0.01, 50)
    for optimizer in (keras.optimizers.Adam(0.02, clipnorm=1.0), keras.optimizers.SGD(schedule)):
        model = small_pipeline(optimizer=optimizer)
        if is_fitted:
            model.fit(TEXTS, LABELS)
        other = method(model)
        found = other[-1].optimizer
        assert type(found) is type(optimizer)
        assert found.get_config() == optimizer.get_config()
        expected = model.fit(TEXTS, LABELS).predict_proba(TEXTS)
        np.testing.assert_array_equal(other.fit(TEXTS, LABELS).predict_proba(TEXTS), expected)


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Keras itself warns when it reads PyTorch's tensors"
)
def test_typical_use_raises_no_warning(tmp_path):
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
    ids[:3, 6] = 0  # padding between words
    model = RecurrentSentimentClassifier(
        cell=cell, state_dim=4, embed_dim=3, epochs=2, random_state=0, **parameters
    ).fit(ids, ids[:, -1] % n_classes)
    model.model_.export(path, format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(path)
    (model_input,) = session.get_inputs()
    for n_texts, width in ((24, 9), (1, 5)):
        rows = ids[:n_texts, -width:]
        (outputs,) = session.run(None, {model_input.name: rows})
        expected = model.model_.predict(rows, verbose=0)
        np.testing.assert_allclose(outputs, expected, atol=1e-6)
    outputs = session.run(None, {model_input.name: ids})[0]
    np.testing.assert_allclose(outputs[:, -1], model.predict_proba(ids)[:, -1], atol=1e-6)


# older versions of Keras export with TensorFlow only; jax2onnx for older JAX leaves
# jax_dynamic_shapes on, which breaks compiled programs
needs_jax2onnx = pytest.mark.skipif(
    keras.backend.backend() != "jax"
    or parse_version(keras.__version__) < parse_version("3.15")
    or parse_version(version("jax")) < parse_version("0.7"),
    reason="jax2onnx needs JAX 0.7 and Keras 3.15",
)


@pytest.mark.slow
@needs_jax2onnx
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("cell", "n_classes"), [("simple", 2), ("lstm", 3), ("gru", 2), ("gru", 3)]
)
def test_export_to_onnx_with_jax2onnx(cell, n_classes, tmp_path):
    check_export_to_onnx(tmp_path / "model.onnx", cell, n_classes)


@pytest.mark.slow
@needs_jax2onnx
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("parameters", [{"ngram_range": (1, 2)}, {"bidirectional": True}])
def test_guide_names_the_error_of_an_onnx_export_on_jax(parameters, tmp_path):
    pytest.importorskip("jax2onnx")
    classifier = RecurrentSentimentClassifier(cell="gru", epochs=1, random_state=0, **parameters)
    model = classifier.fit([[5, 6], [6, 7]] * 4, [0, 1] * 4).model_
    with pytest.raises(Exception, match=r"Symbolic dimension|Reverse scan") as raised:
        model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    guide = Path(__file__).parents[1] / ".ci" / "docs" / "guide" / "saving.md"
    assert raised.type.__name__ in guide.read_text(encoding="utf-8")


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf2onnx needs TensorFlow")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("cell", "parameters"),
    [
        pytest.param("simple", {"ngram_range": (1, 3)}, marks=pytest.mark.slow),
        pytest.param("lstm", {"bidirectional": True, "pooling": "mean"}, marks=pytest.mark.slow),
        ("gru", {"bidirectional": True, "ngram_range": (1, 2)}),
    ],
)
def test_export_to_onnx_with_tf2onnx(cell, parameters, tmp_path):
    """Bidirectional networks and n-grams, which jax2onnx does not support."""
    pytest.importorskip("tf2onnx")
    check_export_to_onnx(tmp_path / "model.onnx", cell, 2, **parameters)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_mlflow_round_trip(tmp_path, monkeypatch, small_pipeline):
    mlflow = pytest.importorskip("mlflow")
    fitted = small_pipeline().fit(TEXTS, LABELS)
    monkeypatch.chdir(tmp_path)  # MLflow writes files of models here
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/runs.db")
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            fitted,
            name="sentiment",
            serialization_format="skops",
            skops_trusted_types=TRUSTED,
            pip_requirements=["seqsent"],  # without it, MLflow starts another process to infer them
        )
    loaded = mlflow.sklearn.load_model(logged.model_uri)
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
