"""Neighbors by cosine similarity."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.pipeline import Pipeline

from seqsent.inspection import word_neighbors

Fitted = Callable[[str], Pipeline]


def test_neighbors_are_the_words_of_largest_cosine_similarity(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    neighbors = word_neighbors(pipeline, "film", n=5)
    vocabulary = pipeline[0].vocabulary_
    table = pipeline[-1].model_.get_layer("embedding").get_weights()[0]
    cosines = {
        word: cosine_similarity(table[[vocabulary["film"]]], table[[word_id]])[0, 0]
        for word, word_id in vocabulary.items()
        if word != "film"
    }
    expected = sorted(cosines, key=cosines.__getitem__, reverse=True)[:5]
    assert neighbors.index.to_list() == expected
    assert neighbors.index.name == "word"
    similarity = [cosines[word] for word in expected]
    np.testing.assert_allclose(neighbors["similarity"], similarity, atol=1e-6)


def test_more_neighbors_than_words(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    neighbors = word_neighbors(pipeline, "film", n=10**6)
    assert len(neighbors) == len(pipeline[0].vocabulary_) - 1
    assert neighbors["similarity"].is_monotonic_decreasing
    assert neighbors["similarity"].between(-1, 1).all()


def test_classifier_without_a_vectorizer_takes_ids(fitted: Fitted) -> None:
    pipeline = fitted("gru")
    word_id = pipeline[0].vocabulary_["film"]
    table = pipeline[-1].model_.get_layer("embedding").get_weights()[0]
    cosines = cosine_similarity(table[[word_id]], table)[0]
    cosines[[0, word_id]] = -1  # padding and the word itself
    neighbors = word_neighbors(pipeline[-1], word_id, n=3)
    assert neighbors.index.to_list() == [str(n) for n in np.argsort(-cosines)[:3]]
    with pytest.raises(ValueError, match="must be a word id from 1 to 1023"):
        word_neighbors(pipeline[-1], "film")


@pytest.mark.parametrize(
    ("word", "message"), [("Filmm", r"closest spellings are \['film'"), ("qqqq", "No word")]
)
def test_unknown_word(fitted: Fitted, word: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        word_neighbors(fitted("gru"), word)


def test_rejects_n_of_zero(fitted: Fitted) -> None:
    with pytest.raises(ValueError, match="'n' parameter"):
        word_neighbors(fitted("gru"), "film", n=0)
