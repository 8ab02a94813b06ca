"""SequenceVectorizer: pickles and files of other kinds."""

import copy
import io
import os
import pickle
import random
import subprocess
import sys

import cloudpickle
import joblib
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from seqsent import SequenceVectorizer

VOCABULARY = {"a": 1, "good": 2, "film": 4, "dull": 3}


def cut_in_two(text):
    return [text[: len(text) // 2], text[len(text) // 2 :]]


def through_joblib(vectorizer):
    buffer = io.BytesIO()
    joblib.dump(vectorizer, buffer)
    return joblib.load(buffer)


def through_skops(vectorizer):
    sio = pytest.importorskip("skops.io")
    data = sio.dumps(vectorizer)
    untrusted = sio.get_untrusted_types(data=data)
    assert untrusted == ["seqsent._vectorizer.SequenceVectorizer"]
    return sio.loads(data, trusted=untrusted)


STORES = {
    "pickle": lambda vectorizer: pickle.loads(pickle.dumps(vectorizer)),
    "cloudpickle": lambda vectorizer: pickle.loads(cloudpickle.dumps(vectorizer)),
    "joblib": through_joblib,
    "skops": through_skops,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
@pytest.mark.parametrize(
    "vocabulary",
    [
        None,
        VOCABULARY,
        ["good", "\ud800", "a\nb", "", "\ud83d\ude00", "\U0001f600"],
        ("good", "dull"),
        {3: 1},
    ],
    ids=["learned", "dict", "list", "tuple", "numbers"],
)
def test_storing(store, vocabulary, texts):
    vectorizer = SequenceVectorizer(vocabulary=vocabulary, maxlen=4)
    unfitted = store(vectorizer)
    assert unfitted.get_params() == vectorizer.get_params()
    vectorizer.fit(texts)
    before = dict(vars(vectorizer))
    stored = store(vectorizer)
    assert vars(vectorizer) == before
    for name in ("vocabulary_", "word_counts_", "maxlen_", "n_words_"):
        assert getattr(stored, name) == getattr(vectorizer, name)
    assert list(stored.vocabulary_) == list(vectorizer.vocabulary_)
    assert stored.get_params() == vectorizer.get_params()
    assert_array_equal(stored.transform(texts), vectorizer.transform(texts))


def test_stored_size():
    rng = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randrange(3, 12))) for _ in range(12_000)]
    texts = [" ".join(words[: int(12_000 / (i + 1))]) for i in range(100)]
    vectorizer = SequenceVectorizer().fit(texts)
    assert len(vectorizer.vocabulary_) == 9996
    assert len(pickle.dumps(vectorizer)) < 110_000


def test_cloudpickle_stores_a_lambda(texts):
    vectorizer = SequenceVectorizer(tokenizer=lambda text: text.split(), maxlen=3).fit(texts)
    again = pickle.loads(cloudpickle.dumps(vectorizer))
    assert_array_equal(again.transform(texts), vectorizer.transform(texts))
    assert_array_equal(copy.deepcopy(vectorizer).transform(texts), vectorizer.transform(texts))
    assert clone(vectorizer).tokenizer is vectorizer.tokenizer


def test_module_level_functions_are_pickled(texts):
    vectorizer = SequenceVectorizer(tokenizer=cut_in_two, maxlen=3).fit(texts)
    again = pickle.loads(pickle.dumps(vectorizer))
    assert again.tokenizer is cut_in_two


def test_import_loads_nothing_heavy():
    code = (
        "import sys, sklearn, sklearn.base; before = set(sys.modules);"
        "from seqsent import SequenceVectorizer;"
        "SequenceVectorizer(maxlen=3).fit_transform(['a b'] * 20);"
        "heavy = {'keras', 'jax', 'tensorflow', 'torch', 'pandas', 'polars', 'matplotlib',"
        " 'sklearn.feature_extraction'};"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"
