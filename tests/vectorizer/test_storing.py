"""SequenceVectorizer: pickles, skops files and imports."""

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


def joblib_round_trip(vectorizer):
    buffer = io.BytesIO()
    joblib.dump(vectorizer, buffer)
    return joblib.load(buffer)


def skops_round_trip(vectorizer):
    sio = pytest.importorskip("skops.io")
    data = sio.dumps(vectorizer)
    untrusted = sio.get_untrusted_types(data=data)
    assert untrusted == ["seqsent._vectorizer.SequenceVectorizer"]
    return sio.loads(data, trusted=untrusted)


ROUND_TRIPS = {
    "pickle": lambda vectorizer: pickle.loads(pickle.dumps(vectorizer)),
    "cloudpickle": lambda vectorizer: pickle.loads(cloudpickle.dumps(vectorizer)),
    "joblib": joblib_round_trip,
    "skops": skops_round_trip,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("round_trip", ROUND_TRIPS.values(), ids=ROUND_TRIPS)
@pytest.mark.parametrize(
    "vocabulary",
    [
        None,
        {"a": 1, "good": 2, "film": 4, "dull": 3},
        ["good", "\ud800", "a\nb", "", "\ud83d\ude00", "\U0001f600"],
        ("good", "dull"),
        {3: 1},
        {False: 1, True: 2},
    ],
    ids=["learned", "dict", "list", "tuple", "numbers", "booleans"],
)
def test_round_trip(round_trip, vocabulary, texts):
    vectorizer = SequenceVectorizer(vocabulary=vocabulary, maxlen=4)
    assert round_trip(vectorizer).get_params() == vectorizer.get_params()
    vectorizer.fit(texts)
    before = dict(vars(vectorizer))
    again = round_trip(vectorizer)
    assert vars(vectorizer) == before
    for name in ("vocabulary_", "word_counts_", "maxlen_", "n_words_"):
        assert getattr(again, name) == getattr(vectorizer, name)
    assert list(again.vocabulary_) == list(vectorizer.vocabulary_)
    assert again.get_params() == vectorizer.get_params()
    assert_array_equal(again.transform(texts), vectorizer.transform(texts))


def test_size_of_a_pickle():
    rng = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randrange(3, 12))) for _ in range(12_000)]
    texts = [" ".join(words[: int(12_000 / (i + 1))]) for i in range(100)]
    vectorizer = SequenceVectorizer().fit(texts)
    assert len(vectorizer.vocabulary_) == 9996
    assert len(pickle.dumps(vectorizer)) < 110_000


def test_lambda_is_stored_by_cloudpickle_and_shared_by_clone(texts):
    vectorizer = SequenceVectorizer(tokenizer=lambda text: text.split(), maxlen=3).fit(texts)
    again = pickle.loads(cloudpickle.dumps(vectorizer))
    assert_array_equal(again.transform(texts), vectorizer.transform(texts))
    assert clone(vectorizer).tokenizer is vectorizer.tokenizer


def test_import_loads_no_backend_and_no_pandas():
    code = (
        "import sys, sklearn, sklearn.base; before = set(sys.modules);"
        "from seqsent import SequenceVectorizer;"
        "SequenceVectorizer(maxlen=3).fit_transform(['a b'] * 20);"
        "slow = {'keras', 'jax', 'tensorflow', 'torch', 'pandas', 'polars', 'matplotlib',"
        " 'sklearn.feature_extraction'};"
        "print(sorted(slow & (set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"
