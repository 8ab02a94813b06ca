"""Tests of make_sentiment_pipeline."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from seqsent import (
    RecurrentSentimentClassifier,
    SequenceVectorizer,
    _pipeline,
    make_sentiment_pipeline,
)
from seqsent._runtime.backend import import_keras

TEXTS = ["a good film", "a bad film", "not bad at all", "not good at all"]
LABELS = [1, 0, 1, 0]


def test_defaults_equal_those_of_the_estimators():
    pipeline = make_sentiment_pipeline()
    assert isinstance(pipeline, Pipeline)
    assert list(pipeline.named_steps) == ["vectorizer", "classifier"]
    assert pipeline["vectorizer"].get_params() == SequenceVectorizer().get_params()
    assert pipeline["classifier"].get_params() == RecurrentSentimentClassifier().get_params()


@pytest.mark.parametrize(
    ("name", "value", "steps"),
    [
        ("num_words", 500, {"vectorizer"}),
        ("maxlen", 40, {"vectorizer"}),
        ("stop_words", ["the"], {"vectorizer"}),
        ("oov_char", 3, {"vectorizer", "classifier"}),
        ("oov_char", None, {"vectorizer", "classifier"}),
        ("warm_start", True, {"vectorizer", "classifier"}),
        ("state_dim", 16, {"classifier"}),
        ("random_state", 0, {"classifier"}),
        ("cell", "lstm", {"classifier"}),
    ],
)
def test_parameter_is_set_on_the_steps_that_have_it(name, value, steps):
    defaults = make_sentiment_pipeline().get_params()
    found = make_sentiment_pipeline(**{name: value}).get_params()
    changed = {key for key, now in found.items() if "__" in key and now != defaults[key]}
    assert changed == {f"{step}__{name}" for step in steps}
    assert all(found[key] == value for key in changed)


def test_every_parameter_of_both_estimators_is_accepted():
    names = {
        name
        for estimator in (SequenceVectorizer(), RecurrentSentimentClassifier())
        for name in estimator.get_params()
    }
    values = {name: object() for name in names}
    found = make_sentiment_pipeline(**values).get_params()
    for name, value in values.items():
        assert any(found.get(f"{step}__{name}") is value for step in ("vectorizer", "classifier"))


@pytest.mark.parametrize(
    ("tried", "meant"),
    [("max_features", "num_words"), ("max_len", "maxlen"), ("units", "state_dim")]
    + [("max_tokens", "num_words"), ("statedim", "state_dim")],
)
def test_error_of_an_unknown_parameter_suggests_a_name(tried, meant):
    with pytest.raises(TypeError, match=f"'{tried}'.*Did you mean '{meant}'"):
        make_sentiment_pipeline(**{tried: 10})


def test_parameter_with_a_step_prefix_is_rejected():
    with pytest.raises(TypeError, match="'classifier__cell'"):
        make_sentiment_pipeline(classifier__cell="gru")


@pytest.mark.parametrize(
    ("tried", "meant"),
    [
        ("cell", "classifier__cell"),
        ("units", "classifier__state_dim"),
        ("max_features", "vectorizer__num_words"),
        ("classifer__cell", "classifier__cell"),
        ("classifier__maxlen", "vectorizer__maxlen"),
        ("vectorizer__dropout", "classifier__dropout"),
        ("clf__lr", "classifier__learning_rate"),
        ("memry", "memory"),
    ],
)
def test_set_params_and_searches_suggest_a_name(tried, meant):
    message = f"Invalid parameter '{tried}'.*Did you mean '{meant}'"
    pipeline = make_sentiment_pipeline()
    with pytest.raises(ValueError, match=message):
        pipeline.set_params(**{tried: 1})
    with pytest.raises(ValueError, match=message):
        GridSearchCV(pipeline, {tried: [1]}, cv=2).fit(["good", "bad"] * 2, [1, 0] * 2)


def test_set_params_replaces_a_step():
    other = SequenceVectorizer()
    assert make_sentiment_pipeline().set_params(vectorizer=other)["vectorizer"] is other


def test_unknown_preset_is_rejected():
    with pytest.raises(ValueError, match=r"one of \['accurate', 'fast', 'tutorial'\].*'classic'"):
        make_sentiment_pipeline(preset="classic")


def test_memory_is_set_on_the_pipeline():
    assert clone(make_sentiment_pipeline(memory="cache")).memory == "cache"


class TestPresets:
    def test_tutorial_has_the_parameters_of_the_tutorial(self):
        pipeline = make_sentiment_pipeline(preset="tutorial")
        vectorizer, classifier = pipeline["vectorizer"], pipeline["classifier"]
        assert (vectorizer.num_words, vectorizer.maxlen) == (10_000, 250)
        assert (vectorizer.start_char, vectorizer.oov_char, vectorizer.index_from) == (1, 2, 3)
        assert (vectorizer.padding, vectorizer.truncating) == ("pre", "pre")
        assert classifier.cell == "simple"
        assert (classifier.state_dim, classifier.embed_dim) == (32, 32)
        assert (classifier.batch_size, classifier.epochs) == (128, 5)
        assert (classifier.optimizer, classifier.learning_rate) == ("rmsprop", 0.001)
        assert classifier.gate_bias == "keras"
        assert classifier.mask_padding is False
        assert (classifier.dropout, classifier.embedding_init) == (0.0, "uniform")

    @pytest.mark.parametrize("mask_padding", [False, True])
    def test_tutorial_builds_the_network_of_the_tutorial(self, mask_padding):
        parameters = {"mask_padding": mask_padding, "epochs": 1, "random_state": 0}
        pipeline = make_sentiment_pipeline(preset="tutorial", **parameters)
        model = pipeline.fit(TEXTS, LABELS)["classifier"].model_
        layers = [type(layer).__name__ for layer in model.layers[1:]]
        assert layers == ["Embedding", "SimpleRNN", "Dense"]
        assert model.count_params() == 10_000 * 32 + (32 * 32 + 32 * 32 + 32) + 33
        assert float(np.asarray(model.optimizer.learning_rate.value)) == pytest.approx(0.001)

    def test_parameters_override_the_preset(self):
        pipeline = make_sentiment_pipeline(
            "lstm", preset="tutorial", num_words=500, epochs=2, mask_padding=True
        )
        classifier = pipeline["classifier"]
        assert (classifier.cell, classifier.epochs) == ("lstm", 2)
        assert classifier.mask_padding is True
        assert classifier.optimizer == "rmsprop"
        assert pipeline["vectorizer"].num_words == classifier.num_words == 500

    def test_overrides_do_not_change_later_calls(self):
        make_sentiment_pipeline("gru", preset="tutorial", maxlen=9)
        assert make_sentiment_pipeline(preset="tutorial")["classifier"].cell == "simple"
        assert make_sentiment_pipeline(preset="tutorial")["vectorizer"].maxlen == 250
        assert make_sentiment_pipeline()["classifier"].cell == "gru"

    @pytest.mark.parametrize("preset", ["fast", "accurate"])
    def test_preset_learns_from_60_texts(self, preset):
        if preset == "accurate" and import_keras().backend.backend() != "jax":
            pytest.skip("adversarial training needs JAX")
        rng = np.random.default_rng(0)
        labels = rng.integers(2, size=100)
        verdicts = np.array([["awful", "dull", "a bore"], ["lovely", "moving", "a joy"]])
        texts = [
            f"{rng.choice(['we', 'they'])} saw film {rng.integers(50)} and it was {rng.choice(row)}"
            for row in verdicts[labels]
        ]
        pipeline = make_sentiment_pipeline(preset=preset, ngram_buckets=2**12, random_state=0)
        pipeline.fit(texts[:60], labels[:60])
        assert pipeline[-1].n_iter_ == 130
        assert pipeline[-1].num_words is None  # the texts determine the size of the table
        assert pipeline.score(texts[60:], labels[60:]) > 0.95

    def test_preset_without_num_words_keeps_the_default(self, monkeypatch):
        monkeypatch.setitem(_pipeline._PRESETS, "short", {"maxlen": 20, "cell": "gru"})
        pipeline = make_sentiment_pipeline(preset="short")
        assert pipeline["vectorizer"].maxlen == 20
        assert pipeline["vectorizer"].num_words == SequenceVectorizer().num_words
        assert pipeline["classifier"].num_words is None

    def test_embedding_weights_override_the_embed_dim_of_a_preset(self):
        matrix = np.eye(50, 7)
        pipeline = make_sentiment_pipeline(
            preset="tutorial", embedding_weights=matrix, num_words=50, epochs=1
        )
        model = pipeline.fit(TEXTS, LABELS)["classifier"].model_
        assert model.get_layer("embedding").output_dim == 7


def test_embed_dim_that_contradicts_embedding_weights_is_rejected():
    pipeline = make_sentiment_pipeline(embedding_weights=np.eye(50, 7), num_words=50, embed_dim=32)
    with pytest.raises(ValueError, match="embed_dim=32 contradicts embedding_weights"):
        pipeline.fit(TEXTS, LABELS)


def test_warm_start_keeps_ids_and_word_vectors(small_pipeline):
    sizes = {"state_dim": 8, "embed_dim": 8, "epochs": 60}
    pipeline = small_pipeline(cell="gru", warm_start=True, learning_rate=0.02, **sizes)
    pipeline.fit(TEXTS * 5, LABELS * 5)
    assert pipeline.score(TEXTS, LABELS) == 1.0
    before = dict(pipeline["vectorizer"].vocabulary_)
    pipeline.set_params(classifier__epochs=1)
    # "aa" is first in the alphabet and most frequent, but gets an id after the known words
    pipeline.fit(["aa aa aa splendid film", "aa aa aa awful film"] * 4, [1, 0] * 4)
    assert pipeline.score(TEXTS, LABELS) == 1.0
    after = pipeline["vectorizer"].vocabulary_
    assert {word: after[word] for word in before} == before
    assert sorted(after.values()) == list(range(4, 4 + len(after)))


def test_warm_start_enlarges_the_embedding_table(small_pipeline):
    pipeline = small_pipeline(cell="gru", warm_start=True, num_words=None)
    pipeline.fit(TEXTS, LABELS)
    assert pipeline["classifier"].n_words_ == 1024
    texts = [" ".join(f"w{i + k}" for k in range(6)) for i in range(0, 1200, 6)]
    pipeline.fit([text + " film film" for text in texts], [0, 1] * 100)
    assert pipeline["classifier"].n_words_ == 2048
    assert pipeline["vectorizer"].n_words_ > 1024
    assert pipeline.predict_proba(texts).shape == (200, 2)


def test_both_steps_use_the_same_id_for_unknown_words(small_pipeline):
    pipeline = small_pipeline(oov_char=3).fit(TEXTS, LABELS)
    ids = pipeline["vectorizer"].transform(["a splendid film"])
    assert 3 in ids
    out_of_table = np.where(ids == 3, 10**6, ids)
    classifier = pipeline["classifier"]
    np.testing.assert_array_equal(
        classifier.predict_proba(out_of_table), classifier.predict_proba(ids)
    )
