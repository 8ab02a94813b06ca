"""scikit-learn's estimator checks on the estimators, and more checks for text transformers."""

import copy
import pickle
import subprocess
import sys
import warnings
from inspect import signature

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

from seqsent import NaiveBayesScaler, RecurrentSentimentClassifier, SequenceVectorizer

_EXPECTED_FAILURES = {
    RecurrentSentimentClassifier: {
        "check_sample_weight_equivalence_on_dense_data": (
            "passes fractions, which are no ids; and with minibatches a weight of two is not "
            "equivalent to a repeated sample (MLPClassifier is exempt for the same reason)"
        ),
        "check_class_weight_classifiers": "passes negative numbers, which are no ids",
    },
    SequenceVectorizer: {},
    NaiveBayesScaler: {},
}
if parse_version(sklearn.__version__) < parse_version("1.7"):
    _EXPECTED_FAILURES[RecurrentSentimentClassifier]["check_positive_only_tag_during_fit"] = (
        "subtracts a float from its own integer array in place"
    )


def _scikit_learn_checks():
    """Return `parametrize_with_checks` for the estimators."""
    classifier = RecurrentSentimentClassifier(state_dim=8, embed_dim=8, epochs=5, random_state=0)
    with warnings.catch_warnings():
        # scikit-learn warns that it skips most checks of estimators that take no matrix
        warnings.filterwarnings("ignore", "Can't test estimator", SkipTestWarning)
        decorator = parametrize_with_checks(
            [SequenceVectorizer(), NaiveBayesScaler(), classifier],
            expected_failed_checks=lambda estimator: _EXPECTED_FAILURES[type(estimator)],
        )
        names, checks = decorator.args
        # scikit-learn 1.6 passes an iterator, which pytest 9 deprecates
        return pytest.mark.parametrize(names, list(checks), **decorator.kwargs)


@_scikit_learn_checks()
@pytest.mark.filterwarnings(
    # a check calls partial_fit on a classifier without num_words
    "ignore:The first call to partial_fit fixes the embedding table:UserWarning"
)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_estimators_unfitted",
        "check_get_feature_names_out_error",
        "check_get_params_invariance",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_params",
        "check_valid_tag_types",
    ],
)
def test_scikit_learn_check_skipped_for_text_transformers(check):
    getattr(estimator_checks, check)("SequenceVectorizer", SequenceVectorizer())


@pytest.mark.parametrize(
    "kind", [RecurrentSentimentClassifier, SequenceVectorizer, NaiveBayesScaler]
)
def test_scikit_learn_check_of_parameter_validation(kind):
    # parametrize_with_checks does not yield this check
    estimator_checks.check_param_validation(kind.__name__, kind())


