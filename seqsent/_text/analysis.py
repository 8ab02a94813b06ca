"""From a document to its tokens."""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from .._estimator.parameters import did_you_mean, resolve
from .._runtime.warn import warn_user
from .words import blank_loose_apostrophes, encode_words, is_word_in_ascii

#: Replaced by spaces before words are split, as in Keras.
KERAS_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'

ANALYZERS = ("word", "char", "keras")

_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UTF8 = ("utf-8", "surrogatepass")

_NEGATION = re.compile(
    r"no|not|nor|none|never|neither|nobody|nothing|nowhere|cannot|cant|without|hardly|.*n['\u2019]t"
    r"|不|没|没有|无|非|别|未"
)


class Analyzer(Protocol):
    """From a document to its tokens."""

    def __call__(self, document: Any, /) -> list[Any]:
        """Return the tokens, str or int, in the order of the document."""


@runtime_checkable
class CleaningAnalyzer(Analyzer, Protocol):
    """An analyzer of texts whose words can be found in bulk."""

    def clean(self, text: str, /) -> bytes:
        """Return a text in UTF-8, spaces where they separate words; surrogates are passed on."""

    def finish(self, texts: bytearray, /) -> None:
        """Blank in place what still is no word in any number of texts, with spaces round each.

        Split at spaces, and without empty words, they then are what calls return.
        """


def make_analyzer(
    analyzer: Any = "word",
    *,
    tokenizer: Any = None,
    preprocessor: Any = None,
    lowercase: bool | str = True,
    strip_accents: Any = None,
    filters: str | None = KERAS_FILTERS,
    stop_words: Any = None,
) -> Analyzer:
    """Return the function that turns one document into a list of tokens.

    The parameters are those of ``SequenceVectorizer`` of the same name.
    """
    if not (isinstance(analyzer, str) and analyzer in ANALYZERS):
        if isinstance(analyzer, str) and "." not in analyzer:
            raise ValueError(
                f"analyzer={analyzer!r} is unknown.{did_you_mean(analyzer, ANALYZERS)} Expected "
                "'word', 'char', 'keras', a callable, or its import path 'package.function'."
            )
        return _CallableAnalyzer(resolve("analyzer", analyzer))
    stops = frozenset(stop_word_list(stop_words)) if analyzer != "char" else frozenset()
    preprocessor = resolve("preprocessor", preprocessor)
    if analyzer != "char" and tokenizer is not None:
        prepare = preprocessor or _Folding(lowercase, strip_accents)
        analyze: Analyzer = _TokenizerAnalyzer(prepare, resolve("tokenizer", tokenizer))
        return _WithoutStopWords(analyze, stops) if stops else analyze
    split = _SPLITTERS[analyzer](lowercase, strip_accents, filters or "", preprocessor)
    if analyzer == "char":
        return _CharAnalyzer(split)
    return _WithoutStopWords(split, stops) if stops else split


class _Folding:
    """Strip accents, then lower-case."""

    def __init__(self, lowercase: bool | str, strip_accents: Any) -> None:
        self.lowercase = lowercase
        self.strip = _accent_stripper(strip_accents)

    def __call__(self, text: str) -> str:
        if self.strip is not None:
            text = self.strip(text)
        if self.lowercase == "ascii":
            return text.translate(_ASCII_LOWER)
        return text.lower() if self.lowercase else text


def _accent_stripper(strip_accents: Any) -> Callable[[str], str] | None:
    if strip_accents is None or callable(strip_accents):
        return strip_accents
    # scikit-learn's text module is slow to import, and few need it
    from sklearn.feature_extraction import text

    return getattr(text, f"strip_accents_{strip_accents}")


class Splitter:
    """Fold, turn all that separates words into spaces, split at spaces.

    A pure ASCII text is folded and separated in one pass over its bytes; in UTF-8, the same
    pass separates the ASCII part of any other text once it is folded.

    Parameters
    ----------
    lowercase, strip_accents, filters, preprocessor : object
        As in :func:`make_analyzer`, resolved.
    """

    def __init__(
        self,
        lowercase: bool | str,
        strip_accents: Any,
        filters: str,
        preprocessor: Callable[[str], str] | None,
    ) -> None:
        self.prepare = preprocessor or _Folding(lowercase, strip_accents)
        self.ascii_too = preprocessor is not None or callable(strip_accents)
        self.rare_filters = {ord(c): " " for c in filters if not c.isascii()}
        self.table = self._byte_table(filters, lower=bool(lowercase) and preprocessor is None)

    def _byte_table(self, filters: str, *, lower: bool) -> bytes:
        table = bytearray(range(256))
        for code in range(128):
            character = chr(code).lower() if lower else chr(code)
            separates = character in filters or not self.may_be_in_word(character)
            table[code] = ord(" " if separates else character)
        return bytes(table)

    def may_be_in_word(self, character: str) -> bool:
        """Return whether an ASCII character can be part of a word, unless it is filtered."""
        raise NotImplementedError

    def encode(self, text: str) -> bytes:
        """Return a folded text in UTF-8, spaces for all but ASCII that separates words."""
        return text.translate(self.rare_filters).encode(*_UTF8)

    def clean(self, text: str) -> bytes:
        """Return a text in UTF-8, spaces where they separate words; surrogates are passed on."""
        if self.ascii_too or not text.isascii():
            text = self.prepare(text)
            if not isinstance(text, str):
                raise TypeError(
                    f"preprocessor and strip_accents must return a str, got {type(text).__name__}."
                )
        coded = text.encode() if text.isascii() else self.encode(text)
        return coded.translate(self.table)

    def finish(self, texts: bytearray) -> None:
        """Blank in place what still is no word in any number of texts, with spaces round each."""

    def __call__(self, text: str) -> list[str]:
        words = bytearray(b" %b " % self.clean(text))
        self.finish(words)
        return list(filter(None, words.decode(*_UTF8).split(" ")))


