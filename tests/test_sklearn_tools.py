"""scikit-learn's meta-estimators and model selection on raw text.

Results are compared with fits by hand, which call the estimators alone.
"""

from functools import partial
from operator import itemgetter

import numpy as np
import pandas as pd
import pytest
import sklearn
from joblib import Memory, parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  unlocks the next import
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, get_scorer, log_loss, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.semi_supervised import SelfTrainingClassifier

from seqsent import SequenceVectorizer
from seqsent._runtime.backend import import_keras
from seqsent.datasets import make_reviews

N_TEXTS, MAXLEN = 180, 32
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


@pytest.fixture(scope="module")
def small_pipeline(small_pipeline):
    """A pipeline that learns something from 180 texts in two epochs."""
    return partial(
        small_pipeline,
        cell="simple",
        pooling="last",
        state_dim=8,
        embed_dim=8,
        maxlen=MAXLEN,
        batch_size=32,
        learning_rate=0.02,
    )


@pytest.fixture(scope="module")
def small_classifier(small_pipeline):
    return lambda **parameters: small_pipeline(**parameters)["classifier"]


@pytest.fixture(scope="module")
def reviews():
    return make_reviews(N_TEXTS, return_X_y=True, random_state=0)


@pytest.fixture(scope="module")
def texts(reviews):
    return np.asarray(reviews[0], dtype=object)


@pytest.fixture(scope="module")
def labels(reviews):
    return np.array(["bad", "good"])[reviews[1]]


@pytest.fixture(scope="module")
def three_classes():
    texts, labels = make_reviews(150, n_classes=3, return_X_y=True, random_state=0)
    return np.asarray(texts, dtype=object), np.asarray(labels)


@pytest.fixture(scope="module")
def fitted(small_pipeline, texts, labels):
    return small_pipeline(epochs=8).fit(texts, labels)


@pytest.fixture(scope="module")
def frame(texts):
    columns = {"stars": np.arange(N_TEXTS) % 5, "text": texts, "title": texts[::-1]}
    return pd.DataFrame(columns, index=range(500, 500 + N_TEXTS))


@pytest.fixture(scope="module")
def search(small_pipeline, texts, labels):
    grid = {"classifier__cell": ["simple", "gru"], "vectorizer__maxlen": [16, None]}
    search = GridSearchCV(small_pipeline(), grid, cv=FOLDS, error_score="raise")
    return search.fit(texts, labels)


def fold_accuracies(pipeline, texts, labels, cv=FOLDS):
    """Return the scores that `cross_val_score` should return."""
    folds = cv.split(texts, labels)
    fits = ((clone(pipeline).fit(texts[train], labels[train]), test) for train, test in folds)
    return [accuracy_score(labels[test], model.predict(texts[test])) for model, test in fits]


def assert_probabilities(probabilities, shape):
    assert probabilities.shape == shape
    assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (probabilities > 0).all()
    assert np.ptp(probabilities[:, 0]) > 0.01  # they depend on the text


