"""SequenceVectorizer: analyzers of one's own, subclasses among them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from seqsent import SequenceVectorizer


def identity(document):
    return document


@pytest.mark.parametrize("analyzer", [identity, list, "builtins.list"])
def test_lists_of_ids(analyzer):
    documents = [[17, 25, 17], [], [np.int64(25), 99, 17, 5]]
    vectorizer = SequenceVectorizer(analyzer=analyzer, maxlen=4, num_words=7)
    assert vectorizer.fit_transform(documents).tolist() == [
        [1, 4, 5, 4],
        [0, 0, 0, 1],
        [5, 2, 4, 6],
    ]
    assert vectorizer.vocabulary_ == {17: 4, 25: 5, 5: 6}
    assert all(type(word) is int for word in vectorizer.vocabulary_)
    arrays = [np.array(document) for document in documents]
    assert_array_equal(vectorizer.transform(arrays), vectorizer.transform(documents))
    assert vectorizer.inverse_transform([[4, 2]]) == [[17, "[OOV]"]]


def test_lists_of_tokens():
    vectorizer = SequenceVectorizer(analyzer=identity, maxlen=3)
    assert vectorizer.fit_transform([["A", "b"], ["b", 3]]).tolist() == [[1, 6, 4], [1, 4, 5]]
    with pytest.raises(TypeError, match=r"Tokens must be str or int, got 1.5"):
        vectorizer.fit([[1.5]])
    with pytest.raises(TypeError, match="must return a list of tokens, got str"):
        vectorizer.fit(["a text"])


def test_build_analyzer():
    assert SequenceVectorizer().build_analyzer()("A good, good FILM") == [
        "a",
        "good",
        "good",
        "film",
    ]
    assert SequenceVectorizer(analyzer="char").build_analyzer()("No!") == ["n", "o"]
