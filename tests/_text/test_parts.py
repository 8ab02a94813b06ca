"""A long text read part by part has the words of the whole."""

import random

import numpy as np
import pytest

from seqsent import SequenceVectorizer
from seqsent._text import analysis, parts
from seqsent._text.analysis import make_analyzer

# where words, spellings and the final sigma depend on what lies beside them: marks of many
# scripts, joiners, emoji, case, apostrophes, what is a word by itself and what is none
CHARACTERS = (
    "aAzZ0  '.,:-<=^_\t\n\r\x00"
    "\u03a3\u03c3\u0391\u03af\u0130\u0131\u017f\xdf\xe9\uff21\u2460\ufb01\u2122\U0001d400"
    "\uff01\uff0c\u3002\u3001\uff1f\u3000\u597d\u5f88\u304b\u3099\u30ac\u30fc\uff9e\u30ca"
    "\u0e22\u0e33\u0e34\u0e48\u0e01\u0eab\u0ebc\u0ea5\u179b\u17d2\u17a2\u1000\u1038\ud55c\uae00\u1112\u1161\u11ab"
    "\u0301\u0338\u0345\u05b0\u200d\u200c\xad\u2019\u02bc\ufe0f\U000e0100\ud800"
    "\u2764\U0001f60d\U0001f44d\U0001f3fd\U0001f468\U0001f469\U0001f1e9\U0001f1ea"
)
ANALYSES = [
    {"analyzer": analyzer, **others}
    for analyzer in ("word", "keras", "char")
    for others in (
        {},
        {"strip_accents": "unicode"},
        {"strip_accents": "ascii"},
        {"lowercase": False, "filters": "好a,\u0301"},
        {"lowercase": "ascii", "filters": None, "stop_words": ["a", "好", "'"]},
    )
]


def random_texts(n, longest, seed=0):
    rng = random.Random(seed)
    texts = []
    for _ in range(n):
        some = rng.choices(CHARACTERS, k=rng.randrange(1, 12))  # so that neighbours repeat
        texts.append("".join(rng.choices(some, k=rng.randrange(longest))))
    return texts


@pytest.mark.parametrize("analysis_", ANALYSES, ids=str)
def test_parts_have_the_words_of_the_whole(analysis_, monkeypatch):
    analyze = make_analyzer(**analysis_)
    n_parted = 0
    for seed in range(2):
        for text in random_texts(300, 40, seed):
            monkeypatch.setattr(parts, "CHARACTERS_OF_PART", 1 + len(text) % 7)
            whole = analyze(text)
            found = list(parts.tokens_by_part(text, analyze))
            assert [token for part in found for token in part] == whole, ascii(text)
            n_parted += len(found) > 1
            found = list(parts.tokens_by_part(text, analyze, from_end=True))[::-1]
            assert [token for part in found for token in part] == whole, ascii(text)
            assert "".join(parts.split(text, analyze.breaks)) == text
    assert n_parted > 50


def long_texts():
    """Return texts of many words, some of which come late only, among others that are short."""
    rng = random.Random(1)
    texts = []
    for n_words in (450, 0, 3, 600, 5, 10, 450):
        words = [f"w{int(rng.paretovariate(0.5)) % 10**6}" for _ in range(n_words)]
        words[n_words // 2 : n_words // 2 + 200] = ["rare"] * min(n_words // 2, 200)
        texts.append(" ".join(words) + rng.choice(["", " ", ".\n"]))
    return [*texts, "\u597d\uff0cab " * 400, "c" * 2000, "", "'" * 2000]


@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("oov_char", [2, None])
@pytest.mark.parametrize("n_times", [1, 3])  # few texts take another way through the code than many
@pytest.mark.parametrize(
    "others",
    [{}, {"analyzer": "char"}, {"stop_words": ["w1", "rare"]}, {"analyzer": "keras"}],
    ids=str,
)
def test_rows_of_long_texts(others, n_times, truncating, oov_char, monkeypatch):
    options = {"truncating": truncating, "oov_char": oov_char, "num_words": 60, **others}
    texts = long_texts() * n_times
    monkeypatch.setattr(parts, "CHARACTERS_OF_PART", 300)
    fitted = [SequenceVectorizer(maxlen=maxlen, **options).fit(texts) for maxlen in (1, 50, None)]
    in_one_go = [vectorizer.fit_transform(texts) for vectorizer in fitted]
    in_parts = [vectorizer.transform(texts) for vectorizer in fitted]
    monkeypatch.setattr(parts, "CHARACTERS_OF_PART", 10**9)
    for vectorizer, *rows in zip(fitted, in_one_go, in_parts, strict=True):
        plain = SequenceVectorizer(**vectorizer.get_params())
        expected = plain.fit_transform(texts)
        assert vectorizer.word_counts_ == plain.word_counts_
        for found in (*rows, plain.transform(texts)):
            np.testing.assert_array_equal(found, expected)


@pytest.fixture
def characters_read(monkeypatch):
    """How many characters were analyzed at a time."""
    read = []
    clean = analysis.Splitter.clean

    def counting(self, text):
        read.append(len(text))
        return clean(self, text)

    monkeypatch.setattr(analysis.Splitter, "clean", counting)
    return read


@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("others", [{}, {"stop_words": ["word"]}, {"analyzer": "char"}], ids=str)
@pytest.mark.parametrize("text", ["many a word ", "好", "房间很干净\uff0c服务很好", "ดีมาก"])
def test_of_a_long_text_no_more_is_read_than_its_row_holds(
    text, others, truncating, characters_read
):
    vectorizer = SequenceVectorizer(maxlen=100, truncating=truncating, **others)
    vectorizer.fit([text, "known"])
    characters_read.clear()
    vectorizer.transform([text * 50_000])
    assert sum(characters_read) < 2 * parts.CHARACTERS_OF_PART


def test_of_a_long_text_no_more_is_read_than_its_known_words(characters_read):
    vectorizer = SequenceVectorizer(maxlen=100, oov_char=None, start_char=None).fit(
        ["a known word"]
    )
    characters_read.clear()
    text = "unknown " * 50_000 + "known " * 50 + "unknown " * 50_000 + "known " * 60
    assert vectorizer.transform([text + "unknown " * 10**6]).tolist() == [[5] * 100]
    assert 8 * 10**6 < sum(characters_read) + 500_000 < 9 * 10**6


def test_a_fit_reads_long_texts_in_parts(characters_read):
    SequenceVectorizer().fit(["many a word " * 20_000])
    assert sum(characters_read) == 240_000
    assert max(characters_read) < 2 * parts.CHARACTERS_OF_PART


@pytest.mark.parametrize(
    "options",
    [{"tokenizer": str.split}, {"preprocessor": str.upper}, {"analyzer": str.split}],
    ids=str,
)
def test_functions_of_the_user_see_the_whole_text(options):
    lengths = []
    ((name, function),) = options.items()

    def counting(text):
        lengths.append(len(text))
        return function(text)

    vectorizer = SequenceVectorizer(**{name: counting}, maxlen=10).fit(["many a word " * 10_000])
    vectorizer.transform(["many a word " * 10_000])
    assert lengths == [120_000] * 2
