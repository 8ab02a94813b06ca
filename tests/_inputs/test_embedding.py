"""Missing entries of `embedding_weights`."""

import pickle

import numpy as np
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from seqsent import RecurrentSentimentClassifier
from seqsent._inputs.embedding import fill_missing, load_embedding_weights

NAN = np.nan
# word 4 has no vector, word 5 lacks the first entry
MATRIX = np.array([[0, 0], [1, 1], [1, 1], [3, 4], [NAN, NAN], [NAN, 2]], dtype=np.float32)
IDS = np.array([[0, 3, 4, 5], [3, 5, 4, 3], [5, 4, 5, 3], [4, 4, 3, 5]] * 4)
LABELS = [0, 1, 1, 0] * 4


def make_classifier(**parameters):
    defaults = {"state_dim": 4, "epochs": 1, "batch_size": 4, "random_state": 0}
    return RecurrentSentimentClassifier(**{**defaults, **parameters})


def table_of(classifier):
    return classifier.model_.get_layer("embedding").get_weights()[0]


def test_missing_entries_are_scaled_to_the_known_ones():
    matrix = np.array([[3, NAN], [NAN, 4]], dtype=np.float32)
    found = fill_missing(matrix, 0, np.array([[9, 1], [-1, 9]], dtype=np.float32))
    # root mean squares: sqrt((9 + 16) / 2) and sqrt((81 + 1 + 1 + 81) / 4)
    entry = np.sqrt(12.5 / 41)
    assert_allclose(found, [[3, entry], [-entry, 4]], rtol=1e-6)
    assert found.dtype == np.float32


def test_complete_columns_do_not_change_the_scale():
    vectors = np.array([[2, 2], [2, 2]], dtype=np.float32)
    matrix = np.array([[1, 100], [NAN, 100]], dtype=np.float32)
    assert_allclose(fill_missing(matrix, 0, vectors), [[1, 100], [1, 100]])


def test_complete_matrix_is_unchanged():
    matrix = np.eye(3, dtype=np.float32)
    assert fill_missing(matrix, 0) is matrix


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinity_is_refused_with_its_rows(value):
    matrix = np.zeros((9, 2))
    matrix[[2, 7], 1] = value
    with pytest.raises(ValueError, match=r"contains infinity \(rows 2, 7\)"):
        load_embedding_weights(matrix)


@pytest.mark.parametrize("embedding_init", ["ppmi", "uniform"])
def test_fit_keeps_known_entries_and_fills_the_others(embedding_init):
    parameters = {"train_embedding": False, "embedding_init": embedding_init}
    table = table_of(make_classifier(embedding_weights=MATRIX, **parameters).fit(IDS, LABELS))
    is_known = ~np.isnan(MATRIX)
    assert_array_equal(table[is_known], MATRIX[is_known])
    assert np.isfinite(table).all()
    assert np.abs(table[~is_known]).min() > 0
    again = table_of(make_classifier(embedding_weights=MATRIX, **parameters).fit(IDS, LABELS))
    assert_array_equal(table, again)


def test_matrix_without_a_number_equals_no_matrix():
    without = make_classifier(num_words=6, embed_dim=5).fit(IDS, LABELS)
    empty = make_classifier(embedding_weights=np.full((6, 5), NAN)).fit(IDS, LABELS)
    assert_array_equal(empty.predict_proba(IDS), without.predict_proba(IDS))


@pytest.mark.parametrize("train_embedding", [True, False])
def test_stored_classifier_with_missing_entries(train_embedding):
    classifier = make_classifier(embedding_weights=MATRIX, train_embedding=train_embedding)
    expected = classifier.fit(IDS, LABELS).predict_proba(IDS)
    data = skops.io.dumps(classifier)
    for loaded in (
        pickle.loads(pickle.dumps(classifier)),
        skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data)),
    ):
        assert_array_equal(loaded.predict_proba(IDS), expected)
        assert_array_equal(loaded.embedding_weights, MATRIX)


def test_clone_shares_the_matrix():
    assert clone(make_classifier(embedding_weights=MATRIX)).embedding_weights is MATRIX


def test_warm_start_continues_with_missing_entries():
    classifier = make_classifier(embedding_weights=MATRIX, warm_start=True).fit(IDS, LABELS)
    before = table_of(classifier)
    after = table_of(classifier.fit(IDS, LABELS))
    assert classifier.n_iter_ == 2
    assert 0 < np.abs(after - before).max() < 0.1  # not initialized again
