"""make_sentiment_ensemble: parameters, and its use with the tools of scikit-learn."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from seqsent import make_sentiment_ensemble, make_sentiment_pipeline

TEXTS = pd.Series(
    ["a good film", "a bad film", "not bad at all", "not good at all"] * 3, index=range(5, 17)
)
LABELS = np.array(["good", "bad", "good", "bad"] * 3)
SMALL = {
    "preset": None,
    "cell": "gru",
    "state_dim": 4,
    "embed_dim": 4,
    "epochs": 10,
    "dropout": 0.0,
    "word_dropout": 0,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def fitted():
    return make_sentiment_ensemble(**SMALL).fit(TEXTS, LABELS)


def test_network_has_the_parameters_of_a_pipeline():
    found = make_sentiment_ensemble("gru", maxlen=40).get_params()
    expected = make_sentiment_pipeline("gru", preset="fast", maxlen=40).get_params()
    for name, value in expected.items():
        if "__" in name:
            assert found[f"network__{name}"] == value


def test_unknown_parameter_suggests_a_name():
    with pytest.raises(TypeError, match=r"unknown parameter 'max_features'\. Did you mean 'num_w"):
        make_sentiment_ensemble(max_features=100)


def test_probabilities_are_the_mean_of_both_models(fitted):
    network, linear = (model.predict_proba(TEXTS) for model in fitted.estimators_)
    assert_allclose(fitted.predict_proba(TEXTS), (network + linear) / 2)
    assert np.abs(network - linear).max() > 0.01
    weighted = clone(fitted).set_params(weights=[3, 1]).fit(TEXTS, LABELS)
    assert_allclose(weighted.predict_proba(TEXTS), 0.75 * network + 0.25 * linear, atol=1e-6)


def test_linear_model_alone_learns_the_texts(fitted):
    linear = fitted.named_estimators_["linear"]
    assert_array_equal(fitted.classes_[linear.predict(TEXTS)], LABELS)


@pytest.mark.parametrize("method", ["pickle", "skops", "clone"])
def test_copies_predict_the_same(fitted, method):
    if method == "pickle":
        other = pickle.loads(pickle.dumps(fitted))
    elif method == "clone":
        other = clone(fitted).fit(TEXTS, LABELS)
    else:
        data = skops.io.dumps(fitted)
        untrusted = skops.io.get_untrusted_types(data=data)
        assert untrusted == [
            "seqsent._classifier.RecurrentSentimentClassifier",
            "seqsent._naive_bayes_scaler.NaiveBayesScaler",
            "seqsent._pipeline.SentimentPipeline",
            "seqsent._text.documents.as_documents",
            "seqsent._vectorizer.SequenceVectorizer",
            "sklearn.utils._bunch.Bunch",
        ]
        other = skops.io.loads(data, trusted=untrusted)
    assert_array_equal(other.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    assert_array_equal(other.predict(TEXTS), fitted.predict(TEXTS))


def test_two_processes_give_the_same_probabilities(fitted):
    parallel = clone(fitted).set_params(n_jobs=2).fit(TEXTS, LABELS)
    assert_allclose(parallel.predict_proba(TEXTS), fitted.predict_proba(TEXTS), atol=1e-6)


def test_grid_search_reaches_the_documented_parameters():
    grid = {
        "network__classifier__state_dim": [4],
        "linear__classifier__C": [1],
        "linear__scaler__exponent": [1],
        "linear__ngrams__words__ngram_range": [(1, 1)],
        "weights": [[1, 2]],
        "linear": ["drop"],
    }
    for name, values in grid.items():
        search = GridSearchCV(make_sentiment_ensemble(**SMALL), {name: values}, cv=2)
        best = search.fit(TEXTS, LABELS).best_estimator_
        assert best.get_params()[name] == values[0]
        assert len(best.estimators_) == 2 - (name == "linear")


@pytest.mark.parametrize("labels", [LABELS, LABELS == "good", LABELS.astype(object)])
def test_cross_val_score_of_a_series(labels):
    ensemble = make_sentiment_ensemble(**SMALL)
    scores = cross_val_score(ensemble, TEXTS, pd.Series(labels), cv=2, error_score="raise")
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize("n_rows", [1, 2, 12])
@pytest.mark.parametrize("container", [pd.DataFrame, lambda texts: texts.to_numpy()[:, None]])
def test_reads_the_containers_that_the_network_reads(container, n_rows, fitted):
    texts = container(TEXTS)
    found = clone(fitted).fit(texts, LABELS).predict_proba(texts[:n_rows])
    assert_allclose(found, fitted.predict_proba(TEXTS[:n_rows]), atol=1e-6)


def test_missing_texts_are_refused_or_read_as_empty(fitted):
    texts = [None, *TEXTS[1:]]
    with pytest.raises(ValueError, match=r"1 missing text \(row 0, .* set missing='empty'"):
        clone(fitted).fit(texts, LABELS)
    ensemble = make_sentiment_ensemble(**SMALL, missing="empty").fit(texts, LABELS)
    assert_array_equal(ensemble.predict_proba([np.nan]), ensemble.predict_proba([""]))


def test_texts_of_three_classes_without_spaces():
    texts = ["很好很好", "太差了", "一般"] * 3
    labels = np.array([7, 3, 5] * 3)
    ensemble = make_sentiment_ensemble(**SMALL).fit(texts, labels)
    assert ensemble.classes_.tolist() == [3, 5, 7]
    assert_array_equal(
        ensemble.classes_[ensemble.named_estimators_["linear"].predict(texts)], labels
    )


def test_cv_trains_one_calibrated_network_for_each_fold():
    ensemble = make_sentiment_ensemble(**SMALL, cv=3).fit(TEXTS, LABELS)
    network = ensemble.named_estimators_["network"]
    assert len(network.calibrated_classifiers_) == 3
    assert_allclose(ensemble.predict_proba(TEXTS).sum(axis=1), 1)
    assert "network__estimator__classifier__state_dim" in ensemble.get_params()


def test_cv_larger_than_a_class_is_refused():
    labels = ["good"] * 9 + ["bad"] * 3
    with pytest.raises(ValueError, match="4-fold cross-validation but provided less than 4"):
        make_sentiment_ensemble(**SMALL, cv=4).fit(TEXTS, labels)


def test_class_weight_is_set_on_both_models():
    ensemble = make_sentiment_ensemble(**SMALL, class_weight="balanced")
    found = ensemble.get_params()
    assert found["network__classifier__class_weight"] == "balanced"
    assert found["linear__classifier__class_weight"] == "balanced"


@pytest.mark.parametrize("cv", [None, 2])
def test_sample_weight_reaches_both_models_by_metadata_routing(cv):
    weights = np.where(LABELS == "good", 20.0, 0.05)
    with sklearn.config_context(enable_metadata_routing=True):
        ensemble = make_sentiment_ensemble(**SMALL, cv=cv)
        network, linear = (model for _, model in ensemble.estimators)
        linear[-1].set_fit_request(sample_weight=True)
        pipeline = network if cv is None else network.set_fit_request(sample_weight=True).estimator
        pipeline[-1].set_fit_request(sample_weight=True)
        unweighted = clone(ensemble).fit(TEXTS, LABELS)
        weighted = clone(ensemble).fit(TEXTS, LABELS, sample_weight=weights)
    for one, other in zip(weighted.estimators_, unweighted.estimators_, strict=True):
        difference = one.predict_proba(TEXTS) - other.predict_proba(TEXTS)
        assert difference[:, 1].mean() > 0.001  # of "good"
