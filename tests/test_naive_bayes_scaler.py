"""NaiveBayesScaler: scales by hand, weights, containers."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from seqsent import NaiveBayesScaler

# documents with each of three features: both of class a, one of each class, one of class b
X = np.array([[2, 0, 0], [1, 3, 0], [0, 1, 0], [0, 0, 4]])
Y = ["a", "a", "b", "b"]


def test_scale_of_two_classes_is_the_absolute_log_count_ratio():
    # counts plus 1: 3, 2, 1 of 6 in class a; 1, 2, 2 of 5 in class b
    ratios = np.log(np.array([3 / 6, 2 / 6, 1 / 6]) / np.array([1 / 5, 2 / 5, 2 / 5]))
    scaler = NaiveBayesScaler().fit(X, Y)
    assert_allclose(scaler.scale_, np.abs(ratios))
    assert_allclose(scaler.transform(X), X * np.abs(ratios))


def test_sign_of_the_ratio_has_no_effect_on_logistic_regression():
    scaler = NaiveBayesScaler().fit(X, Y)
    signed = scaler.scale_ * [1, -1, -1]
    expected = LogisticRegression().fit(X * signed, Y).predict_proba(X * signed)
    scaled = scaler.transform(X)
    assert_allclose(LogisticRegression().fit(scaled, Y).predict_proba(scaled), expected, atol=1e-4)


def test_scale_of_three_classes_is_a_standard_deviation():
    frequencies = np.array([[2 / 4, 1 / 4, 1 / 4], [1 / 4, 2 / 4, 1 / 4], [1 / 4, 1 / 4, 2 / 4]])
    expected = 2 * np.std(np.log(frequencies), axis=0)
    assert_allclose(NaiveBayesScaler().fit(np.eye(3), [5, 3, 1]).scale_, expected)


def test_features_are_unchanged_with_exponent_0():
    assert_array_equal(NaiveBayesScaler(exponent=0).fit_transform(X, Y), X)


def test_exponent_is_a_power_of_the_scale():
    scale = NaiveBayesScaler().fit(X, Y).scale_
    assert_allclose(NaiveBayesScaler(exponent=0.5).fit(X, Y).scale_, np.sqrt(scale))


def test_large_alpha_evens_out_the_scales():
    assert NaiveBayesScaler(alpha=1e6).fit(X, Y).scale_.max() < 1e-5


def test_integer_weights_equal_repeated_samples():
    weights = np.array([1, 3, 0, 2])
    weighted = NaiveBayesScaler().fit(X, Y, sample_weight=weights)
    repeated = NaiveBayesScaler().fit(X.repeat(weights, axis=0), np.repeat(Y, weights))
    assert_allclose(weighted.scale_, repeated.scale_)


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array, sparse.coo_matrix])
def test_sparse_input_stays_sparse(container):
    scaler = NaiveBayesScaler().fit(container(X), Y)
    found = scaler.transform(container(X))
    assert sparse.issparse(found)
    assert_allclose(found.toarray(), NaiveBayesScaler().fit(X, Y).transform(X))


def test_float32_stays_float32():
    assert NaiveBayesScaler().fit(X, Y).transform(X.astype(np.float32)).dtype == np.float32


def test_feature_names_are_those_of_the_input():
    frame = pd.DataFrame(X, columns=["good", "film", "bad"])
    scaler = NaiveBayesScaler().set_output(transform="pandas").fit(frame, Y)
    assert scaler.get_feature_names_out().tolist() == ["good", "film", "bad"]
    assert scaler.transform(frame).columns.tolist() == ["good", "film", "bad"]


def test_negative_sample_weights_are_rejected():
    with pytest.raises(ValueError, match=r"sample_weight must not be negative, got -2\.0"):
        NaiveBayesScaler().fit(X, Y, sample_weight=[1, 1, 1, -2])


def test_negative_values_are_refused():
    with pytest.raises(ValueError, match="Negative values"):
        NaiveBayesScaler().fit(-X, Y)
