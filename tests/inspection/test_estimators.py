"""Estimators that inspection accepts, the tokens that it reports, and the errors for others."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer, make_sentiment_pipeline
from seqsent.datasets import make_reviews
from seqsent.inspection import (
    gate_activations,
    gradient_by_lag,
    hidden_states,
    running_sentiment,
    token_attributions,
    word_neighbors,
)
from seqsent.inspection._estimators import split_estimator

Fitted = Callable[[str], Pipeline]

TEXT = "The film was dull"
TOKENS = ["[START]", "the", "film", "was", "dull"]
FUNCTIONS = [
    gate_activations,
    gradient_by_lag,
    hidden_states,
    running_sentiment,
    token_attributions,
]


def tokens_of(estimator: Any, text: Any) -> list[str]:
    return split_estimator(estimator).encode_one(text).tokens[0]


def lower(texts: list[str]) -> list[str]:
    return [text.lower() for text in texts]


def test_nested_pipelines_and_text_containers(fitted: Fitted) -> None:
    vectorizer, classifier = fitted("gru").named_steps.values()
    cleaner = FunctionTransformer(lower)
    pipelines = [
        fitted("gru"),
        Pipeline([("words", vectorizer), ("skip", "passthrough"), ("net", classifier)]),
        make_pipeline(make_pipeline(cleaner, vectorizer), classifier),
        make_pipeline(cleaner, make_pipeline(vectorizer, classifier)),
    ]
    expected = running_sentiment(pipelines[0], TEXT)
    for pipeline in pipelines:
        for text in (TEXT, [TEXT], (TEXT,), np.array([TEXT]), pd.Series([TEXT])):
            pd.testing.assert_frame_equal(running_sentiment(pipeline, text), expected)


def test_search_uses_its_best_estimator(small_pipeline: Callable[..., Pipeline]) -> None:
    texts, labels = make_reviews(60, return_X_y=True, random_state=0)
    grid = {"classifier__batch_size": [32]}
    search = GridSearchCV(small_pipeline(cell="simple"), grid, cv=2).fit(texts, labels)
    assert tokens_of(search, "it was") == ["[START]", "it", "was"]


def test_vectorizer_with_pandas_output(
    fitted: Fitted, small_classifier: Callable[..., RecurrentSentimentClassifier]
) -> None:
    vectorizer = clone(fitted("gru")[0]).set_output(transform="pandas")
    texts, labels = make_reviews(48, return_X_y=True, random_state=0)
    pipeline = make_pipeline(vectorizer, small_classifier(cell="gru")).fit(texts, labels)
    last = running_sentiment(pipeline, TEXT).iloc[-1]
    np.testing.assert_allclose(last, pipeline.predict_proba([TEXT])[0], atol=1e-6)
    assert len(token_attributions(pipeline, texts[:2])) > 10


def test_ids_beyond_the_embedding_table(fitted: Fitted) -> None:
    classifier = fitted("gru")[-1]
    words = ["film", *(f"word{rank}" for rank in range(2, classifier.n_words_)), "odd"]
    vectorizer = SequenceVectorizer(maxlen=20, num_words=None, vocabulary=words)
    encoded = split_estimator(make_pipeline(vectorizer, classifier)).encode_one("odd film")
    assert encoded.tokens[0] == ["[START]", "odd [OOV]", "film"]
    assert encoded.ids[0, -2:].tolist() == [2, 4]


def three_word_pipeline(**parameters: Any) -> Pipeline:
    vocabulary = {"film": 1, "good": 2, "was": 3}
    vectorizer = SequenceVectorizer(vocabulary=vocabulary, **{"maxlen": 4, **parameters})
    classifier = RecurrentSentimentClassifier(state_dim=3, embed_dim=3, epochs=1, random_state=0)
    return make_pipeline(vectorizer, classifier).fit(["good film", "film was"], [1, 0])


@pytest.mark.parametrize(
    ("parameters", "tokens", "read"),
    [
        (
            {},
            ["The [CUT]", "film [CUT]", "was", "Brillig [OOV]", "good", "$x [OOV]"],
            [2, 3, 4, 5],
        ),
        (
            {"truncating": "post", "padding": "post"},
            ["[START]", "The [OOV]", "film", "was", "Brillig [CUT]", "good [CUT]", "$x [CUT]"],
            [0, 1, 2, 3],
        ),
        (
            {"oov_char": None},
            ["[START]", "The [OOV]", "film", "was", "Brillig [OOV]", "good", "$x [OOV]"],
            [0, 2, 3, 5],
        ),
        (
            {"oov_char": None, "maxlen": 2},
            ["The [OOV]", "film [CUT]", "was", "Brillig [OOV]", "good", "$x [OOV]"],
            [2, 4],
        ),
    ],
)
def test_tokens_are_those_of_the_analyzer_with_marks(
    parameters: dict[str, Any], tokens: list[str], read: list[int]
) -> None:
    pipeline = three_word_pipeline(analyzer=str.split, **parameters)
    text = "The film was Brillig good $x"
    is_nan = ~np.isin(np.arange(len(tokens)), read)
    scores = token_attributions(pipeline, [text, "good"])
    assert scores["word"].to_list()[: len(tokens)] == tokens
    np.testing.assert_array_equal(scores["score"].isna()[: len(tokens)], is_nan)
    probabilities = running_sentiment(pipeline, text)
    for frame in (probabilities, gate_activations(pipeline, text)):
        assert frame.index.to_list() == tokens
        np.testing.assert_array_equal(frame.isna(), np.repeat(is_nan[:, None], frame.shape[1], 1))
    expected = pipeline.predict_proba([text])[0]
    np.testing.assert_allclose(probabilities.iloc[read[-1]], expected, atol=1e-6)


def test_tokens_of_a_text_column(fitted: Fitted) -> None:
    vectorizer, classifier = three_word_pipeline()
    frame = pd.DataFrame({"stars": [2], "text": ["A brillig film"]})
    columns = ColumnTransformer([("text", vectorizer, "text"), ("no", "drop", ["stars"])])
    columns.fit(frame)
    columns.transformers_[0] = ("text", vectorizer, "text")
    pipeline = make_pipeline(columns, classifier)
    assert tokens_of(pipeline, frame) == ["[START]", "a [OOV]", "brillig [OOV]", "film"]


def test_tokens_after_a_step_that_changes_the_ids() -> None:
    vectorizer, classifier = three_word_pipeline()
    keep_two = make_pipeline(
        vectorizer, FunctionTransformer(lambda X: X * [0, 0, 1, 1]), classifier
    )
    assert tokens_of(keep_two, "a brillig film") == ["[OOV]", "film"]
    reverse = make_pipeline(vectorizer, FunctionTransformer(lambda X: X[:, ::-1]), classifier)
    assert tokens_of(reverse, "was good brillig film") == ["film", "[OOV]", "good", "was"]


def test_generator_of_texts(fitted: Fitted) -> None:
    scores = token_attributions(fitted("gru"), (text for text in [TEXT, "zzz"]))
    assert scores["word"].to_list() == [*TOKENS, "[START]", "zzz [OOV]"]


def test_empty_texts_without_a_start_token(fitted: Fitted) -> None:
    vectorizer = SequenceVectorizer(maxlen=20, start_char=None, vocabulary={"film": 1})
    pipeline = make_pipeline(vectorizer, fitted("gru")[-1])
    assert gate_activations(pipeline, "").empty
    assert running_sentiment(pipeline, "").shape == (0, 2)
    assert token_attributions(pipeline, ["", ""]).empty
    assert gradient_by_lag(pipeline, ["", ""]).empty
    np.testing.assert_array_equal(hidden_states(pipeline, ["", ""]), np.zeros((2, 4)))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_text_of_unknown_words(fitted: Fitted, function: Callable[..., Any]) -> None:
    result = function(fitted("gru"), "xyzzy plugh")
    assert np.isfinite(np.asarray(result)[..., -1].astype(float)).all()
    assert len(result) == (1 if function is hidden_states else 3)


@pytest.mark.parametrize("function", [*FUNCTIONS, word_neighbors])
def test_not_fitted(fitted: Fitted, function: Callable[..., Any]) -> None:
    unfitted_vectorizer = make_pipeline(SequenceVectorizer(), fitted("gru")[-1])
    for estimator in (
        RecurrentSentimentClassifier(),
        make_sentiment_pipeline("gru"),
        unfitted_vectorizer,
    ):
        with pytest.raises(NotFittedError):
            function(estimator, TEXT)


@pytest.mark.parametrize("function", [*FUNCTIONS, word_neighbors])
@pytest.mark.parametrize(
    ("estimator", "received"),
    [
        (LogisticRegression(), "LogisticRegression"),
        (make_pipeline(SequenceVectorizer(), LogisticRegression()), "ends in LogisticRegression"),
        (RecurrentSentimentClassifier, "the class RecurrentSentimentClassifier"),
        (make_pipeline("passthrough"), "Pipeline that ends in NoneType"),
    ],
)
def test_rejects_other_estimators(
    function: Callable[..., Any], estimator: Any, received: str
) -> None:
    with pytest.raises(TypeError, match=rf"Expected a fitted Recurrent.*got.*{received}"):
        function(estimator, TEXT)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_rejects_text_without_a_vectorizer(fitted: Fitted, function: Callable[..., Any]) -> None:
    classifier = fitted("gru")[-1]
    for estimator in (classifier, make_pipeline(classifier)):
        for text in (TEXT, [TEXT]):
            with pytest.raises(TypeError, match="Put a SequenceVectorizer before it"):
                function(estimator, text)
    with pytest.raises(ValueError, match="20 features"):
        function(classifier, [[1, 2, 3]])


class Sampler:
    """A step of an imbalanced-learn pipeline, which resamples in ``fit`` only."""

    def fit_resample(self, X, y):
        raise AssertionError("inspection must not resample")


def test_skips_samplers_of_imbalanced_learn(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    with_sampler = object.__new__(Pipeline)
    steps = [pipeline.steps[0], ("sampler", Sampler()), pipeline.steps[1]]
    with_sampler.__dict__.update(pipeline.__dict__, steps=steps)
    assert tokens_of(with_sampler, TEXT) == TOKENS
