"""SequenceVectorizer: what scikit-learn asks of a transformer."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

from seqsent import SequenceVectorizer


class Stemming(SequenceVectorizer):
    """Cuts words to three letters, and yields them one by one."""

    length = 3

    def build_analyzer(self):
        analyze = super().build_analyzer()
        return lambda document: (word[: self.length] for word in analyze(document))


def test_an_analyzer_of_a_subclass():
    vectorizer = Stemming(maxlen=4, start_char=None)
    # "goo" 4, "bad" 5, "not" 6
    rows = [[0, 4, 6, 5], [0, 0, 4, 2], [0, 4, 6, 5], [0, 0, 0, 4]]
    assert vectorizer.fit_transform(["good not bad", "goods"]).tolist() == [rows[2], rows[3]]
    assert vectorizer.vocabulary_ == {"goo": 4, "bad": 5, "not": 6}
    assert vectorizer.transform(["gooey nothing badly", "goof xyz"]).tolist() == rows[:2]
    many = ["gooey nothing badly"] * 50  # what is read in bulk where nothing is overridden
    assert vectorizer.transform(many).tolist() == [rows[0]] * 50
    vectorizer.length = 2  # on which no parameter depends
    assert vectorizer.transform(["goo"]).tolist() == [[0, 0, 0, 2]]


class OfTweets(SequenceVectorizer):
    """Has parameters of its own, and few."""

    def __init__(self, *, num_words=100, hashtags=True):
        super().__init__(num_words=num_words, maxlen=3, lowercase=False)
        self.hashtags = hashtags


def test_a_subclass_with_fewer_parameters():
    vectorizer = clone(OfTweets(num_words=50)).fit(["a b A"])
    assert vectorizer.get_params() == {"num_words": 50, "hashtags": True}
    assert vectorizer.vocabulary_ == {"A": 4, "a": 5, "b": 6}
    expected = [[1, 4, 6]]
    assert vectorizer.transform(["A b"]).tolist() == expected
    assert pickle.loads(pickle.dumps(vectorizer)).transform(["A b"]).tolist() == expected
    with pytest.raises(ValueError, match="num_words"):
        OfTweets(num_words=0).fit(["a"])


def test_scikit_learn_checks():
    # most of them feed numbers, and are left out for a transformer of texts
    with pytest.warns(SkipTestWarning, match="string=True"):
        check_estimator(SequenceVectorizer())


def test_tags():
    tags = get_tags(SequenceVectorizer())
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.requires_fit


def test_every_container(text_container, texts):
    expected = SequenceVectorizer(maxlen=5).fit_transform(texts)
    vectorizer = SequenceVectorizer(maxlen=5)
    assert_array_equal(vectorizer.fit_transform(text_container(texts)), expected)
    assert_array_equal(vectorizer.transform(text_container(texts)), expected)


def test_output_as_frame(texts):
    vectorizer = SequenceVectorizer(maxlen=3).set_output(transform="pandas")
    X = pd.DataFrame({"text": texts}, index=list("wxyz"))
    for frame in (vectorizer.fit_transform(X), vectorizer.transform(X)):
        assert list(frame.columns) == [f"sequencevectorizer{i}" for i in range(3)]
        assert list(frame.index) == list("wxyz")
        assert (frame.dtypes == np.int32).all()
    assert vectorizer.inverse_transform(frame)[0] == ["a", "good", "film"]
    assert list(vectorizer.get_feature_names_out()) == list(frame.columns)


def test_inverse_transform(texts):
    vectorizer = SequenceVectorizer(maxlen=6, padding="post").fit(texts)
    assert vectorizer.inverse_transform(vectorizer.transform(["good story, great film", ""])) == [
        ["[START]", "good", "story", "[OOV]", "film"],
        ["[START]"],
    ]
    assert vectorizer.inverse_transform([[], [0], [3, 10**6]]) == [[], [], ["[OOV]"] * 2]
    assert vectorizer.set_params(start_char=None).inverse_transform([[1]]) == [["[OOV]"]]
    for bad in ([[1.5]], [["a"]], [[-1]], [3]):
        with pytest.raises(ValueError, match="Expected rows of ids"):
            vectorizer.inverse_transform(bad)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("tokenizer", ["builtins.list", None])
def test_grid_search(n_jobs, tokenizer, texts):
    search = GridSearchCV(
        make_pipeline(SequenceVectorizer(maxlen=8, tokenizer=tokenizer), MultinomialNB()),
        {"sequencevectorizer__num_words": [8, 10]},
        cv=2,
        n_jobs=n_jobs,
        error_score="raise",
    )
    search.fit(texts * 2, [1, 0, 1, 0] * 2)
    assert search.predict(texts).shape == (4,)
