"""A document to its tokens."""

import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from numbers import Integral
from typing import Any

import numpy as np

from .._estimator.parameters import did_you_mean, resolve
from .._runtime.warn import warn_user
from .web_text import clean_web_text
from .words import blank_outer_apostrophes, encode_words, is_ascii_word_character, limit_marks

Analyzer = Callable[[Any], list[Any]]
"""Function of a document that returns a list of its tokens, str or int."""

#: Replaced by spaces before words are split, as in Keras.
KERAS_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'

ANALYZERS = ("word", "char", "keras")

_UTF8 = ("utf-8", "surrogatepass")

_NEGATION = re.compile(
    r"no|not|nor|none|never|neither|nobody|nothing|nowhere|cannot|cant|without|hardly|.*n['\u2019]t"
    r"|不|没|没有|无|非|别|未"
)


def make_analyzer(
    analyzer: Any = "word",
    *,
    tokenizer: Any = None,
    preprocessor: Any = None,
    lowercase: bool = True,
    strip_accents: Any = None,
    filters: str | None = None,
    stop_words: Any = None,
) -> Analyzer:
    """Return the function that splits a document into tokens.

    ``SequenceVectorizer`` documents the parameters.
    """
    if not (isinstance(analyzer, str) and analyzer in ANALYZERS):
        if isinstance(analyzer, str) and "." not in analyzer:
            raise ValueError(
                f"analyzer={analyzer!r} is unknown.{did_you_mean(analyzer, ANALYZERS)} Expected "
                "'word', 'char', 'keras', a callable, or its import path 'package.function'."
            )
        return _CallableAnalyzer(resolve("analyzer", analyzer))
    preprocess = resolve("preprocessor", preprocessor)
    splitter = _WordSplitter if analyzer == "word" else _KerasSplitter
    if filters is None:
        filters = "" if analyzer == "word" else KERAS_FILTERS
    if analyzer == "char":
        return _CharAnalyzer(_KerasSplitter(lowercase, strip_accents, filters, preprocess))
    analyze: Analyzer
    if tokenizer is not None:
        fold = preprocess or _Folding(lowercase, strip_accents)
        analyze = _TokenizerAnalyzer(fold, resolve("tokenizer", tokenizer))
    else:
        analyze = splitter(lowercase, strip_accents, filters, preprocess)
    stops = frozenset(_stop_words(stop_words))
    return _StopWordFilter(analyze, stops) if stops else analyze


class _Folding:
    """Strip accents, then lower-case."""

    def __init__(self, lowercase: bool, strip_accents: Any) -> None:
        self.lowercase = lowercase
        self.strip_accents = _accent_stripper(strip_accents)

    def __call__(self, text: str) -> str:
        if self.strip_accents is not None:
            text = self.strip_accents(limit_marks(text))
        return text.lower() if self.lowercase else text


def _accent_stripper(strip_accents: Any) -> Callable[[str], str] | None:
    if strip_accents is None or callable(strip_accents):
        return strip_accents
    from sklearn.feature_extraction import text  # slow to import

    return getattr(text, f"strip_accents_{strip_accents}")


class Splitter:
    """Analyzer that folds a text, replaces separators by spaces, and splits at spaces.

    ``clean`` and ``finish`` are the two steps before the split. They work on UTF-8, so that many
    texts can be finished and split at once. A translation table lower-cases and separates the
    ASCII part of any text in one pass.
    """

    def __init__(
        self,
        lowercase: bool,
        strip_accents: Any,
        filters: str,
        preprocessor: Callable[[str], str] | None,
    ) -> None:
        self.fold = preprocessor or _Folding(lowercase, strip_accents)
        self.folds_ascii = preprocessor is not None or callable(strip_accents)
        self.other_filters = {ord(c): " " for c in filters if not c.isascii()}
        self.table = _ascii_table(
            filters, lowercase and preprocessor is None, self.is_word_character
        )

    @staticmethod
    def is_word_character(character: str) -> bool:
        """Return whether an ASCII character that is not in ``filters`` is part of a word."""
        raise NotImplementedError

    def encode(self, text: str) -> bytes:
        """Return a folded text in UTF-8, with spaces for the separators that are not ASCII."""
        return text.translate(self.other_filters).encode(*_UTF8)

    def clean(self, text: str) -> bytes:
        """Return a text in UTF-8, folded, with spaces for separators."""
        if self.folds_ascii or not text.isascii():
            text = self.fold(text)
            if not isinstance(text, str):
                raise TypeError(
                    f"preprocessor and strip_accents must return a str, got {type(text).__name__}."
                )
        encoded = text.encode() if text.isascii() else self.encode(text)
        return encoded.translate(self.table)

    def finish(self, texts: bytearray) -> None:
        """Replace the remaining separators in cleaned texts by spaces, in place.

        The bytes start and end with a space, and a space separates the texts.
        """

    def __call__(self, text: str) -> list[str]:
        words = bytearray(b" %b " % self.clean(text))
        self.finish(words)
        return list(filter(None, words.decode(*_UTF8).split(" ")))


