"""Text to padded rows of word ids."""

import operator
from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from numbers import Integral
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import Tags

from ._estimator.base import (
    Interval,
    RealNotInt,
    SeqsentEstimator,
    StrOptions,
    fit_context,
)
from ._text.analysis import (
    ANALYZERS,
    KERAS_FILTERS,
    Analyzer,
    CleaningAnalyzer,
    make_analyzer,
    warn_about_analysis,
)
from ._text.documents import as_documents
from ._text.encoding import encode
from ._text.packing import (
    pack_vocabulary,
    pack_words,
    unpack_vocabulary,
    unpack_words,
)
from ._text.rows import (
    Limit,
    check_special_ids,
    drop_unknown,
    fill_rows,
    limit_of_row,
)
from ._text.running_counts import RunningCounts
from ._text.vocabulary import (
    CorpusCounts,
    WordCounts,
    allows_any_df,
    fixed_vocabulary,
    learn_vocabulary,
    warn_about_words,
)
from ._types import Ids, Ragged, ReadText

_START, _OOV = "[START]", "[OOV]"
_ANALYSIS = (
    "analyzer",
    "tokenizer",
    "preprocessor",
    "lowercase",
    "strip_accents",
    "filters",
    "stop_words",
)
_COUNTED_PER_ID = 20  # words that partial_fit counts
_CALLABLES = ("analyzer", "tokenizer", "preprocessor", "strip_accents")


class _Plan(NamedTuple):
    """What transform needs of the parameters, worked out once."""

    parameters: tuple[Any, ...]
    analyze: Analyzer
    vocabulary: dict[Any, int] | None


