"""scikit-learn's tools on raw text: each gives what the same work done by hand gives."""

from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from joblib import Memory, parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  unlocks the next import
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    get_scorer,
    log_loss,
    roc_auc_score,
)
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer, make_sentiment_pipeline
from seqsent._runtime.backend import import_keras
from seqsent.datasets import make_reviews

N_TEXTS = 180
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


def small_pipeline(**parameters: Any) -> Pipeline:
    """Return a pipeline that is trained in a moment."""
    small = {
        "cell": "simple",
        "pooling": "last",
        "maxlen": 32,
        "state_dim": 8,
        "embed_dim": 8,
        "batch_size": 32,
        "learning_rate": 0.02,
        "epochs": 2,
        "random_state": 0,
    }
    return make_sentiment_pipeline(**{**small, **parameters})


def small_classifier(**parameters: Any) -> RecurrentSentimentClassifier:
    return small_pipeline(**parameters)["classifier"]


@pytest.fixture(scope="module")
def texts() -> np.ndarray:
    return np.asarray(make_reviews(N_TEXTS, random_state=0)["data"], dtype=object)


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return np.asarray(make_reviews(N_TEXTS, random_state=0)["target"])


@pytest.fixture(scope="module")
def names(labels: np.ndarray) -> np.ndarray:
    return np.array(["bad", "good"])[labels]


@pytest.fixture(scope="module")
def fitted(texts: np.ndarray, names: np.ndarray) -> Pipeline:
    return small_pipeline(epochs=8).fit(texts, names)


@pytest.fixture(scope="module")
def frame(texts: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {"stars": np.arange(N_TEXTS) % 5, "text": texts, "title": texts[::-1]},
        index=range(500, 500 + N_TEXTS),
    )


@pytest.fixture(scope="module")
def search(texts: np.ndarray, names: np.ndarray) -> GridSearchCV:
    grid = {"classifier__cell": ["simple", "gru"], "classifier__state_dim": [4, 8]}
    return GridSearchCV(small_pipeline(), grid, cv=FOLDS, error_score="raise").fit(texts, names)


def fold_accuracies(pipeline: Pipeline, texts: Any, labels: Any, cv: Any = FOLDS) -> list[float]:
    """Return what `cross_val_score` should, in a plain loop."""
    return [
        accuracy_score(
            labels[test], clone(pipeline).fit(texts[train], labels[train]).predict(texts[test])
        )
        for train, test in cv.split(texts, labels)
    ]


def assert_probabilities(probabilities: np.ndarray, shape: tuple[int, int]) -> None:
    assert probabilities.shape == shape
    assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (probabilities > 0).all()
    assert np.ptp(probabilities[:, 0]) > 0.01  # a network that ignores its text fails here


