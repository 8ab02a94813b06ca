"""scikit-learn's own checks on both estimators, and checks of ours for transformers of text."""

import copy
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer

_SKLEARN_VERSION = parse_version(sklearn.__version__)

_EXPECTED_FAILURES = {
    RecurrentSentimentClassifier: {
        "check_sample_weight_equivalence_on_dense_data": (
            "feeds fractions whatever the tags say; and a weight of two is not a text repeated "
            "where training goes in minibatches, which is why MLPClassifier is let off, too"
        ),
        "check_class_weight_classifiers": "feeds negative numbers whatever the tags say",
    },
    SequenceVectorizer: {},
}
if parse_version("1.7") > _SKLEARN_VERSION:
    _EXPECTED_FAILURES[RecurrentSentimentClassifier]["check_positive_only_tag_during_fit"] = (
        "subtracts a float from its own integer array in place"
    )


def _small_classifier() -> RecurrentSentimentClassifier:
    return RecurrentSentimentClassifier(state_dim=8, embed_dim=8, epochs=5, random_state=0)


def _expected_failures(estimator: BaseEstimator) -> dict[str, str]:
    return _EXPECTED_FAILURES[type(estimator)]


def _scikit_learn_checks() -> Any:
    with warnings.catch_warnings():
        # raised for every estimator that does not take a matrix, before its few checks
        warnings.filterwarnings("ignore", "Can't test estimator", SkipTestWarning)
        decorator = parametrize_with_checks(
            [SequenceVectorizer(), _small_classifier()],
            expected_failed_checks=_expected_failures,
        )
        names, checks = decorator.args
        # older versions pass an iterator, which pytest no longer likes
        return pytest.mark.parametrize(names, list(checks), **decorator.kwargs)


@_scikit_learn_checks()
@pytest.mark.filterwarnings(
    # a check calls partial_fit on a bare classifier, which is warned about on purpose
    "ignore:The first call to partial_fit fixes the embedding table:UserWarning"
)
def test_scikit_learn_check(estimator: BaseEstimator, check: Callable[[Any], None]) -> None:
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
def test_scikit_learn_check_that_feeds_no_matrix(check: str) -> None:
    # scikit-learn leaves these out for a transformer of text, though they apply to it
    getattr(estimator_checks, check)("SequenceVectorizer", SequenceVectorizer())


@pytest.mark.parametrize("kind", [RecurrentSentimentClassifier, SequenceVectorizer])
def test_scikit_learn_check_of_parameters(kind: type[BaseEstimator]) -> None:
    # not among the checks that parametrize_with_checks yields
    estimator_checks.check_param_validation(kind.__name__, kind())


@pytest.mark.skipif(
    "expect_only_array_outputs" not in signature(estimator_checks.check_array_api_input).parameters,
    reason="asked only of estimators that take arrays of other libraries",
)
def test_array_api_dispatch_changes_nothing() -> None:
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


def test_integer_weights_are_repetitions_in_one_batch() -> None:
    # what check_sample_weight_equivalence_on_dense_data asks, where it can be had
    rng = np.random.default_rng(0)
    ids = rng.integers(1, 20, size=(24, 6))
    y = rng.permutation(24) % 2
    weights = rng.integers(0, 4, size=24)
    classifier = RecurrentSentimentClassifier(
        cell="simple", state_dim=8, embed_dim=8, dropout=0.0, embedding_init="uniform",
        shuffle=False, batch_size=128, epochs=5, random_state=0,
    )  # fmt: skip
    weighted = clone(classifier).fit(ids, y, sample_weight=weights)
    repeated = clone(classifier).fit(ids.repeat(weights, axis=0), y.repeat(weights))
    plain = clone(classifier).fit(ids, y)
    assert_allclose(weighted.predict_proba(ids), repeated.predict_proba(ids), atol=1e-5)
    assert np.abs(weighted.predict_proba(ids) - plain.predict_proba(ids)).max() > 1e-3


# Checks for any transformer of texts to a matrix: each takes an unfitted estimator.

