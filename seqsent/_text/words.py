"""What a word is, by Unicode's properties, in any script.

Letters, marks and numbers make words, with apostrophes inside. In scripts that are written
without spaces each character is a word, with its marks; so is each emoji.
"""

import codecs
import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

import numpy as np

# what is read together with its neighbours: marks of the scripts whose letters are words by
# themselves, joiners, variants, and all that emoji are made of
_OF_SEVERAL = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u3099\u309a\ua9e0-\ua9ff\uaa60-\uaa7f"
    r"\u00ad\u200b-\u200d\u2060\u203c\u2049\u2100-\u2bff\u3030\u303d\u3297\u3299\ufe0e\ufe0f"
    r"\U0001f000-\U0001ffff]"
)
# and, behind Han and Kana, whatever may be a mark of any script: all but letters, numbers and
# common punctuation, the most common ones named for speed
_BEHIND_HAN = re.compile(
    r"[^\u4e00-\u9fff\u3041-\u3096\u30a1-\u30fe\u2010-\u2027\u3000-\u3020\uff01-\uff65\w]"
    r"(?<=[\u3005-\u3007\u3021-\u9fff\uf900-\ufaff\uff66-\uff9f\U00016fe0-\U0003ffff].)",
    flags=re.DOTALL,
)
_LONGEST_CACHED = 64  # characters
_SPACE, _APOSTROPHE = b" '"


def is_word_in_ascii(character: str) -> bool:
    """Return whether an ASCII character is part of a word."""
    return character.isalnum() or character == "'"


def encode_words(text: str) -> bytes:
    """Return a text in UTF-8, with spaces round the words that are not ASCII.

    What is no word and not ASCII goes, spellings of the same characters become one (NFC), and
    so do the apostrophes. What separates words in ASCII stays.
    """
    return unicodedata.normalize("NFC", text).encode("ascii", _SEPARATE)


def blank_loose_apostrophes(words: bytearray) -> None:
    """Replace apostrophes that are not inside a word by spaces; spaces lie round all words."""
    codes = np.frombuffer(words, np.uint8)
    apostrophes = np.flatnonzero(codes == _APOSTROPHE)
    beside = codes[apostrophes + np.array([[-1], [1]])]
    codes[apostrophes[((beside == _SPACE) | (beside == _APOSTROPHE)).any(axis=0)]] = _SPACE


def _separate(error: UnicodeError) -> tuple[bytes, int]:
    """Encode a run of characters of which none is ASCII, as an error handler of codecs."""
    assert isinstance(error, UnicodeEncodeError)
    characters = error.object[error.start : error.end]
    if _OF_SEVERAL.search(characters) or _BEHIND_HAN.search(characters):
        # a long run is seldom seen twice, and the cache would hold it
        is_short = len(characters) <= _LONGEST_CACHED
        words = (_separate_cached if is_short else _separate_characters)(characters)
    else:
        words = characters.translate(_one_by_one)
    return words.encode("utf-8", "surrogatepass"), error.end


# the encoder passes over ASCII many times faster than a regular expression does
_SEPARATE = "seqsent.separate"
codecs.register_error(_SEPARATE, _separate)


def _separate_characters(characters: str) -> str:
    """Put spaces round the words of characters none of which is ASCII."""
    separated: str = _parts().sub(_write, characters)
    return separated


_separate_cached = lru_cache(maxsize=2**12)(_separate_characters)


class _OneByOne(dict[int, str]):
    """What stands for each character, found out when it first comes."""

    def __missing__(self, code: int) -> str:
        self[code] = _separate_characters(chr(code))
        return self[code]


_one_by_one = _OneByOne()


def _write(part: Any) -> str:
    kind = part.lastgroup
    if kind == "word":
        return str(part[0])
    if kind in ("single", "emoji"):
        return f" {part[0].translate(_NO_VARIANTS)} "
    return {"apostrophe": "'", "joiner": ""}.get(kind, " ")


_NO_VARIANTS = {0xFE0E: None, 0xFE0F: None}  # an emoji as text or as a picture is the same word


@cache
def _parts() -> Any:
    """Return the pattern of all that characters can be part of; ``lastgroup`` names it."""
    import regex  # takes a while to import, and English text needs it seldom

    scripts = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    single = rf"[[{scripts}]&&[\p{{L}}\p{{N}}]]"
    long_vowel = r"\u30fc\uff70"  # of Katakana; Unicode counts them among no script
    picture = r"\p{Extended_Pictographic}[\p{M}\p{Emoji_Modifier}]*"
    return regex.compile(
        rf"(?P<single>[{single}{long_vowel}]\p{{M}}*)"
        rf"|(?P<emoji>(?![\u00a9\u00ae\u2122]){picture}(?:\u200d{picture})*"
        r"|\p{Regional_Indicator}{2})"
        r"|(?P<apostrophe>[\u2019\u02bc\uff07])"
        rf"|(?P<word>[[\p{{L}}\p{{M}}\p{{N}}]--[{single}{long_vowel}\u02bc]]+)"
        r"|(?P<joiner>[\u200c\u200d\u00ad\u2060])"  # inside a word they change no letter
        r"|(?P<other>.)",
        flags=regex.VERSION1 | regex.DOTALL,
    )
