"""Words in many scripts, with expected values written by hand."""

import gc
import re
import tracemalloc
import unicodedata
from types import SimpleNamespace

import pytest
import sklearn.feature_extraction.text

from seqsent import SequenceVectorizer
from seqsent._text import words
from seqsent._text.analysis import make_analyzer

LANGUAGES = {
    "English": ("It's “great”, isn’t it? I'd say 9/10…", "it's great isn't it ? i'd say 9 10"),
    "French": ("L’été, c'était «\xa0formidable\xa0»\xa0!", "l'été c'était formidable !"),
    "German": ("Größe & Ärger: „nie wieder“", "größe ärger nie wieder"),
    "Spanish": ("¡Excelente película! ¿Verdad?", "excelente película ! verdad ?"),
    "Portuguese": ("Não gostei…de nada—péssimo", "não gostei de nada péssimo"),
    "Polish": ("Świetny, żółty „film”", "świetny żółty film"),
    "Turkish": ("Çok güzel, ılık bir gün.", "çok güzel ılık bir gün"),
    "Vietnamese": ("Phim này rất hay!", "phim này rất hay !"),
    "Russian": ("Это — хорошо; ёлка №5", "это хорошо ёлка 5"),
    "Ukrainian": ("Об’єкт її", "об'єкт її"),
    "Greek": ("Πολύ καλή, η ταινία·", "πολύ καλή η ταινία"),
    "Arabic": ("فيلم رائع، جدًا!", "فيلم رائع جدا !"),
    "Persian": ("خیلی خوب بود، می\u200cخواهم", "خیلی خوب بود میخواهم"),
    "Hebrew": ("סרט נהדר, מאוד!", "סרט נהדר מאוד !"),
    "Hindi": ("फ़िल्म बहुत अच्छी थी।", "फ़िल्म बहुत अच्छी थी"),
    "Tamil": ("படம் மிகவும் நன்று!", "படம் மிகவும் நன்று !"),
    "Korean": ("정말 좋은 영화, 추천!", "정 말 좋 은 영 화 추 천 !"),
    "Chinese": ("房间很干净，服务好。", "房 间 很 干 净 服 务 好"),
    "Chinese and English": ("wifi很快,OK!", "wifi 很 快 ok !"),
    "Japanese": ("とても良い「コーヒー」", "と て も 良 い コ ー ヒ ー"),
    "Thai": ("ดีมาก ไม่ดี", "ดี ม า ก ไ ม่ ดี"),
    "Lao": ("ດີຫຼາຍ", "ດີ ຫຼ າ ຍ"),
    "Khmer": ("ល្អណាស់", "ល្ អ ណា ស់"),
    "Burmese": ("ကောင်းတယ်", "ကော င်း တ ယ်"),
    "Japanese names": ("葛\U000e0100城と辻\U000e0101", "葛\U000e0100 城 と 辻\U000e0101"),
    "emoji": ("Love it😍😍! 👍🏽 👨‍👩‍👧 ❤️ 🇩🇪", "love it 😍 😍 ! 👍🏽 👨‍👩‍👧 ❤ 🇩🇪"),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_words_of_a_language(language, form):
    text, tokens = LANGUAGES[language]
    expected = [unicodedata.normalize("NFC", token) for token in tokens.split(" ")]
    assert make_analyzer()(unicodedata.normalize(form, text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("great\r\n", "\ufeffgreat", "great\xa0", "\u2028great\u3000", "great\x00", "great\ud800"),
        *("(great)", "*great*", "great™", "gr\xadeat"),
        *("'great'", "‘great’", "''great''", "great'"),
    ],
    ids=ascii,
)
def test_characters_around_a_word_are_removed(text):
    assert make_analyzer()(text) == ["great"]


def test_apostrophes_are_kept_inside_words():
    words = make_analyzer()("rock'n'roll o''clock ' '' 'tis dogs' don’t don't donʼt")
    assert words == ["rock'n'roll", "o", "clock", "tis", "dogs", "don't", "don't", "don't"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ｇｏｏｄ９ ＯＫ", "good9 ok"),
        ("ｶﾞｯｺｰ", "ガ ッ コ ー"),
        ("Ａ\u0301ｂ", "áb"),
        ("ﾡﾢ", "\u1100 \u1101"),
        ("it＇s。ｇｏｏｄ，", "it's good"),
    ],
)
def test_characters_of_other_width_are_the_same_word(text, expected):
    assert make_analyzer()(text) == expected.split()


@pytest.mark.parametrize("text", ["جِدًّا", "جـــداـ", "جدا\u064b", "\u064bجدا"], ids=ascii)
def test_arabic_vowel_marks_and_tatweel_are_removed(text):
    assert make_analyzer()(f"good {text} bad") == ["good", "جدا", "bad"]