class TestSearch:
    def test_scores_equal_fits_by_hand(self, search, small_pipeline, texts, labels):
        assert len(search.cv_results_["params"]) == 4
        for i, parameters in enumerate(search.cv_results_["params"]):
            expected = fold_accuracies(small_pipeline().set_params(**parameters), texts, labels)
            found = [search.cv_results_[f"split{k}_test_score"][i] for k in range(3)]
            assert_allclose(found, expected)

    def test_best_pipeline_is_refitted_on_all_texts(self, search, small_pipeline, texts, labels):
        by_hand = small_pipeline().set_params(**search.best_params_).fit(texts, labels)
        assert_array_equal(search.predict_proba(texts), by_hand.predict_proba(texts))
        assert search.classes_.tolist() == ["bad", "good"]

    def test_pandas_columns_give_the_same_scores(self, search, texts, labels):
        index = pd.Index(range(1000, 1000 + N_TEXTS))
        frame = pd.DataFrame({"text": texts, "label": pd.Categorical(labels)}, index=index)
        from_pandas = clone(search).fit(frame["text"], frame["label"])
        key = "mean_test_score"
        assert_array_equal(from_pandas.cv_results_[key], search.cv_results_[key])
        assert set(from_pandas.predict(frame["text"])) == {"bad", "good"}

    # forking is not among them: a fork of a process that runs JAX can hang
    @pytest.mark.parametrize(("backend", "sizes"), [("loky", [4, 7]), ("threading", [3, 5, 6])])
    def test_parallel_search_equals_serial_search(
        self, backend, sizes, small_pipeline, texts, labels
    ):
        grid = {"classifier__state_dim": sizes}  # not compiled by another test
        serial = GridSearchCV(small_pipeline(), grid, cv=FOLDS, error_score="raise")
        with parallel_config(backend, n_jobs=len(sizes)):
            parallel = clone(serial).fit(texts, labels)
        serial.fit(texts, labels)
        for k in range(3):
            key = f"split{k}_test_score"
            assert_array_equal(parallel.cv_results_[key], serial.cv_results_[key])
        assert_array_equal(parallel.predict_proba(texts), serial.predict_proba(texts))

    def test_numpy_scalars_as_parameters(self, small_pipeline, texts, labels):
        distributions = {
            "classifier__state_dim": np.array([4, 8]),
            "classifier__embed_dim": np.array([8], dtype=np.int32),
            "classifier__learning_rate": np.array([0.01, 0.02], dtype=np.float32),
            "classifier__cell": np.array(["simple"]),
            "classifier__n_layers": np.array([1]),
            "vectorizer__maxlen": np.array([MAXLEN]),
        }
        search = RandomizedSearchCV(
            small_pipeline(), distributions, n_iter=2, cv=2, random_state=0, error_score="raise"
        ).fit(texts, labels)
        assert isinstance(search.best_params_["classifier__state_dim"], np.integer)
        python_scalars = {name: np.asarray(v).item() for name, v in search.best_params_.items()}
        by_hand = small_pipeline().set_params(**python_scalars).fit(texts, labels)
        assert_array_equal(search.predict_proba(texts), by_hand.predict_proba(texts))

    def test_halving_search_over_epochs(self, small_pipeline, texts, labels):
        search = HalvingGridSearchCV(
            small_pipeline(),
            {"classifier__learning_rate": [1e-5, 1e-4, 0.02, 0.05]},
            resource="classifier__epochs",
            min_resources=1,
            max_resources=4,
            factor=2,
            cv=FOLDS,
            error_score="raise",
            random_state=0,
        ).fit(texts, labels)
        assert search.n_resources_ == [1, 2, 4]
        assert search.n_candidates_ == [4, 2, 1]
        assert search.best_estimator_["classifier"].n_iter_ == 4


class TestCrossValidation:
    def test_folds_are_stratified(self, small_pipeline, texts, labels):
        order = np.argsort(labels)  # KFold would make folds of one class, which fit refuses
        texts, labels = texts[order], labels[order]
        scores = cross_val_score(small_pipeline(), texts, labels, cv=2, error_score="raise")
        expected = fold_accuracies(small_pipeline(), texts, labels, cv=StratifiedKFold(2))
        assert_allclose(scores, expected)

    def test_scorers_that_need_probabilities(self, small_pipeline, texts, labels):
        scores = cross_validate(
            small_pipeline(),
            texts,
            labels,
            cv=FOLDS,
            scoring=["roc_auc", "neg_log_loss"],
            return_estimator=True,
            return_indices=True,
            error_score="raise",
        )
        assert scores["test_roc_auc"].mean() > 0.55
        for k, test in enumerate(scores["indices"]["test"]):
            probabilities, y = scores["estimator"][k].predict_proba(texts[test]), labels[test]
            assert_allclose(
                [scores["test_roc_auc"][k], scores["test_neg_log_loss"][k]],
                [roc_auc_score(y == "good", probabilities[:, 1]), -log_loss(y, probabilities)],
            )

    def test_roc_auc_of_three_classes(self, small_pipeline, three_classes):
        scores = cross_val_score(
            small_pipeline(epochs=4), *three_classes, scoring="roc_auc_ovr", error_score="raise"
        )
        assert 0.55 < scores.mean() < 1


