"""Fonts for the characters that matplotlib's default font lacks."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from weakref import WeakSet

from .._runtime.warn import warn_user

_PLACEHOLDER = "\N{WHITE SQUARE}"
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)  # invisible, as the characters of category Cf
_EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "FULLWIDTH"}
_REGULAR_WEIGHT = 400
_MAX_CACHED_SEARCHES = 64

_warned_figures: WeakSet[Any] = WeakSet()


def make_legible(
    figure: Any, texts: Iterable[str], family: str | None = None
) -> tuple[list[str], dict[str, Any]]:
    """Return texts that can be drawn, and the properties that ``matplotlib.text.Text`` needs.

    The properties name fonts for all characters, and switch off formulas between two "$".
    Characters that no font has are replaced, with one warning per figure. matplotlib itself
    would warn of each of them. ``family`` is the preferred font family; if None, the default.
    """
    import matplotlib as mpl
    from matplotlib import font_manager

    texts = list(texts)
    families = [family] if family else list(mpl.rcParams["font.family"])
    characters = {char for text in texts for char in text if not char.isspace()}
    for name in families:
        path = font_manager.findfont(font_manager.FontProperties(family=[name]))
        characters -= _glyphs(path, characters)
    fonts = font_manager.fontManager.ttflist
    fallbacks, missing = _find_fallbacks(frozenset(characters), len(fonts))
    replacements = {ord(char): "" if _is_invisible(char) else _PLACEHOLDER for char in missing}
    visible = sorted(char for char in missing if not _is_invisible(char))
    if visible and figure not in _warned_figures:
        _warned_figures.add(figure)
        warn_user(_missing_glyphs_message(visible, mpl.get_cachedir()))
    properties = {"fontfamily": [*families, *fallbacks], "parse_math": False}
    return [text.translate(replacements) for text in texts], properties


@lru_cache(_MAX_CACHED_SEARCHES)
def _find_fallbacks(
    characters: frozenset[str], n_fonts: int
) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the fewest fonts that have the characters, and the characters that none has.

    ``n_fonts`` is part of the cache key: matplotlib may learn of new fonts.
    """
    from matplotlib import font_manager

    names: list[str] = []
    if characters:
        region = _region(characters)
        fonts = [
            font
            for font in font_manager.fontManager.ttflist
            if font.style == "normal" and not font.name.startswith("Last Resort")
        ]
        fonts.sort(
            key=lambda font: (
                font.weight != _REGULAR_WEIGHT,
                region not in font.name,
                "Sans" not in font.name,
                "Mono" in font.name,
                font.name,
            )
        )
        found = [(font.name, _glyphs(font.fname, characters)) for font in fonts]
        while characters and found:
            name, glyphs = max(found, key=lambda item: len(item[1] & characters))
            if not glyphs & characters:
                break
            names.append(name)
            characters -= glyphs
    return tuple(names), characters


def _glyphs(path: Any, characters: Iterable[str]) -> set[str]:
    """Return the characters of which a font file has a glyph."""
    from matplotlib import font_manager

    font = font_manager.get_font(path)
    return {char for char in characters if font.get_char_index(ord(char))}


def _region(characters: Iterable[str]) -> str:
    """Return the region, as in names of fonts, that determines the forms of Chinese characters."""
    scripts = {_script(char) for char in characters}
    if scripts & {"HIRAGANA", "KATAKANA"}:
        return "JP"
    return "KR" if "HANGUL" in scripts else "SC"


def _script(char: str) -> str:
    return unicodedata.name(char, "UNKNOWN").partition(" ")[0]


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or ord(char) in _VARIATION_SELECTORS


def _missing_glyphs_message(characters: list[str], cache: str) -> str:
    first = characters[0]
    fonts = sorted({_recommended_font(char) for char in characters})
    return (
        f"No font that matplotlib finds has {len(characters)} of the characters, such as {first} "
        f"({unicodedata.name(first, f'U+{ord(first):04X}')}). They are drawn as {_PLACEHOLDER}. "
        f"Install {', '.join(fonts)}, for example from https://fonts.google.com/noto, then delete "
        f"matplotlib's list of fonts in {cache} and restart Python."
    )


def _recommended_font(char: str) -> str:
    script = _script(char)
    if script in _EAST_ASIAN:
        return "Noto Sans CJK (Debian, Ubuntu: fonts-noto-cjk)"
    if unicodedata.category(char) in {"So", "Sk", "Cn"}:
        return "Noto Emoji or Symbola (Debian, Ubuntu: fonts-symbola)"
    return f"Noto Sans {script.title()} (Debian, Ubuntu: fonts-noto-core)"
