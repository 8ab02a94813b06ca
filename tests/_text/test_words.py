"""Words in many scripts, with expected values written by hand."""

import unicodedata

import pytest

from seqsent._text import words
from seqsent._text.analysis import make_analyzer

LANGUAGES = {
    "English": ("It's “great”, isn’t it? I'd say 9/10…", "it's great isn't it i'd say 9 10"),
    "French": ("L’été, c'était «\xa0formidable\xa0»\xa0!", "l'été c'était formidable"),
    "German": ("Größe & Ärger: „nie wieder“", "größe ärger nie wieder"),
    "Spanish": ("¡Excelente película! ¿Verdad?", "excelente película verdad"),
    "Portuguese": ("Não gostei…de nada—péssimo", "não gostei de nada péssimo"),
    "Polish": ("Świetny, żółty „film”", "świetny żółty film"),
    "Turkish": ("Çok güzel, ılık bir gün.", "çok güzel ılık bir gün"),
    "Vietnamese": ("Phim này rất hay!", "phim này rất hay"),
    "Russian": ("Это — хорошо; ёлка №5", "это хорошо ёлка 5"),
    "Ukrainian": ("Об’єкт її", "об'єкт її"),
    "Greek": ("Πολύ καλή, η ταινία·", "πολύ καλή η ταινία"),
    "Arabic": ("فيلم رائع، جدًا!", "فيلم رائع جدًا"),
    "Persian": ("خیلی خوب بود، می\u200cخواهم", "خیلی خوب بود میخواهم"),
    "Hebrew": ("סרט נהדר, מאוד!", "סרט נהדר מאוד"),
    "Hindi": ("फ़िल्म बहुत अच्छी थी।", "फ़िल्म बहुत अच्छी थी"),
    "Tamil": ("படம் மிகவும் நன்று!", "படம் மிகவும் நன்று"),
    "Korean": ("정말 좋은 영화, 추천!", "정말 좋은 영화 추천"),
    "Chinese": ("房间很干净，服务好。", "房 间 很 干 净 服 务 好"),
    "Chinese and English": ("wifi很快,OK!", "wifi 很 快 ok"),
    "Japanese": ("とても良い「コーヒー」", "と て も 良 い コ ー ヒ ー"),
    "Thai": ("ดีมาก ไม่ดี", "ดี ม า ก ไ ม่ ดี"),
    "Lao": ("ດີຫຼາຍ", "ດີ ຫຼ າ ຍ"),
    "Khmer": ("ល្អណាស់", "ល្ អ ណា ស់"),
    "Burmese": ("ကောင်းတယ်", "ကော င်း တ ယ်"),
    "Japanese names": ("葛\U000e0100城と辻\U000e0101", "葛\U000e0100 城 と 辻\U000e0101"),
    "emoji": ("Love it😍😍! 👍🏽 👨‍👩‍👧 ❤️ 🇩🇪", "love it 😍 😍 👍🏽 👨‍👩‍👧 ❤ 🇩🇪"),
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


def test_long_runs_of_characters_are_not_cached():
    words._split_cached.cache_clear()
    analyze = make_analyzer()
    assert analyze("ไม่" * 1000) == ["ไ", "ม่"] * 1000
    assert words._split_cached.cache_info().currsize == 0
    assert analyze("ไม่") == ["ไ", "ม่"]
    assert words._split_cached.cache_info().currsize == 1


def test_parameters_apply_to_words_of_any_script():
    assert make_analyzer(lowercase=False)("Great Été") == ["Great", "Été"]
    assert make_analyzer(strip_accents="unicode")("Été") == ["ete"]
    assert make_analyzer(preprocessor=str.upper)("it's") == ["IT'S"]
    assert make_analyzer(filters="xé")("axb éa") == ["a", "b", "a"]
    assert make_analyzer(stop_words=["the", "很"])("The 很好") == ["好"]