class TestMetaEstimators:
    def test_calibration(self, small_pipeline, texts, labels):
        calibrated = CalibratedClassifierCV(small_pipeline(), cv=FOLDS).fit(texts, labels)
        assert_probabilities(calibrated.predict_proba(texts), (N_TEXTS, 2))
        assert calibrated.classes_.tolist() == ["bad", "good"]
        first = calibrated.calibrated_classifiers_[0].estimator
        train, _ = next(FOLDS.split(texts, labels))
        by_hand = small_pipeline().fit(texts[train], labels[train])
        # TensorFlow's threads do not always add in the same order
        rtol = 1e-6 if import_keras().backend.backend() == "tensorflow" else 0
        assert_allclose(first.predict_proba(texts), by_hand.predict_proba(texts), rtol=rtol)

    def test_calibration_does_not_refit_a_frozen_pipeline(self, fitted, texts, labels):
        before = fitted.predict_proba(texts)
        calibrated = CalibratedClassifierCV(FrozenEstimator(fitted)).fit(texts[:90], labels[:90])
        assert calibrated.calibrated_classifiers_[0].estimator.estimator is fitted
        assert_array_equal(fitted.predict_proba(texts), before)
        # Platt's scaling moves the probabilities and keeps their order
        after = calibrated.predict_proba(texts)[:, 1]
        assert (np.diff(after[np.argsort(before[:, 1])]) >= -1e-9).all()
        assert np.abs(after - before[:, 1]).max() > 0.01

    def test_soft_voting_averages_probabilities(self, small_pipeline, texts, labels):
        members = [(cell, small_pipeline(cell=cell)) for cell in ("simple", "lstm", "gru")]
        voting = VotingClassifier(members, voting="soft").fit(texts, labels)
        by_hand = [clone(m).fit(texts, labels).predict_proba(texts) for _, m in members]
        mean = np.mean(by_hand, axis=0)
        assert_allclose(voting.predict_proba(texts), mean)
        assert_array_equal(voting.predict(texts), voting.classes_[mean.argmax(axis=1)])

    # scikit-learn 1.6 passes solver options that scipy 1.16 deprecates
    @pytest.mark.filterwarnings("ignore:scipy.optimize:DeprecationWarning")
    def test_stacking_uses_out_of_fold_probabilities(self, small_pipeline, texts, labels):
        members = [(cell, small_pipeline(cell=cell)) for cell in ("simple", "gru")]
        stacking = StackingClassifier(members, LogisticRegression(), cv=FOLDS).fit(texts, labels)
        assert stacking.stack_method_ == ["predict_proba"] * 2
        columns = [
            cross_val_predict(member, texts, labels, cv=FOLDS, method="predict_proba")[:, 1]
            for _, member in members
        ]
        by_hand = LogisticRegression().fit(np.column_stack(columns), labels)
        assert_allclose(stacking.final_estimator_.coef_, by_hand.coef_, rtol=1e-6)
        assert_probabilities(stacking.predict_proba(texts), (N_TEXTS, 2))

    def test_one_vs_rest(self, small_pipeline, three_classes):
        texts, labels = three_classes
        one_vs_rest = OneVsRestClassifier(small_pipeline()).fit(texts, labels)
        probabilities = one_vs_rest.predict_proba(texts)
        assert_probabilities(probabilities, (len(texts), 3))
        by_hand = [small_pipeline().fit(texts, (labels == c).astype(int)) for c in range(3)]
        scores = np.column_stack([binary.predict_proba(texts)[:, 1] for binary in by_hand])
        assert_allclose(probabilities, scores / scores.sum(axis=1, keepdims=True))

    def test_bagging_on_ids(self, small_classifier, texts, labels):
        ids = SequenceVectorizer(maxlen=MAXLEN).fit_transform(texts)
        bagging = BaggingClassifier(
            small_classifier(), n_estimators=3, max_samples=0.7, random_state=0
        ).fit(ids, labels)
        members = [member.predict_proba(ids) for member in bagging.estimators_]
        assert_allclose(bagging.predict_proba(ids), np.mean(members, axis=0))
        assert np.abs(members[0] - members[1]).max() > 0.01
        assert bagging.score(ids, labels) > 0.6

    def test_tuned_threshold(self, small_pipeline, texts, labels):
        imbalanced = np.r_[np.flatnonzero(labels == "bad"), np.flatnonzero(labels == "good")[:30]]
        texts, labels = texts[imbalanced], labels[imbalanced]
        tuned = TunedThresholdClassifierCV(
            small_pipeline(epochs=4), scoring="balanced_accuracy", cv=FOLDS
        ).fit(texts, labels)
        positive = tuned.estimator_.predict_proba(texts)[:, 1]
        expected = np.where(positive >= tuned.best_threshold_, "good", "bad")
        assert_array_equal(tuned.predict(texts), expected)
        assert 0 < tuned.best_threshold_ < 1
        assert tuned.best_score_ > 0.5

    def test_self_training(self, small_classifier, texts, labels):
        ids = SequenceVectorizer(maxlen=MAXLEN).fit_transform(texts)
        y = (labels == "good").astype(int)
        y[90:] = -1  # unlabelled
        self_training = SelfTrainingClassifier(
            small_classifier(epochs=8), threshold=0.9, max_iter=1
        )
        self_training.fit(ids, y)
        assert (self_training.labeled_iter_ == 1).any()
        is_labelled = self_training.transduction_ != -1
        assert is_labelled[:90].all()
        by_hand = small_classifier(epochs=8).fit(
            ids[is_labelled], self_training.transduction_[is_labelled]
        )
        assert_array_equal(self_training.predict_proba(ids), by_hand.predict_proba(ids))

    def test_minus_one_is_an_ordinary_label(self, small_pipeline, texts, labels):
        signs = np.where(labels == "good", 1, -1)
        voting = VotingClassifier([("member", small_pipeline(epochs=8))]).fit(texts, signs)
        assert voting.classes_.tolist() == [-1, 1]
        by_hand = small_pipeline(epochs=8).fit(texts, labels).predict(texts)
        assert_array_equal(voting.predict(texts), np.where(by_hand == "good", 1, -1))


