"""Properties of RecurrentSentimentClassifier for arbitrary ids, labels and weights."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.exceptions import DataConversionWarning

from seqsent import RecurrentSentimentClassifier

X_FITTED = np.array([[0, 1, 2], [3, 4, 5], [0, 0, 1], [5, 4, 3]], dtype=np.int32)
Y_FITTED = np.array(["bad", "good", "bad", "good"])

INVALID = [-1, 0.5, np.nan, np.inf, -np.inf, 2**31, 2**63, 1e300, None, "", "good", 1j, [1], b"x"]


@st.composite
def with_invalid_items(draw: st.DrawFn, valid: list[Any]) -> Any:
    """Return up to two items replaced by invalid ones, in some container."""
    items = list(valid)
    for index in draw(st.lists(st.integers(0, max(len(items) - 1, 0)), max_size=2)):
        if items:
            items[index] = draw(st.sampled_from(INVALID))
    return draw(st.sampled_from([list, tuple, as_array, as_objects, as_series]))(items)


def as_array(items: list[Any]) -> Any:
    try:
        return np.array(items)
    except (ValueError, OverflowError):
        return as_objects(items)


def as_objects(items: list[Any]) -> Any:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def as_series(items: list[Any]) -> Any:
    return pd.Series(items, dtype=object).infer_objects()


def as_frame(ids: Any) -> Any:
    return pd.DataFrame(ids) if ids.ndim == 2 else ids


@st.composite
def rows_of_ids(draw: st.DrawFn, n_rows: int) -> Any:
    """Return ids that are valid, or of an invalid type, shape or size."""
    dtypes = ["int32", "int64", "uint8", "uint64", "float64", "bool", "object"]
    shapes = [(n_rows, 3)] * 8 + [(n_rows, 0), (n_rows,), (n_rows, 3, 1), (0, 3)]
    dtype, shape = draw(st.sampled_from(dtypes)), draw(st.sampled_from(shapes))
    ids = draw(arrays.arrays("int64", shape, elements=st.integers(0, 6))).astype(dtype)
    if ids.size and draw(st.integers(0, 4)) == 0:
        ids = ids.astype(object)
        ids[(0,) * ids.ndim] = draw(st.sampled_from(INVALID))
    return draw(st.sampled_from([np.asarray, np.asarray, as_frame, np.ndarray.tolist]))(ids)


@st.composite
def items_of(draw: st.DrawFn, values: list[Any], n_rows: int, lengths: list[int]) -> Any:
    """Return values for each row, with or without invalid ones, or of another length."""
    n = draw(st.sampled_from([n_rows] * 8 + lengths))
    return draw(with_invalid_items(draw(st.lists(st.sampled_from(values), min_size=n, max_size=n))))


LABELS = [[0, 1], [0, 1, 2], [1.0, 2.0], ["bad", "good"], [False, True], [b"a", b"b"], [7, -7]]
WEIGHTS = [0, 1, 0.5, 3, 1e-30, 1e30]


@st.composite
def training_data(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """Return ids, labels and weights for ``fit``."""
    n_rows = draw(st.sampled_from([6, 6, 6, 1, 2]))
    labels = draw(items_of(draw(st.sampled_from(LABELS)), n_rows, [n_rows - 1, n_rows + 1, 0]))
    weights = draw(st.none() | items_of(WEIGHTS, n_rows, [n_rows - 1, 0]))
    return draw(rows_of_ids(n_rows)), labels, weights


def new_classifier() -> RecurrentSentimentClassifier:
    return RecurrentSentimentClassifier(
        cell="simple", embed_dim=2, state_dim=2, epochs=1, embedding_init="uniform", random_state=0
    )


@pytest.fixture(scope="module")
def fitted_state():
    """The state of a fitted classifier, which each example restores."""
    return new_classifier().fit(X_FITTED, Y_FITTED).__getstate__()


@given(training_data())
def test_fit_is_finite_or_raises_an_error_and_keeps_the_previous_fit(fitted_state, data):
    X, y, sample_weight = data
    classifier = new_classifier()
    classifier.__setstate__(fitted_state)
    expected = classifier.predict_proba(X_FITTED)
    attributes = set(vars(classifier))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # scikit-learn warns of many classes, and of labels in a column
        warnings.filterwarnings("ignore", "The number of unique classes is greater")
        warnings.simplefilter("ignore", DataConversionWarning)
        # older versions also warn of labels that are bytes or infinite
        warnings.filterwarnings("ignore", "Support for labels represented as bytes")
        warnings.filterwarnings("ignore", "invalid value encountered in reduce")
        try:
            classifier.fit(X, y, sample_weight=sample_weight)
        except (ValueError, TypeError) as error:
            message = str(error)
        else:
            message = ""
    if message:
        np.testing.assert_array_equal(classifier.predict_proba(X_FITTED), expected)
        assert set(vars(classifier)) == attributes
        return
    # documents of weight zero are ignored
    used = slice(None) if sample_weight is None else np.asarray(sample_weight, float) > 0
    probabilities = classifier.predict_proba(np.asarray(X)[used])
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert all(np.isfinite(weights).all() for weights in classifier.model_.get_weights())
    assert set(classifier.classes_) == set(np.unique(np.asarray(y)[used]))


@given(st.data())
def test_predictions_are_finite_or_an_error_is_raised(fitted_state, data):
    classifier = new_classifier()
    classifier.__setstate__(fitted_state)
    X = data.draw(rows_of_ids(data.draw(st.integers(1, 4))))
    try:
        probabilities = classifier.predict_proba(X)
    except (ValueError, TypeError) as error:
        assert str(error)  # noqa: PT017
        return
    assert probabilities.shape == (len(X), 2)
    assert np.isfinite(probabilities).all()
