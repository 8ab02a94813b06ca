"""make_sentiment_pipeline: which parameter goes where."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from seqsent import (
    RecurrentSentimentClassifier,
    SequenceVectorizer,
    _pipeline,
    make_sentiment_pipeline,
)
from seqsent._runtime.backend import import_keras

TEXTS = ["a good film", "a bad film", "not bad at all", "not good at all"]


def test_defaults_are_those_of_the_estimators() -> None:
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
        ("cell", "gru", {"classifier"}),
    ],
)
def test_each_parameter_goes_to_its_estimators(name: str, value: Any, steps: set[str]) -> None:
    pipeline = make_sentiment_pipeline(**{name: value})
    plain = make_sentiment_pipeline()
    changed = {
        key
        for key, now in pipeline.get_params().items()
        if "__" in key and now != plain.get_params()[key]
    }
    assert changed == {f"{step}__{name}" for step in steps}
    assert all(pipeline.get_params()[key] == value for key in changed)


def test_every_parameter_of_both_estimators_is_taken() -> None:
    pipeline = make_sentiment_pipeline()
    names = {key.partition("__")[2] for key in pipeline.get_params() if "__" in key}
    values = {name: object() for name in names}
    found = make_sentiment_pipeline(**values).get_params(deep=True)
    assert found["classifier__cell"] is values["cell"]
    for name, value in values.items():
        assert any(found.get(f"{step}__{name}") is value for step in ("vectorizer", "classifier"))


@pytest.mark.parametrize(
    ("tried", "meant"),
    [("max_features", "num_words"), ("max_len", "maxlen"), ("units", "state_dim")]
    + [("max_tokens", "num_words"), ("statedim", "state_dim")],
)
def test_unknown_name_is_answered_with_a_guess(tried: str, meant: str) -> None:
    with pytest.raises(TypeError, match=f"'{tried}'.*Did you mean '{meant}'"):
        make_sentiment_pipeline(**{tried: 10})


def test_step_prefix_is_not_taken() -> None:
    with pytest.raises(TypeError, match="'classifier__cell'"):
        make_sentiment_pipeline(classifier__cell="gru")


def test_unknown_preset() -> None:
    with pytest.raises(ValueError, match=r"one of \['accurate', 'fast', 'tutorial'\].*'classic'"):
        make_sentiment_pipeline(preset="classic")


class TestTutorial:
    def test_is_the_classic_program(self) -> None:
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
        assert (classifier.learning_rate_schedule, classifier.global_clipnorm) == ("constant", None)

    @pytest.mark.parametrize("mask_padding", [False, True])
    def test_network_is_the_classic_one(self, mask_padding: bool) -> None:
        parameters = {"mask_padding": mask_padding, "epochs": 1, "random_state": 0}
        pipeline = make_sentiment_pipeline(preset="tutorial", **parameters)
        model = pipeline.fit(TEXTS, [1, 0, 1, 0])["classifier"].model_
        layers = [type(layer).__name__ for layer in model.layers[1:]]
        assert layers == ["Embedding", "SimpleRNN", "Dense"]
        assert model.count_params() == 10_000 * 32 + (32 * 32 + 32 * 32 + 32) + 33
        assert float(np.asarray(model.optimizer.learning_rate.value)) == pytest.approx(0.001)

    def test_what_is_passed_beats_the_preset(self) -> None:
        pipeline = make_sentiment_pipeline(
            "lstm", preset="tutorial", num_words=500, epochs=2, mask_padding=True
        )
        classifier = pipeline["classifier"]
        assert (classifier.cell, classifier.epochs) == ("lstm", 2)
        assert classifier.mask_padding is True
        assert classifier.optimizer == "rmsprop"
        # a table of the given size, whatever the texts hold
        assert pipeline["vectorizer"].num_words == classifier.num_words == 500

    def test_presets_do_not_leak(self) -> None:
        make_sentiment_pipeline("gru", preset="tutorial", maxlen=9)
        assert make_sentiment_pipeline(preset="tutorial")["classifier"].cell == "simple"
        assert make_sentiment_pipeline(preset="tutorial")["vectorizer"].maxlen == 250
        assert make_sentiment_pipeline()["classifier"].cell == "lstm"


@pytest.mark.parametrize("preset", ["fast", "accurate"])
def test_presets_that_learn_from_few_texts(preset: Any) -> None:
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
    assert pipeline[-1].n_iter_ == 100
    assert pipeline[-1].num_words is None  # the table is as large as the texts need
    assert pipeline.score(texts[60:], labels[60:]) > 0.95


def test_a_preset_may_name_no_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_pipeline._PRESETS, "short", {"maxlen": 20, "cell": "gru"})
    pipeline = make_sentiment_pipeline(preset="short")  # type: ignore[arg-type]
    assert pipeline["vectorizer"].maxlen == 20
    assert pipeline["vectorizer"].num_words == SequenceVectorizer().num_words
    assert pipeline["classifier"].num_words is None


def test_given_word_vectors_beat_the_width_of_a_preset() -> None:
    matrix = np.eye(50, 7)
    pipeline = make_sentiment_pipeline(
        preset="tutorial", embedding_weights=matrix, num_words=50, epochs=1
    )
    model = pipeline.fit(TEXTS, [1, 0, 1, 0])["classifier"].model_
    assert model.get_layer("embedding").output_dim == 7
    explicit = make_sentiment_pipeline(embedding_weights=matrix, num_words=50, embed_dim=32)
    with pytest.raises(ValueError, match="embed_dim=32 contradicts embedding_weights"):
        explicit.fit(TEXTS, [1, 0, 1, 0])


def test_a_warm_start_keeps_words_and_their_vectors() -> None:
    options = {"state_dim": 8, "embed_dim": 8, "maxlen": 6, "epochs": 60, "random_state": 0}
    pipeline = make_sentiment_pipeline("gru", warm_start=True, learning_rate=0.02, **options)
    pipeline.fit(TEXTS * 5, [1, 0, 1, 0] * 5)
    assert pipeline.score(TEXTS, [1, 0, 1, 0]) == 1.0
    ids = dict(pipeline["vectorizer"].vocabulary_)
    pipeline.set_params(classifier__epochs=1)
    # new words come first in the alphabet, and more often
    pipeline.fit(["aa aa aa splendid film", "aa aa aa awful film"] * 4, [1, 0] * 4)
    assert pipeline.score(TEXTS, [1, 0, 1, 0]) == 1.0
    now = pipeline["vectorizer"].vocabulary_
    assert {word: now[word] for word in ids} == ids
    assert sorted(now.values()) == list(range(4, 4 + len(now)))


def test_a_warm_start_grows_the_table() -> None:
    pipeline = make_sentiment_pipeline(
        "gru", warm_start=True, num_words=None, maxlen=6, epochs=1, state_dim=4, random_state=0
    )
    pipeline.fit(TEXTS, [1, 0, 1, 0])
    assert pipeline["classifier"].n_words_ == 1024
    texts = [" ".join(f"w{i + k}" for k in range(6)) for i in range(0, 1200, 6)]
    pipeline.fit([text + " film film" for text in texts], [0, 1] * 100)
    assert pipeline["classifier"].n_words_ == 2048
    assert pipeline["vectorizer"].n_words_ > 1024
    assert pipeline.predict_proba(texts).shape == (200, 2)


def test_memory_is_the_pipelines() -> None:
    assert make_sentiment_pipeline(memory="cache").memory == "cache"
    assert clone(make_sentiment_pipeline(memory="cache")).memory == "cache"


def test_reads_unknown_words_alike_in_both_steps() -> None:
    pipeline = make_sentiment_pipeline(
        "simple", oov_char=3, maxlen=8, state_dim=4, embed_dim=4, epochs=1, random_state=0
    ).fit(TEXTS, ["good", "bad", "good", "bad"])
    ids = pipeline["vectorizer"].transform(["a splendid film"])
    assert 3 in ids
    beyond = np.where(ids == 3, 10**6, ids)
    classifier = pipeline["classifier"]
    np.testing.assert_array_equal(classifier.predict_proba(beyond), classifier.predict_proba(ids))