class TestSearch:
    def test_scores_are_those_of_fits_by_hand(
        self, search: GridSearchCV, texts: np.ndarray, names: np.ndarray
    ) -> None:
        assert len(search.cv_results_["params"]) == 4
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        for i, parameters in enumerate(search.cv_results_["params"]):
            expected = fold_accuracies(small_pipeline().set_params(**parameters), texts, names)
            found = [search.cv_results_[f"split{k}_test_score"][i] for k in range(3)]
            assert_allclose(found, expected)

    def test_best_pipeline_is_refitted_on_all_texts(
        self, search: GridSearchCV, texts: np.ndarray, names: np.ndarray
    ) -> None:
        by_hand = small_pipeline().set_params(**search.best_params_).fit(texts, names)
        assert_array_equal(search.predict_proba(texts), by_hand.predict_proba(texts))
        assert search.classes_.tolist() == ["bad", "good"]
        assert search.best_estimator_["classifier"].cell == search.best_params_["classifier__cell"]

    def test_two_processes_find_the_same(
        self, search: GridSearchCV, texts: np.ndarray, names: np.ndarray
    ) -> None:
        grid = {"classifier__cell": ["simple"], "classifier__state_dim": [4, 8]}
        # each process compiles for itself; forking a process that runs JAX can hang
        with parallel_config("loky", n_jobs=2):
            parallel = clone(search).set_params(param_grid=grid).fit(texts, names)
        alike = [search.cv_results_["params"].index(p) for p in parallel.cv_results_["params"]]
        for k in range(3):
            key = f"split{k}_test_score"
            assert_array_equal(parallel.cv_results_[key], search.cv_results_[key][alike])
        by_hand = small_pipeline().set_params(**parallel.best_params_).fit(texts, names)
        assert_array_equal(parallel.predict_proba(texts), by_hand.predict_proba(texts))

    def test_threads_find_the_same(self, texts: np.ndarray, names: np.ndarray) -> None:
        grid = {"classifier__state_dim": [3, 5, 6]}  # sizes that have not been compiled yet
        search = GridSearchCV(small_pipeline(), grid, cv=FOLDS, error_score="raise")
        with parallel_config("threading", n_jobs=3):
            parallel = clone(search).fit(texts, names)
        search.fit(texts, names)
        key = "mean_test_score"
        assert_array_equal(parallel.cv_results_[key], search.cv_results_[key])
        assert_array_equal(parallel.predict_proba(texts), search.predict_proba(texts))

    def test_pandas_columns(
        self, search: GridSearchCV, texts: np.ndarray, names: np.ndarray
    ) -> None:
        index = pd.Index(range(1000, 1000 + N_TEXTS))
        frame = pd.DataFrame({"text": texts, "label": pd.Categorical(names)}, index=index)
        from_pandas = clone(search).fit(frame["text"], frame["label"])
        assert_array_equal(
            from_pandas.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"]
        )
        assert set(from_pandas.predict(frame["text"])) == {"bad", "good"}

    def test_vectorizer_parameters(self, texts: np.ndarray, names: np.ndarray) -> None:
        grid = {"vectorizer__num_words": [5, None], "vectorizer__maxlen": [32, None]}
        search = GridSearchCV(small_pipeline(), grid, cv=FOLDS, error_score="raise")
        search.fit(texts, names)
        for i in (0, 3):
            parameters = search.cv_results_["params"][i]
            expected = fold_accuracies(small_pipeline().set_params(**parameters), texts, names)
            assert_allclose(search.cv_results_["mean_test_score"][i], np.mean(expected))

    def test_distributions_draw_numpy_scalars(self, texts: np.ndarray, names: np.ndarray) -> None:
        distributions = {
            "classifier__state_dim": np.array([4, 8]),
            "classifier__embed_dim": np.array([8], dtype=np.int32),
            "classifier__learning_rate": np.array([0.01, 0.02], dtype=np.float32),
            "classifier__cell": np.array(["simple"]),
            "classifier__n_layers": np.array([1]),
            "vectorizer__maxlen": np.array([32]),
        }
        search = RandomizedSearchCV(
            small_pipeline(), distributions, n_iter=2, cv=2, random_state=0, error_score="raise"
        ).fit(texts, names)
        drawn = search.best_params_
        plain = {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in drawn.items()
        }
        assert any(plain[name] is not drawn[name] for name in drawn)
        by_hand = small_pipeline().set_params(**plain).fit(texts, names)
        assert_array_equal(search.predict_proba(texts), by_hand.predict_proba(texts))

    def test_halving_gives_epochs_to_the_best(self, texts: np.ndarray, names: np.ndarray) -> None:
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
        ).fit(texts, names)
        assert search.n_resources_ == [1, 2, 4]
        assert search.n_candidates_ == [4, 2, 1]
        assert search.best_estimator_["classifier"].n_iter_ == 4
        assert search.best_params_["classifier__epochs"] == 4
        results = pd.DataFrame(search.cv_results_)
        last = results[results["iter"] == 2].iloc[0]
        expected = fold_accuracies(small_pipeline().set_params(**last["params"]), texts, names)
        assert_allclose(last["mean_test_score"], np.mean(expected))


