"""Synthetic reviews with a label that depends on word order."""

from collections import deque
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
from sklearn.utils import Bunch, check_random_state

from .._estimator.base import Interval, Options, validated
from . import _phrases
from ._common import labelled_texts

_T = TypeVar("_T")

_OPINIONS = {2: (_phrases.OPINIONS[0], _phrases.OPINIONS[2]), 3: _phrases.OPINIONS}
_TARGET_NAMES = {2: ("negative", "positive"), 3: ("negative", "neutral", "positive")}

_DESCRIPTION = (
    "Synthetic English reviews with a label that depends on word order: see the docstring of "
    "seqsent.datasets.make_reviews."
)

# Forms of a verdict by their frequency. A bag of words can solve plain verdicts only.
_FORMS = ("plain",) * 5 + ("last",) * 12 + ("first",) * 2 + ("negation",)
_DISTANT_FORMS = ("plain", "plain", "last")
_DISTRACTOR_RATE = 0.15
_MAX_DRAWS = 1000


class _ReviewGenerator:
    """Generate reviews from the templates in `_phrases`."""

    def __init__(self, rng: np.random.RandomState, n_classes: int, distance: int) -> None:
        self.rng = rng
        self.opinions = _OPINIONS[n_classes]
        self.distance = distance
        self.uniforms: list[float] = []
        self.recent_templates: deque[str] = deque(maxlen=8)

    def uniform(self) -> float:
        # in blocks, because a scalar call takes as long as filling a template
        if not self.uniforms:
            self.uniforms = self.rng.random_sample(4096).tolist()
        return self.uniforms.pop()

    def choose(self, options: Sequence[_T]) -> _T:
        return options[int(self.uniform() * len(options))]

    def fill(self, template: str, **words: str) -> str:
        """Fill a template and capitalize its first letter."""
        for name, options in _phrases.WORDS.items():
            if "{" + name + "}" in template:
                words[name] = self.choose(options)
        sentence = template.format(**words)
        return sentence[0].upper() + sentence[1:]

    def other_class(self, label: int) -> int:
        return (label + 1 + int(self.uniform() * (len(self.opinions) - 1))) % len(self.opinions)

    def verdict(self, label: int) -> tuple[str, set[int]]:
        """Return a sentence that expresses ``label``, and the classes of the opinions in it."""
        domain = self.choose(_phrases.DOMAINS)
        words = {"subject": self.choose(domain.subjects), "aspect": self.choose(domain.aspects)}
        form = self.choose(_DISTANT_FORMS if self.distance else _FORMS)
        if form == "negation" and len(self.opinions) == 2:
            bad, good = (self.choose(opinions) for opinions in self.opinions)
            template = self.choose(_phrases.NEGATIONS)[label]
            return self.fill(template, bad=bad, good=good, **words), {0, 1}
        words["win"] = self.choose(self.opinions[label])
        if form == "plain":
            return self.fill(self.choose(_phrases.PLAIN), **words), {label}
        other = self.other_class(label)
        words["lose"] = self.choose(self.opinions[other])
        contrasts = _phrases.FIRST_DECIDES if form == "first" else _phrases.LAST_DECIDES
        return self.fill(self.choose(contrasts), **words), {label, other}

    def distractor(self, label: int) -> str:
        """Return a sentence with an opinion of the class about another subject."""
        opinion = self.choose(self.opinions[label])
        return self.fill(self.choose(_phrases.DISTRACTORS), opinion=opinion)

    def neutral(self) -> str:
        template = self.choose(_phrases.NEUTRAL)
        while template in self.recent_templates:
            template = self.choose(_phrases.NEUTRAL)
        self.recent_templates.append(template)
        return self.fill(template)

    def filler(self, n_words: int) -> str:
        """Return a sentence of at most ``n_words`` words that does not affect the label."""
        if self.uniform() < _DISTRACTOR_RATE:
            sentence = self.distractor(int(self.uniform() * len(self.opinions)))
        else:
            sentence = self.neutral()
        if len(sentence.split()) <= n_words:
            return sentence
        length = min(n_words, len(_phrases.CLOSINGS))
        return self.fill(self.choose(_phrases.CLOSINGS[length - 1]))

    def review(self, label: int) -> str:
        verdict, classes = self.verdict(label)
        if self.distance == 0:
            return " ".join([*self.opening(classes), verdict])
        sentences, n_missing = [verdict], self.distance
        while n_missing > 0:
            sentences.append(self.filler(n_missing))
            n_missing -= len(sentences[-1].split())
        return " ".join(sentences)

    def opening(self, classes: set[int]) -> list[str]:
        sentences = [self.neutral() for _ in range(int(self.uniform() * 3))]
        if len(classes) == 2:
            # mention the third class too: its absence would exclude it
            others = (label for label in range(len(self.opinions)) if label not in classes)
            sentences += map(self.distractor, others)
        return sentences


def _flip_labels(
    target: np.ndarray, noise: float, n_classes: int, rng: np.random.RandomState
) -> np.ndarray:
    """Return the target with a fraction ``noise`` of the labels replaced by another class."""
    labels = target.copy()
    flipped = rng.permutation(len(target))[: round(noise * len(target))]
    shift = 1 + np.floor(rng.random_sample(len(flipped)) * (n_classes - 1)).astype(np.int64)
    labels[flipped] = (labels[flipped] + shift) % n_classes
    return labels