class TestCompositions:
    @pytest.mark.parametrize(
        "steps",
        [
            [ColumnTransformer([("text", SequenceVectorizer(maxlen=MAXLEN), "text")])],
            [FunctionTransformer(itemgetter("text")), SequenceVectorizer(maxlen=MAXLEN)],
        ],
        ids=["ColumnTransformer", "FunctionTransformer"],
    )
    def test_permutation_importance_of_columns(
        self, steps, frame, texts, labels, fitted, small_classifier
    ):
        pipeline = make_pipeline(*steps, small_classifier(epochs=8)).fit(frame, labels)
        assert_array_equal(pipeline.predict_proba(frame), fitted.predict_proba(texts))
        importances = permutation_importance(
            pipeline, frame, labels, n_repeats=3, random_state=0
        ).importances
        assert (importances[[0, 2]] == 0).all()
        assert importances[1].min() > 0.1

    def test_feature_union_of_first_and_last_words(self, texts, labels, small_classifier):
        both_ends = FeatureUnion(
            [
                ("head", SequenceVectorizer(maxlen=8, truncating="post")),
                ("tail", SequenceVectorizer(maxlen=8, start_char=None)),
            ]
        )
        pipeline = make_pipeline(both_ends, small_classifier()).fit(texts, labels)
        assert pipeline[-1].n_features_in_ == 16
        names = pipeline[:-1].get_feature_names_out()
        assert names[[0, -1]].tolist() == ["head__sequencevectorizer0", "tail__sequencevectorizer7"]
        assert_probabilities(pipeline.predict_proba(texts), (N_TEXTS, 2))

    def test_nested_pipelines(self, fitted, texts, labels, small_classifier):
        vectorize = Pipeline([("vectorizer", SequenceVectorizer(maxlen=MAXLEN))])
        classify = Pipeline([("classifier", small_classifier(epochs=1))])
        nested = Pipeline([("vectorize", vectorize), ("classify", classify)])
        nested.set_params(classify__classifier__epochs=8).fit(texts, labels)
        assert_array_equal(nested.predict_proba(texts), fitted.predict_proba(texts))

    @pytest.mark.parametrize("container", ["pandas", "polars"])
    def test_data_frames_between_the_steps(self, container, fitted, texts, labels, small_pipeline):
        pytest.importorskip(container)
        with sklearn.config_context(transform_output=container):
            pipeline = small_pipeline(epochs=8).fit(texts, labels)
            probabilities = pipeline.predict_proba(texts)
            rows = pipeline[:-1].transform(texts)
        assert type(rows).__module__.startswith(container)
        assert_array_equal(probabilities, fitted.predict_proba(texts))

    def test_feature_names_of_data_frames_are_checked(self, texts, labels, small_pipeline):
        with sklearn.config_context(transform_output="pandas"):
            pipeline = small_pipeline().fit(texts, labels)
        names = pipeline["vectorizer"].get_feature_names_out()
        assert_array_equal(pipeline["classifier"].feature_names_in_, names)
        with pytest.raises(ValueError, match="feature names"):
            pipeline["classifier"].predict(pd.DataFrame(np.ones((1, MAXLEN), int)).add_prefix("x"))

    def test_clone_of_a_fitted_pipeline_is_unfitted(self, fitted, texts, labels):
        copy = clone(fitted)
        assert not [name for step in copy for name in vars(step) if name.endswith("_")]
        assert copy.get_params()["classifier__epochs"] == 8
        assert_array_equal(
            copy.fit(texts, labels).predict_proba(texts), fitted.predict_proba(texts)
        )

    def test_memory_caches_the_vectorizer(self, tmp_path, texts, labels, small_pipeline):
        memory = Memory(tmp_path, verbose=0)
        pipeline = small_pipeline(memory=memory)
        n_cached = []
        # the second fit uses the cached vectorizer, which the first has since transformed with
        for change in ({}, {}, {"classifier__state_dim": 4}, {"vectorizer__maxlen": 16}):
            pipeline.set_params(**change).fit(texts, labels)
            by_hand = clone(pipeline).set_params(memory=None).fit(texts, labels)
            assert_array_equal(pipeline.predict_proba(texts), by_hand.predict_proba(texts))
            n_cached.append(len(memory.store_backend.get_items()))
        assert n_cached == [1, 1, 1, 2]

    @pytest.mark.parametrize(
        ("make_labels", "kind", "values"),
        [
            (lambda y: pd.Series(np.array(["bad", "good"])[y], dtype="string"), "O", "bad good"),
            (lambda y: pd.Series(np.array(["bad", "good"])[y], dtype="category"), "O", "bad good"),
            (lambda y: np.array(["bad", "good"])[y].tolist(), "U", "bad good"),
            (lambda y: pd.Series(y == 1, dtype="boolean"), "b", "False True"),
            (lambda y: y == 1, "b", "False True"),
            (lambda y: pd.Series(y + 3, dtype="Int64"), "i", "3 4"),
            (lambda y: pd.Series(y, dtype="category"), "i", "0 1"),
            (lambda y: y.astype(float), "f", "0.0 1.0"),
        ],
        ids=["string", "category", "list", "boolean", "bool", "Int64", "int category", "float"],
    )
    def test_predictions_have_the_type_of_the_labels(
        self, make_labels, kind, values, reviews, small_pipeline
    ):
        texts, as_integers = reviews
        y = make_labels(as_integers)
        search = GridSearchCV(
            small_pipeline(),
            {"classifier__epochs": [1]},
            cv=2,
            scoring=["accuracy", "balanced_accuracy"],
            refit="accuracy",
            error_score="raise",
        ).fit(texts, y)
        assert search.classes_.dtype.kind == kind
        assert " ".join(map(str, search.classes_)) == values
        predicted = search.predict(texts)
        assert predicted.dtype == search.classes_.dtype
        by_hand = small_pipeline(epochs=1).fit(texts, as_integers)
        assert_array_equal(predicted, search.classes_[by_hand.predict(texts)])
        assert search.score(texts, y) == np.mean(predicted == np.asarray(y))