class TestCrossValidation:
    def test_folds_are_stratified(self, texts: np.ndarray, names: np.ndarray) -> None:
        assert is_classifier(small_pipeline())
        order = np.argsort(names)
        # whole folds of one class, which plain KFold would make here, are an error
        scores = cross_val_score(
            small_pipeline(), texts[order], names[order], cv=2, error_score="raise"
        )
        expected = fold_accuracies(
            small_pipeline(), texts[order], names[order], cv=StratifiedKFold(2)
        )
        assert_allclose(scores, expected)

    def test_several_scorers(self, texts: np.ndarray, names: np.ndarray) -> None:
        scores = cross_validate(
            small_pipeline(),
            texts,
            names,
            cv=FOLDS,
            scoring=["accuracy", "roc_auc", "neg_log_loss"],
            return_estimator=True,
            return_indices=True,
            error_score="raise",
        )
        for k, (estimator, test) in enumerate(
            zip(scores["estimator"], scores["indices"]["test"], strict=True)
        ):
            probabilities = estimator.predict_proba(texts[test])
            truth = names[test]
            assert_allclose(
                [scores[f"test_{name}"][k] for name in ("accuracy", "roc_auc", "neg_log_loss")],
                [
                    accuracy_score(truth, estimator.classes_[probabilities.argmax(axis=1)]),
                    roc_auc_score(truth == "good", probabilities[:, 1]),
                    -log_loss(truth, probabilities, labels=["bad", "good"]),
                ],
            )
        assert scores["test_roc_auc"].mean() > 0.55

    def test_three_classes_and_groups(self) -> None:
        texts, labels = make_reviews(150, n_classes=3, return_X_y=True, random_state=0)
        groups = np.arange(150) % 10
        scores = cross_validate(
            small_pipeline(),
            texts,
            labels,
            groups=groups,
            cv=GroupKFold(2),
            scoring="roc_auc_ovr",
            return_indices=True,
            error_score="raise",
        )
        assert ((scores["test_score"] > 0) & (scores["test_score"] < 1)).all()
        for train, test in zip(*scores["indices"].values(), strict=True):
            assert not set(groups[train]) & set(groups[test])

    def test_out_of_fold_probabilities(self, texts: np.ndarray, names: np.ndarray) -> None:
        found = cross_val_predict(small_pipeline(), texts, names, cv=FOLDS, method="predict_proba")
        assert_probabilities(found, (N_TEXTS, 2))
        for train, test in FOLDS.split(texts, names):
            by_hand = small_pipeline().fit(texts[train], names[train])
            assert_array_equal(found[test], by_hand.predict_proba(texts[test]))

    def test_learning_curve(self, texts: np.ndarray, names: np.ndarray) -> None:
        sizes, train_scores, test_scores = learning_curve(
            small_pipeline(),
            texts,
            names,
            cv=FOLDS,
            train_sizes=[40, 120],
            shuffle=True,
            random_state=0,
            error_score="raise",
        )
        assert sizes.tolist() == [40, 120]
        assert train_scores.shape == test_scores.shape == (2, 3)
        assert np.isfinite(train_scores).all()
        # with all training texts of a fold, in the order that the curve put them
        rng = np.random.RandomState(0)
        for k, (train, test) in enumerate(FOLDS.split(texts, names)):
            shuffled = rng.permutation(train)
            by_hand = small_pipeline().fit(texts[shuffled], names[shuffled])
            assert_allclose(test_scores[1, k], by_hand.score(texts[test], names[test]))


