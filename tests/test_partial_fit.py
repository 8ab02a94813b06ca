"""Training on chunks, of which one at a time is in memory."""

import copy
import pickle
import random

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from seqsent import SequenceVectorizer

TEXTS = ["a good film", "not good not a film at all", "", "dull", "a dull story", "good good story"]


def in_chunks(vectorizer, texts, size=2):
    for start in range(0, len(texts), size):
        vectorizer.partial_fit(texts[start : start + size])
    return vectorizer


def learned(vectorizer):
    names = ("vocabulary_", "word_counts_", "maxlen_", "n_words_")
    return {name: getattr(vectorizer, name) for name in names}


def random_texts(n=300):
    rng = random.Random(0)
    words = [f"w{int(rng.paretovariate(0.7))}" for _ in range(5000)]
    return [" ".join(rng.choices(words, k=rng.randrange(30))) for _ in range(n)]


# A vocabulary


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"num_words": None, "maxlen": None},
        {"num_words": 200, "min_df": 2, "max_df": 0.5},
        {"min_df": 40, "max_df": 200, "oov_char": None},  # more than some chunks hold
        {"min_df": 0.1, "start_char": None, "maxlen": None},
        {"analyzer": "char", "maxlen": 9},
        {"tokenizer": str.split, "stop_words": ["w1"]},
        {"vocabulary": ["w2", "never seen", "w1"], "maxlen": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [1, 37, 300])
def test_chunks_teach_the_vocabulary_of_the_whole(parameters, size):
    texts = random_texts()
    whole = SequenceVectorizer(**parameters).fit(texts)
    chunks = in_chunks(SequenceVectorizer(**parameters), texts, size)
    check_is_fitted(chunks)
    assert learned(chunks) == learned(whole)
    assert list(chunks.vocabulary_) == list(whole.vocabulary_)
    np.testing.assert_array_equal(chunks.transform(texts), whole.transform(texts))


def test_memory_is_bounded_by_the_size_of_the_vocabulary():
    frequent = "good film film " * 20
    vectorizer = SequenceVectorizer(num_words=6)
    for chunk in range(40):
        rare = " ".join(f"rare{chunk}x{i}" for i in range(100)) + " good" * 20
        vectorizer.partial_fit([frequent, rare])
        assert len(vectorizer._so_far.words) <= 20 * 6
    assert vectorizer.vocabulary_ == {"film": 4, "good": 5}
    assert vectorizer.word_counts_ == {"film": 1600, "good": 1600}
    assert len(pickle.dumps(vectorizer)) < 10_000


def test_nothing_is_left_out_where_all_words_are_wanted():
    texts = [" ".join(f"w{chunk}x{i // 2}" for i in range(200)) for chunk in range(10)]
    assert len(in_chunks(SequenceVectorizer(num_words=None), texts).vocabulary_) == 1000
    given = SequenceVectorizer(vocabulary=["w0x0", "w9x0", "none"], num_words=7)
    assert in_chunks(given, texts).word_counts_ == {"w0x0": 2, "w9x0": 2, "none": 0}


@pytest.mark.parametrize(
    "use",
    [
        lambda vectorizer: vectorizer.transform([]),
        lambda vectorizer: vectorizer.inverse_transform([[4]]),
        lambda vectorizer: (
            pickle.loads(pickle.dumps(vectorizer)).transform(["good"])
            and vectorizer.transform(["good"])
        ),
    ],
    ids=["transform", "inverse_transform", "after a pickle"],
)
def test_ids_move_no_more_once_they_are_used(use):
    vectorizer = in_chunks(SequenceVectorizer(maxlen=5), TEXTS)
    expected = learned(vectorizer)
    vectorizer.transform(TEXTS)
    with pytest.raises(ValueError, match=r"fixed since fit or the first transform.*begin anew"):
        vectorizer.partial_fit(["all at at at"])
    assert learned(vectorizer) == expected


