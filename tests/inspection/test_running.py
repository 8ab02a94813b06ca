"""Probabilities after each token, compared with the predictions of prefixes."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.pipeline import Pipeline, make_pipeline

from seqsent import SequenceVectorizer
from seqsent.inspection import running_sentiment

Fitted = Callable[[str], Pipeline]

TEXT = "the film was dull at first but in the end it was wonderful"
WORDS = TEXT.split()
PREFIXES = [" ".join(WORDS[:n]) for n in range(len(WORDS) + 1)]
LONG_TEXT = " ".join([TEXT] * 3)


@pytest.mark.parametrize("kind", ["simple", "lstm", "stacked", "bidirectional", "unmasked"])
def test_rows_are_the_predictions_of_prefixes(fitted: Fitted, kind: str) -> None:
    pipeline = fitted(kind)
    probabilities = running_sentiment(pipeline, TEXT)
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(PREFIXES), atol=1e-6)
    assert probabilities.index.to_list() == ["[START]", *WORDS]
    assert probabilities.index.name == "word"
    assert probabilities.columns.to_list() == ["negative", "positive"]
    assert np.ptp(probabilities["positive"]) > 0.01


@pytest.mark.parametrize("text", [TEXT, LONG_TEXT, "", "xyzzy"])
@pytest.mark.parametrize("kind", ["gru", "unmasked", "three classes"])
def test_last_row_is_predict_proba_of_the_text(fitted: Fitted, kind: str, text: str) -> None:
    pipeline = fitted(kind)
    last = running_sentiment(pipeline, text).iloc[-1]
    np.testing.assert_allclose(last, pipeline.predict_proba([text])[0], atol=1e-6)


@pytest.mark.parametrize("kind", ["gru", "unmasked"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
def test_post_padding(fitted: Fitted, kind: str, truncating: str) -> None:
    vectorizer = SequenceVectorizer(
        maxlen=20, padding="post", truncating=truncating, vocabulary=WORDS[:8]
    )
    pipeline = make_pipeline(vectorizer, fitted(kind)[-1])
    probabilities = running_sentiment(pipeline, TEXT)
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(PREFIXES), atol=1e-6)
    # a text that fills the row has no padding that shows the side
    full = running_sentiment(pipeline, LONG_TEXT).dropna()
    assert len(full) == 20
    np.testing.assert_allclose(full.iloc[-1], pipeline.predict_proba([LONG_TEXT])[0], atol=1e-6)
    if truncating == "post":
        fourth = running_sentiment(pipeline, " ".join(full.index[1:5]))
        np.testing.assert_allclose(full.iloc[4], fourth.iloc[-1], atol=1e-6)


@pytest.mark.parametrize("pads_post", [False, True])
def test_row_of_ids(fitted: Fitted, pads_post: bool) -> None:
    classifier = fitted("unmasked")[-1]
    row, first = np.zeros((2, 20), dtype=np.int32)
    row[slice(3) if pads_post else slice(-3, None)] = [5, 6, 7]
    first[0 if pads_post else -1] = 5
    probabilities = running_sentiment(classifier, row)
    assert probabilities.index.to_list() == ["5", "6", "7"]
    expected = classifier.predict_proba([first, row])
    np.testing.assert_allclose(probabilities.iloc[[0, -1]], expected, atol=1e-6)
