"""to_scikeras, tested in other processes because the import of scikeras patches Keras."""

import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from seqsent import RecurrentSentimentClassifier, make_sentiment_pipeline, to_scikeras

CASES = [("simple", 2), ("lstm", 3), ("gru", 2), ("gru", 3)]
COMPARISON = f"""
import json, warnings
import numpy as np
from sklearn.base import clone
from seqsent import RecurrentSentimentClassifier, to_scikeras

ids = np.random.default_rng(0).integers(1, 50, size=(48, 10)).astype("int32")
reports = {{}}
for cell, n_classes in {CASES}:
    y = np.arange(48) % n_classes
    # with this learning rate a fit does not change the initial weights
    classifier = RecurrentSentimentClassifier(
        cell=cell, num_words=64, state_dim=4, embed_dim=4, epochs=1, shuffle=False,
        embedding_init="uniform", optimizer="sgd", learning_rate=1e-12, random_state=0,
    ).fit(ids, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikeras on newer scikit-learn and Keras
        wrapped = to_scikeras(classifier).initialize(ids, y)
        probabilities = wrapped.predict_proba(ids)
        routed = to_scikeras(classifier).set_params(model__state_dim=6).initialize(ids, y)
    expected = classifier.predict_proba(ids)
    other_seed = clone(classifier).set_params(random_state=1).fit(ids, y).predict_proba(ids)
    weights = zip(classifier.model_.get_weights(), wrapped.model_.get_weights(), strict=True)
    reports[f"{{cell}} {{n_classes}}"] = {{
        "weights": max(float(np.abs(a - b).max()) for a, b in weights),
        "shapes": [probabilities.shape, expected.shape],
        "probabilities": float(np.abs(probabilities - expected).max()),
        "other seed": float(np.abs(other_seed - expected).max()),
        "routed": routed.model_.get_layer(f"{{cell}}_1").units,
        "rate": float(np.asarray(wrapped.model_.optimizer.learning_rate.value)),
    }}
print(json.dumps(reports))
"""


@cache
def run(program: str) -> Any:
    """Run a program and return the JSON of its last line of output."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.parametrize(("cell", "n_classes"), CASES)
def test_same_network_as_the_classifier(cell: str, n_classes: int) -> None:
    report = run(COMPARISON)[f"{cell} {n_classes}"]
    assert report["weights"] < 1e-7
    assert report["shapes"] == [[48, n_classes]] * 2
    assert report["probabilities"] < 1e-6
    assert report["other seed"] > 1e-4  # the comparison can fail
    assert report["routed"] == 6
    assert report["rate"] == pytest.approx(1e-12)


def test_fit_learns_labels() -> None:
    program = """
import json, warnings
import numpy as np
from seqsent import RecurrentSentimentClassifier, to_scikeras
warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
ids = rng.integers(1, 50, size=(200, 6)).astype("int32")
y = np.where(ids[:, -1] < 25, "bad", "good")
classifier = RecurrentSentimentClassifier(
    cell="simple", num_words=64, state_dim=8, embed_dim=8, epochs=20, batch_size=16,
    learning_rate=0.02, random_state=0,
)
wrapped = to_scikeras(classifier).fit(ids, y)
print(json.dumps([wrapped.score(ids, y), sorted(set(wrapped.predict(ids).tolist()))]))
"""
    accuracy, labels = run(program)
    assert accuracy > 0.9
    assert labels == ["bad", "good"]


@pytest.mark.parametrize(
    "value", [make_sentiment_pipeline(), RecurrentSentimentClassifier, "gru"], ids=type
)
def test_rejects_other_estimators(value: Any) -> None:
    with pytest.raises(TypeError, match="Expected a RecurrentSentimentClassifier, got"):
        to_scikeras(value)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "Set num_words, or fit first"),
        ({"cell": "rnn", "num_words": 9}, r"The 'cell' parameter of .* must be .*Got 'rnn'"),
    ],
)
def test_rejects_unknown_size_and_invalid_parameters(
    parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        to_scikeras(RecurrentSentimentClassifier(**parameters))


PARAMETERS = """
import json, sys
import numpy as np
from seqsent import RecurrentSentimentClassifier, build_network, to_scikeras

imported = ["scikeras" in sys.modules]
unseeded = to_scikeras(RecurrentSentimentClassifier(num_words=9)).get_params()
imported.append("scikeras" in sys.modules)

matrix = np.eye(7, 3)
parameters = to_scikeras(RecurrentSentimentClassifier(
    embedding_weights=matrix, cell="gru", pooling="max", dropout=0.25, epochs=4, batch_size=9,
    optimizer="rmsprop", learning_rate=0.5, random_state=3,
)).get_params()
assert parameters["model"] is build_network
assert parameters["model__embedding_weights"] is matrix
names = [
    "model__num_words", "model__cell", "model__pooling", "model__dropout", "epochs",
    "batch_size", "optimizer", "optimizer__learning_rate", "random_state",
]

ids, labels = np.ones((10, 2), int), [0, 1] * 5
fitted = RecurrentSentimentClassifier(batch_size=1, state_dim=2).fit(ids, labels)
epochs = [unseeded["epochs"], to_scikeras(fitted).get_params()["epochs"]]

random_state = np.random.RandomState(5)
classifier = RecurrentSentimentClassifier(num_words=9, random_state=random_state)
seeds = [to_scikeras(classifier).get_params()["model__random_state"] for _ in range(2)]
seeds.append(int(random_state.randint(np.iinfo(np.int32).max)))

print(json.dumps({
    "imported": imported,
    "epochs": epochs,
    "routed": [parameters[name] for name in names],
    "unseeded": [unseeded["model__random_state"], unseeded["random_state"]],
    "seeds": seeds,
}))
"""


def test_scikeras_is_imported_by_the_call_only() -> None:
    assert run(PARAMETERS)["imported"] == [False, True]


def test_epochs_auto_before_and_after_a_fit() -> None:
    assert run(PARAMETERS)["epochs"] == [5, 70]


def test_parameters_are_routed() -> None:
    assert run(PARAMETERS)["routed"] == [7, "gru", "max", 0.25, 4, 9, "rmsprop", 0.5, 3]


def test_random_state_instance_is_not_advanced() -> None:
    report = run(PARAMETERS)
    assert len(set(report["seeds"])) == 1
    assert report["unseeded"] == [None, None]
