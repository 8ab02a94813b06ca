"""What the functions look into: a fitted classifier, or a Pipeline that ends in one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._classifier import RecurrentSentimentClassifier
from .._nn.fitted import Network
from .._validation import reject_text, replace_unknown
from .._vectorizer import SequenceVectorizer


@dataclass(frozen=True)
class Texts:
    """Texts as a network reads them.

    Attributes
    ----------
    ids : ndarray of shape (n_texts, row_length), int32
        Rows of word ids, those beyond the embedding table replaced.
    words : list of list of str
        The words of each row, one per id that is not padding.
    """

    ids: NDArray[np.int32]
    words: list[list[str]]


@dataclass(frozen=True)
class Inspected:
    """A fitted classifier, the steps that texts pass before it, and the words of its ids."""

    classifier: RecurrentSentimentClassifier
    transformers: list[Any]
    vectorizer: Any

    @property
    def network(self) -> Network:
        return self.classifier._fitted_network()

    def read(self, X: Any) -> Texts:
        """Return texts, or rows of ids where no step makes these from texts."""
        if not self.transformers:
            reject_text(X, "X", estimator=type(self.classifier).__name__, cell=self.classifier.cell)
            X = [X] if np.ndim(X) == 1 else X
        elif isinstance(X, str):
            X = [X]
        for transformer in self.transformers:
            X = transformer.transform(X)
        given = self.classifier._read_ids(X)
        seen = replace_unknown(given, self.classifier.n_words_, self.classifier.oov_char)
        rows = [row[kept] for row, kept in zip(given, seen != 0, strict=True)]
        return Texts(seen, self._words(rows))

    def read_one(self, text: Any) -> Texts:
        """Return a single text; more than one is a ValueError."""
        texts = self.read(text)
        if len(texts.ids) != 1:
            raise ValueError(
                f"Expected one text, got {len(texts.ids)}. Pass a str, or one row of word ids."
            )
        return texts

    def predict_proba(self, ids: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the classifier's probabilities for rows that it may know by column names."""
        names = getattr(self.classifier, "feature_names_in_", None)
        X = ids if names is None else pd.DataFrame(ids, columns=names)
        return self.classifier.predict_proba(X)

    def _words(self, rows: list[NDArray[np.int32]]) -> list[list[str]]:
        if self.vectorizer is not None:
            rows = self.vectorizer.inverse_transform(rows)
        return [[str(word) for word in row] for row in rows]


def inspect_estimator(estimator: Any) -> Inspected:
    """Take a fitted estimator apart.

    Parameters
    ----------
    estimator : RecurrentSentimentClassifier, Pipeline or search
        Fitted. Pipelines may be nested and their steps have any names; of a search it is
        the best estimator.

    Returns
    -------
    Inspected
        Its parts.

    Raises
    ------
    TypeError
        If the estimator does not end in a RecurrentSentimentClassifier.
    NotFittedError
        If it is not fitted.
    """
    best = getattr(estimator, "best_estimator_", estimator)
    *transformers, classifier = _steps(best)
    if not isinstance(classifier, RecurrentSentimentClassifier):
        raise TypeError(
            "Expected a fitted RecurrentSentimentClassifier, or a Pipeline whose last step is "
            f"one, got {_describe(estimator, classifier)}."
        )
    check_is_fitted(classifier)
    return Inspected(classifier, transformers, next(_vectorizers(transformers), None))


def _steps(estimator: Any) -> list[Any]:
    """Return the estimator, or the steps of a Pipeline, of which the last may be one itself."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    steps = [step for _, step in estimator.steps if step is not None and step != "passthrough"]
    return [*steps[:-1], *_steps(steps[-1])] if steps else [None]


def _vectorizers(steps: list[Any]) -> Iterator[Any]:
    """Yield what turns words into ids among the steps, the last first."""
    for step in reversed(steps):
        if isinstance(step, Pipeline):
            yield from _vectorizers(_steps(step))
        elif isinstance(step, ColumnTransformer):
            yield from _vectorizers([part for _, part, _ in getattr(step, "transformers_", [])])
        elif isinstance(step, SequenceVectorizer):
            yield step


def _describe(estimator: Any, last: Any) -> str:
    if isinstance(estimator, type):
        return f"the class {estimator.__name__} instead of an instance"
    if isinstance(estimator, Pipeline):
        return f"a Pipeline that ends in {type(last).__name__}"
    return f"{type(estimator).__name__}"
