"""Tokens of a document."""

import random

import pytest
from sklearn.feature_extraction.text import strip_accents_ascii, strip_accents_unicode

from seqsent import SequenceVectorizer
from seqsent._text.analysis import KERAS_FILTERS, make_analyzer, warn_about_analysis

# characters of which lower-casing changes the number or that become ASCII, white space that
# str.split() removes, a lone surrogate
UNUSUAL = (
    "\u0130\u0131\u017f\u212a\u03a3\u03c2\xdf\u1e9e\xc0\xe9\u01c5\u2122\ufb01\u0301\u0307"
    "\x00\x0b\x0c\r\x1c\x1f\x85\xa0\u2028\u3000\ufeff\u597d\uff0c\ud800\U0001f600"
)
COMMON = "aAbBzZ09 .,!'\"\t\n-_"


def random_texts(n, alphabet):
    rng = random.Random(0)
    return ["".join(rng.choices(alphabet, k=rng.randrange(60))) for _ in range(n)]


def keras_words(text, *, lowercase=True, strip=None, filters=KERAS_FILTERS):
    """Split a text as the documentation of Keras describes it."""
    if strip is not None:
        text = strip(text)
    if lowercase:
        text = text.lower()
    for character in KERAS_FILTERS if filters is None else filters:
        text = text.replace(character, " ")
    return [word for word in text.split(" ") if word]


@pytest.mark.parametrize("alphabet", [COMMON, COMMON + UNUSUAL, COMMON * 10 + UNUSUAL])
@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("filters", [None, KERAS_FILTERS, "", "aB é\uff0c\r"])
def test_keras_analyzer_on_any_unicode(alphabet, lowercase, filters):
    analyze = make_analyzer("keras", lowercase=lowercase, filters=filters)
    for text in random_texts(100, alphabet):
        assert analyze(text) == keras_words(text, lowercase=lowercase, filters=filters)


@pytest.mark.parametrize(
    ("strip_accents", "strip"),
    [("ascii", strip_accents_ascii), ("unicode", strip_accents_unicode), (str.swapcase,) * 2],
)
def test_accents_are_stripped_before_lower_casing(strip_accents, strip):
    analyze = make_analyzer("keras", strip_accents=strip_accents)
    for text in random_texts(200, COMMON + UNUSUAL.replace("\ud800", "")):
        assert analyze(text) == keras_words(text, strip=strip)


def test_char_analyzer_puts_one_space_between_words():
    assert make_analyzer("char")("Ab,  c!") == ["a", "b", " ", "c"]
    assert make_analyzer("char")("很好\uff0c不 ") == ["很", "好", "\uff0c", "不"]


def test_preprocessor_replaces_folding():
    analyze = make_analyzer(preprocessor=lambda text: text.replace("x", "Y. "))
    assert analyze("Ax b") == ["AY", "b"]


def test_tokenizer_receives_the_folded_text():
    assert make_analyzer(tokenizer=str.split, stop_words=["b"])("A. B  c!") == ["a.", "c!"]


def test_callable_analyzer_receives_the_document():
    assert make_analyzer(list)(["A", 3]) == ["A", 3]
    assert make_analyzer("builtins.list")((1, 2)) == [1, 2]
    assert make_analyzer(iter)(["A"]) == ["A"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"preprocessor": str.split}, "preprocessor .* must return a str, got list"),
        ({"tokenizer": str.upper}, "The tokenizer must return a list of tokens, got str"),
        ({"analyzer": len}, "The analyzer must return a list of tokens, got int"),
    ],
)
def test_callable_with_invalid_result(parameters, message):
    with pytest.raises(TypeError, match=message):
        make_analyzer(**parameters)("a b")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"analyzer": "words"}, r"analyzer='words' is unknown. Did you mean 'word'\?"),
        ({"tokenizer": "no_such_module.cut"}, "tokenizer='no_such_module.cut' cannot be imported"),
        ({"tokenizer": "os.path.no_such"}, "cannot be imported"),
        ({"tokenizer": "not a path"}, "cannot be imported"),
        ({"preprocessor": "math.pi"}, "is float, which is not callable"),
    ],
)
def test_invalid_import_path(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_analyzer(**parameters)


def warn_with(**parameters):
    nothing = dict.fromkeys(("tokenizer", "preprocessor", "stop_words"))
    warn_about_analysis({"analyzer": "word", **nothing, **parameters})


@pytest.mark.parametrize("stop_words", ["english", ["the", "not"], ["didn't"], ["的", "不"]])
def test_stop_words_with_negations_cause_a_warning(stop_words):
    with pytest.warns(UserWarning, match="stop_words contains negations"):
        warn_with(stop_words=stop_words)


@pytest.mark.parametrize("word", [None, b"at", ["at"], 1.0])
def test_stop_words_of_another_type_are_rejected(word):
    with pytest.raises(TypeError, match="stop_words must contain str, or int"):
        make_analyzer(stop_words=["at", word])


def test_stop_words_can_be_int_for_a_tokenizer_that_returns_int():
    options = {"tokenizer": lambda text: [len(word) for word in text.split()], "stop_words": [1]}
    vectorizer = SequenceVectorizer(**options).fit(["a bb a ccc"])
    assert vectorizer.vocabulary_ == {2: 4, 3: 5}


def test_stop_words_without_negations_cause_no_warning():
    warn_with(stop_words=["the", "a", "note", "knot"])


@pytest.mark.parametrize(
    "parameters",
    [
        {"analyzer": "char", "tokenizer": str.split},
        {"analyzer": "char", "stop_words": ["a"]},
        {"analyzer": list, "preprocessor": str.lower},
    ],
)
def test_parameters_without_effect_cause_a_warning(parameters):
    with pytest.warns(UserWarning, match="has no effect"):
        warn_with(**parameters)