class SequenceVectorizer(TransformerMixin, SeqsentEstimator):
    """Turn texts into rows of word ids of one length.

    Each word is replaced by an id that follows its rank: the word of rank r (1 is the
    most frequent) has the id ``r + index_from``. Each text begins with ``start_char``; it is
    then cut or padded with zeros to ``maxlen`` ids. With ``analyzer="keras"`` the ids are
    those of ``keras.datasets.imdb.load_data``, padded by ``keras.utils.pad_sequences``.

    Parameters
    ----------
    num_words : int or None, default=10000
        Ids lie in ``[0, num_words)``: a word is known if its id is below ``num_words``.
        None sets no limit.
    maxlen : int or None, default=250
        Length of a row, ``start_char`` included. None is the length of the longest text
        seen in ``fit``.
    padding : {"pre", "post"}, default="pre"
        Where the zeros are put in a shorter text.
    truncating : {"pre", "post"}, default="pre"
        Where a longer text is cut. "pre" keeps the end, and cuts ``start_char`` off.
    start_char : int or None, default=1
        Id in front of each text, at most ``index_from``. None puts nothing there.
    oov_char : int or None, default=2
        Id of all unknown words, at most ``index_from``. None leaves unknown words out.
    index_from : int, default=3
        Id of the most frequent word, less one.
    analyzer : {"word", "char", "keras"}, callable or str, default="word"
        What the tokens are. "word" finds words by Unicode's properties: letters, marks and
        numbers, with apostrophes inside, whatever spaces, line ends, quotes or punctuation
        lie between. In scripts without spaces (Han, Kana, Thai, Lao, Khmer, Burmese) each
        character is a word, with its marks, and so is each emoji; spellings in NFC and NFD
        are one word. "char" takes single characters, with one space between words. "keras"
        splits at ``filters`` and spaces, as Keras does. A callable gets the document as it is
        and returns its tokens (str or int); documents may then also be lists of tokens
        or ids, with ``analyzer=list``. Any other str is the import path of such a
        callable, "package.module.function".
    tokenizer : callable, str or None, default=None
        Replaces the filtering and splitting of "word" and "keras": text to list of
        tokens. A str is an import path, such as "jieba.lcut", resolved when it is needed.
    preprocessor : callable, str or None, default=None
        Replaces ``strip_accents`` and ``lowercase``: text to text. A str is an import path.
    lowercase : bool or "ascii", default=True
        Whether to lower-case texts, with ``str.lower``. "ascii" leaves all letters but A to Z
        as they are, which is how Keras's IMDB was made.
    strip_accents : {"ascii", "unicode"}, callable or None, default=None
        Whether to remove accents before texts are lower-cased, as in
        ``sklearn.feature_extraction.text.CountVectorizer``.
    filters : str or None, default=\
'!"#$%&()*+,-./:;<=>?@[\\\\]^_`{|}~\\t\\n'
        Characters replaced by a space before words are found; the default is Keras's, none of
        which is in a word by Unicode's properties. For "keras" and "char" they are all that
        separates words beside the space itself, other white space does not.
    stop_words : "english", list of str or None, default=None
        Words to leave out. "english" is scikit-learn's list. A list that holds a negation
        (both do, as a rule) is warned about: negation decides sentiment.
    min_df : float or int, default=1
        Fewest training texts that a word must be in to be known: a number if int, a
        proportion if float. Without effect on a given ``vocabulary``.
    max_df : float or int, default=1.0
        Most training texts that a word may be in, likewise.
    vocabulary : mapping, list of str or None, default=None
        Ready words: a mapping of word to rank, such as ``keras.datasets.imdb.get_word_index()``,
        or words in the order of their ranks. Ranks are unique and start at 1. If ``maxlen``
        is a number too, ``transform`` works without ``fit``.
    missing : {"error", "empty"}, default="error"
        What to make of a missing text (None, NaN, ``pandas.NA``): an error that names the rows,
        or an empty text.
    warm_start : bool, default=False
        Whether ``fit`` keeps the ids that fits before gave, and adds new words behind them, as
        a classifier with ``warm_start=True`` needs it. Where ``num_words`` leaves no room for
        them, a warning says so.

    Attributes
    ----------
    vocabulary_ : dict
        Known words and their ids, by increasing id.
    word_counts_ : dict
        Known words and how often they occur in the training texts.
    maxlen_ : int
        Length of a row.
    n_words_ : int
        Largest id plus one: the size of an embedding table for the rows.

    See Also
    --------
    seqsent.RecurrentSentimentClassifier : Learns from the rows.
    seqsent.make_sentiment_pipeline : Joins the two.
    sklearn.feature_extraction.text.CountVectorizer : Counts words, forgets their order.

    Notes
    -----
    Words of equal count are ranked by their characters (code points), so ranks depend
    neither on the order of the texts nor on the platform.

    Documents may come in a list, tuple or other iterable, a NumPy array, a pandas or polars
    Series, or an ``(n, 1)`` frame or array. An empty text is valid: a row of padding and
    ``start_char``.

    With ``analyzer="keras"``, ``vocabulary=keras.datasets.imdb.get_word_index()`` and
    ``num_words=None`` the raw reviews of the Large Movie Review Dataset [1]_ become the rows of
    ``keras.datasets.imdb``: all of them with ``lowercase="ascii"``, and all but 17 of 25,000
    otherwise, in which capital letters such as "À" are lower-cased.

    References
    ----------
    .. [1] A. L. Maas et al., "Learning word vectors for sentiment analysis", ACL 2011.

    Examples
    --------
    >>> from seqsent import SequenceVectorizer
    >>> texts = ["A good film.", "Not a good film, not at all!"]
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
        "padding": [StrOptions({"pre", "post"})],
        "truncating": [StrOptions({"pre", "post"})],
        "start_char": [Interval(Integral, 1, None, closed="left"), None],
        "oov_char": [Interval(Integral, 1, None, closed="left"), None],
        "index_from": [Interval(Integral, 0, 2**30, closed="both")],  # ids are int32
        "analyzer": [str, callable],
        "tokenizer": [str, callable, None],
        "preprocessor": [str, callable, None],
        "lowercase": ["boolean", StrOptions({"ascii"})],
        "strip_accents": [StrOptions({"ascii", "unicode"}), callable, None],
        "filters": [str, None],
        "stop_words": [StrOptions({"english"}), list, tuple, set, frozenset, None],
        "min_df": [
            Interval(RealNotInt, 0, 1, closed="both"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "max_df": [
            Interval(RealNotInt, 0, 1, closed="both"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "vocabulary": [Mapping, "array-like", None],
        "missing": [StrOptions({"error", "empty"})],
        "warm_start": ["boolean"],
    }
    _fitted_attributes = (
        "_words",
        "maxlen_",
        "n_words_",
        "_so_far",
        "_counted_by",
    )

    def __init__(
        self,
        *,
        num_words: int | None = 10000,
        maxlen: int | None = 250,
        padding: str = "pre",
        truncating: str = "pre",
        start_char: int | None = 1,
        oov_char: int | None = 2,
        index_from: int = 3,
        analyzer: Any = "word",
        tokenizer: Any = None,
        preprocessor: Any = None,
        lowercase: bool | str = True,
        strip_accents: Any = None,
        filters: str | None = KERAS_FILTERS,
        stop_words: Any = None,
        min_df: float = 1,
        max_df: float = 1.0,
        vocabulary: Any = None,
        missing: str = "error",
        warm_start: bool = False,
    ) -> None:
        self.num_words = num_words
        self.maxlen = maxlen
        self.padding = padding
        self.truncating = truncating
        self.start_char = start_char
        self.oov_char = oov_char
        self.index_from = index_from
        self.analyzer = analyzer
        self.tokenizer = tokenizer
        self.preprocessor = preprocessor
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.filters = filters
        self.stop_words = stop_words
        self.min_df = min_df
        self.max_df = max_df
        self.vocabulary = vocabulary
        self.missing = missing
        self.warm_start = warm_start

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the vocabulary, or count the words of a given one.

        Parameters
        ----------
        X : iterable of str of length n_samples
            The training texts.
        y : None
            Ignored.

        Returns
        -------
        SequenceVectorizer
            The fitted vectorizer.

        Raises
        ------
        TypeError
            If ``X`` does not hold texts.
        ValueError
            If there are no texts or no words, texts are missing, or parameters contradict
            each other.
        """
        self._learn(X, keep_texts=False)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Any, y: Any = None) -> Ids:
        """Learn the vocabulary and return the rows of the training texts, in one pass.

        Parameters
        ----------
        X : iterable of str of length n_samples
            The training texts.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples, ``maxlen_``), dtype int32
            The same as ``fit(X).transform(X)``.

        Raises
        ------
        TypeError, ValueError
            As ``fit``.
        """
        texts, n_samples = self._learn(X, keep_texts=True)
        return self._assemble(texts, n_samples, self.maxlen_)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Count the words of a further chunk of texts, in bounded memory.

        After all chunks the vocabulary is what ``fit`` learns from them at once, as long as no
        more than ``20 * num_words`` distinct words came. Of more, the most frequent are counted: a
        word may be missed, or its count be too low, by ``1 / (20 * num_words)`` of all words at
        most [1]_. With ``num_words=None`` or a given ``vocabulary`` nothing is left out.

        The first ``transform`` fixes the vocabulary: the counts are dropped, and ids move no more.
        Pickled between chunks, a vectorizer goes on.

        Parameters
        ----------
        X : iterable of str of length n_samples
            Some of the training texts.
        y : None
            Ignored.

        Returns
        -------
        SequenceVectorizer
            The vectorizer, fitted to all chunks so far.

        Raises
        ------
        TypeError
            If ``X`` does not hold texts.
        ValueError
            As ``fit``; if the vocabulary is fixed already, by ``fit`` or by a use of it; or if
            parameters changed that decide what is counted.

        References
        ----------
        .. [1] J. Misra and D. Gries, "Finding repeated elements", Science of Computer Programming
           2, 1982.
        """
        self._learn_chunk(X)
        return self

    def transform(self, X: Any) -> Ids:
        """Return the texts as rows of word ids.

        Parameters
        ----------
        X : iterable of str of length n_samples
            The texts, any number of them (also none).

        Returns
        -------
        ndarray of shape (n_samples, ``maxlen_``), dtype int32
            One row per text, C-contiguous.

        Raises
        ------
        TypeError
            If ``X`` does not hold texts.
        ValueError
            If texts are missing.
        NotFittedError
            If there has been no ``fit``, unless ``vocabulary`` and ``maxlen`` are given.
        """
        analyze, vocabulary, maxlen = self._ready()
        documents = self._documents(X)
        get, unknown = vocabulary.get, self.oov_char or 0
        texts = encode(
            documents,
            analyze,
            lambda tokens: map(get, tokens, repeat(unknown)),
            # a token beyond the limit reaches the row where [OOV] tokens are left out
            self._limit(maxlen) if self.oov_char else None,
        )
        return self._assemble(texts, len(documents), maxlen)

    def inverse_transform(self, X: Any) -> list[list[Any]]:
        """Return the words that rows of ids stand for.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_ids), or list of lists
            Rows of ids, of any length.

        Returns
        -------
        list of list
            The words of each row, without padding. ``start_char`` reads "[START]", and every
            id that stands for no known word reads "[OOV]".

        Raises
        ------
        ValueError
            If ``X`` holds something else than rows of non-negative integers.
        NotFittedError
            If there has been no ``fit``, unless ``vocabulary`` and ``maxlen`` are given.
        """
        _, vocabulary, _ = self._ready()
        words = {id_: word for word, id_ in vocabulary.items()}
        if self.start_char is not None:
            words[self.start_char] = _START
        rows = X.to_numpy() if hasattr(X, "to_numpy") else X
        return [
            [words.get(id_, _OOV) for id_ in ids[ids != 0].tolist()] for ids in map(_as_ids, rows)
        ]

    def build_analyzer(self) -> Analyzer:
        """Return the function that turns a document into its tokens.

        Returns
        -------
        callable
            Document to list of tokens.
        """
        self._validate_params()
        return make_analyzer(**self._analysis())

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return names for the columns: the class name, in lower case, and a number.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of shape (``maxlen_``,), dtype object
            "sequencevectorizer0", "sequencevectorizer1", ...
        """
        _, _, maxlen = self._ready()
        prefix = type(self).__name__.lower()
        return np.asarray([f"{prefix}{column}" for column in range(maxlen)], dtype=object)

    def _learn(self, X: Any, *, keep_texts: bool) -> tuple[Iterable[Ragged], int]:
        """Fit, and return the texts as ids if they are to be kept, and their number."""
        tally = self._count_words(
            X,
            # the longest text is not known before unknown words are left out
            keep_texts=keep_texts or (self.maxlen is None and self.oov_char is None),
        )
        before = vars(self) if self.warm_start and "vocabulary_" in vars(self) else {}
        vocabulary = self._choose_words(tally, before.get("vocabulary_", {}))
        ids, counts = tally.look_up(vocabulary, unknown=self.oov_char or 0)
        for word, count in before.get("word_counts_", {}).items():
            counts[word] = counts.get(word, 0) + count
        maxlen = self.maxlen or self._longest(tally.final_texts(ids))
        self._keep(vocabulary, counts, int(before.get("maxlen_", maxlen)))
        self._drop_counts()
        return tally.final_texts(ids), tally.n_documents

    def _learn_chunk(self, X: Any) -> None:
        """Count the words of a chunk, and let the vocabulary follow."""
        before = self._counts_so_far()
        only = self._plan().vocabulary
        room = None if self.num_words is None or only else _COUNTED_PER_ID * self.num_words
        counts = before.add(self._count_words(X, keep_texts=False), room=room, only=only)
        vocabulary = self._choose_words(counts, {}, may_be_empty=True)
        _, word_counts = counts.look_up(vocabulary, unknown=0)
        longest = max(1, counts.longest + (self.start_char is not None))
        self._keep(vocabulary, word_counts, self.maxlen or longest)
        self._so_far, self._counted_by = counts, self._of_counting()

    def _count_words(self, X: Any, *, keep_texts: bool) -> CorpusCounts:
        plan = self._plan()
        documents = self._documents(X)
        if not documents:
            raise ValueError("Found no documents to learn from. Pass at least one text.")
        warn_about_analysis(self._analysis())
        tally = CorpusCounts(
            plan.analyze,
            documents,
            keep_texts=keep_texts,
            # while unknown words may be left out, any word can reach a row
            limit=self._limit(self.maxlen) if self.maxlen and self.oov_char else None,
            documents_per_word=self._counts_documents(),
        )
        if isinstance(self.analyzer, str) and self.analyzer != "char":
            warn_about_words(tally)
        return tally

    def _counts_so_far(self) -> RunningCounts:
        """Return what earlier calls to ``partial_fit`` have counted, if it can go on."""
        if self.maxlen is None and self.oov_char is None:
            raise ValueError(
                "partial_fit cannot find the longest text where unknown words are left out before "
                "all words are counted. Set maxlen to a number, or give oov_char an id."
            )
        before: RunningCounts | None = vars(self).get("_so_far")
        if before is None:
            if "vocabulary_" in vars(self):
                raise ValueError(
                    "The vocabulary is fixed since fit or the first transform, so that ids which "
                    "a classifier learns do not move. Call partial_fit with all chunks before "
                    "transform; begin anew with fit or a clone; fit with warm_start=True adds "
                    "words behind those known."
                )
            return RunningCounts.begin(documents_per_word=self._counts_documents())
        now = self._of_counting()
        changed = [name for name, value in self._counted_by.items() if value != now[name]]
        if changed:
            raise ValueError(
                f"partial_fit goes on with what was counted before {', '.join(changed)} changed. "
                "Set it back, or begin anew on a clone."
            )
        return before

    def _fix_vocabulary(self) -> None:
        """Let ``partial_fit`` go on no more; without any word that is an error."""
        if "_so_far" in vars(self):
            if not self.vocabulary_:
                self._choose_words(self._so_far, {})
            self._drop_counts()

    def _drop_counts(self) -> None:
        for name in ("_so_far", "_counted_by"):
            self.__dict__.pop(name, None)

    def _of_counting(self) -> dict[str, Any]:
        """Return the parameters that decide what is counted, in a form to compare."""
        limits = {"min_df": repr(self.min_df), "max_df": repr(self.max_df)}  # 1 is not 1.0
        return {**self._analysis(), **limits, "vocabulary": self.vocabulary is not None}

    def _counts_documents(self) -> bool:
        return self.vocabulary is None and not allows_any_df(self.min_df, self.max_df)

    def _choose_words(
        self, counts: WordCounts, known: dict[Any, int], *, may_be_empty: bool = False
    ) -> dict[Any, int]:
        """Return the vocabulary that follows from counts, or the given one."""
        given = self._plan().vocabulary
        if given is not None:
            return dict(given)
        return learn_vocabulary(
            counts,
            known,
            num_words=self.num_words,
            index_from=self.index_from,
            min_df=self.min_df,
            max_df=self.max_df,
            may_be_empty=may_be_empty,
        )

    def _keep(self, vocabulary: dict[Any, int], counts: dict[Any, int], maxlen: int) -> None:
        self.vocabulary_ = vocabulary
        self.word_counts_ = counts
        self.maxlen_ = maxlen
        self.n_words_ = max(vocabulary.values(), default=self.index_from) + 1

    def _longest(self, texts: Iterable[Ragged]) -> int:
        lengths = np.concatenate([self._known(part).lengths for part in texts])
        return max(1, int(lengths.max()) + (self.start_char is not None))

    def _assemble(self, texts: Iterable[Ragged], n_samples: int, maxlen: int) -> Ids:
        """Return the texts as rows of ids (n_samples, maxlen)."""
        out = np.zeros((n_samples, maxlen), dtype=np.int32)
        end = 0
        for part in texts:
            known = self._known(part)
            start, end = end, end + len(known.lengths)
            fill_rows(
                out[start:end],
                known,
                padding=self.padding,
                truncating=self.truncating,
                start_char=self.start_char,
            )
        return out

    def _tokens(self, X: Any) -> Iterator[ReadText]:
        """Yield each text's own tokens, for whoever explains what is made of it."""
        analyze, vocabulary, maxlen = self._ready()
        kept, unknown = self._limit(maxlen).as_slice(), self.oov_char or 0
        for document in self._documents(X):
            tokens = analyze(document)
            is_known = np.array([token in vocabulary for token in tokens], dtype=bool)
            ids = np.array([vocabulary.get(token, unknown) for token in tokens], dtype=np.int32)
            places = np.flatnonzero(ids)[kept]
            yield ReadText(tokens, is_known, places, ids[places])

    def _documents(self, X: Any) -> list[Any]:
        any_type = not isinstance(self.analyzer, str) or self.analyzer not in ANALYZERS
        return as_documents(X, missing=self.missing, any_type=any_type)

    def _analysis(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _ANALYSIS}

    def _limit(self, maxlen: int) -> Limit:
        """Return which words of a text can reach its row."""
        has_start = self.start_char is not None
        return limit_of_row(maxlen, truncating=self.truncating, has_start=has_start)

    def _known(self, texts: Ragged) -> Ragged:
        return drop_unknown(texts) if self.oov_char is None else texts

    def _ready(self) -> tuple[Analyzer, dict[Any, int], int]:
        """Return analyzer, vocabulary and row length, also before ``fit`` if they are given."""
        plan = self._plan()
        if "vocabulary_" in vars(self):
            self._fix_vocabulary()
            return plan.analyze, self.vocabulary_, self.maxlen_
        if plan.vocabulary is None or self.maxlen is None:
            raise NotFittedError(
                f"This {type(self).__name__} is not fitted yet. Call fit first; without it, "
                "transform needs a ready vocabulary and a number for maxlen."
            )
        return plan.analyze, plan.vocabulary, self.maxlen

    def _plan(self) -> _Plan:
        """Return what the parameters amount to, anew only after one of them was replaced."""
        parameters = tuple(map(vars(self).get, self._parameter_constraints))
        plan: _Plan | None = vars(self).get("_current_plan")
        if plan is None or not all(map(operator.is_, plan.parameters, parameters)):
            plan = self._make_plan(parameters)
            self._current_plan = plan
        elif self._has_own_analyzer():  # which may depend on anything
            plan = plan._replace(analyze=self._build_plain_analyzer())
        return plan

    def _make_plan(self, parameters: tuple[Any, ...]) -> _Plan:
        self._validate_params()
        check_special_ids(
            start_char=self.start_char,
            oov_char=self.oov_char,
            index_from=self.index_from,
            num_words=self.num_words,
        )
        vocabulary = None
        if self.vocabulary is not None:
            vocabulary = fixed_vocabulary(
                self.vocabulary, num_words=self.num_words, index_from=self.index_from
            )
        return _Plan(parameters, self._build_plain_analyzer(), vocabulary)

    def _has_own_analyzer(self) -> bool:
        return type(self).build_analyzer is not SequenceVectorizer.build_analyzer

    def _build_plain_analyzer(self) -> Analyzer:
        """Return the analyzer; a subclass's own may return its tokens in any iterable."""
        analyze = self.build_analyzer()
        if self._has_own_analyzer() and not isinstance(analyze, CleaningAnalyzer):
            return make_analyzer(analyze)
        return analyze

    def _pack(self, state: dict[str, Any]) -> dict[str, Any]:
        state.pop("_current_plan", None)
        state["vocabulary"] = pack_vocabulary(self.vocabulary)
        if "vocabulary_" in state:
            state["_words"] = pack_words(state.pop("vocabulary_"), state.pop("word_counts_"))
        if "_so_far" in state:
            state["_so_far"] = state["_so_far"].to_plain()
        return state

    def _unpack(self, state: dict[str, Any]) -> dict[str, Any]:
        state["vocabulary"] = unpack_vocabulary(state["vocabulary"])
        if "_words" in state:
            state["vocabulary_"], state["word_counts_"] = unpack_words(state.pop("_words"))
            if not state["vocabulary_"] and "_so_far" not in state:
                raise ValueError("its vocabulary is empty")
            n_words = max(state["vocabulary_"].values(), default=state["index_from"]) + 1
            if state["n_words_"] != n_words:
                raise ValueError(f"its n_words_ is {state['n_words_']}, but its ids need {n_words}")
        if "_so_far" in state:
            state["_so_far"] = RunningCounts.from_plain(state["_so_far"])
        return state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = self.vocabulary is None or self.maxlen is None
        return tags


def _as_ids(row: Any) -> npt.NDArray[Any]:
    ids = np.asarray(row)
    if ids.ndim != 1 or (ids.size and (ids.dtype.kind not in "iu" or ids.min() < 0)):
        raise ValueError(
            "Expected rows of ids: non-negative integers, one list or array row per text. "
            f"Got a row of shape {ids.shape} and dtype {ids.dtype}."
        )
    return ids
