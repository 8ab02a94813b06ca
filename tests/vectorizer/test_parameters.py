"""SequenceVectorizer: invalid parameters and input."""

import pytest
from numpy.testing import assert_array_equal

from seqsent import SequenceVectorizer


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"start_char": 0}, "'start_char' parameter"),
        ({"oov_char": 0}, "'oov_char' parameter"),
        ({"start_char": 2}, "start_char and oov_char are both 2"),
        ({"oov_char": 4}, r"oov_char=4 is the id of a token: .* in \[1, 3\]"),
        ({"start_char": 9999}, "start_char=9999 is the id of a token"),
        ({"index_from": 1}, "oov_char=2 is the id of a token"),
        ({"index_from": 2**31}, r"must be an int in the range \[0, 1073741824\]"),
        ({"num_words": 4}, "num_words=4 leaves no id for a token"),
        ({"maxlen": 0}, "'maxlen' parameter"),
        ({"padding": "left"}, "'padding' parameter"),
        ({"lowercase": "ascii"}, "'lowercase' parameter"),
        ({"missing": "drop"}, "'missing' parameter"),
        ({"min_df": 2, "max_df": 1}, "satisfies min_df=2 and max_df=1"),
        ({"min_df": 4}, "none of 8 tokens in 4 documents satisfies min_df=4 and max_df=1.0"),
        ({"analyzer": "chars"}, "Did you mean 'char'"),
    ],
)
def test_fit_rejects_invalid_parameters_and_keeps_the_previous_fit(parameters, message, texts):
    vectorizer = SequenceVectorizer(maxlen=4).fit(texts)
    expected = vectorizer.transform(texts)
    previous = {name: getattr(vectorizer, name) for name in parameters}
    for fit in (vectorizer.fit, vectorizer.fit_transform):
        vectorizer.set_params(**parameters)
        with pytest.raises(ValueError, match=message):
            fit(texts)
    assert_array_equal(vectorizer.set_params(**previous).transform(texts), expected)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([], ValueError, "Found no documents"),
        (["", ".,"], ValueError, "The vocabulary is empty: found no tokens in 2 documents"),
        ("a text", TypeError, "Pass a list"),
        ([["a", "b"]], TypeError, "analyzer=list"),
        (["a", None], ValueError, "row 1"),
    ],
)
def test_fit_rejects_invalid_input_and_keeps_the_previous_fit(X, error, message, texts):
    vectorizer = SequenceVectorizer(maxlen=4).fit(texts)
    before = dict(vars(vectorizer))
    with pytest.raises(error, match=message):
        vectorizer.fit(X)
    assert vars(vectorizer) == before
