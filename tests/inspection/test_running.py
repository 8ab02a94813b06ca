"""The verdict after each word is the verdict on the text up to there."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.pipeline import Pipeline, make_pipeline

from seqsent import SequenceVectorizer
from seqsent.inspection import running_sentiment

Fitted = Callable[[str], Pipeline]

TEXT = "the film was dull at first but in the end it was wonderful"
LONG = " ".join([TEXT] * 3)


@pytest.mark.parametrize("kind", ["simple", "lstm", "stacked", "both ways", "unmasked"])
def test_every_beginning(fitted: Fitted, kind: str) -> None:
    pipeline = fitted(kind)
    verdicts = running_sentiment(pipeline, TEXT)
    words = TEXT.split()
    beginnings = [" ".join(words[:n]) for n in range(len(words) + 1)]
    np.testing.assert_allclose(verdicts, pipeline.predict_proba(beginnings), atol=1e-6)
    assert verdicts.index.to_list() == ["[START]", *words]
    assert verdicts.index.name == "word"
    assert verdicts.columns.to_list() == ["negative", "positive"]
    assert np.ptp(verdicts["positive"]) > 0.01


@pytest.mark.parametrize("text", [TEXT, LONG, "", "xyzzy"])
@pytest.mark.parametrize("kind", ["gru", "unmasked", "three classes"])
def test_last_row_is_predict_proba(fitted: Fitted, kind: str, text: str) -> None:
    pipeline = fitted(kind)
    last = running_sentiment(pipeline, text).iloc[-1]  # the last word is read: the end is kept
    np.testing.assert_allclose(last, pipeline.predict_proba([text])[0], atol=1e-6)


@pytest.mark.parametrize("kind", ["gru", "unmasked"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
def test_padding_behind(fitted: Fitted, kind: str, truncating: str) -> None:
    behind = SequenceVectorizer(
        maxlen=20, padding="post", truncating=truncating, vocabulary=TEXT.split()[:8]
    )
    pipeline = make_pipeline(behind, fitted(kind)[-1])
    words = TEXT.split()
    beginnings = [" ".join(words[:n]) for n in range(len(words) + 1)]
    verdicts = running_sentiment(pipeline, TEXT)
    np.testing.assert_allclose(verdicts, pipeline.predict_proba(beginnings), atol=1e-6)
    # of a text that fills the row, no padding tells on which side it would be
    full = running_sentiment(pipeline, LONG).dropna()
    assert len(full) == 20
    np.testing.assert_allclose(full.iloc[-1], pipeline.predict_proba([LONG])[0], atol=1e-6)
    seen = full.index[1 if truncating == "post" else 0 : 5]
    again = running_sentiment(pipeline, " ".join(seen))
    if truncating == "post":
        np.testing.assert_allclose(full.iloc[4], again.iloc[-1], atol=1e-6)


@pytest.mark.parametrize("behind", [False, True])
def test_rows_of_ids(fitted: Fitted, behind: bool) -> None:
    classifier = fitted("unmasked")[-1]
    row = np.zeros(20, dtype=np.int32)
    row[:3] = [5, 6, 7]
    if not behind:
        row = np.roll(row, 17)
    verdicts = running_sentiment(classifier, row)
    assert verdicts.index.to_list() == ["5", "6", "7"]
    first = np.zeros(20, dtype=np.int32)
    first[0 if behind else -1] = 5
    np.testing.assert_allclose(
        verdicts.iloc[[0, -1]], classifier.predict_proba([first, row]), atol=1e-6
    )
