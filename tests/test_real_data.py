"""Accuracy on raw IMDB reviews."""

import pandas as pd
import pytest

from seqsent import make_sentiment_pipeline


@pytest.fixture(scope="module")
def reviews(shared_data):
    """Return 2,000 reviews to train on and 1,000 of other films to test on."""
    return {
        part: pd.read_csv(shared_data / "imdb" / f"{part}.csv.gz").sample(size, random_state=0)
        for part, size in (("train", 2000), ("test", 1000))
    }


@pytest.mark.parametrize(
    ("cell", "options", "threshold"),
    [
        # with the last state, a SimpleRNN scores 0.50 to 0.68 depending on the seed
        ("simple", {"pooling": "max", "learning_rate": 0.008, "epochs": 6}, 0.65),
        ("lstm", {"dropout": 0.3, "learning_rate": 0.008, "epochs": 5}, 0.8),
        ("gru", {"dropout": 0.3, "learning_rate": 0.008, "epochs": 4}, 0.8),
    ],
)
def test_accuracy_is_far_above_chance(cell, options, threshold, reviews):
    train, test = reviews["train"], reviews["test"]
    pipeline = make_sentiment_pipeline(
        cell, maxlen=200, num_words=5000, batch_size=32, random_state=0, **options
    ).fit(train["text"], train["label"])
    assert 0.4 < test["label"].mean() < 0.6  # chance is 0.5
    assert pipeline.score(test["text"], test["label"]) > threshold


def test_accuracy_with_shuffled_labels_is_chance(reviews):
    train, test = reviews["train"], reviews["test"]
    pipeline = make_sentiment_pipeline(
        "gru",
        maxlen=200,
        num_words=5000,
        batch_size=32,
        dropout=0.3,
        learning_rate=0.008,
        epochs=2,
        random_state=0,
    ).fit(train["text"], train["label"].sample(frac=1, random_state=1).to_numpy())
    assert 0.4 < pipeline.score(test["text"], test["label"]) < 0.6
