"""SequenceVectorizer: subclasses and tags."""

import pickle

import pytest
from sklearn.base import clone
from sklearn.utils import get_tags

from seqsent import SequenceVectorizer


class Stemming(SequenceVectorizer):
    """The recipe of scikit-learn for a stemmer, with a generator of tokens."""

    length = 3

    def build_analyzer(self):
        analyze = super().build_analyzer()
        return lambda document: (word[: self.length] for word in analyze(document))


def test_subclass_with_its_own_analyzer():
    vectorizer = Stemming(maxlen=4, start_char=None)
    rows = vectorizer.fit_transform(["good not bad", "goods"])
    assert vectorizer.vocabulary_ == {"goo": 4, "bad": 5, "not": 6}
    assert rows.tolist() == [[0, 4, 6, 5], [0, 0, 0, 4]]
    for n in (1, 50):  # many texts are encoded in bulk
        assert vectorizer.transform(["gooey nothing badly"] * n).tolist() == [[0, 4, 6, 5]] * n
    vectorizer.length = 2
    assert vectorizer.transform(["goo"]).tolist() == [[0, 0, 0, 2]]


class TweetVectorizer(SequenceVectorizer):
    """A subclass with fewer parameters and one of its own."""

    def __init__(self, *, num_words=100, hashtags=True):
        super().__init__(num_words=num_words, maxlen=3, lowercase=False)
        self.hashtags = hashtags


def test_subclass_with_fewer_parameters():
    vectorizer = clone(TweetVectorizer(num_words=50)).fit(["a b A"])
    assert vectorizer.get_params() == {"num_words": 50, "hashtags": True}
    assert vectorizer.vocabulary_ == {"A": 4, "a": 5, "b": 6}
    for copy in (vectorizer, pickle.loads(pickle.dumps(vectorizer))):
        assert copy.transform(["A b"]).tolist() == [[1, 4, 6]]
    with pytest.raises(ValueError, match="num_words"):
        TweetVectorizer(num_words=0).fit(["a"])


def test_tags():
    tags = get_tags(SequenceVectorizer())
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.requires_fit
