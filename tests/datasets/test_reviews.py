"""make_reviews: texts, labels and their difficulty for a bag of words."""

import random
import string

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from seqsent.datasets import _phrases, _reviews, make_reviews

EXPECTED_TEXTS = [
    "My sister works at the quiz in Durham. This cafe was poor.",
    "The restaurant is anything but poor, it is excellent.",
    "The programme said that it would last eleven hours. "
    "Afterwards we walked along the river to the tram. "
    "Far from being good, the thriller was dull.",
]
EXPECTED_LABELS = [0, 1, 0]


def fields(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("distance", [0, 7, 120])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_texts_are_unique(distance, n_classes):
    bunch = make_reviews(distance=distance, n_classes=n_classes, random_state=0)
    assert len(set(bunch.data)) == len(bunch.data) == 2000


@pytest.mark.parametrize("noise", [0, 0.05, 0.3, 1])
@pytest.mark.parametrize(("n_samples", "n_classes"), [(1, 2), (101, 2), (101, 3), (300, 3)])
def test_class_sizes_differ_by_at_most_one(noise, n_samples, n_classes):
    target = make_reviews(n_samples, noise=noise, n_classes=n_classes, random_state=1).target
    assert target.dtype == np.int64
    assert np.ptp(np.bincount(target, minlength=n_classes)) <= 1


@pytest.mark.parametrize("n_classes", [2, 3])
def test_noise_is_the_fraction_of_flipped_labels(n_classes):
    rng = np.random.RandomState(0)
    target = rng.randint(n_classes, size=1000)
    flipped = _reviews._flip_labels(target, 0.137, n_classes, rng)
    assert np.sum(flipped != target) == 137
    assert set(flipped) == set(range(n_classes))


def test_random_state_gives_the_same_texts_on_every_platform():
    data, target = make_reviews(3, return_X_y=True, random_state=0)
    again = make_reviews(3, random_state=np.random.RandomState(0))
    assert data.tolist() == again.data.tolist()
    assert data.tolist() == EXPECTED_TEXTS
    assert target.tolist() == again.target.tolist() == EXPECTED_LABELS
    assert make_reviews(3, random_state=1).data.tolist() != data.tolist()


@pytest.mark.parametrize("random_state", [0, None])
def test_global_generators_are_unchanged(random_state):
    python, numpy = random.getstate(), np.random.mtrand._rand.get_state()
    make_reviews(10, random_state=random_state)
    assert random.getstate() == python
    after = np.random.mtrand._rand.get_state()
    assert all(np.array_equal(a, b) for a, b in zip(after, numpy, strict=True))


def test_random_state_none_gives_other_texts_each_time():
    assert make_reviews(10).data.tolist() != make_reviews(10).data.tolist()


@pytest.mark.parametrize("distance", [1, 2, 3, 4, 5, 20, 121])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_distance_words_follow_the_deciding_word(distance, n_classes):
    bunch = make_reviews(
        300, distance=distance, noise=0, n_classes=n_classes, random_state=distance
    )
    opinions = _reviews._OPINIONS[n_classes]
    for text, label in zip(bunch.data, bunch.target, strict=True):
        deciding = text.split()[-distance - 1]
        assert deciding.endswith(".")
        assert deciding[:-1] in opinions[label]


def test_distant_verdict_is_followed_by_other_opinions():
    texts = make_reviews(200, distance=120, random_state=0).data
    words = {word for opinions in _phrases.OPINIONS for word in opinions}
    later = [sum(word.strip(".,") in words for word in text.split()[-120:]) for text in texts]
    assert np.mean(later) > 0.5


def test_short_reviews_are_short():
    lengths = [len(text.split()) for text in make_reviews(random_state=0).data]
    assert min(lengths) >= 4
    assert max(lengths) <= 45


def test_contrasts_contain_each_opinion_once():
    for template in (*_phrases.LAST_DECIDES, *_phrases.FIRST_DECIDES):
        assert template.count("{win}") == template.count("{lose}") == 1


def test_negations_are_pairs_of_the_same_words():
    for negative, positive in _phrases.NEGATIONS:
        words = [sorted(text.replace(",", "").strip(".").split()) for text in (negative, positive)]
        assert words[0] == words[1]
        assert negative != positive


def test_templates_contain_known_fields_only():
    known = {*_phrases.WORDS, "subject", "aspect", "win", "lose", "good", "bad"}
    pairs = [text for pair in _phrases.NEGATIONS for text in pair]
    for template in (*_phrases.PLAIN, *_phrases.LAST_DECIDES, *_phrases.FIRST_DECIDES, *pairs):
        assert fields(template) <= known
    for template in _phrases.DISTRACTORS:
        assert "opinion" in fields(template) <= {*_phrases.WORDS, "opinion"}


def test_fillers_are_neutral_and_closings_have_a_known_length():
    closings = [text for group in _phrases.CLOSINGS for text in group]
    for n_words, group in enumerate(_phrases.CLOSINGS, start=1):
        assert all(len(text.split()) == n_words for text in group)
    opinions = {word for group in _phrases.OPINIONS for word in group}
    for template in (*_phrases.NEUTRAL, *closings):
        assert fields(template) <= set(_phrases.WORDS)
        assert not opinions.intersection(template.strip(".").replace(",", "").split())


@pytest.mark.parametrize("n_classes", [2, 3])
def test_bag_of_words_cannot_solve_the_default_task(n_classes):
    X, y = make_reviews(n_classes=n_classes, return_X_y=True, random_state=0)
    bag = make_pipeline(TfidfVectorizer(), LogisticRegression(solver="newton-cg"))
    bag.fit(X[:1500], y[:1500])
    assert bag.score(X[1500:], y[1500:]) < 0.65


def test_frame_contains_text_and_label():
    bunch = make_reviews(20, as_frame=True, random_state=0)
    assert list(bunch.frame.columns) == ["text", "label"]
    assert bunch.data.tolist() == make_reviews(20, random_state=0).data.tolist()
    assert bunch.frame["label"].tolist() == bunch.target.tolist()
    assert make_reviews(20, random_state=0).frame is None
    X, y = make_reviews(20, as_frame=True, return_X_y=True, random_state=0)
    assert X.name == "text"
    assert y.name == "label"


def test_target_names():
    assert make_reviews(3).target_names.tolist() == ["negative", "positive"]
    names = make_reviews(3, n_classes=3).target_names.tolist()
    assert names == ["negative", "neutral", "positive"]


def test_too_many_samples_for_unique_texts(monkeypatch):
    monkeypatch.setattr(_reviews, "_FORMS", ("plain",))
    monkeypatch.setattr(_phrases, "PLAIN", ("{subject} was {win}.",))
    monkeypatch.setattr(_reviews._ReviewGenerator, "opening", lambda self, classes: [])
    with pytest.raises(ValueError, match=r"no new text in 1000 draws .* Set n_samples to \d+ or"):
        make_reviews(1000, random_state=0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_samples": 0},
        {"distance": -1},
        {"distance": 1.5},
        {"noise": 1.1},
        {"n_classes": 4},
        {"as_frame": "yes"},
        {"random_state": "seed"},
    ],
)
def test_invalid_parameters_are_refused(parameters):
    with pytest.raises(ValueError, match=f"The '{next(iter(parameters))}' parameter"):
        make_reviews(**parameters)