class TestMetaEstimators:
    def test_calibration(self, texts: np.ndarray, names: np.ndarray) -> None:
        calibrated = CalibratedClassifierCV(small_pipeline(), cv=FOLDS).fit(texts, names)
        assert_probabilities(calibrated.predict_proba(texts), (N_TEXTS, 2))
        assert calibrated.classes_.tolist() == ["bad", "good"]
        first = calibrated.calibrated_classifiers_[0].estimator
        train, _ = next(FOLDS.split(texts, names))
        by_hand = small_pipeline().fit(texts[train], names[train])
        # TensorFlow's threads do not always add in the same order
        off = 1e-6 if import_keras().backend.backend() == "tensorflow" else 0
        assert_allclose(first.predict_proba(texts), by_hand.predict_proba(texts), rtol=off)

    def test_frozen_pipeline_is_not_trained_again(
        self, fitted: Pipeline, texts: np.ndarray, names: np.ndarray
    ) -> None:
        before = fitted.predict_proba(texts)
        calibrated = CalibratedClassifierCV(FrozenEstimator(fitted)).fit(texts[:90], names[:90])
        assert calibrated.calibrated_classifiers_[0].estimator.estimator is fitted
        assert_array_equal(fitted.predict_proba(texts), before)
        # Platt's scaling keeps the order of the texts, and moves their probabilities
        after = calibrated.predict_proba(texts)[:, 1]
        order = np.argsort(before[:, 1])
        assert (np.diff(after[order]) >= -1e-9).all()
        assert np.abs(after - before[:, 1]).max() > 0.01

    def test_soft_voting_is_the_mean(self, texts: np.ndarray, names: np.ndarray) -> None:
        members = [(cell, small_pipeline(cell=cell)) for cell in ("simple", "lstm", "gru")]
        voting = VotingClassifier(members, voting="soft").fit(texts, names)
        mean = np.mean(
            [clone(member).fit(texts, names).predict_proba(texts) for _, member in members], axis=0
        )
        assert_allclose(voting.predict_proba(texts), mean)
        assert_array_equal(voting.predict(texts), voting.classes_[mean.argmax(axis=1)])

    # scikit-learn 1.6 passes LogisticRegression's solver options that scipy is about to drop
    @pytest.mark.filterwarnings("ignore:scipy.optimize:DeprecationWarning")
    def test_stacking_learns_from_out_of_fold_probabilities(
        self, texts: np.ndarray, names: np.ndarray
    ) -> None:
        members = [(cell, small_pipeline(cell=cell)) for cell in ("simple", "gru")]
        stacking = StackingClassifier(members, LogisticRegression(), cv=FOLDS).fit(texts, names)
        assert stacking.stack_method_ == ["predict_proba"] * 2
        columns = [
            cross_val_predict(member, texts, names, cv=FOLDS, method="predict_proba")[:, 1]
            for _, member in members
        ]
        by_hand = LogisticRegression().fit(np.column_stack(columns), names)
        assert_allclose(stacking.final_estimator_.coef_, by_hand.coef_, rtol=1e-6)
        assert_probabilities(stacking.predict_proba(texts), (N_TEXTS, 2))

    def test_one_vs_rest(self) -> None:
        texts, labels = make_reviews(150, n_classes=3, return_X_y=True, random_state=0)
        one_vs_rest = OneVsRestClassifier(small_pipeline()).fit(texts, labels)
        probabilities = one_vs_rest.predict_proba(texts)
        assert_probabilities(probabilities, (150, 3))
        own = np.column_stack(
            [
                small_pipeline().fit(texts, (labels == c).astype(int)).predict_proba(texts)[:, 1]
                for c in range(3)
            ]
        )
        assert_allclose(probabilities, own / own.sum(axis=1, keepdims=True))
        assert set(one_vs_rest.predict(texts)) <= {0, 1, 2}

    def test_bagging_on_ids(self, texts: np.ndarray, names: np.ndarray) -> None:
        ids = SequenceVectorizer(maxlen=32).fit_transform(texts)
        bagging = BaggingClassifier(
            small_classifier(), n_estimators=3, max_samples=0.7, random_state=0
        ).fit(ids, names)
        members = [member.predict_proba(ids) for member in bagging.estimators_]
        assert_allclose(bagging.predict_proba(ids), np.mean(members, axis=0))
        assert np.abs(members[0] - members[1]).max() > 0.01
        assert bagging.score(ids, names) > 0.6

    def test_tuned_threshold(self, texts: np.ndarray, names: np.ndarray) -> None:
        rare = np.concatenate(
            [np.flatnonzero(names == "bad"), np.flatnonzero(names == "good")[:30]]
        )
        tuned = TunedThresholdClassifierCV(
            small_pipeline(epochs=4), scoring="balanced_accuracy", cv=FOLDS
        ).fit(texts[rare], names[rare])
        positive = tuned.estimator_.predict_proba(texts[rare])[:, 1]
        expected = np.where(positive >= tuned.best_threshold_, "good", "bad")
        assert_array_equal(tuned.predict(texts[rare]), expected)
        assert 0 < tuned.best_threshold_ < 1
        assert tuned.best_score_ >= 0.5
        assert balanced_accuracy_score(names[rare], expected) > 0.5


