"""Whatever a user has fitted is taken apart, or answered with a clear error."""

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
from seqsent.inspection._estimators import inspect_estimator

Fitted = Callable[[str], Pipeline]

TEXT = "The film was dull"
WORDS = ["[START]", "the", "film", "was", "dull"]
FUNCTIONS = [
    gate_activations,
    gradient_by_lag,
    hidden_states,
    running_sentiment,
    token_attributions,
]


def read_words(estimator: Any, text: Any) -> list[str]:
    return inspect_estimator(estimator).read_one(text).words[0]


def lower(texts: list[str]) -> list[str]:
    return [text.lower() for text in texts]


def test_pipelines_of_any_shape(fitted: Fitted) -> None:
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


def test_text_column_of_a_frame(fitted: Fitted) -> None:
    vectorizer, classifier = fitted("gru").named_steps.values()
    frame = pd.DataFrame({"stars": [2], "text": [TEXT]})
    columns = ColumnTransformer([("text", clone(vectorizer), "text"), ("no", "drop", ["stars"])])
    columns.fit(frame)
    columns.transformers_[0] = ("text", vectorizer, "text")
    assert read_words(make_pipeline(columns, classifier), frame) == WORDS


def test_a_search_is_its_best_estimator() -> None:
    texts, labels = make_reviews(60, return_X_y=True, random_state=0)
    pipeline = make_sentiment_pipeline("simple", maxlen=20, state_dim=4, embed_dim=4, epochs=1)
    search = GridSearchCV(pipeline, {"classifier__batch_size": [32]}, cv=2).fit(texts, labels)
    assert read_words(search, "it was") == ["[START]", "it", "was"]


def test_frames_of_ids(fitted: Fitted) -> None:
    vectorizer, _ = fitted("gru").named_steps.values()
    frames = clone(vectorizer).set_output(transform="pandas")
    texts, labels = make_reviews(48, return_X_y=True, random_state=0)
    classifier = RecurrentSentimentClassifier(cell="gru", state_dim=4, embed_dim=4, epochs=1)
    pipeline = make_pipeline(frames, classifier).fit(texts, labels)
    verdicts = running_sentiment(pipeline, TEXT)
    np.testing.assert_allclose(verdicts.iloc[-1], pipeline.predict_proba([TEXT])[0], atol=1e-6)
    assert len(token_attributions(pipeline, texts[:2])) > 10