def test_arabic_letters_keep_hamza():
    assert make_analyzer()("\u0627\u064e\u0654") == ["\u0623"]


def test_hangul_is_split_into_syllables_with_their_marks():
    assert make_analyzer()("ㅋㅋ wifi좋아요12 한\u302e국") == [
        *("ㅋ", "ㅋ", "wifi", "좋", "아", "요", "12", "한\u302e", "국")
    ]


def test_repeated_hangul_letters_are_cut_to_two():
    assert make_analyzer()("굿ㅋㅋㅋㅋㅋ ㅠㅠ ㅎ") == ["굿", "ㅋ", "ㅋ", "ㅠ", "ㅠ", "ㅎ"]


def test_long_runs_of_characters_are_not_cached():
    words._split_cached.cache_clear()
    analyze = make_analyzer()
    assert analyze("ไม่" * 1000) == ["ไ", "ม่"] * 1000
    assert words._split_cached.cache_info().currsize == 0
    assert analyze("ไม่") == ["ไ", "ม่"]
    assert words._split_cached.cache_info().currsize == 1


def test_number_of_cached_characters_is_limited(monkeypatch):
    monkeypatch.setattr(words, "_MAX_CACHED_CHARACTERS", 100)
    words._character_table.clear()
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 300)))
    assert make_analyzer()(text) == list(text)
    assert len(words._character_table) == 100


@pytest.mark.parametrize("parameters", [{}, {"strip_accents": "unicode", "lowercase": False}])
def test_long_runs_of_marks_are_cut_before_normalization(parameters, monkeypatch):
    """A run of n marks takes n ** 2 operations in CPython."""
    runs = []

    def normalize(form, text):
        runs.extend(map(len, re.findall("[\u0300-\u036f]+", text)))
        return unicodedata.normalize(form, text)

    module = SimpleNamespace(normalize=normalize, combining=unicodedata.combining)
    monkeypatch.setattr(words, "unicodedata", module)
    monkeypatch.setattr(sklearn.feature_extraction.text, "unicodedata", module)
    analyze = make_analyzer(**parameters)
    (token,) = analyze("e" + "\u0315\u0300" * 5000)
    assert runs
    assert max(runs) <= 30
    assert token == ("e" if parameters else "è" + "\u0300" * 14 + "\u0315" * 15)


def test_joined_emoji_are_split_after_16():
    man, family = "\U0001f468", "\u200d".join(["\U0001f468"] * 16)
    assert make_analyzer()("\u200d".join([man] * 36)) == [family, family, "\u200d".join([man] * 4)]


LONG_TEXTS = {
    "apostrophes": "'",
    "words": "ab ",
    "Cyrillic": "жук ",
    "Chinese": "很",
    "tags": "ab<i>",
    "open tags": "<a b=",
    "entities": "&lt;",
    "emoticons": ":) ",
    "mouths": ":)))))))",
    "addresses": "http://a ",
    "marks": "\u0315\u0300",
    "joined emoji": "\U0001f468\u200d",
}


@pytest.fixture
def traced_memory():
    gc.collect()
    tracemalloc.start()
    yield tracemalloc
    tracemalloc.stop()


@pytest.mark.parametrize("name", LONG_TEXTS)
def test_peak_and_remaining_memory_of_a_long_text(name, traced_memory):
    repeated = LONG_TEXTS[name]
    text = repeated * (1_000_000 // len(repeated.encode()))
    vectorizer = SequenceVectorizer(maxlen=50).fit(["good film", "很 ж ไม่"])  # imports regex
    traced_memory.clear_traces()
    vectorizer.transform([text])
    gc.collect()
    after, peak = traced_memory.get_traced_memory()
    assert peak < 22e6  # 16 bytes per byte of the text, and a table of 3 MB
    assert after < 50e3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("great!good?", "great ! good ?"),
        ("What?! '!'", "what ? ! !"),
        ("很好\uff01真的\uff1f هل\u061f", "很 好 ! 真 的 ? هل ?"),
        ("No!!! Why??", "no ! ! ! why ? ?"),
    ],
)
def test_exclamation_and_question_marks_are_tokens(text, expected):
    assert make_analyzer()(text) == expected.split()
    words = [word for word in expected.split() if word not in "!?"]
    assert make_analyzer(filters="!?")(text) == words


def test_parameters_apply_to_words_of_any_script():
    assert make_analyzer(lowercase=False)("Great Été") == ["Great", "Été"]
    assert make_analyzer(strip_accents="unicode")("Été") == ["ete"]
    assert make_analyzer(preprocessor=str.upper)("it's") == ["IT'S"]
    assert make_analyzer(filters="xé")("axb éa") == ["a", "b", "a"]
    assert make_analyzer(stop_words=["the", "很"])("The 很好") == ["好"]