class TestFrames:
    @pytest.mark.parametrize("way", ["ColumnTransformer", "FunctionTransformer"])
    def test_permutation_importance_is_all_in_the_text(
        self, way: str, frame: pd.DataFrame, texts: np.ndarray, names: np.ndarray, fitted: Pipeline
    ) -> None:
        if way == "ColumnTransformer":
            first = [ColumnTransformer([("text", SequenceVectorizer(maxlen=32), "text")])]
        else:
            first = [FunctionTransformer(itemgetter("text")), SequenceVectorizer(maxlen=32)]
        pipeline = make_pipeline(*first, small_classifier(epochs=8)).fit(frame, names)
        assert_array_equal(pipeline.predict_proba(frame), fitted.predict_proba(texts))
        importances = permutation_importance(
            pipeline, frame, names, n_repeats=3, random_state=0
        ).importances
        assert importances.shape == (3, 3)
        assert (importances[[0, 2]] == 0).all()
        assert importances[1].min() > 0.1

    def test_two_text_columns(self, frame: pd.DataFrame, names: np.ndarray) -> None:
        columns = ColumnTransformer(
            [(name, SequenceVectorizer(maxlen=16), name) for name in ("title", "text")]
        )
        pipeline = make_pipeline(columns, small_classifier()).fit(frame, names)
        assert_probabilities(pipeline.predict_proba(frame), (N_TEXTS, 2))
        # one vectorizer knows nothing of the other's words: ids mean two things here
        by_hand = [SequenceVectorizer(maxlen=16).fit_transform(frame[n]) for n in ("title", "text")]
        assert_array_equal(pipeline[:-1].transform(frame), np.hstack(by_hand))

    def test_feature_union_of_both_ends(self, texts: np.ndarray, names: np.ndarray) -> None:
        both_ends = FeatureUnion(
            [
                ("head", SequenceVectorizer(maxlen=8, truncating="post")),
                ("tail", SequenceVectorizer(maxlen=8, start_char=None)),
            ]
        )
        pipeline = make_pipeline(both_ends, small_classifier()).fit(texts, names)
        assert pipeline[-1].n_features_in_ == 16
        names_out = pipeline[:-1].get_feature_names_out()
        assert names_out[[0, -1]].tolist() == [
            "head__sequencevectorizer0",
            "tail__sequencevectorizer7",
        ]
        assert_probabilities(pipeline.predict_proba(texts), (N_TEXTS, 2))

    def test_nested_pipelines(self, fitted: Pipeline, texts: np.ndarray, names: np.ndarray) -> None:
        nested = Pipeline(
            [
                ("read", Pipeline([("vectorizer", SequenceVectorizer(maxlen=32))])),
                ("judge", Pipeline([("classifier", small_classifier(epochs=1))])),
            ]
        )
        nested.set_params(judge__classifier__epochs=8).fit(texts, names)
        assert_array_equal(nested.predict_proba(texts), fitted.predict_proba(texts))
        assert nested.classes_.tolist() == ["bad", "good"]

    @pytest.mark.parametrize("container", ["pandas", "polars"])
    def test_frames_between_the_steps(
        self, container: str, fitted: Pipeline, texts: np.ndarray, names: np.ndarray
    ) -> None:
        pytest.importorskip(container)
        with sklearn.config_context(transform_output=container):
            pipeline = small_pipeline(epochs=8).fit(texts, names)
            probabilities = pipeline.predict_proba(texts)
            rows = pipeline[:-1].transform(texts)
        assert type(rows).__module__.startswith(container)
        assert_array_equal(probabilities, fitted.predict_proba(texts))
        if container == "polars":
            return  # whose column names older versions of scikit-learn do not read
        classifier = pipeline["classifier"]
        assert_array_equal(
            classifier.feature_names_in_, pipeline["vectorizer"].get_feature_names_out()
        )
        with pytest.raises(ValueError, match="feature names"):
            classifier.predict(pd.DataFrame(np.ones((1, 32), int)).add_prefix("other"))


