"""Neighbors by cosine, and words that are not known."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.pipeline import Pipeline

from seqsent.inspection import word_neighbors

Fitted = Callable[[str], Pipeline]


def test_cosine(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    neighbors = word_neighbors(pipeline, "film", n=5)
    vocabulary = pipeline[0].vocabulary_
    table = pipeline[-1].model_.get_layer("embedding").get_weights()[0]
    cosines = {
        word: cosine_similarity(table[[vocabulary["film"]]], table[[number]])[0, 0]
        for word, number in vocabulary.items()
        if word != "film"
    }
    best = sorted(cosines, key=cosines.__getitem__, reverse=True)[:5]
    assert neighbors.index.to_list() == best
    assert neighbors.index.name == "word"
    np.testing.assert_allclose(neighbors["similarity"], [cosines[w] for w in best], atol=1e-6)


def test_small_vocabulary(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    neighbors = word_neighbors(pipeline, "film", n=10**6)
    assert len(neighbors) == len(pipeline[0].vocabulary_) - 1
    assert neighbors["similarity"].is_monotonic_decreasing
    assert neighbors["similarity"].between(-1, 1).all()


def test_ids(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    number = pipeline[0].vocabulary_["film"]
    neighbors = word_neighbors(pipeline[-1], number, n=3)
    assert len(neighbors) == 3
    assert neighbors.index.str.isdigit().all()
    with pytest.raises(ValueError, match="must be a word id from 1 to 1023"):
        word_neighbors(pipeline[-1], "film")


@pytest.mark.parametrize(
    ("word", "message"), [("Filmm", r"closest spellings are \['film'"), ("qqqq", "No word")]
)
def test_unknown_word(fitted: Fitted, word: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        word_neighbors(fitted("gru"), word)


def test_no_neighbors(fitted: Fitted) -> None:
    with pytest.raises(ValueError, match="'n' parameter"):
        word_neighbors(fitted("gru"), "film", n=0)
