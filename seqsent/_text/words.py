"""Word boundaries in any script, by Unicode properties.

A word consists of letters, marks and numbers, with apostrophes inside. In scripts without spaces,
and in Hangul, each character is a word, with its marks, and so is each emoji.
"""

import codecs
import io
import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

import numpy as np

# letters and digits of other width: full-width Latin, half-width Katakana and Hangul
_FORMS = r"\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffdc"
_WIDTHS = re.compile(rf"[{_FORMS}]+")
_LAUGHTER = re.compile(r"([\u3131-\u318e])\1\1+")  # Hangul letters: "ㅋㅋㅋㅋ" laughs
_REWRITTEN = re.compile(rf"[{_FORMS}\u3131-\u318e]")
# characters that depend on their neighbors: those to rewrite, marks of the scripts without spaces,
# joiners, variation selectors, and the parts of emoji
_COMBINING = re.compile(
    rf"[{_FORMS}\u3131-\u318e"
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u3099\u309a\ua9e0-\ua9ff\uaa60-\uaa7f"
    r"\u00ad\u200b-\u200d\u2060\u203c\u2049\u2100-\u2bff\u3030\u303d\u3297\u3299\ufe0e\ufe0f"
    r"\U0001f000-\U0001ffff]"
)
# a possible mark after Han, Kana or Hangul: anything but letters, numbers and common punctuation,
# with the most common ranges first for speed
_MARK_AFTER_HAN = re.compile(
    r"[^\u4e00-\u9fff\u3041-\u3096\u30a1-\u30fe\u2010-\u2027\u3000-\u3020\uff01-\uff65\w]"
    r"(?<=[\u1100-\u11ff\u3005-\u3007\u3021-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    r"\U00016fe0-\U0003ffff].)",
    flags=re.DOTALL,
)
_MAX_CACHED_LENGTH = 64  # characters; longer runs seldom repeat, and the cache would grow
_MAX_CACHED_CHARACTERS = 2**14
# CPython sorts a run of marks by insertion, in quadratic time. No language needs more than 30
# marks (Unicode Standard Annex 15, stream-safe text format).
_MAX_MARKS = 30
_MAYBE_LONG_MARKS = re.compile(rf"[^\x00-\u02ff\w]{{{_MAX_MARKS + 1}}}")
_MAX_JOINED_EMOJI = 16  # a family has 4; a match of any length would need memory for each part
_APOSTROPHE_BLOCK = 2**16  # bytes, so that memory does not depend on the length of a text
_SPACE, _APOSTROPHE = b" '"


def is_ascii_word_character(character: str) -> bool:
    """Return whether an ASCII character is part of a word, or a word by itself."""
    return character.isalnum() or character in "'!?"


def encode_words(text: str) -> bytes:
    """Return a text in UTF-8 with spaces around the words that are not ASCII.

    The text is normalized to NFC, letters and digits to their usual width, and apostrophes to
    ASCII. Non-ASCII characters between words are replaced by spaces.
    """
    return unicodedata.normalize("NFC", limit_marks(text)).encode("ascii", _ERROR_HANDLER)


def limit_marks(text: str) -> str:
    """Cut runs of more than 30 combining marks, so that a text is normalized in linear time."""
    if _MAYBE_LONG_MARKS.search(text) is None:
        return text
    import regex

    cut: str = regex.sub(rf"(\p{{M}}{{{_MAX_MARKS}}})\p{{M}}+", r"\1", text)
    return cut


def blank_outer_apostrophes(words: bytearray) -> None:
    """Replace apostrophes that are not inside a word by spaces, in place.

    The bytes start and end with a space.
    """
    codes = np.frombuffer(words, np.uint8)
    for start in range(0, len(codes), _APOSTROPHE_BLOCK):
        block = codes[start : start + _APOSTROPHE_BLOCK]
        apostrophes = start + np.flatnonzero(block == _APOSTROPHE)
        neighbors = codes[apostrophes + np.array([[-1], [1]])]
        is_outer = ((neighbors == _SPACE) | (neighbors == _APOSTROPHE)).any(axis=0)
        codes[apostrophes[is_outer]] = _SPACE