def _unique_review(generator: _ReviewGenerator, label: int, seen: set[str]) -> str:
    for _ in range(_MAX_DRAWS):
        text = generator.review(label)
        if text not in seen:
            seen.add(text)
            return text
    raise ValueError(
        f"make_reviews found no new text in {_MAX_DRAWS} draws after {len(seen)} reviews. Set "
        f"n_samples to {len(seen)} or less."
    )


@validated(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "distance": [Interval(Integral, 0, None, closed="left")],
        "noise": [Interval(Real, 0, 1, closed="both")],
        "n_classes": [Options(Integral, {2, 3})],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
        "random_state": ["random_state"],
    }
)
def make_reviews(
    n_samples: int = 2000,
    *,
    distance: int = 0,
    noise: float = 0.05,
    n_classes: int = 2,
    return_X_y: bool = False,
    as_frame: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch | tuple[Any, Any]:
    """Generate synthetic reviews with a label that depends on word order.

    The reviews are in English, about films, books, restaurants and hotels. Most verdicts contain
    two opinions, and their order determines the label: "the film was dull at first, but in the
    end it was lovely" and "the film was lovely at first, but in the end it was dull" contain the
    same words and have opposite labels. So do "lovely, not dull at all" and "dull, not lovely at
    all", or "good and not a waste of time" and "not good and a waste of time". One verdict in
    four is plain ("I found the film dull").

    Parameters
    ----------
    n_samples : int, default=2000
        Number of reviews. All are different.

    distance : int, default=0
        Number of words between the deciding word and the end of the review. If 0, the verdict is
        the last sentence and follows up to two neutral sentences. Otherwise the verdict is the
        first sentence and ends with the deciding word. Exactly ``distance`` words follow,
        including opinions about other subjects ("the trailer before it was dreadful"). Two thirds
        of these verdicts are plain.

    noise : float, default=0.05
        Fraction of reviews, in [0, 1], with a label that contradicts the text.

    n_classes : {2, 3}, default=2
        2 for negative and positive reviews, 3 for negative, neutral and positive ones.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, return pandas Series, and the DataFrame ``frame``.

    random_state : int, RandomState instance or None, default=None
        Seed or generator. The same seed gives the same reviews on every platform. If None, each
        call returns other reviews. numpy's global generator is not used.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the following attributes.

        data : ndarray of str objects, or Series, of shape (n_samples,)
            The reviews.
        target : ndarray of int64, or Series, of shape (n_samples,)
            The labels, 0 to ``n_classes - 1`` in the order of ``target_names``. The class sizes
            differ by at most one, with any ``noise``.
        target_names : ndarray of str of shape (n_classes,)
            The names of the classes.
        frame : DataFrame of shape (n_samples, 2) or None
            The columns "text" and "label"; only with ``as_frame=True``.
        DESCR : str
            A short description.

    (data, target) : tuple
        The two arrays or Series, only with ``return_X_y=True``.

    Raises
    ------
    ValueError
        If a parameter is invalid, or if the templates do not allow ``n_samples`` different texts.

    See Also
    --------
    fetch_imdb : Real reviews of films.

    Notes
    -----
    Test accuracy of the default task (1,500 reviews to train, 500 to test; mean of seeds 0, 1
    and 2, or seed 0 for networks with three classes). ``noise`` limits it to 0.95. The networks
    have an embedding of 32 dimensions and 32 units, chrono gates and ``pooling="last"``. They
    are trained with Adam and a learning rate of 0.004 for 8 epochs in batches of 16:

    ===================================  ===========  ===========
    model                                n_classes=2  n_classes=3
    ===================================  ===========  ===========
    TF-IDF + LogisticRegression, words          0.57         0.46
    the same with bigrams                       0.77         0.55
    SimpleRNN                                   0.89         0.87
    LSTM                                        0.93         0.93
    GRU                                         0.93         0.92
    ===================================  ===========  ===========

    Examples
    --------
    >>> from seqsent.datasets import make_reviews
    >>> reviews = make_reviews(4, random_state=2)
    >>> for label, text in zip(reviews.target, reviews.data):
    ...     print(reviews.target_names[label], "|", text)
    negative | It may look superb from outside, but the film is horrible.
    positive | The music was horrible, but the pizzeria itself was lovely.
    positive | My brother works at the market in Durham. Where I expected something horrible,
    this movie was brilliant.
    negative | The dinner is far more awful than excellent.
    """
    # check_random_state(None) returns numpy's global generator
    rng = np.random.RandomState() if random_state is None else check_random_state(random_state)
    target = rng.permutation(np.arange(n_samples, dtype=np.int64) % n_classes)
    generator = _ReviewGenerator(rng, n_classes, distance)
    seen: set[str] = set()
    labels = _flip_labels(target, noise, n_classes, rng).tolist()
    texts = [_unique_review(generator, label, seen) for label in labels]
    return labelled_texts(
        {"text": np.array(texts, dtype=object), "label": target},
        target_names=_TARGET_NAMES[n_classes],
        description=_DESCRIPTION,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