@lru_cache(maxsize=16)
def _ascii_table(filters: str, lower: bool, is_word_character: Callable[[str], bool]) -> bytes:
    table = bytearray(range(256))
    for code in range(128):
        character = chr(code).lower() if lower else chr(code)
        separates = character in filters or not is_word_character(character)
        table[code] = ord(" " if separates else character)
    return bytes(table)


class _KerasSplitter(Splitter):
    """Split at ``filters`` and the space character; other white space is part of a word."""

    @staticmethod
    def is_word_character(character: str) -> bool:
        return True


class _WordSplitter(Splitter):
    """Split into words by Unicode properties, and at ``filters``; "!" and "?" are words."""

    is_word_character = staticmethod(is_ascii_word_character)

    def clean(self, text: str) -> bytes:
        words = super().clean(clean_web_text(text))
        return words.replace(b"!", b" ! ").replace(b"?", b" ? ")

    def encode(self, text: str) -> bytes:
        return encode_words(text.translate(self.other_filters) if self.other_filters else text)

    def finish(self, texts: bytearray) -> None:
        if b"'" in texts:
            blank_outer_apostrophes(texts)


class _StopWordFilter:
    """Remove stop words from the tokens of another analyzer."""

    def __init__(self, analyze: Analyzer, stop_words: Collection[str]) -> None:
        self.analyze, self.stop_words = analyze, stop_words

    def __call__(self, document: Any) -> list[Any]:
        return [token for token in self.analyze(document) if token not in self.stop_words]


class _CharAnalyzer:
    """Split into the characters of the words, with a single space between words."""

    def __init__(self, split: Splitter) -> None:
        self.split = split

    def __call__(self, text: str) -> list[str]:
        return list(" ".join(self.split(text)))


class _TokenizerAnalyzer:
    """Call the user's tokenizer with the folded text."""

    def __init__(
        self, fold: Callable[[str], str], tokenizer: Callable[[str], Iterable[Any]]
    ) -> None:
        self.fold, self.tokenizer = fold, tokenizer

    def __call__(self, text: str) -> list[Any]:
        return _as_tokens("tokenizer", self.tokenizer(self.fold(text)))


class _CallableAnalyzer:
    """Call the user's analyzer with the document as it is; a missing document has no tokens."""

    def __init__(self, analyzer: Callable[[Any], Iterable[Any]]) -> None:
        self.analyzer = analyzer

    def __call__(self, document: Any) -> list[Any]:
        return [] if document is None else _as_tokens("analyzer", self.analyzer(document))


def _as_tokens(source: str, tokens: Any) -> list[Any]:
    if isinstance(tokens, np.ndarray):
        return tokens.tolist()
    if isinstance(tokens, (str, bytes)) or not isinstance(tokens, Iterable):
        raise TypeError(
            f"The {source} must return a list of tokens, got {type(tokens).__name__}. "
            "Return, for example, text.split()."
        )
    return list(tokens)


def _stop_words(stop_words: Any) -> Collection[str]:
    """Return the stop words selected by the parameter ``stop_words``."""
    if stop_words is None:
        return ()
    if isinstance(stop_words, str):
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        return ENGLISH_STOP_WORDS
    for word in stop_words:
        if not isinstance(word, str | Integral):
            raise TypeError(
                f"stop_words must contain str, or int if the tokenizer returns int, got {word!r}."
            )
    return list(stop_words)


def warn_about_analysis(parameters: dict[str, Any]) -> None:
    """Warn if stop words contain negations, and about parameters without effect.

    ``parameters`` are the parameters of :func:`make_analyzer`.
    """
    analyzer = parameters["analyzer"]
    if isinstance(analyzer, str) and analyzer in ("word", "keras"):
        stops = _stop_words(parameters["stop_words"])
        negations = sorted(
            w for w in stops if isinstance(w, str) and _NEGATION.fullmatch(w.lower())
        )
        if negations:
            listed = ", ".join(map(repr, negations[:6])) + (", ..." if len(negations) > 6 else "")
            warn_user(
                f"stop_words contains negations ({listed}). Without them 'not good' reads as "
                "'good'. Remove the negations from stop_words."
            )
        return
    for name in ["tokenizer", "stop_words"] + ["preprocessor"] * (analyzer != "char"):
        if parameters[name] is not None:
            warn_user(f"{name} has no effect with analyzer={analyzer!r}. Set {name}=None.")