_TEXTS = (
    "A good film, not a bad one.",
    "Slow at first, but the end is good!",
    "",
    "not good, not good at all",
    "Ein schöner Film über naïve Engländer",
    "the the the the the end",
)


def check_text_fit_returns_self(transformer: Any) -> None:
    """`fit` returns the estimator, whatever `y` is."""
    assert transformer.fit(_TEXTS) is transformer
    with_y = clone(transformer).fit(_TEXTS, [0, 1, 0, 1, 0, 1])
    assert_array_equal(with_y.transform(_TEXTS), transformer.transform(_TEXTS))


def check_text_fit_transform_is_fit_then_transform(transformer: Any) -> None:
    """One pass gives what two give."""
    at_once = clone(transformer).fit_transform(_TEXTS)
    in_turn = clone(transformer).fit(_TEXTS).transform(_TEXTS)
    assert_array_equal(at_once, in_turn, strict=True)


def check_text_fit_is_idempotent(transformer: Any) -> None:
    """A second fit forgets the first, and other texts do not change what was learned."""
    once = clone(transformer).fit(_TEXTS).transform(_TEXTS)
    again = clone(transformer).fit(["something else", "something else again"]).fit(_TEXTS)
    assert_array_equal(again.transform(_TEXTS), once)
    again.transform(["never seen before"])
    assert_array_equal(again.transform(_TEXTS), once)


def check_text_rows_are_independent(transformer: Any) -> None:
    """A text has one row, whatever texts stand beside it and in whatever order."""
    together = transformer.fit(_TEXTS).transform(_TEXTS)
    one_by_one = [transformer.transform([text])[0] for text in _TEXTS]
    assert_array_equal(together, one_by_one)
    assert_array_equal(transformer.transform(_TEXTS[::-1]), together[::-1])


def check_text_order_of_training_texts(transformer: Any) -> None:
    """What is learned does not depend on the order of the texts."""
    forward = clone(transformer).fit(_TEXTS)
    backward = clone(transformer).fit(_TEXTS[::-1])
    assert_array_equal(forward.transform(_TEXTS), backward.transform(_TEXTS))


def check_text_containers(transformer: Any) -> None:
    """Texts are the same texts in any container, also one that can be read only once."""
    expected = transformer.fit(_TEXTS).transform(_TEXTS)
    column = pd.Series(_TEXTS, index=range(10, 10 + len(_TEXTS)), name="text")
    containers: list[Callable[[], Any]] = [
        lambda: list(_TEXTS),
        lambda: iter(_TEXTS),
        lambda: (text for text in _TEXTS),
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


def check_text_input_is_not_changed(transformer: Any) -> None:
    """The caller's texts stay as they were, and may be read-only."""
    texts = np.array(_TEXTS, dtype=object)
    texts.flags.writeable = False
    transformer.fit(texts).transform(texts)
    transformer.fit_transform(texts)
    assert texts.tolist() == list(_TEXTS)


def check_text_parameters_are_not_changed(transformer: Any) -> None:
    """`fit` leaves the parameters alone, and sets attributes only with a trailing underscore."""
    before = copy.deepcopy(transformer.get_params())
    transformer.fit(_TEXTS).transform(_TEXTS)
    after = transformer.get_params()
    assert after.keys() == before.keys()
    assert all(after[name] == before[name] for name in before)
    added = vars(transformer).keys() - before.keys()
    assert all(name.startswith("_") or name.endswith("_") for name in added)


def check_text_transform_changes_nothing(transformer: Any) -> None:
    """`transform` leaves the public state alone."""

    def public_state() -> dict[str, Any]:
        return {name: value for name, value in vars(transformer).items() if name[0] != "_"}

    transformer.fit(_TEXTS)
    before = copy.deepcopy(public_state())
    transformer.transform(["something else"])
    assert public_state() == before


def check_text_failed_fit_keeps_state(transformer: Any) -> None:
    """A fit that fails leaves the fit before whole."""
    expected = transformer.fit(_TEXTS).transform(_TEXTS)
    with pytest.raises(ValueError, match=r"\w"):
        transformer.fit([])
    with pytest.raises((TypeError, ValueError), match=r"\w"):
        transformer.fit(["a text", None])
    assert_array_equal(transformer.transform(_TEXTS), expected)


def check_text_clone_and_pickle(transformer: Any) -> None:
    """A clone is unfitted and learns the same, a pickle and a copy know the same."""
    fitted = clone(transformer).fit(_TEXTS)
    expected = fitted.transform(_TEXTS)
    assert_array_equal(clone(fitted).fit(_TEXTS).transform(_TEXTS), expected)
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(_TEXTS), expected)
    assert_array_equal(copy.deepcopy(fitted).transform(_TEXTS), expected)
    fitted_only = {name for name in vars(fitted) if name.endswith("_")}
    assert fitted_only
    assert not fitted_only & vars(clone(fitted)).keys()


