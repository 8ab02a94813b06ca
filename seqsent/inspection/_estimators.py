"""The parts of a fitted estimator, and texts encoded with them."""

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
from .._inputs.ids import replace_unknown, validate_ids
from .._nn.network import Network
from .._types import FloatArray, Ids, TokenizedDocument
from .._vectorizer import SequenceVectorizer

OOV_MARK, CUT_MARK = " [OOV]", " [CUT]"  # suffixes of tokens


@dataclass(frozen=True)
class EncodedTexts:
    """Rows of word ids and the tokens of the texts."""

    ids: Ids
    tokens: list[list[str]]  # marked if they are out of the vocabulary or cut off
    token_indices: list[NDArray[np.intp]]  # (n_words,) per row: the tokens that its ids encode

    def align(self, row: int, values: FloatArray) -> FloatArray:
        """Return one value per token from one value per id of a row, NaN without an id."""
        aligned = np.full((len(self.tokens[row]), *values.shape[1:]), np.nan, values.dtype)
        aligned[self.token_indices[row]] = values
        return aligned


@dataclass(frozen=True)
class EstimatorParts:
    """A fitted classifier, the transformers before it, and its vectorizer if there is one."""

    classifier: RecurrentSentimentClassifier
    transformers: list[Any]
    vectorizer: Any

    @property
    def network(self) -> Network:
        return self.classifier._fitted_network()

    def encode(self, X: Any) -> EncodedTexts:
        """Encode texts, or rows of ids if there is no transformer."""
        if not self.transformers:
            X = [X] if np.ndim(X) == 1 else X
        elif isinstance(X, str):
            X = [X]
        elif isinstance(X, Iterator):
            X = list(X)
        documents = None
        for transformer in self.transformers:
            documents = self._documents(transformer, X)
            X = transformer.transform(X)
        ids = validate_ids(self.classifier, X)
        known = replace_unknown(ids, self.classifier.n_words_, self.classifier.oov_char)
        texts = [None] * len(ids) if documents is None else self.vectorizer._tokenize(documents)
        rows = [self._mark_tokens(*row) for row in zip(ids, known, texts, strict=True)]
        return EncodedTexts(known, [tokens for tokens, _ in rows], [indices for _, indices in rows])

    def encode_one(self, text: Any) -> EncodedTexts:
        """Encode one text, or raise a ValueError for several."""
        texts = self.encode(text)
        if len(texts.ids) != 1:
            raise ValueError(
                f"Expected one text, got {len(texts.ids)}. Pass a str, or one row of word ids."
            )
        return texts

    def predict_proba(self, ids: Ids) -> FloatArray:
        """Return probabilities of rows of ids, also if the classifier was fitted on a frame."""
        names = getattr(self.classifier, "feature_names_in_", None)
        X = ids if names is None else pd.DataFrame(ids, columns=names)
        return self.classifier.predict_proba(X)

    def _documents(self, transformer: Any, X: Any) -> Any:
        """Return the documents in X if the transformer is or contains the vectorizer."""
        if transformer is self.vectorizer:
            return X
        if isinstance(transformer, ColumnTransformer):
            for _, step, columns in transformer.transformers_:
                if step is self.vectorizer:
                    return choose_columns(X, columns)
        return None

    def _mark_tokens(
        self, ids: Ids, known: Ids, text: TokenizedDocument | None
    ) -> tuple[list[str], NDArray[np.intp]]:
        """Return the marked tokens of a text, and the indices of those that its ids encode."""
        is_word = known != 0
        ids, is_replaced = ids[is_word], (ids != known)[is_word]
        start = len(ids) - (0 if text is None else len(text.in_row))  # 1 with [START]
        if text is None or start not in (0, 1) or not np.array_equal(ids[start:], text.ids):
            # no vectorizer, or another step has changed its rows
            return self._decode(ids), np.arange(len(ids))
        is_known = text.is_known.copy()
        is_known[text.in_row] &= ~is_replaced[start:]
        is_read = np.zeros_like(is_known)
        is_read[text.in_row] = True
        is_dropped = ~is_known & (self.vectorizer.oov_char is None)
        marks = np.where(is_read | is_dropped, np.where(is_known, "", OOV_MARK), CUT_MARK)
        tokens = [f"{token}{mark}" for token, mark in zip(text.tokens, marks, strict=True)]
        return self._decode(ids[:start]) + tokens, np.r_[:start, start + text.in_row]

    def _decode(self, ids: Ids) -> list[str]:
        tokens = ids if self.vectorizer is None else self.vectorizer.inverse_transform([ids])[0]
        return [str(token) for token in tokens]


def split_estimator(estimator: Any) -> EstimatorParts:
    """Return the parts of a fitted classifier, Pipeline (also nested) or search."""
    best = getattr(estimator, "best_estimator_", estimator)
    *transformers, classifier = _steps(best)
    if not isinstance(classifier, RecurrentSentimentClassifier):
        raise TypeError(
            "Expected a fitted RecurrentSentimentClassifier, or a Pipeline whose last step is "
            f"one, got {_describe(estimator, classifier)}."
        )
    check_is_fitted(classifier)
    return EstimatorParts(classifier, transformers, next(_vectorizers(transformers), None))


def _steps(estimator: Any) -> list[Any]:
    """Return the steps of a Pipeline and of the Pipelines in it, or a list of the estimator."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    steps = [
        part
        for _, step in estimator.steps
        if step is not None
        and step != "passthrough"
        and not hasattr(step, "fit_resample")  # imbalanced-learn samples in fit only
        for part in _steps(step)
    ]
    return steps or [None]


def _vectorizers(steps: list[Any]) -> Iterator[Any]:
    """Yield the vectorizers among the steps and in ColumnTransformers, the last one first."""
    for step in reversed(steps):
        if isinstance(step, ColumnTransformer):
            yield from _vectorizers([part for _, part, _ in getattr(step, "transformers_", [])])
        elif isinstance(step, SequenceVectorizer):
            yield step


def _describe(estimator: Any, last_step: Any) -> str:
    if isinstance(estimator, type):
        return f"the class {estimator.__name__} instead of an instance"
    if isinstance(estimator, Pipeline):
        return f"a Pipeline that ends in {type(last_step).__name__}"
    return f"{type(estimator).__name__}"