class TestMetadataRouting:
    @pytest.fixture(autouse=True)
    def _enable_routing(self):
        with sklearn.config_context(enable_metadata_routing=True):
            yield

    @pytest.fixture
    def weighted_pipeline(self, small_pipeline):
        pipeline = small_pipeline()
        pipeline["classifier"].set_fit_request(sample_weight=True)
        return pipeline

    def test_sample_weight_reaches_the_classifier(
        self, texts, labels, weighted_pipeline, small_pipeline, small_classifier
    ):
        weights = np.linspace(0.1, 3, N_TEXTS)
        routed = weighted_pipeline.fit(texts, labels, sample_weight=weights)
        ids = SequenceVectorizer(maxlen=MAXLEN).fit_transform(texts)
        by_hand = small_classifier().fit(ids, labels, sample_weight=weights)
        assert_array_equal(routed.predict_proba(texts), by_hand.predict_proba(ids))
        unweighted = small_pipeline().fit(texts, labels)
        assert np.abs(routed.predict_proba(texts) - unweighted.predict_proba(texts)).max() > 0.01

    def test_search_splits_sample_weight(self, texts, labels, weighted_pipeline):
        weights = np.linspace(0.1, 3, N_TEXTS)
        search = GridSearchCV(
            weighted_pipeline,
            {"classifier__epochs": [2]},
            cv=FOLDS,
            scoring=get_scorer("accuracy").set_score_request(sample_weight=True),
            error_score="raise",
        ).fit(texts, labels, sample_weight=weights)
        expected = []
        for train, test in FOLDS.split(texts, labels):
            fold = clone(weighted_pipeline)
            fold.fit(texts[train], labels[train], sample_weight=weights[train])
            hits = fold.predict(texts[test]) == labels[test]
            expected.append(np.average(hits, weights=weights[test]))
        assert_allclose(search.cv_results_["mean_test_score"], np.mean(expected))

    def test_fit_rejects_sample_weight_without_a_request(self, texts, labels, small_pipeline):
        with pytest.raises(ValueError, match="sample_weight"):
            small_pipeline().fit(texts, labels, sample_weight=np.ones(N_TEXTS))

    def test_validation_texts_are_vectorized(self, texts, labels, small_pipeline, small_classifier):
        pipeline = small_pipeline().set_params(transform_input=["X_val"])
        pipeline.fit(texts[:120], labels[:120], X_val=texts[120:], y_val=labels[120:])
        vectorizer = SequenceVectorizer(maxlen=MAXLEN).fit(texts[:120])
        by_hand = small_classifier().fit(
            vectorizer.transform(texts[:120]),
            labels[:120],
            X_val=vectorizer.transform(texts[120:]),
            y_val=labels[120:],
        )
        history = pipeline["classifier"].history_
        assert history == by_hand.history_
        probabilities = pipeline.predict_proba(texts[120:])
        assert_allclose(history["val_loss"][-1], log_loss(labels[120:], probabilities), rtol=1e-4)
        assert_allclose(history["val_accuracy"][-1], pipeline.score(texts[120:], labels[120:]))

    def test_validation_texts_in_a_search(self, texts, labels, small_pipeline):
        pipeline = small_pipeline(early_stopping=True, epochs=4, n_iter_no_change=1)
        search = GridSearchCV(
            pipeline.set_params(transform_input=["X_val"]),
            {"classifier__learning_rate": [0.01, 0.02]},
            cv=2,
            error_score="raise",
        ).fit(texts[:120], labels[:120], X_val=list(texts[120:]), y_val=list(labels[120:]))
        best = search.best_estimator_["classifier"]
        expected = log_loss(labels[120:], search.predict_proba(texts[120:]))
        assert_allclose(best.history_["val_loss"][best.best_iter_ - 1], expected, rtol=1e-4)

    def test_fit_rejects_validation_texts_without_transform_input(
        self, texts, labels, small_pipeline
    ):
        with pytest.raises(TypeError, match=r"transform_input=\[\"X_val\"\]"):
            small_pipeline().fit(texts, labels, X_val=texts, y_val=labels)
