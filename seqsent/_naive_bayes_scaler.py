"""NaiveBayesScaler: scale features by the log-count ratio of naive Bayes."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.sparsefuncs import inplace_column_scale
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from ._estimator.base import Interval, SeqsentEstimator, check_sample_weight, fit_context


class NaiveBayesScaler(OneToOneFeatureMixin, TransformerMixin, SeqsentEstimator):
    """Scale features by their log-count ratio between classes, as in naive Bayes.

    A feature that is about as frequent in each class gets a scale near 0. A linear model with a
    penalty, such as :class:`sklearn.linear_model.LogisticRegression`, then relies on the features
    that differ between classes. On n-grams of words this is the method of [1]_, which is hard to
    beat on short texts and few labels.

    With two classes, the scale is the absolute value of the log-count ratio ``log(p / q)``, where
    p and q are the smoothed frequencies of the feature in the two classes, counting the documents
    that contain it. Its sign is omitted, because it has no effect on a linear model with a
    symmetric penalty. With more classes, the scale is twice the standard deviation over classes of
    the log frequencies, which is the same for two classes. So there is one column per feature for
    any number of classes.

    Parameters
    ----------
    alpha : float, default=1.0
        Number that is added to the document count of each feature in each class. A larger value
        reduces the scales of rare features.

    exponent : float, default=1.0
        Exponent of the scale. 1 is the method of [1]_, 0 leaves the features unchanged. Values
        between 0 and 1 depend less on the counts, which is safer with few documents.

    Attributes
    ----------
    scale_ : ndarray of float of shape (n_features,)
        Nonnegative factor of each feature.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of str of shape (``n_features_in_``,)
        Names of the features, if X has names that are all strings.

    See Also
    --------
    make_sentiment_ensemble : Uses it in its linear model.

    References
    ----------
    .. [1] S. Wang and C. D. Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic
       Classification", ACL 2012. https://aclanthology.org/P12-2018/

    Examples
    --------
    >>> from seqsent import NaiveBayesScaler
    >>> counts = [[1, 2, 0], [1, 0, 1], [2, 1, 0], [1, 0, 3]]  # the, good, bad
    >>> scaler = NaiveBayesScaler().fit(counts, ["pos", "neg", "pos", "neg"])
    >>> scaler.scale_.round(2)
    array([0. , 1.1, 1.1])
    >>> scaler.transform([[1, 1, 0]]).round(2)
    array([[0. , 1.1, 0. ]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "exponent": [Interval(Real, 0, None, closed="left")],
    }
    _fitted_attributes: ClassVar[Mapping[str, Any]] = {
        "scale_": np.ndarray,
        "n_features_in_": Integral,
        "feature_names_in_": np.ndarray,
    }

    # metadata routing passes sample_weight without set_fit_request
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"sample_weight": True}

    def __init__(self, alpha: float = 1.0, exponent: float = 1.0) -> None:
        self.alpha = alpha
        self.exponent = exponent

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Compute the scale of each feature.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Nonnegative values, such as counts or TF-IDF. A document contains a feature if its
            value is above 0.

        y : array-like of shape (n_samples,)
            Classes.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, at least 0. If None, each sample has the weight 1.

        Returns
        -------
        self : NaiveBayesScaler
            The fitted transformer.

        Raises
        ------
        ValueError
            If X contains negative values or NaN, y is not a column of classes, or weights are
            negative or all zero.
        """
        X = validate_data(self, X, accept_sparse="csr", ensure_non_negative=True)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        weights = check_sample_weight(sample_weight, X)
        if not weights.any():
            raise ValueError("sample_weight is zero for all samples. Give some a positive weight.")
        classes, codes = np.unique(y, return_inverse=True)
        membership = (weights, (codes, np.arange(len(codes))))
        is_class = sparse.csr_array(membership, shape=(len(classes), len(codes)))
        counts = is_class @ sparse.csr_array(X > 0)
        frequencies = counts.toarray() + self.alpha
        frequencies /= frequencies.sum(axis=1, keepdims=True)
        self.scale_ = (2 * np.log(frequencies).std(axis=0)) ** self.exponent
        return self

    def transform(self, X: Any) -> NDArray[Any] | sparse.csr_matrix:
        """Multiply each feature by its scale.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Values.

        Returns
        -------
        {ndarray, sparse matrix} of float of shape (n_samples, n_features)
            Scaled values, sparse if X is sparse.

        Raises
        ------
        ValueError
            If X has another number of features than in ``fit``.
        NotFittedError
            If not fitted.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        scale = self.scale_.astype(X.dtype)
        if not sparse.issparse(X):
            return X * scale
        scaled = X.copy()
        inplace_column_scale(scaled, scale)  # needs less memory than a product
        return scaled

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        tags.target_tags.required = True
        return tags