class TestPipeline:
    def test_clone_of_a_fitted_pipeline_is_unfitted(
        self, fitted: Pipeline, texts: np.ndarray, names: np.ndarray
    ) -> None:
        copy = clone(fitted)
        assert not hasattr(copy["classifier"], "classes_")
        assert not hasattr(copy["vectorizer"], "vocabulary_")
        assert not [name for name in vars(copy["classifier"]) if name.endswith("_")]
        assert copy.get_params()["classifier__epochs"] == 8
        assert_array_equal(copy.fit(texts, names).predict_proba(texts), fitted.predict_proba(texts))

    def test_memory_vectorizes_once(
        self, tmp_path: Path, texts: np.ndarray, names: np.ndarray
    ) -> None:
        memory = Memory(tmp_path, verbose=0)

        def n_cached() -> int:
            return len(memory.store_backend.get_items())

        pipeline = small_pipeline(memory=memory).fit(texts, names)
        assert n_cached() == 1
        plain = small_pipeline().fit(texts, names)
        assert_array_equal(pipeline.predict_proba(texts), plain.predict_proba(texts))
        again = clone(pipeline).set_params(classifier__state_dim=4).fit(texts, names)
        assert n_cached() == 1
        plain = small_pipeline(state_dim=4).fit(texts, names)
        assert_array_equal(again.predict_proba(texts), plain.predict_proba(texts))
        # used since, the vectorizer still has the same parameters
        pipeline.fit(texts, names)
        assert n_cached() == 1
        pipeline.set_params(vectorizer__maxlen=16).fit(texts, names)
        assert n_cached() == 2

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
    def test_labels_come_back_as_they_went_in(
        self, make_labels: Any, kind: str, values: str, texts: np.ndarray, labels: np.ndarray
    ) -> None:
        y = make_labels(labels)
        search = GridSearchCV(
            small_pipeline(),
            {"classifier__epochs": [1, 2]},
            cv=2,
            scoring=["accuracy", "balanced_accuracy"],
            refit="accuracy",
            error_score="raise",
        ).fit(texts, y)
        assert search.classes_.dtype.kind == kind
        assert " ".join(map(str, search.classes_)) == values
        predicted = search.predict(texts)
        assert predicted.dtype == search.classes_.dtype
        as_integers = small_pipeline(epochs=search.best_params_["classifier__epochs"])
        as_integers.fit(texts, labels)
        assert_array_equal(predicted, search.classes_[as_integers.predict(texts)])
        assert np.ptp(search.cv_results_["mean_test_accuracy"]) < 1
        assert search.score(texts, y) == np.mean(predicted == np.asarray(y))


