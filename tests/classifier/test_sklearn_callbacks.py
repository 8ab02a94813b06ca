"""Callbacks of scikit-learn: progress, scores and early stops of a fit and its epochs."""

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

callback = pytest.importorskip("sklearn.callback")

TEXTS = ["good film", "bad film", "fine plot", "poor plot"] * 10
LABELS = [1, 0, 1, 0] * 10
ROWS = np.arange(60).reshape(20, 3) % 7 + 3
ROW_LABELS = [0, 1] * 10


class Recorder:
    """Records the tasks that begin and end, and can stop a fit."""

    max_propagation_depth = None

    def __init__(self, stops_after: int | None = None) -> None:
        self.stops_after = stops_after
        self.events: list[tuple[str, str, int]] = []
        self.arguments: list[dict[str, Any]] = []
        self.is_set_up = False

    def setup(self, estimator: Any, context: Any) -> None:
        self.is_set_up = True

    def teardown(self, estimator: Any, context: Any) -> None:
        self.is_set_up = False

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.events.append(("begin", context.task_name, context.max_subtasks))

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, X: Any, y: Any, metadata: Any, fitted_estimator: Any
    ) -> bool:
        self.events.append(("end", context.task_name, context.max_subtasks))
        self.arguments.append(locals())
        return context.task_name == "epoch" and context.task_id + 1 == self.stops_after


def test_each_epoch_is_a_task_of_the_fit(small_classifier: Callable[..., Any]) -> None:
    recorder = Recorder()
    small_classifier(epochs=2).set_callbacks(recorder).fit(ROWS, ROW_LABELS)
    epoch = [("begin", "epoch", 0), ("end", "epoch", 0)]
    assert recorder.events == [("begin", "fit", 2), *epoch, *epoch, ("end", "fit", 2)]


def test_hooks_receive_the_data(small_classifier: Callable[..., Any]) -> None:
    recorder = Recorder()
    weights = np.ones(20)
    classifier = small_classifier(epochs=1).set_callbacks(recorder)
    classifier.fit(ROWS, y=ROW_LABELS, sample_weight=weights)
    for arguments in recorder.arguments:
        assert arguments["estimator"] is classifier
        assert arguments["X"] is ROWS
        assert arguments["y"] is ROW_LABELS
        assert arguments["metadata"]["sample_weight"] is weights


def test_fitted_estimator_predicts_as_after_the_epoch(small_classifier: Callable[..., Any]) -> None:
    keeps_rate = {"optimizer": "sgd", "learning_rate": 0.1}  # else it decays within two epochs
    recorder = Recorder()
    full = small_classifier(epochs=2, **keeps_rate).set_callbacks(recorder).fit(ROWS, ROW_LABELS)
    first, second, _ = (arguments["fitted_estimator"] for arguments in recorder.arguments)
    after_one = small_classifier(epochs=1, **keeps_rate).fit(ROWS, ROW_LABELS)
    np.testing.assert_allclose(first.predict_proba(ROWS), after_one.predict_proba(ROWS), atol=1e-6)
    np.testing.assert_allclose(second.predict_proba(ROWS), full.predict_proba(ROWS), atol=1e-6)


def test_a_callback_stops_the_fit(small_classifier: Callable[..., Any]) -> None:
    classifier = small_classifier(epochs=5).set_callbacks(Recorder(stops_after=2))
    assert classifier.fit(ROWS, ROW_LABELS).n_iter_ == 2


def test_predictions_are_the_same_with_callbacks(small_classifier: Callable[..., Any]) -> None:
    plain = small_classifier().fit(ROWS, ROW_LABELS)
    observed = small_classifier().set_callbacks(Recorder()).fit(ROWS, ROW_LABELS)
    np.testing.assert_array_equal(plain.predict_proba(ROWS), observed.predict_proba(ROWS))
    assert vars(observed).keys() - vars(plain).keys() == {"_skl_callbacks"}


@pytest.mark.parametrize("labels", [[0, 0] * 10, [0, 1]])
def test_a_failed_fit_tears_callbacks_down(
    small_classifier: Callable[..., Any], labels: list[int]
) -> None:
    recorder = Recorder()
    classifier = small_classifier().set_callbacks(recorder)
    with pytest.raises(ValueError, match=r"class|inconsistent"):
        classifier.fit(ROWS, labels)
    assert not recorder.is_set_up
    assert not any("fit" in name for name in vars(classifier))


def test_search_with_one_progress_bar(
    small_pipeline: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "300")  # the bar would cut off titles
    before = threading.active_count()
    search = GridSearchCV(small_pipeline(epochs=2), {"classifier__state_dim": [3, 4]}, cv=2)
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(TEXTS, LABELS)
    output = capsys.readouterr().out
    assert "GridSearchCV - search #0" in output
    assert output.count("SequenceVectorizer - fit #0") >= 5  # four evaluations and a refit
    assert threading.active_count() <= before + 4  # threads of predictions and of the listener


def test_scoring_monitor_scores_each_epoch(small_pipeline: Callable[..., Any]) -> None:
    monitor = callback.ScoringMonitor(scoring="accuracy")
    pipeline = small_pipeline(epochs=3)
    pipeline[-1].set_callbacks(monitor)
    pipeline.fit(TEXTS, LABELS)
    scores = monitor.get_logs().data_as_pandas["accuracy"]
    assert len(scores) == 3
    assert scores.iloc[-1] == pipeline.score(TEXTS, LABELS)


def test_callbacks_are_kept_by_pickle_and_copy(small_classifier: Callable[..., Any]) -> None:
    classifier = small_classifier().set_callbacks(Recorder())
    for other in (pickle.loads(pickle.dumps(classifier)), copy.copy(classifier)):
        (recorder,) = other._skl_callbacks
        assert isinstance(recorder, Recorder)