def check_text_set_output_pandas(transformer: Any) -> None:
    """A frame has the names of `get_feature_names_out` and the index of the texts."""
    expected = clone(transformer).fit(_TEXTS).transform(_TEXTS)
    texts = pd.DataFrame({"text": _TEXTS}, index=list("abcdef"))
    frame = transformer.set_output(transform="pandas").fit_transform(texts)
    names = transformer.get_feature_names_out()
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == names.tolist()
    assert len(set(names)) == expected.shape[1]
    assert frame.index.tolist() == texts.index.tolist()
    assert_array_equal(frame, expected)


def check_text_column_transformer(transformer: Any) -> None:
    """A ColumnTransformer may name the text column as a str or in a list."""
    frame = pd.DataFrame({"n": range(len(_TEXTS)), "text": _TEXTS})
    expected = clone(transformer).fit(_TEXTS).transform(_TEXTS)
    for column in ("text", ["text"]):
        joined = ColumnTransformer([("text", clone(transformer), column)]).fit(frame)
        assert_array_equal(joined.transform(frame), expected)


def check_text_rejects_what_is_not_texts(transformer: Any) -> None:
    """A bare str, numbers, bytes and several columns are errors, in fit and in transform."""
    frame = pd.DataFrame({"title": _TEXTS, "text": _TEXTS})
    fitted = clone(transformer).fit(_TEXTS)
    for wrong in ("one text", 7, [1, 2, 3], np.eye(3), [b"text"], frame, [["a"], ["b"]], None):
        for method in (clone(transformer).fit, fitted.transform):
            with pytest.raises((TypeError, ValueError), match=r"text|document"):
                method(wrong)


def check_text_names_missing_rows(transformer: Any) -> None:
    """The rows of missing texts are named."""
    for missing in (None, np.nan, pd.NA):
        texts = pd.Series(["good", missing, "bad", missing], dtype=object)
        for method in (clone(transformer).fit, clone(transformer).fit(_TEXTS).transform):
            with pytest.raises(ValueError, match=r"\b1\b.*\b3\b"):
                method(texts)


def check_text_empty_input(transformer: Any) -> None:
    """Nothing can be learned from no texts; no texts give no rows."""
    with pytest.raises(ValueError, match="at least one text"):
        clone(transformer).fit([])
    width = transformer.fit(_TEXTS).transform(_TEXTS).shape[1]
    assert transformer.transform([]).shape == (0, width)
    assert transformer.transform([""]).shape == (1, width)


def check_text_not_fitted(transformer: Any) -> None:
    """Before `fit` there is a NotFittedError, if the estimator says that it needs a fit."""
    if transformer.__sklearn_tags__().requires_fit:
        with pytest.raises(NotFittedError):
            transformer.transform(_TEXTS)
        with pytest.raises(NotFittedError):
            transformer.get_feature_names_out()
    else:
        assert transformer.transform(_TEXTS).shape[0] == len(_TEXTS)


TEXT_TRANSFORMER_CHECKS = [
    value for name, value in list(globals().items()) if name.startswith("check_text_")
]


@pytest.mark.parametrize("check", TEXT_TRANSFORMER_CHECKS, ids=lambda check: check.__name__)
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
def test_text_transformer(check: Callable[[Any], None], parameters: dict[str, Any]) -> None:
    check(SequenceVectorizer(**parameters))