class _KerasSplitter(Splitter):
    """Keras's words: all that lies between filtered characters and spaces.

    Only the space character separates words: other white space belongs to the word
    unless it is filtered.
    """

    def may_be_in_word(self, character: str) -> bool:
        return True


class _WordSplitter(Splitter):
    """Words by Unicode's properties; filtered characters separate them as well."""

    def may_be_in_word(self, character: str) -> bool:
        return is_word_in_ascii(character)

    def encode(self, text: str) -> bytes:
        return encode_words(text.translate(self.rare_filters) if self.rare_filters else text)

    def finish(self, texts: bytearray) -> None:
        if b"'" in texts:
            blank_loose_apostrophes(texts)


_SPLITTERS = {"word": _WordSplitter, "char": _KerasSplitter, "keras": _KerasSplitter}


class _WithoutStopWords:
    """The tokens of another analyzer that are no stop words."""

    def __init__(self, analyze: Analyzer, stops: Collection[str]) -> None:
        self.analyze, self.stops = analyze, stops

    def __call__(self, document: Any) -> list[Any]:
        return [token for token in self.analyze(document) if token not in self.stops]


class _CharAnalyzer:
    """The characters of the words, and the single spaces between them."""

    def __init__(self, split: Splitter) -> None:
        self.split = split

    def __call__(self, text: str) -> list[str]:
        return list(" ".join(self.split(text)))


class _TokenizerAnalyzer:
    """The user's tokenizer on the folded text."""

    def __init__(
        self, prepare: Callable[[str], str], tokenizer: Callable[[str], Iterable[Any]]
    ) -> None:
        self.prepare, self.tokenizer = prepare, tokenizer

    def __call__(self, text: str) -> list[Any]:
        return _as_tokens("tokenizer", self.tokenizer(self.prepare(text)))


class _CallableAnalyzer:
    """The user's analyzer on the document as it came."""

    def __init__(self, analyzer: Callable[[Any], Iterable[Any]]) -> None:
        self.analyzer = analyzer

    def __call__(self, document: Any) -> list[Any]:
        if document is None:
            return []
        return _as_tokens("analyzer", self.analyzer(document))


def _as_tokens(source: str, tokens: Any) -> list[Any]:
    if isinstance(tokens, np.ndarray):
        return tokens.tolist()
    if isinstance(tokens, (str, bytes)) or not isinstance(tokens, Iterable):
        raise TypeError(
            f"The {source} must return a list of tokens, got {type(tokens).__name__}. "
            "Return for instance text.split()."
        )
    return list(tokens)


def stop_word_list(stop_words: Any) -> Collection[str]:
    """Return the words that the parameter ``stop_words`` stands for."""
    if stop_words is None:
        return ()
    if isinstance(stop_words, str):
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        return ENGLISH_STOP_WORDS
    return list(stop_words)


def warn_about_analysis(parameters: dict[str, Any]) -> None:
    """Warn about stop words that negate, and about parameters that are without effect.

    ``parameters`` are those of :func:`make_analyzer`.
    """
    analyzer = parameters["analyzer"]
    if isinstance(analyzer, str) and analyzer in ("word", "keras"):
        stops = stop_word_list(parameters["stop_words"])
        negations = sorted(word for word in stops if _NEGATION.fullmatch(word.lower()))
        if negations:
            named = ", ".join(map(repr, negations[:6])) + (", ..." if len(negations) > 6 else "")
            warn_user(
                f"stop_words removes negations ({named}), and negation decides sentiment: "
                "'not good' would read as 'good'. Leave them out of the list.",
            )
        return
    without_effect = ["tokenizer", "stop_words"] + ["preprocessor"] * (analyzer != "char")
    for name in without_effect:
        if parameters[name] is not None:
            warn_user(
                f"{name} is without effect unless analyzer='word'"
                f"{' or char' if name == 'preprocessor' else ''}, got analyzer={analyzer!r}.",
            )