def test_words_beyond_the_table(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    n_words = pipeline[-1].n_words_
    words = ["film", *(f"word{rank}" for rank in range(2, n_words)), "odd"]
    vectorizer = SequenceVectorizer(maxlen=20, num_words=None, vocabulary=words)
    joined = make_pipeline(vectorizer, pipeline[-1])
    assert read_words(joined, "odd film") == ["[START]", "odd [OOV]", "film"]
    read = inspect_estimator(joined).read_one("odd film")
    assert read.ids[0, -2:].tolist() == [2, 4]


def small_pipeline(**parameters: Any) -> Pipeline:
    vocabulary = {"film": 1, "good": 2, "was": 3}
    vectorizer = SequenceVectorizer(vocabulary=vocabulary, **{"maxlen": 4, **parameters})
    classifier = RecurrentSentimentClassifier(state_dim=3, embed_dim=3, epochs=1, random_state=0)
    return make_pipeline(vectorizer, classifier).fit(["good film", "film was"], [1, 0])


@pytest.mark.parametrize(
    ("parameters", "words", "read"),
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
def test_words_are_the_users_own(
    parameters: dict[str, Any], words: list[str], read: list[int]
) -> None:
    pipeline = small_pipeline(analyzer=str.split, **parameters)
    text = "The film was Brillig good $x"
    nan = ~np.isin(np.arange(len(words)), read)
    scores = token_attributions(pipeline, [text, "good"])
    assert scores["word"].to_list()[: len(words)] == words
    np.testing.assert_array_equal(scores["score"].isna()[: len(words)], nan)
    for frame in (running_sentiment(pipeline, text), gate_activations(pipeline, text)):
        assert frame.index.to_list() == words
        np.testing.assert_array_equal(frame.isna(), np.repeat(nan[:, None], frame.shape[1], 1))
    verdicts = running_sentiment(pipeline, text)
    expected = pipeline.predict_proba([text])[0]
    np.testing.assert_allclose(verdicts.iloc[read[-1]], expected, atol=1e-6)
    assert pipeline[0].inverse_transform(pipeline[:1].transform([text]))  # knows the ids alone


def test_words_of_a_column_are_the_users_own(fitted: Fitted) -> None:
    pipeline = small_pipeline()
    frame = pd.DataFrame({"stars": [2], "text": ["A brillig film"]})
    columns = ColumnTransformer([("text", pipeline[0], "text")]).fit(frame)
    columns.transformers_[0] = ("text", pipeline[0], "text")
    joined = make_pipeline(columns, pipeline[-1])
    assert read_words(joined, frame) == ["[START]", "a [OOV]", "brillig [OOV]", "film"]


def test_words_of_rows_that_a_step_has_changed(fitted: Fitted) -> None:
    pipeline = small_pipeline()
    front = FunctionTransformer(lambda X: X * [0, 0, 1, 1])
    last_two = make_pipeline(pipeline[0], front, pipeline[-1])
    assert read_words(last_two, "a brillig film") == ["[OOV]", "film"]
    backwards = make_pipeline(pipeline[0], FunctionTransformer(lambda X: X[:, ::-1]), pipeline[-1])
    assert read_words(backwards, "was good brillig film") == ["film", "[OOV]", "good", "was"]


def test_texts_of_a_generator(fitted: Fitted) -> None:
    scores = token_attributions(fitted("gru"), (text for text in [TEXT, "zzz"]))
    assert scores["word"].to_list() == [*WORDS, "[START]", "zzz [OOV]"]


def test_no_text_at_all(fitted: Fitted) -> None:
    vectorizer = SequenceVectorizer(maxlen=20, start_char=None, vocabulary={"film": 1})
    pipeline = make_pipeline(vectorizer, fitted("gru")[-1])
    assert gate_activations(pipeline, "").empty
    assert running_sentiment(pipeline, "").shape == (0, 2)
    assert token_attributions(pipeline, ["", ""]).empty
    assert gradient_by_lag(pipeline, ["", ""]).empty
    np.testing.assert_array_equal(hidden_states(pipeline, ["", ""]), np.zeros((2, 4)))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_unknown_words_only(fitted: Fitted, function: Callable[..., Any]) -> None:
    result = function(fitted("gru"), "xyzzy plugh")
    assert np.isfinite(np.asarray(result)[..., -1].astype(float)).all()
    if isinstance(result, pd.DataFrame):
        assert len(result) == 3


@pytest.mark.parametrize("function", [*FUNCTIONS, word_neighbors])
def test_not_fitted(fitted: Fitted, function: Callable[..., Any]) -> None:
    for estimator in (RecurrentSentimentClassifier(), make_sentiment_pipeline("gru")):
        with pytest.raises(NotFittedError):
            function(estimator, TEXT)
    unfitted = make_pipeline(SequenceVectorizer(), fitted("gru")[-1])
    with pytest.raises(NotFittedError):
        function(unfitted, TEXT)


@pytest.mark.parametrize("function", [*FUNCTIONS, word_neighbors])
@pytest.mark.parametrize(
    ("estimator", "got"),
    [
        (LogisticRegression(), "LogisticRegression"),
        (make_pipeline(SequenceVectorizer(), LogisticRegression()), "ends in LogisticRegression"),
        (RecurrentSentimentClassifier, "the class RecurrentSentimentClassifier"),
        (make_pipeline("passthrough"), "Pipeline that ends in NoneType"),
    ],
)
def test_something_else(function: Callable[..., Any], estimator: Any, got: str) -> None:
    with pytest.raises(TypeError, match=rf"Expected a fitted Recurrent.*got.*{got}"):
        function(estimator, TEXT)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_text_without_a_vectorizer(fitted: Fitted, function: Callable[..., Any]) -> None:
    classifier = fitted("gru")[-1]
    for estimator in (classifier, make_pipeline(classifier)):
        for text in (TEXT, [TEXT]):
            with pytest.raises(TypeError, match="Put a SequenceVectorizer in front"):
                function(estimator, text)
    with pytest.raises(ValueError, match="20 features"):
        function(classifier, [[1, 2, 3]])


class Sampler:
    """What imbalanced-learn puts between: it changes what is fitted, and no prediction."""

    def fit_resample(self, X, y):
        raise AssertionError("not for inspection")


def test_samplers_are_passed_over(fitted) -> None:
    pipeline = fitted("gru")
    expected = inspect_estimator(pipeline).read("The film was dull").ids
    steps = [pipeline.steps[0], ("sampler", Sampler()), pipeline.steps[1]]
    sampled = object.__new__(type(pipeline))
    sampled.__dict__.update(pipeline.__dict__, steps=steps)
    found = inspect_estimator(sampled).read("The film was dull").ids
    np.testing.assert_array_equal(found, expected)
