"""Texts to rows of token ids of equal length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import signature
from itertools import repeat
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import Tags

from ._estimator.base import Interval, RealNotInt, SeqsentEstimator, StrOptions, fit_context
from ._estimator.html import PositionNamesMixin
from ._text.analysis import ANALYZERS, Analyzer, Splitter, make_analyzer, warn_about_analysis
from ._text.corpus_counts import CorpusCounts, warn_about_rare_tokens
from ._text.documents import as_documents
from ._text.encoding import encode, tokenize
from ._text.rows import RowLayout
from ._text.running_counts import RunningCounts
from ._text.state import FITTED_ATTRIBUTES, import_paths, pack_state, unpack_state
from ._text.vocabulary import VocabularyOptions, decode_rows
from ._types import Ids, TokenizedDocument

_CALLABLES = ("analyzer", "tokenizer", "preprocessor", "strip_accents")
_ANALYSIS = tuple(signature(make_analyzer).parameters)
_DOCUMENT_FREQUENCY = [
    Interval(RealNotInt, 0, 1, closed="both"),
    Interval(Integral, 1, None, closed="left"),
]


class SequenceVectorizer(PositionNamesMixin, TransformerMixin, SeqsentEstimator):
    """Convert texts to rows of token ids of equal length.

    Tokens are ranked by their number of occurrences: the most frequent token has rank 1, and a
    token of rank r has the id ``r + index_from``. Each document starts with ``start_char`` and is
    then truncated, or padded with zeros, to ``maxlen`` ids.

    Parameters
    ----------
    num_words : int or None, default=10000
        Upper bound of the ids, special ids included. Only the most frequent tokens, with ids
        below ``num_words``, are in the vocabulary. If None, all tokens are.
    maxlen : int or None, default=500
        Length of a row, ``start_char`` included. If None, rows fit the longest training text.
    analyzer : {"word", "char", "keras"}, callable or str, default="word"
        How a document is split into tokens.

        - "word": words with apostrophes inside, and emoji, "!" and "?" (see Notes).
        - "char": single characters, with one space between words.
        - "keras": split at ``filters`` and the space character, as in
          ``keras.datasets.imdb.load_data``.
        - callable, or its import path: function of a document of any type that returns a list of
          tokens, str or int. With ``analyzer=list`` documents are lists of tokens or ids.
    min_df : float or int, default=1
        Minimum number (int) or proportion (float) of training documents that contain a token.
        Rarer tokens are left out of the vocabulary. Ignored if ``vocabulary`` is given.
    max_df : float or int, default=1.0
        Maximum number (int) or proportion (float) of these documents.
    missing : {"error", "empty"}, default="error"
        Whether a missing text (None, NaN, ``pandas.NA``) raises an error that lists the rows, or
        is read as an empty text.
    lowercase : bool, default=True
        Whether to convert texts to lower case.
    strip_accents : {"ascii", "unicode"}, callable or None, default=None
        How to remove accents before lower-casing, as in
        :class:`~sklearn.feature_extraction.text.CountVectorizer`. If None, accents are kept.
    stop_words : "english", list of str or None, default=None
        Tokens to remove. "english" is scikit-learn's list. Lists that contain negations cause a
        warning, because negation decides sentiment.
    tokenizer : callable, str or None, default=None
        Function of a text that returns a list of tokens, used by "word" and "keras" instead of
        filtering and splitting. A str is an import path, for example "jieba.lcut".
    preprocessor : callable, str or None, default=None
        Function of a text that returns a text, used instead of ``strip_accents`` and
        ``lowercase``. A str is an import path.
    filters : str or None, default=None
        Characters replaced by a space before a text is split. If None, Keras's (ASCII punctuation
        without the apostrophe, tab, line feed) for "char" and "keras", none for "word".
    vocabulary : mapping, list of str or None, default=None
        Mapping of token to rank, for example ``keras.datasets.imdb.get_word_index()``, or tokens
        in the order of their ranks. Ranks are 1, 2, ... without gaps. If ``maxlen`` is not None,
        ``transform`` then works without ``fit``. If None, the vocabulary is learned.
    warm_start : bool, default=False
        Whether ``fit`` keeps the ids of earlier fits and appends new tokens, for a classifier
        with ``warm_start=True``. A warning is issued if ``num_words`` excludes new tokens.
    padding : {"pre", "post"}, default="pre"
        Side on which zeros are added to a short document.
    truncating : {"pre", "post"}, default="pre"
        Side on which a long document is cut. "pre" keeps the last tokens and removes
        ``start_char``.
    start_char : int or None, default=1
        Id before the first token, at most ``index_from``. If None, there is no such id.
    oov_char : int or None, default=2
        Id of ``[OOV]``, which replaces tokens outside the vocabulary, at most ``index_from``. If
        None, these tokens are removed.
    index_from : int, default=3
        Difference between the id of a token and its rank.

    Attributes
    ----------
    vocabulary_ : dict
        Id of each token, by increasing id.
    word_counts_ : dict
        Number of occurrences of each token of the vocabulary in the training documents.
    maxlen_ : int
        Length of a row.
    n_words_ : int
        Largest id plus one, the number of rows of an embedding table.

    See Also
    --------
    seqsent.RecurrentSentimentClassifier : Classifier of the rows.
    seqsent.make_sentiment_pipeline : Pipeline of vectorizer and classifier.
    sklearn.feature_extraction.text.CountVectorizer : Token counts without order.

    Notes
    -----
    Tokens of equal count are ranked by their code points, so ids depend neither on the order of
    the documents nor on the platform.

    A word consists of letters, marks and numbers, in NFC. Each character with its marks is a token
    in scripts without spaces (Han, Kana, Thai, Lao, Khmer, Burmese) and in Hangul. Emoticons such
    as ``:)`` are read as emoji, a URL as the emoji of a link, ``@name`` and ``#tag`` as words. HTML
    entities are decoded and tags removed. Letters of other width become the usual ones, Arabic
    vowel marks and tatweel are removed, and repeated Hangul letters are cut to two.

    Documents can be in any iterable, a NumPy array, a pandas or polars Series, or an ``(n, 1)``
    frame or array. An empty text is valid.

    Examples
    --------
    >>> from seqsent import SequenceVectorizer
    >>> texts = ["A good film.", "Not a good film, not at all."]
    >>> vectorizer = SequenceVectorizer(maxlen=6)
    >>> vectorizer.fit_transform(texts)
    array([[0, 0, 1, 4, 6, 5],
           [4, 6, 5, 7, 9, 8]], dtype=int32)
    >>> vectorizer.vocabulary_
    {'a': 4, 'film': 5, 'good': 6, 'not': 7, 'all': 8, 'at': 9}
    >>> vectorizer.inverse_transform(vectorizer.transform(["A dull film"]))
    [['[START]', 'a', '[OOV]', 'film']]
    """

    _shared_parameters: ClassVar[tuple[str, ...]] = ("vocabulary", *_CALLABLES)

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "num_words": [Interval(Integral, 2, None, closed="left"), None],
        "maxlen": [Interval(Integral, 1, None, closed="left"), None],
        "analyzer": [str, callable],
        "min_df": _DOCUMENT_FREQUENCY,
        "max_df": _DOCUMENT_FREQUENCY,
        "missing": [StrOptions({"error", "empty"})],
        "lowercase": ["boolean"],
        "strip_accents": [StrOptions({"ascii", "unicode"}), callable, None],
        "stop_words": [StrOptions({"english"}), list, tuple, set, frozenset, None],
        "tokenizer": [str, callable, None],
        "preprocessor": [str, callable, None],
        "filters": [str, None],
        "vocabulary": [Mapping, "array-like", None],
        "warm_start": ["boolean"],
        "padding": [StrOptions({"pre", "post"})],
        "truncating": [StrOptions({"pre", "post"})],
        "start_char": [Interval(Integral, 1, None, closed="left"), None],
        "oov_char": [Interval(Integral, 1, None, closed="left"), None],
        "index_from": [Interval(Integral, 0, 2**30, closed="both")],  # ids are int32
    }
    _fitted_attributes = FITTED_ATTRIBUTES
    _import_paths = staticmethod(import_paths)
    _pack, _unpack = staticmethod(pack_state), staticmethod(unpack_state)

    _running_counts: RunningCounts | None = None  # of partial_fit, until the vocabulary is fixed

    def __init__(
        self,
        *,
        num_words: int | None = 10000,
        maxlen: int | None = 500,
        analyzer: Any = "word",
        min_df: float = 1,
        max_df: float = 1.0,
        missing: str = "error",
        lowercase: bool = True,
        strip_accents: Any = None,
        stop_words: Any = None,
        tokenizer: Any = None,
        preprocessor: Any = None,
        filters: str | None = None,
        vocabulary: Any = None,
        warm_start: bool = False,
        padding: str = "pre",
        truncating: str = "pre",
        start_char: int | None = 1,
        oov_char: int | None = 2,
        index_from: int = 3,
    ) -> None:
        self.num_words = num_words
        self.maxlen = maxlen
        self.analyzer = analyzer
        self.min_df = min_df
        self.max_df = max_df
        self.missing = missing
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.stop_words = stop_words
        self.tokenizer = tokenizer
        self.preprocessor = preprocessor
        self.filters = filters
        self.vocabulary = vocabulary
        self.warm_start = warm_start
        self.padding = padding
        self.truncating = truncating
        self.start_char = start_char
        self.oov_char = oov_char
        self.index_from = index_from

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the vocabulary, or count the tokens of a given one.

        Parameters
        ----------
        X : iterable of str of length n_samples
            Training texts.
        y : None
            Ignored.

        Returns
        -------
        SequenceVectorizer
            Fitted vectorizer.

        Raises
        ------
        TypeError, ValueError
            If X does not contain texts or tokens, if texts are missing, or if parameters
            contradict each other.
        """
        self._learn(X, store_ids=False)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Any, y: Any = None) -> Ids:
        """Learn the vocabulary and return the rows, faster than ``fit(X).transform(X)``.

        Parameters
        ----------
        X : iterable of str of length n_samples
            Training texts.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples, ``maxlen_``), dtype int32
            One row per text.

        Raises
        ------
        TypeError, ValueError
            As ``fit``.
        """
        corpus_counts, ids = self._learn(X, store_ids=True)
        batches = corpus_counts.renumbered(ids)
        return self._layout(self.maxlen_).fill(batches, corpus_counts.n_documents)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Update the vocabulary with a chunk of texts, in bounded memory.

        The vocabulary after all chunks is the same as after one ``fit`` if they contain at most
        ``20 * num_words`` distinct tokens. Otherwise only the most frequent tokens are counted: a
        count can be too low by ``1 / (20 * num_words)`` of all tokens. With ``num_words=None`` or
        a given ``vocabulary`` all counts are exact.

        The first ``transform`` or ``inverse_transform`` fixes the vocabulary. A vectorizer can be
        pickled between chunks.

        Parameters
        ----------
        X : iterable of str of length n_samples
            Some of the training texts.
        y : None
            Ignored.

        Returns
        -------
        SequenceVectorizer
            Vectorizer fitted to all chunks so far.

        Raises
        ------
        TypeError, ValueError
            As ``fit``, or if the vocabulary is fixed.
        """
        self._learn_chunk(X)
        return self

    def transform(self, X: Any) -> Ids:
        """Return the texts as rows of token ids.

        Parameters
        ----------
        X : iterable of str of length n_samples
            Texts; can be empty.

        Returns
        -------
        ndarray of shape (n_samples, ``maxlen_``), dtype int32
            One row per text, C-contiguous.

        Raises
        ------
        TypeError, ValueError
            If X does not contain texts, or if texts are missing.
        NotFittedError
            If not fitted, unless ``vocabulary`` and ``maxlen`` are given.
        """
        vocabulary, maxlen = self._vocabulary_and_maxlen()
        documents = self._documents(X)
        layout = self._layout(maxlen)
        get, oov_char = vocabulary.get, self.oov_char or 0
        batches = encode(
            documents,
            self._list_analyzer(),
            lambda tokens: map(get, tokens, repeat(oov_char)),
            layout.truncation_before_lookup,
        )
        rows = layout.fill(batches, len(documents))
        self.__dict__.pop("_running_counts", None)  # another chunk would change the ids
        return rows

    def inverse_transform(self, X: Any) -> list[list[Any]]:
        """Return the tokens of rows of ids.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_ids), or list of lists
            Rows of ids, of any length.

        Returns
        -------
        list of list
            Tokens of each row, without padding. ``start_char`` becomes "[START]", and ids outside
            the vocabulary become "[OOV]".

        Raises
        ------
        ValueError
            If a row does not consist of non-negative integers.
        NotFittedError
            If not fitted, unless ``vocabulary`` and ``maxlen`` are given.
        """
        vocabulary, _ = self._vocabulary_and_maxlen()
        rows = X.to_numpy() if hasattr(X, "to_numpy") else X
        tokens = decode_rows(rows, vocabulary, start_char=self.start_char)
        self.__dict__.pop("_running_counts", None)
        return tokens

    def build_analyzer(self) -> Analyzer:
        """Return the function that splits a document into tokens.

        Returns
        -------
        callable
            Function of a document that returns a list of tokens.

        Raises
        ------
        TypeError, ValueError
            If a parameter is invalid, or an import path cannot be imported.
        """
        return make_analyzer(**self._analysis_parameters())

    @property
    def _n_features_out(self) -> int:
        return self.maxlen_ if hasattr(self, "maxlen_") else self._vocabulary_and_maxlen()[1]

    def _learn(self, X: Any, *, store_ids: bool) -> tuple[CorpusCounts, npt.NDArray[np.int32]]:
        """Fit, and return the counts and the final ids of all tokens (n_tokens,)."""
        is_warm = self.warm_start and hasattr(self, "vocabulary_")
        options, layout = self._options(), self._layout(self.maxlen_ if is_warm else self.maxlen)
        counts = self._count(
            X,
            layout,
            # without [OOV] the longest row is unknown until the vocabulary is chosen
            store_ids=store_ids or (layout.maxlen is None and layout.drop_oov),
            count_documents=options.filters_documents,
        )
        vocabulary = options.choose(counts, self.vocabulary_ if is_warm else {})
        options.check_not_empty(vocabulary, counts)
        ids, word_counts = counts.final_ids(vocabulary), counts.counts_in(vocabulary)
        if is_warm:
            word_counts = {t: n + self.word_counts_.get(t, 0) for t, n in word_counts.items()}
        maxlen = layout.row_length(counts.max_tokens, counts.renumbered(ids))
        self._set_vocabulary(vocabulary, word_counts, maxlen)
        self.__dict__.pop("_running_counts", None)
        return counts, np.where(ids == 0, np.int32(self.oov_char or 0), ids)

    def _learn_chunk(self, X: Any) -> None:
        """Add a chunk to the running counts, and update the vocabulary."""
        options, layout = self._options(), self._layout(self.maxlen)
        is_first = self._running_counts is None
        if is_first and hasattr(self, "vocabulary_"):
            raise ValueError(
                "The vocabulary is fixed by fit or transform, because a classifier may depend on "
                "the ids. Call partial_fit with all chunks before transform, or start from scratch "
                "with a clone. To append tokens, call fit with warm_start=True."
            )
        chunk = self._count(X, layout, store_ids=False, count_documents=True)
        maxlen = max(layout.row_length(chunk.max_tokens), 0 if is_first else self.maxlen_)
        running_counts = (self._running_counts or RunningCounts()).add(
            chunk, capacity=options.capacity, vocabulary=options.given_ids()
        )
        vocabulary = options.choose(running_counts, {})
        self._set_vocabulary(vocabulary, running_counts.counts_in(vocabulary), maxlen)
        self._running_counts = running_counts

    def _count(
        self, X: Any, layout: RowLayout, *, store_ids: bool, count_documents: bool
    ) -> CorpusCounts:
        """Return the counts of the tokens in X, after a check of the parameters."""
        self._options().check_special_ids(self.start_char, self.oov_char)
        documents = self._documents(X)
        if not documents:
            raise ValueError("Found no documents in X. Pass at least one text.")
        analyze = self._list_analyzer()
        warn_about_analysis(self._analysis_parameters())
        counts = CorpusCounts(
            documents,
            analyze,
            truncation=layout.truncation_before_lookup,
            store_ids=store_ids,
            count_documents=count_documents,
        )
        if self.analyzer in ("word", "keras"):
            warn_about_rare_tokens(counts)
        return counts

    def _set_vocabulary(self, ids: dict[Any, int], counts: dict[Any, int], maxlen: int) -> None:
        self.vocabulary_ = ids
        self.word_counts_ = counts
        self.maxlen_ = maxlen
        self.n_words_ = max(ids.values(), default=self.index_from) + 1

    def _vocabulary_and_maxlen(self) -> tuple[dict[Any, int], int]:
        """Return the fitted vocabulary and row length, or the given ones if not fitted."""
        options = self._options()
        if hasattr(self, "vocabulary_"):
            if self._running_counts is not None:
                options.check_not_empty(self.vocabulary_, self._running_counts)
            return self.vocabulary_, self.maxlen_
        if self.vocabulary is None or self.maxlen is None:
            raise NotFittedError(
                f"This {type(self).__name__} is not fitted yet. Call fit, or set vocabulary and a "
                "number for maxlen."
            )
        self._validate_params()
        options.check_special_ids(self.start_char, self.oov_char)
        return options.given_ids() or {}, self.maxlen

    def _tokenize(self, X: Any) -> Iterator[TokenizedDocument]:
        """Yield the tokens of each document and the ids in its row, for inspection."""
        vocabulary, maxlen = self._vocabulary_and_maxlen()
        analyze, truncation = self._list_analyzer(), self._layout(maxlen).truncation
        return tokenize(self._documents(X), analyze, vocabulary, self.oov_char or 0, truncation)

    def _options(self) -> VocabularyOptions:
        return VocabularyOptions(
            self.vocabulary, self.num_words, self.index_from, self.min_df, self.max_df
        )

    def _layout(self, maxlen: int | None) -> RowLayout:
        return RowLayout(
            maxlen, self.padding, self.truncating, self.start_char, drop_oov=self.oov_char is None
        )

    def _documents(self, X: Any) -> list[Any]:
        any_type = not (isinstance(self.analyzer, str) and self.analyzer in ANALYZERS)
        return as_documents(X, missing=self.missing, any_type=any_type)

    def _analysis_parameters(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _ANALYSIS}

    def _list_analyzer(self) -> Analyzer:
        """Return the analyzer; the one of a subclass may return any iterable of tokens."""
        analyze = self.build_analyzer()
        return analyze if isinstance(analyze, Splitter) else make_analyzer(analyze)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = self.vocabulary is None or self.maxlen is None
        return tags
