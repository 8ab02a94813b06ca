"""RecurrentSentimentClassifier: parameters, fit, predict, stored state."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ._estimator.base import (
    HasMethods,
    Interval,
    SeqsentEstimator,
    StrOptions,
    draw_seed,
    fit_context,
    suggest_arguments,
)
from ._estimator.parameters import check_keras_objects
from ._inputs.constraints import NETWORK_CONSTRAINTS
from ._inputs.embedding import embedding_shape, load_embedding_weights
from ._inputs.ids import choose_n_words, read_ids, replace_unknown
from ._inputs.initialization import continued_network, initial_network, new_optimizer
from ._inputs.labels import LabelsMixin
from ._inputs.stored_state import FITTED_ATTRIBUTES, pack_classifier, unpack_classifier
from ._inputs.training_data import (
    hold_out,
    read_training_data,
    read_validation_data,
)
from ._nn.automatic import train_calibrated
from ._nn.batches import TrainingData, count_words
from ._nn.model.numpy_forward import NumpyNetwork
from ._nn.network import Network
from ._nn.serialization import check_finite
from ._nn.train.callbacks import deep_copies
from ._nn.train.history import join_histories
from ._nn.train.options import Kind, TrainingOptions, choose_train_maxlen
from ._runtime.backend import check_not_forked, is_forked_child
from ._runtime.signals import defer_signals
from ._types import FloatArray, Ids

_TIME_SCALE_QUANTILE = 0.95
_rebuild_lock = threading.Lock()


class RecurrentSentimentClassifier(LabelsMixin, SeqsentEstimator):
    r"""Recurrent neural network for the sentiment of texts.

    The network embeds each word id, reads the word vectors with a SimpleRNN, an LSTM or a
    GRU, and maps the last state, or a pooling of all states, to class probabilities with a
    dense layer. Its input are rows of word ids, as :class:`SequenceVectorizer` returns them.

    Parameters
    ----------
    cell : {"simple", "lstm", "gru"}, default="gru"
        The recurrent cell. See the Notes for its equations.
    state_dim : int, default=32
        Number of units of the state.
    dropout : float, default=0.5
        Dropout rate of the word vectors' channels and of the state, in [0, 1).
    epochs : int or "auto", default="auto"
        Passes over the training data. "auto" trains for as long as held-out documents improve and
        calibrates the probabilities on them, see the Notes.
    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the order of documents, dropout and the held-out part. Pass
        an int for identical results on one CPU; on a GPU, rounding makes fits differ.
    embed_dim : int, default=None
        Length of a word vector. If None, 32, or the width of ``embedding_weights``.
    num_words : int, default=None
        Number of rows of the embedding table. Larger ids in the training data are an error.
        If None, the largest id of the training data, rounded up to a multiple of 1024.
    oov_char : int, default=2
        Id of the [OOV] word. In prediction it replaces ids beyond the table. If None, they are
        treated as padding.
    n_layers : int, default=1
        Number of stacked recurrent layers.
    bidirectional : bool, default=False
        Whether to read each document in both directions and concatenate the states.
    pooling : {"last", "max", "mean"} or tuple of "max" and "mean", default=None
        Input of the dense layer: the last state, or the elementwise maximum or mean of all
        states, or both. If None, "last" for an LSTM or a GRU, and ("max", "mean") for a
        SimpleRNN with ``mask_padding=True``.
    gate_bias : {"chrono", "keras"}, default="chrono"
        Initial bias of the gates. "chrono" matches the gates to the length of the documents
        [1]_: with u uniform in [1, T - 1] and T = ``time_scale_``, the bias is log u for an
        LSTM's forget gate, -log u for its input gate, and log u for a GRU's update gate. "keras"
        keeps Keras's initial biases. For a SimpleRNN, which has no gates, "chrono" halves the
        initial recurrent weights if states are pooled.
    mask_padding : bool, default=True
        Whether to skip padding, so that it never changes a prediction. If False, padding is
        read like a word, as in the classic Keras tutorial.
    embedding_weights : array-like of shape (n_words, embed_dim) or path, default=None
        Initial word vectors, or a ``.npy`` file of them; row i belongs to id i. NaN entries are
        initialized by ``embedding_init`` and scaled to the other entries.
    embedding_init : {"ppmi", "uniform"}, default="ppmi"
        Initialization of word vectors without ``embedding_weights``. "ppmi" computes them from
        the training texts: three quarters of the entries are a truncated singular value
        decomposition of the positive pointwise mutual information of neighboring words [4]_, a
        quarter a latent semantic analysis of the documents [6]_; n-grams start near the words
        around them. "uniform" draws word vectors like Keras and sets n-gram vectors to zero.
    train_embedding : bool, default=True
        Whether to train the word vectors.
    embedding_dropout : float, default=None
        Dropout rate of the word vectors' channels and of n-grams. If None, ``dropout``.
    word_dropout : float, default=3.0
        In training, a word of count c is replaced by [OOV] with probability
        ``word_dropout / (word_dropout + c)`` [7]_. So [OOV] has a trained vector for the unknown
        words of new texts, and rare words are not memorized. It needs an ``oov_char``. In
        ``partial_fit``, c counts the words of all calls, so it grows with each pass over the data.
    ngram_range : tuple (1, n), default=(1, 1)
        If n is 2 or more, the hashed vectors of the n-grams of 2 to n words that end at a word
        are added to its vector [5]_. ``model_`` then contains a layer of seqsent.
    ngram_buckets : int, default=2**18
        Number of rows of the n-gram table. Different n-grams may share a row.
    optimizer : str or keras.optimizers.Optimizer, default="adam"
        Name or instance of a Keras optimizer. "adam" clips the norm of the gradient at 1, and
        in ``fit`` its learning rate decays along half a cosine [3]_ to nearly zero. Other names
        and instances keep Keras's settings. An instance is copied.
    learning_rate : float, default=None
        Learning rate of an optimizer given by name. If None, 0.006 for "adam", or 0.004 with a
        SimpleRNN, and Keras's default for other names. It must be None for an instance.
    batch_size : int or "auto", default="auto"
        Documents per training step. "auto" is 32 for up to 10,000 training documents, else 64.
    adversarial : float, default=0.0
        Strength of adversarial training [2]_, as a share of the norm of a document's word
        vectors. The loss averages the clean and the adversarial example. Values of 0.02 to 0.05
        reduce overfitting and double the time. It rises linearly over the first 100 steps.
        Requires JAX.
    train_maxlen : int, "auto" or None, default="auto"
        Number of last words of a document that are used in training; predictions read whole rows.
        "auto" is 500 for up to 10,000 training documents, else 250. If None, all words.
    class_weight : dict or "balanced", default=None
        Weight of each class in the loss. "balanced" sets weights inversely proportional to
        class frequencies.
    early_stopping : bool, default=False
        Whether to stop when the validation loss has not improved by ``tol`` for
        ``n_iter_no_change`` epochs, and restore the weights of the best epoch.
    validation_fraction : float, default=0.1
        Share of each class held out for early stopping, unless ``fit`` receives ``X_val`` and
        ``y_val``.
    n_iter_no_change : int, default=3
        Number of epochs without improvement before training stops early.
    tol : float, default=1e-4
        Minimum decrease of the validation loss that counts as an improvement.
    callbacks : list of keras.callbacks.Callback, default=None
        Callbacks of each fit, used as given; clones copy them. With
        ``keras.callbacks.BackupAndRestore(folder)`` an interrupted fit resumes at its last
        complete epoch when ``fit`` is called again with the same data and parameters.
    shuffle : bool, default=True
        Whether to shuffle the documents before each epoch. Batches hold documents of similar
        length.
    warm_start : bool, default=False
        Whether ``fit`` continues from the weights of the previous fit. Parameters of the initial
        weights (``gate_bias``, ``embedding_init``, ``embedding_weights``) then have no effect.
    verbose : int, default=0
        1 shows a progress bar for each epoch, 2 prints a line per epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    model_ : keras.Model
        The network: int32 ids of shape (n_samples, maxlen) to probabilities of shape
        (n_samples, 1) for two classes, else (n_samples, n_classes). Weights that you set on it
        are used by ``predict`` and by pickle.
    history_ : dict of str to list of float
        ``loss`` and ``accuracy`` of each epoch, and with validation data ``val_loss`` and
        ``val_accuracy`` (NaN for epochs without). The loss is the cross-entropy in nats.
    loss_curve_ : list of float
        ``history_["loss"]``.
    n_iter_ : int
        Number of epochs run.
    best_iter_ : int
        Epoch, from 1, of the weights: the last one, unless ``early_stopping`` or a callback
        restored earlier weights.
    temperature_ : float
        Divisor of the logits, which is part of the output layer of ``model_``: above 1 if the
        network was overconfident. At least 1 if ``epochs="auto"`` selected a number of cycles, and
        1 if ``epochs`` is a number or training continued.
    n_words_ : int
        Number of rows of the embedding table.
    time_scale_ : float
        0.95 quantile of the lengths of the training documents, in words, at most ``train_maxlen``.
        Documents that ``early_stopping`` holds out do not count.
    n_features_in_ : int
        Row length seen in ``fit``.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Column names seen in ``fit``, if all of them are strings.

    See Also
    --------
    SequenceVectorizer : Turn texts into rows of word ids.
    make_sentiment_pipeline : Build a Pipeline of both.
    to_scikeras : Wrap the same network as a scikeras classifier.

    Notes
    -----
    With ``epochs="auto"``, up to 10,000 documents, a copy of the network learns from four fifths
    of them in cycles of 1, 2, 4, ... epochs (or multiples), after which the learning rate restarts
    [3]_, up to about 1,000 steps. The other fifth selects the number of cycles with the lowest
    cross-entropy and a temperature [8]_; below 1,250 documents in several folds. Then the network
    learns from all documents. With more than 10,000 documents it learns for about 700 steps and
    at least 2 epochs (twice with ``adversarial``), and up to 2,000 documents are held out for the
    temperature. With fewer than 100 documents, ``early_stopping`` or a continued ``warm_start`` it
    learns for about 700 steps and at most 130 epochs, without cycles. Early stopping fits the
    temperature on its validation data; the other two are not calibrated.

    With word vectors :math:`x_t` and states :math:`h_t`, ``cell="simple"`` computes

    .. math:: h_t = \tanh(W x_t + U h_{t-1} + b)

    Its gradient vanishes with distance, so the last state keeps little of the beginning of a
    document. ``cell="lstm"`` adds a cell state c. The forget gate f decides what to keep of it,
    the input gate i what to write of the candidate g, the output gate o what to output:

    .. math::
        f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) \\
        i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i), \quad
        g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g) \\
        c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
        o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o), \quad h_t = o_t \odot \tanh(c_t)

    ``cell="gru"`` has no separate cell state. The update gate z decides how much of the state
    to keep, the reset gate r how much of it enters the candidate g:

    .. math::
        z_t &= \sigma(W_z x_t + U_z h_{t-1} + b_z), \quad
        r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r) \\
        g_t &= \tanh(W_g x_t + r_t \odot (U_g h_{t-1} + b'_g) + b_g) \\
        h_t &= z_t \odot h_{t-1} + (1 - z_t) \odot g_t

    References
    ----------
    .. [1] C. Tallec and Y. Ollivier, "Can recurrent neural networks warp time?", ICLR 2018,
       arXiv:1804.11188.
    .. [2] T. Miyato, A. M. Dai and I. Goodfellow, "Adversarial training methods for
       semi-supervised text classification", ICLR 2017, arXiv:1605.07725.
    .. [3] I. Loshchilov and F. Hutter, "SGDR: Stochastic gradient descent with warm restarts",
       ICLR 2017, arXiv:1608.03983.
    .. [4] O. Levy, Y. Goldberg and I. Dagan, "Improving distributional similarity with lessons
       learned from word embeddings", TACL 3, 2015.
    .. [5] A. Joulin, E. Grave, P. Bojanowski and T. Mikolov, "Bag of tricks for efficient text
       classification", EACL 2017, arXiv:1607.01759.
    .. [6] S. Deerwester, S. T. Dumais, G. W. Furnas, T. K. Landauer and R. Harshman, "Indexing by
       latent semantic analysis", Journal of the American Society for Information Science 41, 1990.
    .. [7] E. Kiperwasser and Y. Goldberg, "Simple and accurate dependency parsing using
       bidirectional LSTM feature representations", TACL 4, 2016.
    .. [8] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural
       networks", ICML 2017, arXiv:1706.04599.

    Examples
    --------
    >>> from sklearn.model_selection import train_test_split
    >>> from seqsent import RecurrentSentimentClassifier, SequenceVectorizer
    >>> from seqsent.datasets import make_reviews
    >>> texts, labels = make_reviews(500, return_X_y=True, random_state=0)
    >>> ids = SequenceVectorizer(maxlen=40).fit_transform(texts)
    >>> X_train, X_test, y_train, y_test = train_test_split(ids, labels, random_state=0)
    >>> classifier = RecurrentSentimentClassifier(cell="gru", epochs=10, random_state=0)
    >>> classifier.fit(X_train, y_train).predict_proba(X_test).shape
    (125, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NETWORK_CONSTRAINTS,
        "epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "random_state": ["random_state"],
        "oov_char": [Interval(Integral, 1, None, closed="left"), None],
        "embedding_init": [StrOptions({"ppmi", "uniform"})],
        "word_dropout": [Interval(Real, 0, None, closed="left")],
        "optimizer": [str, HasMethods(["apply", "get_config"])],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "adversarial": [Interval(Real, 0, 1, closed="left")],
        "train_maxlen": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"}), None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "callbacks": [list, tuple, None],
        "shuffle": ["boolean"],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
    }
    _shared_parameters = ("embedding_weights", "callbacks")
    _fitted_attributes = FITTED_ATTRIBUTES
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"X_val": True, "y_val": True}
    __metadata_request__partial_fit = __metadata_request__fit

    def __init__(
        self,
        *,
        cell: str = "gru",
        state_dim: int = 32,
        dropout: float = 0.5,
        epochs: int | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        embed_dim: int | None = None,
        num_words: int | None = None,
        oov_char: int | None = 2,
        n_layers: int = 1,
        bidirectional: bool = False,
        pooling: Literal["last", "max", "mean"] | Sequence[str] | None = None,
        gate_bias: Literal["chrono", "keras"] = "chrono",
        mask_padding: bool = True,
        embedding_weights: ArrayLike | str | PathLike[str] | None = None,
        embedding_init: Literal["ppmi", "uniform"] = "ppmi",
        train_embedding: bool = True,
        embedding_dropout: float | None = None,
        word_dropout: float = 3.0,
        ngram_range: tuple[int, int] = (1, 1),
        ngram_buckets: int = 2**18,
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        batch_size: int | Literal["auto"] = "auto",
        adversarial: float = 0.0,
        train_maxlen: int | Literal["auto"] | None = "auto",
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 3,
        tol: float = 1e-4,
        callbacks: Sequence[Any] | None = None,
        shuffle: bool = True,
        warm_start: bool = False,
        verbose: int = 0,
    ) -> None:
        self.cell = cell
        self.state_dim = state_dim
        self.dropout = dropout
        self.epochs = epochs
        self.random_state = random_state
        self.embed_dim = embed_dim
        self.num_words = num_words
        self.oov_char = oov_char
        self.n_layers = n_layers
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.gate_bias = gate_bias
        self.mask_padding = mask_padding
        self.embedding_weights = embedding_weights
        self.embedding_init = embedding_init
        self.train_embedding = train_embedding
        self.embedding_dropout = embedding_dropout
        self.word_dropout = word_dropout
        self.ngram_range = ngram_range
        self.ngram_buckets = ngram_buckets
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.adversarial = adversarial
        self.train_maxlen = train_maxlen
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.callbacks = callbacks
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.verbose = verbose

    @suggest_arguments
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Fit the network to rows of word ids.

        Parameters
        ----------
        X : array-like of shape (n_samples, maxlen)
            Word ids, 0 for padding, as SequenceVectorizer returns them.
        y : array-like of shape (n_samples,)
            Class labels of any type.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each document in the loss. Documents of weight zero are ignored.
        X_val : array-like of shape (n_validation_samples, maxlen), default=None
            Word ids to validate on after each epoch. With ``early_stopping`` they replace the
            held-out part of X, else ``history_`` records their loss and accuracy.
        y_val : array-like of shape (n_validation_samples,), default=None
            Labels of ``X_val``.

        Returns
        -------
        self : RecurrentSentimentClassifier
            The fitted classifier.

        Raises
        ------
        TypeError
            If X or X_val contains text.
        ValueError
            If parameters contradict one another or the data, or if y contains missing labels or
            a single class.
        KeyboardInterrupt
            If interrupted. The classifier then has the weights of the last completed epoch. It is
            unchanged before the first, and until ``epochs="auto"`` has selected their number.
        """
        return self._fit(X, y, sample_weight, X_val=X_val, y_val=y_val)

    @suggest_arguments
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on a chunk of the data, starting from the previous call.

        Call it with each chunk in turn, and repeat all chunks for another pass. The first call
        initializes word vectors (``embedding_init="ppmi"``), ``time_scale_`` and, without
        ``num_words``, the size of the embedding table from its chunk, so pass a representative
        one. ``epochs`` is ignored. The learning rate is constant; change it with
        ``set_params(learning_rate=...)``. ``n_iter_`` and ``history_`` count calls.

        Parameters
        ----------
        X : array-like of shape (n_samples, maxlen)
            Word ids. Ids beyond the embedding table are replaced by ``oov_char``.
        y : array-like of shape (n_samples,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All labels of all chunks. Required in the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each document in the loss.
        X_val : array-like of shape (n_validation_samples, maxlen), default=None
            Word ids to validate on after the call. ``history_`` contains NaN for calls without.
        y_val : array-like of shape (n_validation_samples,), default=None
            Labels of ``X_val``.

        Returns
        -------
        self : RecurrentSentimentClassifier
            The classifier after one more epoch.

        Raises
        ------
        ValueError
            If ``classes`` is missing in the first call, if y contains other labels, or if
            ``early_stopping`` or ``class_weight="balanced"`` is set, which require all data.
        """
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True, which requires all data. Set "
                "early_stopping=False."
            )
        if self.class_weight == "balanced":
            raise ValueError(
                'partial_fit does not support class_weight="balanced", which requires all labels. '
                "Pass sample_weight, or a dict as class_weight."
            )
        if classes is None and not hasattr(self, "classes_"):
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return self._fit(
            X, y, sample_weight, classes=classes, X_val=X_val, y_val=y_val, is_partial=True
        )

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the class label of each document.

        Parameters
        ----------
        X : array-like of shape (n_samples, maxlen)
            Word ids.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels, with the dtype of ``classes_``.

        Raises
        ------
        TypeError, ValueError, NotFittedError
            As ``predict_proba``.
        """
        indices = self.predict_proba(X).argmax(axis=1)
        return self.classes_[indices]

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, maxlen)
            Word ids. Ids beyond the embedding table are replaced by ``oov_char``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            Probabilities in the order of ``classes_``. Each row sums to 1.

        Raises
        ------
        TypeError
            If X contains text.
        ValueError
            If X differs from the training data in its number of columns, or contains values
            that are not ids, or if weights set on ``model_`` are not finite.
        NotFittedError
            If not fitted.
        """
        check_is_fitted(self)
        ids = read_ids(self, X)
        if is_forked_child():
            probabilities = NumpyNetwork.from_state(self._network_state()).predict(ids)
        else:
            probabilities = self._fitted_network().predict(ids)
        if not np.isfinite(probabilities).all():
            check_finite(self._network_state()["weights"])
            raise ValueError("Probabilities are not finite: the weights are too large. Fit again.")
        return probabilities / probabilities.sum(axis=1, keepdims=True)

    def predict_log_proba(self, X: ArrayLike) -> FloatArray:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, maxlen)
            Word ids.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            Natural logarithms, finite even for a probability that rounds to zero.

        Raises
        ------
        TypeError, ValueError, NotFittedError
            As ``predict_proba``.
        """
        return np.log(np.maximum(self.predict_proba(X), np.finfo(np.float32).tiny))

    @property
    def model_(self) -> Any:
        """The fitted ``keras.Model``."""
        check_is_fitted(self)
        return self._fitted_network().model

    @property
    def loss_curve_(self) -> list[float]:
        """Training loss of each epoch."""
        check_is_fitted(self)
        return self.history_["loss"]

    def _validate_params(self) -> None:
        check_keras_objects(self.optimizer, self.learning_rate, self.callbacks)
        super()._validate_params()

    def _fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        classes: ArrayLike | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        is_partial: bool = False,
    ) -> Self:
        """Fit on all data, or continue on a chunk.

        Training works on a shallow copy of the estimator. A fit that fails changes nothing, and
        the previous network answers until the fit is complete.
        """
        check_not_forked("Fits")
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        continues = hasattr(self, "classes_") and (is_partial or self.warm_start)
        seed = self._seed if continues else draw_seed(self.random_state)

        data, labels = read_training_data(new, X, y, sample_weight, classes, is_partial=is_partial)
        if is_partial and not len(data.ids):
            return self
        train, validation = data, None
        if self.early_stopping and X_val is None and y_val is None:
            train, validation = hold_out(data, self.validation_fraction, seed)
        if continues:
            new._continue(data.ids, labels, is_partial=is_partial)
        else:
            n_words = choose_train_maxlen(self.train_maxlen, len(train.ids))
            last_words = train.last_words(n_words, mask_padding=self.mask_padding)
            new._initialize(data.ids, last_words, labels, seed, is_partial=is_partial)
        if X_val is not None or y_val is not None:
            validation = read_validation_data(new, X_val, y_val)
        kind: Kind = "partial" if is_partial else "continued" if continues else "first"
        interrupt = new._train(train, validation, kind)

        self.__dict__ = new.__dict__
        if interrupt is not None:
            raise interrupt
        return self

    def _initialize(
        self, ids: Ids, train: TrainingData, classes: NDArray[Any], seed: int, *, is_partial: bool
    ) -> None:
        """Create a network; ``train`` lacks held-out documents, and words that are not trained."""
        matrix = load_embedding_weights(self.embedding_weights)
        n_words, _ = embedding_shape(self.num_words, self.embed_dim, matrix)
        self.n_words_ = choose_n_words(ids, n_words, self.oov_char, is_partial=is_partial)
        self.classes_ = classes
        self.time_scale_ = float(np.quantile(count_words(train.ids), _TIME_SCALE_QUANTILE))
        self.history_: dict[str, list[float]] = {}
        self.n_iter_ = 0
        self._seed = seed
        if hasattr(self, "_word_counts"):  # of a previous partial_fit
            del self._word_counts
        self._network: Network | dict[str, Any] = initial_network(self, train, matrix, seed)

    def _continue(self, ids: Ids, classes: NDArray[Any], *, is_partial: bool) -> None:
        """Continue from a copy of the previous fit's network."""
        network = self._fitted_network()
        self._network = continued_network(self, network, ids, classes, is_partial=is_partial)
        self.n_words_ = self._network.architecture.n_words

    def _train(
        self, train: TrainingData, validation: TrainingData | None, kind: Kind
    ) -> KeyboardInterrupt | None:
        """Train the network and extend the history. Return an interrupt after a complete epoch."""
        network = self._fitted_network()
        train = train._replace(ids=replace_unknown(train.ids, self.n_words_, self.oov_char))
        if kind == "partial":
            counts = np.bincount(train.ids.ravel(), minlength=self.n_words_)
            before = getattr(self, "_word_counts", counts[:0])
            counts[: len(before)] += before
            self._word_counts = counts
        options = TrainingOptions.from_parameters(
            vars(self),
            kind=kind,
            lengths=count_words(train.ids),
            n_epochs_before=self.n_iter_,
            seed=self._seed,
            word_counts=self._word_counts if kind == "partial" else None,
        )
        training, self.temperature_ = train_calibrated(network, train, validation, options)
        self.history_ = join_histories(self.history_, training.history)
        self.best_iter_ = training.best_epoch
        self.n_iter_ = training.n_epochs
        self._stores_optimizer = kind == "partial" or self.warm_start
        return training.interrupt

    def _network_state(self) -> dict[str, Any]:
        if isinstance(self._network, Network):
            return self._network.get_state(with_optimizer=False)
        return self._network

    def _fitted_network(self) -> Network:
        """Return the network, which is rebuilt on first use after unpickling."""
        if isinstance(self._network, dict):
            check_not_forked("Networks")
            with _rebuild_lock, defer_signals():
                if isinstance(self._network, dict):
                    cell = self._network["architecture"]["cell"]  # the parameter may have changed
                    self._network = Network.from_state(self._network, new_optimizer(self, cell))
        return self._network

    def __sklearn_clone__(self) -> Self:
        clone = super().__sklearn_clone__()
        clone.callbacks = deep_copies(self.callbacks)
        return clone

    def _pack(self, state: dict[str, Any]) -> dict[str, Any]:
        return pack_classifier(state)

    def _unpack(self, state: dict[str, Any]) -> dict[str, Any]:
        return unpack_classifier(state)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.positive_only = True
        tags.classifier_tags.poor_score = True
        return tags
