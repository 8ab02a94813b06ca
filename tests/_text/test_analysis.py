import random

import pytest
from sklearn.feature_extraction.text import strip_accents_ascii, strip_accents_unicode

from seqsent._text.analysis import (
    KERAS_FILTERS,
    CleaningAnalyzer,
    make_analyzer,
    warn_about_analysis,
)

# lower-casing changes lengths, letters become ASCII, white space that str.split() knows
ODD = (
    "\u0130\u0131\u017f\u212a\u03a3\u03c2\xdf\u1e9e\xc0\xe9\u01c5\u2122\ufb01\u0301\u0307"
    "\x00\x0b\x0c\r\x1c\x1f\x85\xa0\u2028\u3000\ufeff\u597d\uff0c\ud800\U0001f600"
)
PLAIN = "aAbBzZ09 .,!'\"\t\n-_"


def random_texts(n, alphabet, seed=0):
    rng = random.Random(seed)
    return ["".join(rng.choices(alphabet, k=rng.randrange(60))) for _ in range(n)]


def plain_words(text, *, lowercase=True, strip=None, filters=KERAS_FILTERS):
    """What a reader of the documentation would write."""
    if strip is not None:
        text = strip(text)
    if lowercase == "ascii":
        text = "".join(c.lower() if c.isascii() else c for c in text)
    elif lowercase:
        text = text.lower()
    for character in filters:
        text = text.replace(character, " ")
    return [word for word in text.split(" ") if word]


@pytest.mark.parametrize("alphabet", [PLAIN, PLAIN + ODD, PLAIN * 10 + ODD])
@pytest.mark.parametrize("lowercase", [True, False, "ascii"])
@pytest.mark.parametrize("filters", [KERAS_FILTERS, "", "aB é\uff0c\r"])
def test_words_of_any_unicode(alphabet, lowercase, filters):
    analyze = make_analyzer("keras", lowercase=lowercase, filters=filters)
    for text in random_texts(100, alphabet):
        assert analyze(text) == plain_words(text, lowercase=lowercase, filters=filters)


@pytest.mark.parametrize(
    ("strip_accents", "strip"),
    [("ascii", strip_accents_ascii), ("unicode", strip_accents_unicode), (str.swapcase,) * 2],
)
def test_accents_are_stripped_before_lowering(strip_accents, strip):
    analyze = make_analyzer("keras", strip_accents=strip_accents)
    for text in random_texts(200, PLAIN + ODD.replace("\ud800", "")):
        assert analyze(text) == plain_words(text, strip=strip)


def test_only_the_space_separates_the_words_of_keras():
    assert make_analyzer("keras")("one\r\ntwo\x85three\u2028four\xa0five six") == [
        "one\r",
        "two\x85three\u2028four\xa0five",
        "six",
    ]


def test_chars():
    assert make_analyzer("char")("Ab,  c!") == ["a", "b", " ", "c"]
    assert make_analyzer("char")("很好\uff0c不 ") == ["很", "好", "\uff0c", "不"]


def test_preprocessor_replaces_folding():
    analyze = make_analyzer(preprocessor=lambda text: text.replace("x", "Y. "))
    assert analyze("Ax b") == ["AY", "b"]
    with pytest.raises(TypeError, match="must return a str, got list"):
        make_analyzer(preprocessor=str.split)("a b")


def test_tokenizer_gets_the_folded_text():
    assert make_analyzer(tokenizer=str.split, stop_words=["b"])("A. B  c!") == ["a.", "c!"]
    assert make_analyzer(tokenizer=list, lowercase="ascii")("AÀ") == ["a", "À"]
    with pytest.raises(TypeError, match=r"The tokenizer must return a list of tokens, got str"):
        make_analyzer(tokenizer=str.upper)("a")


def test_an_analyzer_that_cleans_gives_the_same_words():
    for stop_words in (None, ["a", "b"]):
        analyze = make_analyzer(stop_words=stop_words)
        assert isinstance(analyze, CleaningAnalyzer) is (stop_words is None)
    analyze = make_analyzer()
    for text in random_texts(200, PLAIN + ODD):
        cleaned = bytearray(b" %b " % analyze.clean(text))
        analyze.finish(cleaned)
        words = cleaned.decode("utf-8", "surrogatepass").split(" ")
        assert [word for word in words if word] == analyze(text)


def test_callable_analyzer_gets_the_document():
    assert make_analyzer(list)(["A", 3]) == ["A", 3]
    assert make_analyzer("builtins.list")((1, 2)) == [1, 2]
    assert make_analyzer(iter)(["A"]) == ["A"]
    with pytest.raises(TypeError, match="The analyzer must return a list of tokens, got int"):
        make_analyzer(len)("a")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"analyzer": "words"}, "analyzer='words' is unknown. Did you mean 'word'?"),
        ({"tokenizer": "no_such_module.cut"}, "tokenizer='no_such_module.cut' cannot be imported"),
        ({"tokenizer": "os.path.no_such"}, "cannot be imported"),
        ({"tokenizer": "not a path"}, "cannot be imported"),
        ({"preprocessor": "math.pi"}, "is float, which is not callable"),
        ({"analyzer": "math.pi"}, "is float, which is not callable"),
    ],
)
def test_import_strings_that_lead_nowhere(parameters, message):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        make_analyzer(**parameters)


def warn_with(**parameters):
    nothing = dict.fromkeys(("tokenizer", "preprocessor", "stop_words"))
    warn_about_analysis({"analyzer": "word", **nothing, **parameters})


@pytest.mark.parametrize("stop_words", ["english", ["the", "not"], ["didn't"], ["的", "不"]])
def test_stop_words_that_negate_are_warned_about(stop_words):
    with pytest.warns(UserWarning, match="stop_words removes negations"):
        warn_with(stop_words=stop_words)


def test_other_stop_words_are_not_warned_about():
    warn_with(stop_words=["the", "a", "note", "knot"])
    assert make_analyzer(stop_words=["the"])("The end of THE story") == ["end", "of", "story"]
    assert "the" not in make_analyzer(stop_words="english")("the story")


@pytest.mark.parametrize(
    "parameters",
    [
        {"analyzer": "char", "tokenizer": str.split},
        {"analyzer": "char", "stop_words": ["a"]},
        {"analyzer": list, "preprocessor": str.lower},
    ],
)
def test_parameters_without_effect_are_warned_about(parameters):
    with pytest.warns(UserWarning, match="without effect"):
        warn_with(**parameters)
