"""Texts, and rows as the documentation describes them."""

import pytest


@pytest.fixture(scope="session")
def texts():
    return ["A good film", "Not good, not good at all.", "", "a dull, dull, dull story"]


@pytest.fixture(scope="session")
def expected_row():
    """A function that returns the row of a text, token by token."""

    def row(vectorizer, text):
        tokens = vectorizer.build_analyzer()(text)
        ids = [vectorizer.vocabulary_.get(token, vectorizer.oov_char) for token in tokens]
        ids = [id_ for id_ in [vectorizer.start_char, *ids] if id_ is not None]
        maxlen = vectorizer.maxlen_
        ids = ids[-maxlen:] if vectorizer.truncating == "pre" else ids[:maxlen]
        zeros = [0] * (maxlen - len(ids))
        return zeros + ids if vectorizer.padding == "pre" else ids + zeros

    return row