class TestMetadataRouting:
    @pytest.fixture(autouse=True)
    def _routing(self) -> Any:
        with sklearn.config_context(enable_metadata_routing=True):
            yield

    def weighted_pipeline(self) -> Pipeline:
        pipeline = small_pipeline()
        pipeline["classifier"].set_fit_request(sample_weight=True)
        return pipeline

    def test_sample_weight_reaches_the_classifier(
        self, texts: np.ndarray, names: np.ndarray
    ) -> None:
        weights = np.linspace(0.1, 3, N_TEXTS)
        routed = self.weighted_pipeline().fit(texts, names, sample_weight=weights)
        ids = SequenceVectorizer(maxlen=32).fit_transform(texts)
        by_hand = small_classifier().fit(ids, names, sample_weight=weights)
        assert_array_equal(routed.predict_proba(texts), by_hand.predict_proba(ids))
        unweighted = small_pipeline().fit(texts, names)
        assert np.abs(routed.predict_proba(texts) - unweighted.predict_proba(texts)).max() > 0.01

    def test_sample_weight_is_cut_to_the_folds(self, texts: np.ndarray, names: np.ndarray) -> None:
        weights = np.linspace(0.1, 3, N_TEXTS)
        search = GridSearchCV(
            self.weighted_pipeline(),
            {"classifier__epochs": [2]},
            cv=FOLDS,
            scoring=get_scorer("accuracy").set_score_request(sample_weight=True),
            error_score="raise",
        ).fit(texts, names, sample_weight=weights)
        expected = []
        for train, test in FOLDS.split(texts, names):
            fold = self.weighted_pipeline()
            fold.fit(texts[train], names[train], sample_weight=weights[train])
            hits = fold.predict(texts[test]) == names[test]
            expected.append(np.average(hits, weights=weights[test]))
        assert_allclose(search.cv_results_["mean_test_score"], np.mean(expected))

    def test_weights_that_nobody_asked_for_are_an_error(
        self, texts: np.ndarray, names: np.ndarray
    ) -> None:
        with pytest.raises(ValueError, match="sample_weight"):
            small_pipeline().fit(texts, names, sample_weight=np.ones(N_TEXTS))

    def test_validation_texts(self, texts: np.ndarray, names: np.ndarray) -> None:
        pipeline = small_pipeline().set_params(transform_input=["X_val"])
        pipeline.fit(texts[:120], names[:120], X_val=texts[120:], y_val=names[120:])
        vectorizer = SequenceVectorizer(maxlen=32).fit(texts[:120])
        by_hand = small_classifier().fit(
            vectorizer.transform(texts[:120]),
            names[:120],
            X_val=vectorizer.transform(texts[120:]),
            y_val=names[120:],
        )
        history = pipeline["classifier"].history_
        assert history == by_hand.history_
        assert len(history["val_loss"]) == 2
        # the network of the last epoch is what these figures speak of
        probabilities = pipeline.predict_proba(texts[120:])
        assert_allclose(history["val_loss"][-1], log_loss(names[120:], probabilities), rtol=1e-4)
        assert_allclose(history["val_accuracy"][-1], pipeline.score(texts[120:], names[120:]))

    def test_validation_texts_in_a_search(self, texts: np.ndarray, names: np.ndarray) -> None:
        pipeline = small_pipeline(early_stopping=True, epochs=4, n_iter_no_change=1)
        search = GridSearchCV(
            pipeline.set_params(transform_input=["X_val"]),
            {"classifier__learning_rate": [0.01, 0.02]},
            cv=2,
            error_score="raise",
        ).fit(texts[:120], names[:120], X_val=list(texts[120:]), y_val=list(names[120:]))
        best = search.best_estimator_["classifier"]
        probabilities = search.predict_proba(texts[120:])
        assert_allclose(
            best.history_["val_loss"][best.best_iter_ - 1],
            log_loss(names[120:], probabilities),
            rtol=1e-4,
        )

    def test_untransformed_validation_texts_are_answered_with_the_recipe(
        self, texts: np.ndarray, names: np.ndarray
    ) -> None:
        with pytest.raises(TypeError, match=r"transform_input=\[\"X_val\"\]"):
            small_pipeline().fit(texts, names, X_val=texts, y_val=names)
