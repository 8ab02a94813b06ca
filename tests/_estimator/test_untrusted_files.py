"""A skops file from someone else calls no function that skops has not listed."""

import copy
import io
import json
import pickle
import shlex
import sys
import zipfile

import cloudpickle
import joblib
import pytest
import skops.io
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer

TEXTS = ["a 'good film'", "bad", "not 'a good film'", "bad film"]
TRUSTED = [
    "seqsent._classifier.RecurrentSentimentClassifier",
    "seqsent._pipeline.SentimentPipeline",
    "seqsent._vectorizer.SequenceVectorizer",
]


def json_node(value):
    content = json.dumps(value)
    return {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"} | {
        "content": content,
        "is_json": True,
    }


def type_node(name):
    return {"__class__": name, "__module__": "builtins", "__loader__": "TypeNode"}


def forge(estimator, **nodes):
    """Return a skops file of an estimator with other nodes in its state."""
    archive = zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator)))
    schema = json.loads(archive.read("schema.json"))
    state = schema["content"]
    state["key_types"]["content"] += [type_node("str") for _ in nodes.keys() - state["content"]]
    state["content"].update(nodes)
    forged = io.BytesIO()
    with zipfile.ZipFile(forged, "w") as file:
        for name in archive.namelist():
            file.writestr(name, archive.read(name))
        file.writestr("schema.json", json.dumps(schema))
    return forged.getvalue()


@pytest.fixture
def vectorizer():
    return SequenceVectorizer(maxlen=4).fit(TEXTS)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("parameter", ["analyzer", "tokenizer", "preprocessor"])
@pytest.mark.parametrize(
    "path", ["subprocess.getoutput", "os:system", "builtins.eval", "antigravity", "this.s"]
)
@pytest.mark.parametrize("listed", [[], [type_node("str"), type_node("list")]])
def test_an_import_path_in_a_file_is_refused(parameter, path, listed, vectorizer):
    functions = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode"}
    functions["content"] = listed
    data = forge(vectorizer, **{parameter: json_node(path)}, _functions=functions)
    assert skops.io.get_untrusted_types(data=data) == TRUSTED[2:]
    with pytest.raises(ValueError, match=f"{parameter}='{path}' names a function that skops does"):
        skops.io.loads(data, trusted=TRUSTED)
    assert not {"antigravity", "this"} & set(sys.modules)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["_get_param_names", "transform", "__class__", "_is_from_pickle"])
@pytest.mark.parametrize("estimator", [SequenceVectorizer(), RecurrentSentimentClassifier()])
def test_a_key_that_shadows_a_method_is_refused(name, estimator):
    data = forge(estimator, **{name: type_node("str")})
    with pytest.raises(ValueError, match=rf"contains the unknown keys \['{name}'\]"):
        skops.io.loads(data, trusted=TRUSTED)


@pytest.mark.parametrize("path", ["shlex.split", "shlex:split"])
def test_skops_lists_a_function_given_by_its_import_path(path):
    vectorizer = SequenceVectorizer(maxlen=4, tokenizer=path).fit(TEXTS)
    data = skops.io.dumps(vectorizer)
    assert skops.io.get_untrusted_types(data=data) == [TRUSTED[2], "shlex.split"]
    with pytest.raises(Exception, match=r"Untrusted types.*shlex\.split"):
        skops.io.loads(data, trusted=TRUSTED)
    loaded = skops.io.loads(data, trusted=[*TRUSTED, "shlex.split"])
    for other in (loaded, clone(loaded).fit(TEXTS), pickle.loads(pickle.dumps(loaded))):
        assert other.tokenizer == path
        assert "good film" in other.vocabulary_
        assert_array_equal(other.transform(TEXTS), vectorizer.transform(TEXTS))


@pytest.mark.filterwarnings("ignore::SyntaxWarning:jieba", "ignore::UserWarning:jieba")
@pytest.mark.filterwarnings("ignore:pkg_resources", "ignore:invalid escape sequence")
def test_skops_lists_a_bound_method_given_by_its_import_path():
    pytest.importorskip("jieba")
    data = skops.io.dumps(SequenceVectorizer(tokenizer="jieba.lcut"))
    assert skops.io.get_untrusted_types(data=data) == ["jieba.lcut", TRUSTED[2]]
    loaded = skops.io.loads(data, trusted=[*TRUSTED, "jieba.lcut"])
    assert loaded.tokenizer == "jieba.lcut"


@pytest.mark.parametrize("path", ["builtins.str.split", "builtins:str.split"])
def test_skops_does_not_store_an_import_path_that_it_cannot_list(path):
    vectorizer = SequenceVectorizer(tokenizer=path)
    with pytest.raises(ValueError, match="not a function at the top level of a module"):
        skops.io.dumps(vectorizer)
    assert pickle.loads(pickle.dumps(vectorizer)).tokenizer == path


def test_skops_does_not_store_an_invalid_parameter():
    classifier = RecurrentSentimentClassifier(cell="transformer")
    with pytest.raises(ValueError, match="'cell' parameter"):
        skops.io.dumps(classifier)
    assert pickle.loads(pickle.dumps(classifier)).cell == "transformer"  # an error in fit


def joblib_round_trip(estimator):
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    return joblib.load(buffer)


@pytest.mark.parametrize(
    "method",
    [
        clone,
        copy.copy,
        copy.deepcopy,
        lambda estimator: pickle.loads(pickle.dumps(estimator, protocol=2)),
        lambda estimator: cloudpickle.loads(cloudpickle.dumps(estimator)),
        joblib_round_trip,
    ],
    ids=["clone", "copy", "deepcopy", "pickle", "cloudpickle", "joblib"],
)
def test_an_import_path_given_in_code_survives_copies(method):
    vectorizer = SequenceVectorizer(maxlen=4, tokenizer="shlex.split", analyzer="keras").fit(TEXTS)
    other = method(vectorizer)
    assert other.get_params() == vectorizer.get_params()
    assert_array_equal(other.fit_transform(TEXTS), vectorizer.transform(TEXTS))


@pytest.mark.slow
def test_an_import_path_given_in_code_reaches_workers(small_pipeline):
    pipeline = small_pipeline(tokenizer="shlex.split", epochs=1)
    labels = [1, 0] * 10
    found = cross_val_predict(pipeline, TEXTS * 5, labels, cv=2, n_jobs=2)
    assert_array_equal(found, cross_val_predict(pipeline, TEXTS * 5, labels, cv=2))


def test_skops_lists_a_function_given_as_an_object():
    data = skops.io.dumps(SequenceVectorizer(tokenizer=shlex.split))
    assert skops.io.get_untrusted_types(data=data) == [TRUSTED[2], "shlex.split"]
    assert skops.io.loads(data, trusted=[*TRUSTED, "shlex.split"]).tokenizer is shlex.split