@pytest.mark.skipif(
    "expect_only_array_outputs" not in signature(estimator_checks.check_array_api_input).parameters,
    reason="older versions run the check only for estimators that support the array API",
)
def test_array_api_dispatch_changes_nothing():
    # the check skips itself unless the variable is set before scipy is first imported
    program = """
import os
os.environ["SCIPY_ARRAY_API"] = "1"
from sklearn.utils.estimator_checks import check_array_api_input
from seqsent import RecurrentSentimentClassifier
classifier = RecurrentSentimentClassifier(state_dim=8, embed_dim=8, epochs=5)
check_array_api_input("_", classifier, "numpy", expect_only_array_outputs=False)
print("passed")
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "passed", run.stderr


def test_integer_weights_equal_repeated_samples_in_one_batch(small_classifier):
    # check_sample_weight_equivalence_on_dense_data, with ids and one batch
    rng = np.random.default_rng(0)
    ids = rng.integers(1, 20, size=(24, 6))
    y = rng.permutation(24) % 2
    weights = rng.integers(0, 4, size=24)
    classifier = small_classifier(
        cell="simple", dropout=0.0, embedding_init="uniform", shuffle=False, batch_size=128
    )
    weighted = clone(classifier).fit(ids, y, sample_weight=weights)
    repeated = clone(classifier).fit(ids.repeat(weights, axis=0), y.repeat(weights))
    unweighted = clone(classifier).fit(ids, y)
    assert_allclose(weighted.predict_proba(ids), repeated.predict_proba(ids), atol=1e-5)
    assert np.abs(weighted.predict_proba(ids) - unweighted.predict_proba(ids)).max() > 1e-3


# Checks for any transformer of texts to a matrix. Each receives an unfitted estimator.

_TEXTS = (
    "A good film, not a bad one.",
    "Slow at first, but the end is good!",
    "",
    "not good, not good at all",
    "Ein schöner Film über naïve Engländer",
    "the the the the the end",
)


def check_text_fit_returns_self(transformer):
    assert transformer.fit(_TEXTS) is transformer


def check_text_fit_ignores_y(transformer):
    with_y = clone(transformer).fit(_TEXTS, [0, 1, 0, 1, 0, 1])
    assert_array_equal(with_y.transform(_TEXTS), transformer.fit(_TEXTS).transform(_TEXTS))


def check_text_fit_transform_equals_fit_then_transform(transformer):
    found = clone(transformer).fit_transform(_TEXTS)
    expected = transformer.fit(_TEXTS).transform(_TEXTS)
    assert_array_equal(found, expected, strict=True)


def check_text_fit_is_idempotent(transformer):
    once = clone(transformer).fit(_TEXTS).transform(_TEXTS)
    again = transformer.fit(["something else", "something else again"]).fit(_TEXTS)
    assert_array_equal(again.transform(_TEXTS), once)


def check_text_rows_are_independent(transformer):
    """The row of a text does not depend on the other texts or on their order."""
    together = transformer.fit(_TEXTS).transform(_TEXTS)
    one_by_one = [transformer.transform([text])[0] for text in _TEXTS]
    assert_array_equal(together, one_by_one)
    assert_array_equal(transformer.transform(_TEXTS[::-1]), together[::-1])


def check_text_fit_ignores_the_order_of_texts(transformer):
    reverse = clone(transformer).fit(_TEXTS[::-1])
    assert_array_equal(reverse.transform(_TEXTS), transformer.fit(_TEXTS).transform(_TEXTS))


def check_text_containers(transformer):
    """Texts may be in any container, including an iterator."""
    expected = clone(transformer).fit(_TEXTS).transform(_TEXTS)
    column = pd.Series(_TEXTS, index=range(10, 10 + len(_TEXTS)), name="text")
    containers = [
        lambda: list(_TEXTS),
        lambda: iter(_TEXTS),
        lambda: np.array(_TEXTS),
        lambda: np.array(_TEXTS, dtype=object),
        lambda: np.array(_TEXTS)[:, np.newaxis],
        lambda: column.astype(object),
        lambda: column.astype("string"),
        lambda: column.astype("category"),
        lambda: column.to_frame(),
    ]
    for make in containers:
        assert_array_equal(clone(transformer).fit(make()).transform(make()), expected)


def check_text_input_is_not_modified(transformer):
    texts = np.array(_TEXTS, dtype=object)
    texts.flags.writeable = False
    transformer.fit(texts).transform(texts)
    transformer.fit_transform(texts)
    assert texts.tolist() == list(_TEXTS)


def check_text_fit_does_not_modify_parameters(transformer):
    before = copy.deepcopy(transformer.get_params())
    transformer.fit(_TEXTS).transform(_TEXTS)
    assert transformer.get_params() == before
    added = vars(transformer).keys() - before.keys()
    assert all(name.startswith("_") or name.endswith("_") for name in added)


def check_text_transform_does_not_modify_public_attributes(transformer):
    def public_attributes():
        return {name: value for name, value in vars(transformer).items() if name[0] != "_"}

    transformer.fit(_TEXTS)
    before = copy.deepcopy(public_attributes())
    transformer.transform(["something else"])
    assert public_attributes() == before


def check_text_failed_fit_keeps_the_previous_fit(transformer):
    expected = transformer.fit(_TEXTS).transform(_TEXTS)
    for wrong in ([], ["a text", None]):
        with pytest.raises((TypeError, ValueError), match="text"):
            transformer.fit(wrong)
        assert_array_equal(transformer.transform(_TEXTS), expected)


def check_text_clone_is_unfitted(transformer):
    fitted = clone(transformer).fit(_TEXTS)
    fitted_attributes = {name for name in vars(fitted) if name.endswith("_")}
    assert fitted_attributes
    assert not fitted_attributes & vars(clone(fitted)).keys()
    assert_array_equal(clone(fitted).fit_transform(_TEXTS), fitted.transform(_TEXTS))


def check_text_pickle_and_deepcopy(transformer):
    expected = transformer.fit(_TEXTS).transform(_TEXTS)
    for other in (pickle.loads(pickle.dumps(transformer)), copy.deepcopy(transformer)):
        assert_array_equal(other.transform(_TEXTS), expected)


def check_text_set_output_pandas(transformer):
    """Columns come from `get_feature_names_out`, the index from the texts."""
    expected = clone(transformer).fit(_TEXTS).transform(_TEXTS)
    texts = pd.DataFrame({"text": _TEXTS}, index=list("abcdef"))
    frame = transformer.set_output(transform="pandas").fit_transform(texts)
    names = transformer.get_feature_names_out()
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == names.tolist()
    assert len(set(names)) == expected.shape[1]
    assert frame.index.tolist() == texts.index.tolist()
    assert_array_equal(frame, expected)


def check_text_column_transformer(transformer):
    """ColumnTransformer may select the column as a str or as a list of one str."""
    frame = pd.DataFrame({"n": range(len(_TEXTS)), "text": _TEXTS})
    expected = clone(transformer).fit(_TEXTS).transform(_TEXTS)
    for column in ("text", ["text"]):
        joined = ColumnTransformer([("text", clone(transformer), column)]).fit(frame)
        assert_array_equal(joined.transform(frame), expected)


def check_text_rejects_other_input(transformer):
    frame = pd.DataFrame({"title": _TEXTS, "text": _TEXTS})
    fitted = clone(transformer).fit(_TEXTS)
    for wrong in ("one text", 7, [1, 2, 3], np.eye(3), [b"text"], frame, [["a"], ["b"]], None):
        for method in (clone(transformer).fit, fitted.transform):
            with pytest.raises((TypeError, ValueError), match=r"text|document"):
                method(wrong)


def check_text_reports_rows_of_missing_texts(transformer):
    for missing in (None, np.nan, pd.NA):
        texts = pd.Series(["good", missing, "bad", missing], dtype=object)
        for method in (clone(transformer).fit, clone(transformer).fit(_TEXTS).transform):
            with pytest.raises(ValueError, match=r"\b1\b.*\b3\b"):
                method(texts)


def check_text_empty_input(transformer):
    with pytest.raises(ValueError, match="at least one text"):
        clone(transformer).fit([])
    width = transformer.fit(_TEXTS).transform(_TEXTS).shape[1]
    assert transformer.transform([]).shape == (0, width)
    assert transformer.transform([""]).shape == (1, width)


def check_text_not_fitted(transformer):
    if transformer.__sklearn_tags__().requires_fit:
        with pytest.raises(NotFittedError):
            transformer.transform(_TEXTS)
        with pytest.raises(NotFittedError):
            transformer.get_feature_names_out()
    else:
        assert transformer.transform(_TEXTS).shape[0] == len(_TEXTS)


_TEXT_CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_text_")]


@pytest.mark.parametrize("check", _TEXT_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"maxlen": 4, "padding": "post", "truncating": "post"},
        {"maxlen": None, "num_words": None},
        {"maxlen": None, "oov_char": None, "start_char": None, "num_words": 9},
        {"analyzer": "char", "maxlen": 12, "min_df": 2},
        {"vocabulary": ["the", "not", "good", "film"], "maxlen": 8},
        {"tokenizer": "textwrap.wrap", "lowercase": False, "maxlen": 3},
    ],
    ids=str,
)
def test_text_transformer(check, parameters):
    check(SequenceVectorizer(**parameters))
