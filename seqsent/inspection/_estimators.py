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
from .._estimator.base import choose_columns
from .._inputs.ids import read_ids, reject_text, validate_ids
from .._nn.network import Network
from .._types import FloatArray, ReadText
from .._vectorizer import SequenceVectorizer

UNKNOWN, CUT = " [OOV]", " [CUT]"  # what follows a word


@dataclass(frozen=True)
class Texts:
    """Texts as a network reads them.

    Attributes
    ----------
    ids : ndarray of shape (n_texts, row_length), int32
        Rows of word ids, those beyond the embedding table replaced.
    words : list of list of str
        The words of each text, marked where the network does not know or read them.
    places : list of ndarray of intp
        For each row, which of the words its ids are, padding aside.
    """

    ids: NDArray[np.int32]
    words: list[list[str]]
    places: list[NDArray[np.intp]]

    def spread(self, number: int, values: FloatArray) -> FloatArray:
        """Return values of a row's ids, along the first axis, at the words; NaN at the others."""
        spread = np.full((len(self.words[number]), *values.shape[1:]), np.nan, values.dtype)
        spread[self.places[number]] = values
        return spread


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
        elif isinstance(X, Iterator):
            X = list(X)
        documents = None
        for transformer in self.transformers:
            documents = self._documents(transformer, X)
            X = transformer.transform(X)
        given, seen = validate_ids(self.classifier, X), read_ids(self.classifier, X)
        texts = [None] * len(seen) if documents is None else self.vectorizer._tokens(documents)
        shown = [self._show(*row) for row in zip(given, seen, texts, strict=True)]
        return Texts(seen, [words for words, _ in shown], [places for _, places in shown])

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

    def _documents(self, transformer: Any, X: Any) -> Any:
        """Return the part of X that is the vectorizer's, if that is the transformer or in it."""
        if transformer is self.vectorizer:
            return X
        if isinstance(transformer, ColumnTransformer):
            for _, part, columns in transformer.transformers_:
                if part is self.vectorizer:
                    return choose_columns(X, columns)
        return None

    def _show(
        self, given: NDArray[np.int32], seen: NDArray[np.int32], text: ReadText | None
    ) -> tuple[list[str], NDArray[np.intp]]:
        """Return the words of a text, marked, and which of them its ids are."""
        is_word = seen != 0
        given, is_beyond = given[is_word], (given != seen)[is_word]
        start = len(given) - (0 if text is None else len(text.kept))
        if text is None or start not in (0, 1) or not np.array_equal(given[start:], text.ids):
            # nobody knows, or other steps have made other rows of it
            return self._words_of(given), np.arange(len(given))
        is_known = text.is_known.copy()
        is_known[text.kept] &= ~is_beyond[start:]
        is_read = np.zeros_like(is_known)
        is_read[text.kept] = True
        is_dropped = ~is_known & (self.vectorizer.oov_char is None)
        marks = np.where(is_read | is_dropped, np.where(is_known, "", UNKNOWN), CUT)
        words = [f"{token}{mark}" for token, mark in zip(text.tokens, marks, strict=True)]
        return self._words_of(given[:start]) + words, np.r_[:start, start + text.kept]

    def _words_of(self, ids: NDArray[np.int32]) -> list[str]:
        words = ids if self.vectorizer is None else self.vectorizer.inverse_transform([ids])[0]
        return [str(word) for word in words]


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
    """Return the estimator, or the steps of a Pipeline, which may be Pipelines themselves."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    steps = [
        part
        for _, step in estimator.steps
        if step is not None
        and step != "passthrough"
        and not hasattr(step, "fit_resample")  # a sampler of imbalanced-learn, which only fits
        for part in _steps(step)
    ]
    return steps or [None]


def _vectorizers(steps: list[Any]) -> Iterator[Any]:
    """Yield what turns words into ids among the steps, the last first."""
    for step in reversed(steps):
        if isinstance(step, ColumnTransformer):
            yield from _vectorizers([part for _, part, _ in getattr(step, "transformers_", [])])
        elif isinstance(step, SequenceVectorizer):
            yield step


def _describe(estimator: Any, last: Any) -> str:
    if isinstance(estimator, type):
        return f"the class {estimator.__name__} instead of an instance"
    if isinstance(estimator, Pipeline):
        return f"a Pipeline that ends in {type(last).__name__}"
    return f"{type(estimator).__name__}"
