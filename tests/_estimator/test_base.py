"""Parameter names and cloning, the same for both estimators."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

from seqsent import RecurrentSentimentClassifier, SequenceVectorizer
from seqsent._estimator.parameters import _FAMILIAR_NAMES, did_you_mean

ESTIMATORS = (RecurrentSentimentClassifier, SequenceVectorizer)


@pytest.mark.parametrize(
    ("estimator", "tried", "meant"),
    [
        (SequenceVectorizer(), "max_features", "num_words"),
        (SequenceVectorizer(), "max_tokens", "num_words"),
        (SequenceVectorizer(), "max_len", "maxlen"),
        (SequenceVectorizer(), "stopwords", "stop_words"),
        (RecurrentSentimentClassifier(), "units", "state_dim"),
        (RecurrentSentimentClassifier(), "hidden_size", "state_dim"),
        (RecurrentSentimentClassifier(), "lr", "learning_rate"),
        (RecurrentSentimentClassifier(), "patience", "n_iter_no_change"),
        (RecurrentSentimentClassifier(), "droput", "dropout"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_set_params_suggests_a_name(estimator: BaseEstimator, tried: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"Invalid parameter '{tried}'.*Did you mean '{meant}'"):
        estimator.set_params(**{tried: 1})


@pytest.mark.parametrize(
    ("estimator", "tried", "meant"),
    [
        (RecurrentSentimentClassifier, "units", "state_dim"),
        (SequenceVectorizer, "max_features", "num_words"),
        (SequenceVectorizer, "stopwords", "stop_words"),
    ],
)
def test_the_constructor_suggests_a_name(
    estimator: type[BaseEstimator], tried: str, meant: str
) -> None:
    with pytest.raises(
        TypeError, match=rf"^{estimator.__name__}\(\) got .* '{tried}'. Did you mean '{meant}'"
    ):
        estimator(**{tried: 1})


def test_the_constructor_of_a_subclass_keeps_its_own_parameters() -> None:
    class Tuned(SequenceVectorizer):
        def __init__(self, *, extra: int = 1) -> None:
            super().__init__()
            self.extra = extra

    assert Tuned(extra=2).get_params() == {"extra": 2}
    with pytest.raises(TypeError, match=r"^Tuned\(\) got .*'extras'. Did you mean 'extra'"):
        Tuned(extras=2)


def test_set_params_lists_the_names_where_none_is_close() -> None:
    with pytest.raises(ValueError, match=r"'xyzzy'.*Valid parameters are: \['adversarial'") as info:
        RecurrentSentimentClassifier().set_params(xyzzy=1)
    assert "Did you mean" not in str(info.value)


def test_set_params_sets_nothing_where_a_name_is_wrong() -> None:
    classifier = RecurrentSentimentClassifier()
    with pytest.raises(ValueError, match="units"):
        classifier.set_params(state_dim=5, units=4)
    assert classifier.state_dim == 32


def test_a_name_is_suggested_only_where_it_is_valid() -> None:
    assert did_you_mean("units", ["state_dim"]) == " Did you mean 'state_dim'?"
    assert did_you_mean("units", ["maxlen"]) == ""
    assert did_you_mean("max_len", ["min_len"]) == " Did you mean 'min_len'?"
    assert did_you_mean("units", ["steps", "a__state_dim"]) == " Did you mean 'a__state_dim'?"


def test_familiar_names_lead_to_parameters_and_hide_none() -> None:
    names = {name for kind in ESTIMATORS for name in kind().get_params()}
    assert set(_FAMILIAR_NAMES.values()) <= names
    assert not _FAMILIAR_NAMES.keys() & names


@pytest.mark.parametrize(
    ("estimator", "name", "other"),
    [
        (
            RecurrentSentimentClassifier(embedding_weights=np.eye(6, 4)),
            "embedding_weights",
            {"state_dim": 3},
        ),
        (SequenceVectorizer(vocabulary={"good": 1, "bad": 2}), "vocabulary", {"maxlen": 3}),
    ],
    ids=["classifier", "vectorizer"],
)
def test_clones_share_large_parameters(
    estimator: BaseEstimator, name: str, other: dict[str, Any]
) -> None:
    copy = clone(estimator.set_params(**other))
    assert copy is not estimator
    assert getattr(copy, name) is getattr(estimator, name)
    assert copy.get_params() == estimator.get_params()


def test_clones_do_not_share_other_parameters() -> None:
    class_weight = {0: 1.0, 1: 2.0}
    copy = clone(RecurrentSentimentClassifier(class_weight=class_weight))
    assert copy.class_weight == class_weight
    assert copy.class_weight is not class_weight


def test_clone_keeps_output_container_and_metadata_requests() -> None:
    vectorizer = SequenceVectorizer().set_output(transform="pandas")
    frame = clone(vectorizer).fit_transform(["good"])
    assert frame.columns[0] == "sequencevectorizer0"
    classifier = RecurrentSentimentClassifier()
    assert clone(classifier).get_metadata_routing().fit.requests["X_val"] is True