def test_a_fit_begins_anew():
    vectorizer = in_chunks(SequenceVectorizer(maxlen=5), TEXTS)
    assert learned(vectorizer.fit(["other words"])) == learned(
        clone(vectorizer).fit(["other words"])
    )
    with pytest.raises(ValueError, match="fixed since fit"):
        vectorizer.partial_fit(TEXTS)
    rows = in_chunks(SequenceVectorizer(maxlen=5), TEXTS).fit_transform(["other words"])
    np.testing.assert_array_equal(rows, vectorizer.transform(["other words"]))


def test_a_warm_fit_adds_words_behind_those_of_chunks():
    vectorizer = in_chunks(SequenceVectorizer(warm_start=True), TEXTS)
    before = dict(vectorizer.vocabulary_)
    vectorizer.fit(["new words"])
    largest = max(before.values())
    assert vectorizer.vocabulary_ == {**before, "new": largest + 1, "words": largest + 2}


@pytest.mark.parametrize(
    "store",
    [
        lambda v: pickle.loads(pickle.dumps(v)),
        copy.deepcopy,
        lambda v: skops.io.loads(
            skops.io.dumps(v), trusted=["seqsent._vectorizer.SequenceVectorizer"]
        ),
    ],
    ids=["pickle", "copy", "skops"],
)
@pytest.mark.parametrize("parameters", [{}, {"min_df": 2, "stop_words": ["at"], "num_words": 6}])
def test_a_stored_vectorizer_goes_on(parameters, store):
    vectorizer = SequenceVectorizer(**parameters)
    texts = [text + f" \ud800{i} odd" for i, text in enumerate(TEXTS * 30)]
    unbroken = in_chunks(clone(vectorizer), texts)
    for start in range(0, len(texts), 40):
        vectorizer = store(in_chunks(vectorizer, texts[start : start + 40]))
    assert learned(vectorizer) == learned(unbroken)
    assert (unbroken._so_far.most_missed > 0) == (parameters != {})


def test_a_chunk_that_fails_changes_nothing():
    vectorizer = in_chunks(SequenceVectorizer(), TEXTS)
    expected = learned(vectorizer)
    for wrong in ([], ["new", None], "one text", [7]):
        with pytest.raises((TypeError, ValueError), match=r"text|document"):
            vectorizer.partial_fit(wrong)
    assert learned(vectorizer) == expected
    vectorizer.partial_fit(["new"])
    assert vectorizer.word_counts_["new"] == 1


@pytest.mark.parametrize(
    "change", [{"analyzer": "keras"}, {"min_df": 1.0}, {"stop_words": ["a"]}, {"vocabulary": ["a"]}]
)
def test_what_is_counted_cannot_change_between_chunks(change):
    vectorizer = SequenceVectorizer().partial_fit(TEXTS)
    with pytest.raises(ValueError, match=f"goes on with .* before {next(iter(change))} changed"):
        vectorizer.set_params(**change).partial_fit(TEXTS)
    vectorizer.set_params(
        **{name: clone(SequenceVectorizer()).get_params()[name] for name in change}
    )
    vectorizer.set_params(padding="post").partial_fit(TEXTS)


def test_chunks_without_any_word():
    vectorizer = SequenceVectorizer(min_df=2).partial_fit(["", "once"])
    assert (vectorizer.vocabulary_, vectorizer.n_words_) == ({}, 4)
    with pytest.raises(ValueError, match="None of the 1 words lies within min_df=2"):
        vectorizer.transform(["once"])
    assert vectorizer.partial_fit(["once"]).vocabulary_ == {"once": 4}
    assert vectorizer.transform(["once"]).shape == (1, 250)


def test_the_longest_text_of_known_words_needs_all_words():
    with pytest.raises(ValueError, match="Set maxlen to a number, or give oov_char an id"):
        SequenceVectorizer(maxlen=None, oov_char=None).partial_fit(TEXTS)


def test_a_warning_about_a_chunk_names_the_line_that_passed_it():
    with pytest.warns(UserWarning, match="negation decides sentiment") as warned:
        SequenceVectorizer(stop_words="english").partial_fit(TEXTS)
    assert warned[0].filename == __file__
