"""SequenceVectorizer: what is refused, and what it says."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from seqsent import SequenceVectorizer


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"start_char": 0}, "'start_char' parameter"),
        ({"oov_char": 0}, "'oov_char' parameter"),
        ({"start_char": 2}, "start_char and oov_char are both 2"),
        ({"oov_char": 4}, r"oov_char=4 is the id of a word: .* in \[1, 3\]"),
        ({"start_char": 9999}, "start_char=9999 is the id of a word"),
        ({"index_from": 1}, "oov_char=2 is the id of a word"),
        ({"index_from": 2**31}, r"must be an int in the range \[0, 1073741824\]"),
        ({"num_words": 4}, "num_words=4 leaves no id for a word"),
        ({"maxlen": 0}, "'maxlen' parameter"),
        ({"padding": "left"}, "'padding' parameter"),
        ({"lowercase": "unicode"}, "'lowercase' parameter"),
        ({"missing": "drop"}, "'missing' parameter"),
        ({"min_df": 2, "max_df": 1}, "max_df=1 allows fewer"),
        ({"min_df": 5}, "max_df=1.0 allows fewer of the 4 documents than min_df=5"),
        ({"min_df": 4}, "None of the 8 words lies within min_df=4"),
        ({"analyzer": "chars"}, "Did you mean 'char'"),
    ],
)
def test_bad_parameters_leave_the_fitted_state(parameters, message, texts):
    vectorizer = SequenceVectorizer(maxlen=4).fit(texts)
    before = vectorizer.transform(texts)
    old = {name: getattr(vectorizer, name) for name in parameters}
    for fit in (vectorizer.fit, vectorizer.fit_transform):
        vectorizer.set_params(**parameters)
        with pytest.raises(ValueError, match=message):
            fit(texts)
    assert_array_equal(vectorizer.set_params(**old).transform(texts), before)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([], ValueError, "Found no documents"),
        (["", "?!"], ValueError, "The vocabulary is empty: no words in 2 documents"),
        ("a text", TypeError, "pass a list"),
        ([["a", "b"]], TypeError, "analyzer=list"),
        (["a", None], ValueError, "row 1"),
    ],
)
def test_bad_input_leaves_the_fitted_state(X, error, message, texts):
    vectorizer = SequenceVectorizer(maxlen=4).fit(texts)
    before = dict(vars(vectorizer))
    with pytest.raises(error, match=message):
        vectorizer.fit(X)
    assert vars(vectorizer) == before


def test_missing_texts_can_be_empty():
    vectorizer = SequenceVectorizer(maxlen=3, missing="empty")
    assert vectorizer.fit_transform(["a", None, np.nan, pd.NA]).tolist()[1:] == [[0, 0, 1]] * 3
    vectorizer = SequenceVectorizer(maxlen=3, missing="empty", analyzer=list)
    assert vectorizer.fit_transform([["a"], None]).tolist() == [[0, 1, 4], [0, 0, 1]]


@pytest.mark.parametrize("name", ["max_features", "max_tokens", "max_len"])
def test_familiar_names_are_answered(name):
    with pytest.raises(ValueError, match=r"Did you mean '(num_words|maxlen)'"):
        SequenceVectorizer().set_params(**{name: 100})