def _encode_run(error: UnicodeError) -> tuple[bytes, int]:
    """Encode a run of non-ASCII characters, as an error handler of codecs."""
    assert isinstance(error, UnicodeEncodeError)
    run = error.object[error.start : error.end]
    if not (_COMBINING.search(run) or _MARK_AFTER_HAN.search(run)):
        words = run.translate(_character_table)
    elif len(run) <= _MAX_CACHED_LENGTH:
        words = _split_cached(run)
    else:
        words = _split(run)
    return words.encode("utf-8", "surrogatepass"), error.end


# the encoder skips ASCII many times faster than a regular expression
_ERROR_HANDLER = "seqsent.encode_run"
codecs.register_error(_ERROR_HANDLER, _encode_run)


def _split(run: str) -> str:
    """Put spaces around the words of a run of non-ASCII characters."""
    if _REWRITTEN.search(run):
        run = _WIDTHS.sub(lambda forms: unicodedata.normalize("NFKC", forms[0]), run)
        run = unicodedata.normalize("NFC", _LAUGHTER.sub(r"\1\1", run))
    words = io.StringIO()  # needs a tenth of the memory of a list of the words
    words.writelines(map(_replacement, _pattern().finditer(run)))
    return words.getvalue()


_split_cached = lru_cache(maxsize=2**12)(_split)


class _CharacterTable(dict[int, str]):
    """Replacement of each character that does not combine, filled on first use."""

    def __missing__(self, code: int) -> str:
        words = _split(chr(code))
        if len(self) < _MAX_CACHED_CHARACTERS:
            self[code] = words
        return words


_character_table = _CharacterTable()
_WITHOUT_VARIATION = {0xFE0E: None, 0xFE0F: None}  # one word for the text and the picture form


def _replacement(match: Any) -> str:
    kind = match.lastgroup
    if kind == "word":
        return str(match[0])
    if kind in ("single", "emoji"):
        return f" {match[0].translate(_WITHOUT_VARIATION)} "
    if kind == "sign":
        return "!" if match[0] == "\uff01" else "?"
    return {"apostrophe": "'", "ignored": ""}.get(kind, " ")


@cache
def _pattern() -> Any:
    """Return the pattern of words and of the characters between them, one group for each kind."""
    import regex  # slow to import, and English text rarely needs it

    scripts = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    single = rf"[[{scripts}]&&[\p{{L}}\p{{N}}]]"
    long_vowel = r"\u30fc"  # Katakana, although Unicode assigns it no script
    # do not change a word: joiners, the soft hyphen, Arabic vowel marks and tatweel
    ignored = r"\u200c\u200d\u00ad\u2060\u0640\u064b-\u0652\u0670"
    picture = r"\p{Extended_Pictographic}[\p{M}\p{Emoji_Modifier}]*"
    joined = rf"(?:\u200d{picture}){{0,{_MAX_JOINED_EMOJI - 1}}}"
    return regex.compile(
        rf"(?P<single>[{single}{long_vowel}]\p{{M}}*)"
        rf"|(?P<emoji>(?![\u00a9\u00ae\u2122]){picture}{joined}"
        r"|\p{Regional_Indicator}{2})"
        r"|(?P<apostrophe>[\u2019\u02bc\uff07])"
        rf"|(?P<word>[[\p{{L}}\p{{M}}\p{{N}}]--[{single}{long_vowel}{ignored}\u02bc]]+)"
        rf"|(?P<ignored>[{ignored}]+)"
        r"|(?P<sign>[\uff01\uff1f\u061f])"  # full-width and Arabic
        r"|(?P<other>.)",
        flags=regex.VERSION1 | regex.DOTALL,
    )
