"""RecurrentSentimentClassifier: parameters, validation, fit, predict, state."""

import threading
import warnings
import zlib
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import joblib
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from ._estimator.base import (
    HasMethods,
    Interval,
    SeqsentEstimator,
    StrOptions,
    answers_unknown_arguments,
    check_sample_weight,
    draw_seed,
    fit_context,
    validate_parameter_constraints,
)
from ._inputs.ids import (
    as_ids,
    check_ids_in_table,
    check_objects,
    count_table_rows,
    load_embedding_weights,
    reject_foreign,
    replace_unknown,
    table_shape,
    warn_of_counts,
)
from ._inputs.training_data import (
    TrainingData,
    add_labelled,
    fill_missing_labels,
    find_labels,
    find_sure,
    hold_out,
    labels_in_numpy_type,
    read_training_data,
    read_validation_labels,
    refuse_missing_labels,
)
from ._inputs.word_vectors import cooccurrence_tables
from ._nn.batches import align_right, count_words
from ._nn.model.architecture import Architecture, count_outputs
from ._nn.model.cells import CELLS
from ._nn.model.numpy_forward import NumpyNetwork
from ._nn.network import Network, grow_table
from ._nn.serialization import pack, unpack
from ._nn.train.objective import (
    get_config,
    make_optimizer,
    pack_optimizer,
    unpack_optimizer,
)
from ._nn.train.options import TrainingOptions, choose_batch_size, choose_epochs
from ._nn.train.training import without_weights
from ._runtime.backend import is_forked_child, refuse_in_fork
from ._runtime.signals import defer_signals
from ._types import FloatArray, Ids

_TABLE_MULTIPLE = 1024  # of table sizes, so that folds share a program
_LONG_TEXT_QUANTILE = 0.95  # the length that chrono gates are set to
_SURE = 0.9  # the probability from which on a prediction serves as a label
_OF_0_1_0: dict[str, Any] = {  # what was not a parameter yet
    "embedding_init": "uniform",
    "learning_rate_schedule": "constant",
    "global_clipnorm": None,
}
_rebuild_lock = threading.Lock()


class RecurrentSentimentClassifier(ClassifierMixin, SeqsentEstimator):
    r"""Recurrent neural network for the sentiment of texts.

    Reads each text word by word: an embedding turns a word id into a vector x, a
    recurrent cell joins it to the state h of the words before, and a dense layer
    turns the state after the last word, or what ``pooling`` makes of all states,
    into the probability of each class.

    ``cell="simple"``, the SimpleRNN, joins the last state to the new word. Its last
    state forgets the beginning of a long text, because the gradient vanishes with
    distance, so that by default the states at all words decide:

    .. math:: h_t = \tanh(W x_t + U h_{t-1} + b)

    ``cell="lstm"`` adds a conveyor belt c that carries the past with little loss. A
    forget gate f says what of it to keep, an input gate i and a new value g what to
    write on it, and an output gate o what of it to show:

    .. math::
        f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) \\
        i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i), \quad
        g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g) \\
        c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
        o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o), \quad h_t = o_t \odot \tanh(c_t)

    ``cell="gru"`` does the same job without a separate c. An update gate z says what of
    the state to keep, a reset gate r what of it the new value may see:

    .. math::
        z_t &= \sigma(W_z x_t + U_z h_{t-1} + b_z), \quad
        r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r) \\
        g_t &= \tanh(W_g x_t + r_t \odot (U_g h_{t-1} + b'_g) + b_g) \\
        h_t &= z_t \odot h_{t-1} + (1 - z_t) \odot g_t

    Parameters
    ----------
    cell : {"simple", "lstm", "gru"}, default="lstm"
        The recurrent cell.
    state_dim : int, default=32
        Size of the state.
    embed_dim : int, default=None
        Length of a word's vector. None is 32, or the width of ``embedding_weights``.
    num_words : int, default=None
        Rows of the embedding table; an id of the training data beyond it is an error.
        None takes the size from the training data, rounded up to a multiple of 1024.
    oov_char : int, default=2
        Id as which ids beyond the table are read in prediction; None skips them.
    n_layers : int, default=1
        Recurrent layers on top of one another.
    bidirectional : bool, default=False
        Read each text in both directions and join the states.
    pooling : {"last", "max", "mean"} or tuple of "max" and "mean", default=None
        What the dense layer sees: the last state, or the maximum or mean of the
        states at all words, or both. None is "last", or ("max", "mean") for a SimpleRNN that
        skips padding: its last state has forgotten most of a text.
    dropout : float, default=0.3
        Share of embedding channels and of state units dropped in training, in [0, 1).
    embedding_dropout : float, default=None
        Share of embedding channels dropped, where it is not that of the state's units.
    gate_bias : {"chrono", "keras"}, default="chrono"
        Start of the gates. "chrono" sets them to the time scale of the data [1]_: with
        u uniform in [1, T - 1], T being ``time_scale_``, the bias of an LSTM's forget
        gate is log u and of its input gate -log u, of a GRU's update gate log u.
        Without it neither cell learns, in modest training, a verdict 60 words back.
        A SimpleRNN has no gates; where the states at all words decide, the weights of its state
        start half as large, since none has to be kept to the end. "keras" is Keras's own start.
    mask_padding : bool, default=True
        Skip padding, so that predictions do not depend on how much there is. False
        reads it like words, as hand-written programs often do.
    embedding_weights : array-like of shape (n_words, embed_dim) or path, default=None
        Word vectors to start from, or a ``.npy`` file of them; row i belongs to id i.
    embedding_init : {"ppmi", "uniform"}, default="ppmi"
        Where word vectors start that are not given. "ppmi" takes them from the training texts:
        words start alike that stand near the same words, by a truncated singular value
        decomposition of the positive pointwise mutual information [4]_, in a quarter of their
        entries words that stand in the same texts [6]_, and n-grams near the words among which
        they stand. "uniform" draws vectors of words at random, as Keras does;
        those of n-grams are zeros then, as they are beside ``embedding_weights``.
    train_embedding : bool, default=True
        Whether training moves the word vectors.
    ngram_range : tuple (1, n), default=(1, 1)
        With n of 2 or more, vectors of the n-grams that end with a word, of 2 to n words, are
        added to its own [5]_. ``model_`` then has a layer of seqsent's.
    ngram_buckets : int, default=2**18
        Rows of the n-grams' table. A hash chooses an n-gram's row, which others may share.
    ngram_dropout : float, default=0.3
        Share of the n-grams left out in training, in [0, 1).
    optimizer : str or keras.optimizers.Optimizer, default="adam"
        A name that Keras knows, or an instance whose options are copied, its learning
        rate among them.
    learning_rate : float, default=None
        Learning rate of a named optimizer; None is 0.006, or 0.004 for a SimpleRNN. An instance
        has its own, and takes no other.
    learning_rate_schedule : {"constant", "cosine"}, default=None
        "cosine" lets the learning rate fall along half a cosine [3]_ over the ``epochs`` of a
        fit, to almost nothing in the last. None is "cosine" in ``fit`` for a named optimizer,
        else "constant".
    global_clipnorm : float, default=1.0
        Norm of the whole gradient beyond which a named optimizer shortens it; None never does.
        An instance has its own.
    lazy_updates : bool, default=None
        Whether a training step moves only the vectors of the words in its batch, and not every
        row of the table. That is quick for large tables, and the default for those of 2**20
        numbers or more where optimizer="adam" and Keras runs on JAX. A word's vector moves at
        once as far as Adam would move it by and by; an n-gram's when it comes again, as with
        PyTorch's SparseAdam.
    batch_size : int or "auto", default="auto"
        Texts per training step. "auto" is 32 for 10,000 training texts or fewer, which would else
        be too few steps, and 64 for more.
    epochs : int or "auto", default="auto"
        Passes over the training data. "auto" makes them enough for 300 training steps, in which
        ``batch_size="auto"`` counts as 64; 2 at least, or 4 for larger batches without n-grams;
        with n-grams, which overfit sooner, half as many, if that leaves 3; with adversarial
        training, which overfits later, twice as many; 100 at most.
    train_maxlen : int, default=None
        Words of a text that training reads, its last ones, while predictions read the whole row.
        So a long text costs no more to learn from, and is judged by all that it says. None trains
        on whole rows.
    adversarial : float, default=0.0
        Trains against the worst small change of the word vectors [2]_, too: in each step they
        are moved along the gradient of the loss, in each text by this share of their length,
        and half of what is learned is learned from there. 0.02 to 0.05 makes networks that
        overfit later or not at all, in twice the time. It rises from 0 over the first 100
        steps. Needs JAX.
    self_training : bool, default=False
        Whether texts whose label in ``fit`` is -1, None or NaN have none, and teach what they can
        [7]_: all texts decide where word vectors start, a network learns from those with a label,
        and another, begun anew, also from those of whose class the first is sure, a probability
        of 0.9 or more, as many of each class as its share of the labels. Among strings -1 may be
        "-1". Callbacks and attributes are the second network's. It pays where labels are few and
        texts are many. ``score`` and validation leave texts without a label out. In a search or
        cross-validation write missing labels as -1, since scikit-learn stratifies by no others,
        and keep the default scorer: others take -1 for a class, as self_training=False does.
    class_weight : dict or "balanced", default=None
        Weight of each class in the loss; "balanced" weighs classes inversely to their
        frequency.
    early_stopping : bool, default=False
        Stop when the validation loss has not improved by ``tol`` for
        ``n_iter_no_change`` epochs, and go back to the best weights.
    validation_fraction : float, default=0.1
        Share of each class held out for early stopping, unless ``fit`` is given
        ``X_val`` and ``y_val``.
    n_iter_no_change : int, default=3
        Epochs without progress before training stops early.
    tol : float, default=1e-4
        Least decrease of the validation loss that counts as progress.
    callbacks : list of keras.callbacks.Callback, default=None
        They take part in each fit, themselves and no copies; a search copies them with the
        estimator, as it does all parameters. Epochs count on over the fits of a warm start
        and over ``partial_fit``. Nothing is written but by them, and compiled programs. With
        ``keras.callbacks.BackupAndRestore(folder)`` as the last one, a fit whose process was
        killed goes on when it is called again, with the same data and parameters, and ends with
        the weights and the history of one that was not; use an int for ``random_state``.
        ``save_freq`` may count batches, ``double_checkpoint=True`` outlives a death while
        storing. What Keras's ``ModelCheckpoint``, ``EarlyStopping`` and ``ReduceLROnPlateau`` have
        seen is stored, too. Each training needs a folder of its own.
    shuffle : bool, default=True
        Shuffle the texts before each epoch; texts of similar length share batches.
    warm_start : bool, default=False
        Go on from the weights of the last fit instead of fresh ones.
    verbose : int, default=0
        1 shows progress in fit and predict, in a line that moves in terminals and notebooks;
        2 a line when an epoch has ended, as 1 does where output is a file; 0 nothing.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, shuffling, dropout and the held-out part. An int gives
        identical results on one machine, on a GPU but for the last digits.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    model_ : keras.Model
        The network: a plain model of stock layers (but for n-grams), int32 ids of shape (n_texts,
        row_length) to probabilities of shape (n_texts, 1) for two classes, else
        (n_texts, n_classes). Weights set on it are what predictions and pickles use.
    history_ : dict of str to list of float
        ``loss`` and ``accuracy`` after each epoch; ``val_loss`` and ``val_accuracy``
        with validation data, NaN for epochs without. The loss is the cross-entropy in nats.
    loss_curve_ : list of float
        ``history_["loss"]``.
    n_iter_ : int
        Epochs run.
    best_iter_ : int
        Epoch, from 1, that the weights come from: the best one with
        ``early_stopping``, else the last.
    n_words_ : int
        Rows of the embedding table.
    time_scale_ : float
        0.95 quantile of the lengths of the training texts, in words, as training reads them.
    n_features_in_ : int
        Row length seen in ``fit``.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Column names seen in ``fit``, where X had string ones.

    See Also
    --------
    SequenceVectorizer : Makes the rows of word ids from texts.
    make_sentiment_pipeline : The two, joined and consistent.
    to_scikeras : The same network as a scikeras classifier.

    References
    ----------
    .. [1] C. Tallec and Y. Ollivier, "Can recurrent neural networks warp time?",
       International Conference on Learning Representations, 2018, arXiv:1804.11188.
    .. [2] T. Miyato, A. M. Dai and I. Goodfellow, "Adversarial training methods for
       semi-supervised text classification", International Conference on Learning
       Representations, 2017, arXiv:1605.07725.
    .. [3] I. Loshchilov and F. Hutter, "SGDR: Stochastic gradient descent with warm restarts",
       International Conference on Learning Representations, 2017, arXiv:1608.03983.
    .. [4] O. Levy, Y. Goldberg and I. Dagan, "Improving distributional similarity with lessons
       learned from word embeddings", Transactions of the Association for Computational
       Linguistics 3, 2015.
    .. [5] A. Joulin, E. Grave, P. Bojanowski and T. Mikolov, "Bag of tricks for efficient text
       classification", European Chapter of the Association for Computational Linguistics,
       2017, arXiv:1607.01759.
    .. [6] S. Deerwester, S. T. Dumais, G. W. Furnas, T. K. Landauer and R. Harshman, "Indexing by
       latent semantic analysis", Journal of the American Society for Information Science 41, 1990.
    .. [7] D. Yarowsky, "Unsupervised word sense disambiguation rivaling supervised methods",
       Annual Meeting of the Association for Computational Linguistics, 1995.

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
        "cell": [StrOptions(CELLS.keys())],
        "state_dim": [Interval(Integral, 1, None, closed="left")],
        "embed_dim": [Interval(Integral, 1, None, closed="left"), None],
        "num_words": [Interval(Integral, 1, None, closed="left"), None],
        "oov_char": [Interval(Integral, 1, None, closed="left"), None],
        "n_layers": [Interval(Integral, 1, None, closed="left")],
        "bidirectional": ["boolean"],
        "pooling": [StrOptions({"last", "max", "mean"}), tuple, list, None],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "embedding_dropout": [Interval(Real, 0, 1, closed="left"), None],
        "gate_bias": [StrOptions({"chrono", "keras"})],
        "mask_padding": ["boolean"],
        "embedding_weights": ["array-like", str, PathLike, None],
        "embedding_init": [StrOptions({"ppmi", "uniform"})],
        "train_embedding": ["boolean"],
        "ngram_range": [tuple, list],
        "ngram_buckets": [Interval(Integral, 2, None, closed="left")],
        "ngram_dropout": [Interval(Real, 0, 1, closed="left")],
        "optimizer": [str, HasMethods(["apply", "get_config"])],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "lazy_updates": ["boolean", None],
        "learning_rate_schedule": [StrOptions({"constant", "cosine"}), None],
        "global_clipnorm": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "train_maxlen": [Interval(Integral, 1, None, closed="left"), None],
        "adversarial": [Interval(Real, 0, 1, closed="left")],
        "self_training": ["boolean"],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "callbacks": [list, tuple, None],
        "shuffle": ["boolean"],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }
    _shared_parameters = ("embedding_weights",)
    _stored_attributes = (
        *_parameter_constraints,
        "classes_",
        "n_features_in_",
        "feature_names_in_",
        "n_words_",
        "time_scale_",
        "history_",
        "n_iter_",
        "best_iter_",
        "_seed",
        "_start",
        "_keeps_optimizer",
        "_network",
    )
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"X_val": True, "y_val": True}
    __metadata_request__partial_fit = __metadata_request__fit

    def __init__(
        self,
        *,
        cell: str = "lstm",
        state_dim: int = 32,
        embed_dim: int | None = None,
        num_words: int | None = None,
        oov_char: int | None = 2,
        n_layers: int = 1,
        bidirectional: bool = False,
        pooling: Literal["last", "max", "mean"] | Sequence[str] | None = None,
        dropout: float = 0.3,
        embedding_dropout: float | None = None,
        gate_bias: Literal["chrono", "keras"] = "chrono",
        mask_padding: bool = True,
        embedding_weights: ArrayLike | str | PathLike[str] | None = None,
        embedding_init: Literal["ppmi", "uniform"] = "ppmi",
        train_embedding: bool = True,
        ngram_range: tuple[int, int] = (1, 1),
        ngram_buckets: int = 2**18,
        ngram_dropout: float = 0.3,
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        learning_rate_schedule: Literal["constant", "cosine"] | None = None,
        global_clipnorm: float | None = 1.0,
        lazy_updates: bool | None = None,
        batch_size: int | Literal["auto"] = "auto",
        epochs: int | Literal["auto"] = "auto",
        train_maxlen: int | None = None,
        adversarial: float = 0.0,
        self_training: bool = False,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 3,
        tol: float = 1e-4,
        callbacks: Sequence[Any] | None = None,
        shuffle: bool = True,
        warm_start: bool = False,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.cell = cell
        self.state_dim = state_dim
        self.embed_dim = embed_dim
        self.num_words = num_words
        self.oov_char = oov_char
        self.n_layers = n_layers
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.dropout = dropout
        self.embedding_dropout = embedding_dropout
        self.gate_bias = gate_bias
        self.mask_padding = mask_padding
        self.embedding_weights = embedding_weights
        self.embedding_init = embedding_init
        self.train_embedding = train_embedding
        self.ngram_range = ngram_range
        self.ngram_buckets = ngram_buckets
        self.ngram_dropout = ngram_dropout
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.global_clipnorm = global_clipnorm
        self.lazy_updates = lazy_updates
        self.batch_size = batch_size
        self.epochs = epochs
        self.train_maxlen = train_maxlen
        self.adversarial = adversarial
        self.self_training = self_training
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.callbacks = callbacks
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    @answers_unknown_arguments
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
        """Train a network on rows of word ids.

        Parameters
        ----------
        X : array-like of shape (n_texts, row_length)
            Word ids, 0 for padding, as SequenceVectorizer makes them.
        y : array-like of shape (n_texts,)
            Labels of any type; with ``self_training=True`` -1, None or NaN for texts without one.
        sample_weight : array-like of shape (n_texts,), default=None
            Weight of each text in the loss; texts of weight zero are left out.
        X_val : array-like of shape (n_validation_texts, row_length), default=None
            Word ids to validate on after each epoch. With ``early_stopping`` they
            take the place of a held-out part of X, else they are merely recorded.
        y_val : array-like of shape (n_validation_texts,), default=None
            Their labels.

        Returns
        -------
        self : RecurrentSentimentClassifier
            The fitted classifier.

        Raises
        ------
        TypeError
            If X or X_val holds text.
        ValueError
            If parameters contradict one another or the data, or y has one class only or
            missing labels without ``self_training``.
        """
        if self.self_training and self.warm_start:
            raise ValueError(
                "self_training=True begins anew, which warm_start=True forbids. Set one to False."
            )
        return self._fit(X, y, sample_weight, X_val=X_val, y_val=y_val)

    @answers_unknown_arguments
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
        """Train one epoch on a part of the data, from where the last call ended.

        Call it with each part in turn, and with all of them again for another pass. The first
        call decides what follows from the training data in ``fit``: the start of the word vectors
        (``embedding_init="ppmi"``), ``time_scale_``, and without ``num_words`` the size of the
        table; so let it bring a fair part of all texts. ``epochs`` is without effect, and the
        learning rate stays what it is until ``set_params(learning_rate=...)`` changes it.
        ``n_iter_`` and ``history_`` count calls. Pickled between calls, the training goes on
        to the same weights.

        Parameters
        ----------
        X : array-like of shape (n_texts, row_length)
            Word ids. Those beyond the embedding table, whose size the first call
            fixes, are read as ``oov_char``.
        y : array-like of shape (n_texts,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that any call will bring. Needed in the first call.
        sample_weight : array-like of shape (n_texts,), default=None
            Weight of each text in the loss.
        X_val : array-like of shape (n_validation_texts, row_length), default=None
            Word ids to validate on after the call, such as after the last part of a pass.
            ``history_`` holds NaN for calls without.
        y_val : array-like of shape (n_validation_texts,), default=None
            Their labels.

        Returns
        -------
        self : RecurrentSentimentClassifier
            The classifier, one epoch on.

        Raises
        ------
        ValueError
            If the first call brings no ``classes``, y holds another label, or
            ``early_stopping``, ``self_training`` or ``class_weight="balanced"`` is set, which
            need all data.
        """
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True.")
        if self.self_training:
            raise ValueError(
                "partial_fit does not support self_training=True, which needs all data at once; "
                "leave out texts without a label."
            )
        if self.learning_rate_schedule == "cosine":
            raise ValueError(
                "partial_fit does not know how many epochs will follow, so it does not support "
                f"learning_rate_schedule={self.learning_rate_schedule!r}."
            )
        if self.class_weight == "balanced":
            raise ValueError(
                'partial_fit does not support class_weight="balanced", which needs the labels '
                "of all data; pass sample_weight, or weights per class as a dict."
            )
        if classes is None and not hasattr(self, "classes_"):
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return self._fit(
            X, y, sample_weight, classes=classes, X_val=X_val, y_val=y_val, is_part=True
        )

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the label of each text.

        Parameters
        ----------
        X : array-like of shape (n_texts, row_length)
            Word ids.

        Returns
        -------
        ndarray of shape (n_texts,)
            Labels, of the type that ``fit`` was given.
        """
        places = self.predict_proba(X).argmax(axis=1)
        return self.classes_[places]

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_texts, row_length)
            Word ids. Those never seen in the embedding table are read as ``oov_char``.

        Returns
        -------
        ndarray of shape (n_texts, n_classes), float64
            Probabilities in the order of ``classes_``; rows sum to 1.

        Raises
        ------
        TypeError
            If X holds text.
        ValueError
            If X has another number of columns than in ``fit``, or does not hold ids.
        """
        check_is_fitted(self)
        return self._predict_proba(self._read_ids(X))

    def _predict_proba(self, ids: Ids) -> FloatArray:
        ids = replace_unknown(ids, self.n_words_, self.oov_char)
        if is_forked_child():
            outputs = self._numpy_network().predict(ids)
        else:
            outputs = self._fitted_network().predict(ids, self.verbose)
        if outputs.shape[1] == 1:
            return np.hstack([1 - outputs, outputs])
        return outputs / outputs.sum(axis=1, keepdims=True)

    def predict_log_proba(self, X: ArrayLike) -> FloatArray:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_texts, row_length)
            Word ids.

        Returns
        -------
        ndarray of shape (n_texts, n_classes), float64
            Natural logarithms, finite also where a probability is rounded to zero.
        """
        return np.log(np.maximum(self.predict_proba(X), np.finfo(np.float32).tiny))

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy, with ``self_training`` on the texts that have a label.

        Scorers by name, ``scoring="accuracy"`` in a search, count those without as mistakes.

        Parameters
        ----------
        X : array-like of shape (n_texts, row_length)
            Word ids.
        y : array-like of shape (n_texts,)
            Labels.
        sample_weight : array-like of shape (n_texts,), default=None
            How much each text counts.

        Returns
        -------
        float
            Share of texts whose label is predicted.
        """
        if self.self_training:
            y, has_label = find_labels(column_or_1d(fill_missing_labels(y), warn=True))
            sample_weight = has_label * check_sample_weight(sample_weight, y)
        return float(super().score(X, y, sample_weight))

    @property
    def model_(self) -> Any:
        """The fitted ``keras.Model``; weights set on it are what predictions use."""
        check_is_fitted(self)
        return self._fitted_network().model

    @property
    def loss_curve_(self) -> list[float]:
        """Training loss after each epoch."""
        check_is_fitted(self)
        return self.history_["loss"]

    def _validate_params(self) -> None:
        check_objects(self.optimizer, self.learning_rate, self.callbacks)
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
        is_part: bool = False,
    ) -> Self:
        """Train on all data, or on a part of them of a training that goes on.

        Training works on a shallow copy, whose attributes become this object's in the end: a
        fit that fails changes nothing, and meanwhile the network of the fit before answers.
        """
        refuse_in_fork("Fits")
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        with defer_signals():
            data, known = new._read_training_data(X, y, sample_weight, classes, is_part=is_part)
            if is_part and not len(data.ids):
                return self  # nothing of it counts
            warn_of_counts(data.ids)
            goes_on = hasattr(self, "classes_") and (is_part or self.warm_start)
            seed = self._seed if goes_on else draw_seed(self.random_state)
            learned, held_out = data.where(data.targets >= 0), None
            if self.early_stopping and X_val is None and y_val is None:
                learned, held_out = hold_out(learned, self.validation_fraction, seed)
            if goes_on:
                new._go_on(data.ids, known, is_part=is_part)
            else:
                new._begin(data, known, seed, is_part=is_part)
            if X_val is not None or y_val is not None:
                held_out = new._read_validation_data(X_val, y_val)
            interrupt = None
            if (data.targets < 0).any():
                interrupt, learned = new._add_own_labels(learned, held_out, data)
            if interrupt is None:
                interrupt = new._train(learned, held_out, is_part=is_part, callbacks=self.callbacks)
            new._keeps_optimizer = is_part or self.warm_start
            self.__dict__ = new.__dict__
        if interrupt is not None:
            raise interrupt
        return self

    def _read_training_data(
        self, X: Any, y: Any, sample_weight: Any, classes: Any, *, is_part: bool
    ) -> tuple[TrainingData, NDArray[Any]]:
        """Return the data to learn from, and all classes.

        Parts that follow the first have its columns, and its classes where none are given.
        """
        estimator = type(self).__name__
        goes_on = is_part and hasattr(self, "classes_")
        reject_foreign(X, "X", estimator=estimator, cell=self.cell)
        if self.self_training:
            y = fill_missing_labels(y)
        else:
            refuse_missing_labels(y)
        X, y = validate_data(self, X, labels_in_numpy_type(y), reset=not goes_on)
        if classes is not None:
            classes = np.unique(np.asarray(classes))
            if len(classes) < 2:
                raise ValueError(f"classes must hold at least 2 labels, got {classes.tolist()}.")
        elif goes_on:
            classes = self.classes_
        return read_training_data(
            X,
            y,
            sample_weight,
            class_weight=self.class_weight,
            classes=classes,
            some_unlabelled=self.self_training,
            estimator=estimator,
        )

    def _read_validation_data(self, X_val: Any, y_val: Any) -> TrainingData:
        """Return the data to validate on, each text of the same weight."""
        if X_val is None or y_val is None:
            missing = "X_val" if X_val is None else "y_val"
            raise ValueError(f"X_val and y_val belong together, but {missing} is None.")
        ids = replace_unknown(self._read_ids(X_val, "X_val"), self.n_words_, self.oov_char)
        targets = read_validation_labels(
            y_val, self.classes_, len(ids), some_unlabelled=self.self_training
        )
        return TrainingData(ids, targets, np.ones(len(ids))).where(targets >= 0)

    def _read_ids(self, X: Any, name: str = "X") -> Ids:
        """Return rows of ids with the columns seen in ``fit``; X itself where it is int32."""
        if not (
            type(X) is np.ndarray  # the common case at a tenth of the cost
            and X.dtype == np.int32
            and X.ndim == 2
            and len(X)
            and X.shape[1] == self.n_features_in_
            and not hasattr(self, "feature_names_in_")
        ):
            reject_foreign(X, name, estimator=type(self).__name__, cell=self.cell)
            X = validate_data(self, X, reset=False)
        return as_ids(X, name, estimator=type(self).__name__)

    def _begin(
        self,
        data: TrainingData,
        classes: NDArray[Any],
        seed: int,
        *,
        is_part: bool,
        tables: Sequence[NDArray[np.float32]] | None = None,
    ) -> None:
        """Draw a new network for such data and set the attributes it depends on.

        ``tables`` are the vectors to start from, None where they have to be found.
        """
        ids = data.ids
        matrix = self._load_embedding_weights()
        n_words, _ = table_shape(self.num_words, self.embed_dim, matrix)
        if n_words is None:
            n_words = count_table_rows(ids, _TABLE_MULTIPLE)
            if is_part:
                self._warn_of_fixed_table(n_words)
        table = f"num_words={n_words}" if matrix is None else f"embedding_weights ({n_words} rows)"
        if not is_part:
            check_ids_in_table(ids, n_words, table)
        if self.oov_char is not None and self.oov_char >= n_words:
            raise ValueError(f"oov_char={self.oov_char} must lie below {table}.")
        self.classes_ = classes
        self.n_words_ = int(n_words)
        read = data._replace(ids=self._read_in_training(ids))
        self.time_scale_ = float(np.quantile(count_words(read.ids), _LONG_TEXT_QUANTILE))
        self.history_: dict[str, list[float]] = {}
        self.n_iter_ = 0
        self._seed = seed
        if tables is None:
            tables = self._start_vectors(read, seed) if matrix is None else [matrix]
        self._network: Network | dict[str, Any] = Network.draw(
            self._chosen_architecture(matrix),
            self._new_optimizer(self.cell),
            seed=seed,
            gate_bias=self.gate_bias,
            time_scale=self.time_scale_,
            tables=tables,
        )
        self._start = self._describe_start(matrix)

    def _go_on(self, ids: Ids, classes: NDArray[Any], *, is_part: bool) -> None:
        """Make ready to go on with the network of the fit before, on a copy of it."""
        if not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"Training goes on with the classes {self.classes_.tolist()} of the fit before, "
                f"got {classes.tolist()}; to begin anew, call fit with warm_start=False."
            )
        state = self._fitted_network().get_state(with_optimizer=True)
        self._refuse_changes(Architecture.from_dict(state["architecture"]))
        if not is_part:
            if self.num_words is None and self.embedding_weights is None:
                n_words = count_table_rows(ids, _TABLE_MULTIPLE)
                if n_words > self.n_words_:
                    state = grow_table(state, n_words, seed=self._seed)
                    self.n_words_ = n_words
            given_by = "the fit that warm_start=True goes on with"
            check_ids_in_table(ids, self.n_words_, given_by)
        # otherwise each call would drop the same units and n-grams again
        seed = int(np.random.default_rng([self._seed, self.n_iter_, 1]).integers(2**31))
        self._network = Network.from_state(state, self._new_optimizer(self.cell), seed=seed)

    def _new_optimizer(self, cell: str) -> Any:
        return make_optimizer(
            self.optimizer,
            self.learning_rate,
            self.global_clipnorm,
            default_rate=CELLS[cell].learning_rate,
        )

    def _start_vectors(self, data: TrainingData, seed: int) -> list[NDArray[np.float32]]:
        """Return the tables of vectors to start from; none draws them."""
        if self.embedding_init == "uniform":
            return []
        chosen = self._chosen_architecture(None)
        return cooccurrence_tables(
            data.ids,
            data.weights,
            chosen.n_words,
            chosen.embed_dim,
            seed=seed,
            skipped=self.oov_char,
            max_n=chosen.max_n,
            n_rows=chosen.ngram_buckets,
        )

    def _chosen_architecture(self, matrix: NDArray[np.float32] | None) -> Architecture:
        """Return the architecture that the parameters ask for."""
        _, embed_dim = table_shape(self.num_words, self.embed_dim, matrix)
        return Architecture.from_parameters(
            vars(self),
            n_words=self.n_words_,
            embed_dim=embed_dim,
            n_outputs=count_outputs(len(self.classes_)),
        )

    def _refuse_changes(self, architecture: Architecture) -> None:
        """Raise a ValueError for parameters that a network which goes on cannot follow."""
        matrix = self._load_embedding_weights()
        changed = architecture.difference(self._chosen_architecture(matrix))
        before = self.__dict__.get("_start", {})  # what 0.1.0 stored has none
        now = self._describe_start(matrix)
        changed |= {name: (before[name], now[name]) for name in before if before[name] != now[name]}
        if self.pooling is None and changed.keys() & {"cell", "mask_padding"}:
            changed.pop("pooling", None)  # it follows from them
        if self.num_words not in (None, self.n_words_):
            changed["num_words"] = self.n_words_, self.num_words
        if changed:
            described = ", ".join(
                f"{name} ({was} to {now})" for name, (was, now) in changed.items()
            )
            raise ValueError(
                f"Training goes on with the network of the fit before, which cannot follow the "
                f"change of {described}. Set it back, or begin anew: warm_start=False, or fit on "
                "a clone."
            )

    def _describe_start(self, matrix: NDArray[np.float32] | None) -> dict[str, Any]:
        """Return what decides where the weights started, in a form to compare."""
        digest = None if matrix is None else f"CRC-32 {zlib.crc32(matrix.tobytes())}"
        return {
            "gate_bias": self.gate_bias,
            "embedding_weights": digest,
            "embedding_init": self.embedding_init,
        }

    def _load_embedding_weights(self) -> NDArray[np.float32] | None:
        if self.embedding_weights is None:
            return None
        return load_embedding_weights(self.embedding_weights)

    def _warn_of_fixed_table(self, n_words: int) -> None:
        warnings.warn(
            f"The first call to partial_fit fixes the embedding table at {n_words} words; "
            f"larger ids in later calls are read as oov_char={self.oov_char}. Set num_words to "
            "the vectorizer's.",
            UserWarning,
            stacklevel=7,  # the line that calls partial_fit
        )

    def _add_own_labels(
        self, learned: TrainingData, held_out: TrainingData | None, data: TrainingData
    ) -> tuple[KeyboardInterrupt | None, TrainingData]:
        """Learn from texts with labels, give labels to others, and begin anew.

        What interrupts the training is returned, and else what to learn from now: also the texts
        without a label in ``data`` of whose class the network is sure.
        """
        found = self.embedding_init == "ppmi"  # which takes long, and what is drawn no time
        tables = self._fitted_network().tables if found else None
        interrupt = self._train(learned, held_out, is_part=False, callbacks=None)
        if interrupt is not None:
            return interrupt, learned
        others = data.where(data.targets < 0)
        probabilities = self._predict_proba(others.ids)
        sure = find_sure(probabilities, learned.targets, _SURE)
        targets = probabilities.argmax(axis=1).astype(np.int32)
        own = TrainingData(others.ids[sure], targets[sure], others.weights[sure])
        self._begin(data, self.classes_, self._seed, is_part=False, tables=tables)
        return None, add_labelled(learned, own, self.class_weight, self.classes_)

    def _train(
        self,
        data: TrainingData,
        validation_data: TrainingData | None,
        *,
        is_part: bool,
        callbacks: Sequence[Any] | None,
    ) -> KeyboardInterrupt | None:
        """Train the network, with a part of the data for one epoch, and add to the history.

        What interrupts it after a whole epoch is returned.
        """
        network = self._fitted_network()
        ids = self._read_in_training(data.ids)
        ids = replace_unknown(ids, self.n_words_, self.oov_char)
        training = network.train(
            data._replace(ids=ids),
            validation_data,
            adversarial=float(self.adversarial),
            lazy_updates=None if self.lazy_updates is None else bool(self.lazy_updates),
            options=TrainingOptions(
                epochs=1 if is_part else self._count_epochs(len(ids)),
                n_epochs_before=self.n_iter_,
                anneals=not is_part and self._anneals(),
                batch_size=choose_batch_size(self.batch_size, len(ids)),
                trim=network.architecture.mask_padding,
                is_part=is_part,
                rng=np.random.default_rng([self._seed, self.n_iter_]) if self.shuffle else None,
                patience=self.n_iter_no_change if self.early_stopping else None,
                tol=self.tol,
                callbacks=callbacks or (),
                identity=self._identify(data, validation_data) if callbacks else "",
                verbose=self.verbose,
            ),
        )
        self.history_ = _joined(self.history_, training.history)
        self.best_iter_ = training.best_epoch
        self.n_iter_ = training.n_epochs
        return training.interrupt

    def _read_in_training(self, ids: Ids) -> Ids:
        """Return the columns that hold the words which training reads."""
        if self.train_maxlen is None or self.train_maxlen >= ids.shape[1]:
            return ids
        return (align_right(ids) if self.mask_padding else ids)[:, -self.train_maxlen :]

    def _identify(self, *data: TrainingData | None) -> str:
        """Return a hash of all that decides what comes of a training."""
        parameters = self.get_params(deep=False)
        for name in ("callbacks", "verbose"):
            del parameters[name]
        optimizer = self._new_optimizer(self.cell)
        parameters["optimizer"] = {**get_config(optimizer), "name": type(optimizer).__name__}
        return str(joblib.hash([parameters, self.n_iter_, *data]))

    def _count_epochs(self, n_texts: int) -> int:
        if self.epochs != "auto":
            return int(self.epochs)
        return choose_epochs(
            n_texts,
            self.batch_size,
            reads_ngrams=self.ngram_range[1] > 1,
            is_adversarial=self.adversarial > 0,
        )

    def _anneals(self) -> bool:
        """Return whether the learning rate falls; an instance may have a schedule of its own."""
        if self.learning_rate_schedule is None:
            return isinstance(self.optimizer, str)
        return self.learning_rate_schedule == "cosine"

    def _numpy_network(self) -> NumpyNetwork:
        """Return the network in its numpy form, which needs no backend."""
        state = self._network
        if isinstance(state, Network):
            state = state.get_state(with_optimizer=False)
        return NumpyNetwork(Architecture.from_dict(state["architecture"]), state["weights"])

    def _fitted_network(self) -> Network:
        if isinstance(self._network, dict):  # as it comes out of a pickle
            refuse_in_fork("Networks")
            with _rebuild_lock, defer_signals():
                if isinstance(self._network, dict):
                    cell = self._network["architecture"]["cell"]  # a parameter may have changed
                    self._network = Network.from_state(self._network, self._new_optimizer(cell))
        return self._network

    def __sklearn_clone__(self) -> Self:
        light = object.__new__(type(self))
        light.__dict__.update(self.__dict__, callbacks=without_weights(self.callbacks))
        return super(RecurrentSentimentClassifier, light).__sklearn_clone__()

    def _pack(self, state: dict[str, Any]) -> dict[str, Any]:
        state["callbacks"] = without_weights(self.callbacks)
        state["optimizer"] = pack_optimizer(self.optimizer)
        network = state.get("_network")
        if network is not None:
            if isinstance(network, Network):
                network = network.get_state(self._keeps_optimizer)
            state["_network"] = pack(network, self.embedding_weights)
        return state

    def _unpack(self, state: dict[str, Any], version: int) -> dict[str, Any]:
        state["optimizer"] = unpack_optimizer(state["optimizer"])
        if version == 1:
            # the defaults of 0.1.0, which gave way to word vectors and to an optimizer instance
            if state.get("embedding_weights") is not None and state["embed_dim"] == 32:
                state["embed_dim"] = None
            if state.get("learning_rate") == 0.004 and not isinstance(state["optimizer"], str):
                state["learning_rate"] = None
        if "embedding_init" not in state:
            state = {**_OF_0_1_0, **state}
        if "_network" in state:
            state["_network"] = unpack(state["_network"], state.get("embedding_weights"))
            self._check_network(state)
        return state

    def _check_network(self, state: dict[str, Any]) -> None:
        """Raise a ValueError for a stored network that cannot be this classifier's."""
        architecture = state["_network"]["architecture"]
        constraints = RecurrentSentimentClassifier._parameter_constraints
        validate_parameter_constraints(constraints, architecture, type(self).__name__)
        n_words, n_outputs = architecture["n_words"], architecture["n_outputs"]
        if state["n_words_"] != n_words:
            raise ValueError(f"its n_words_ is {state['n_words_']}, but its table has {n_words}")
        shape = getattr(state["classes_"], "shape", None)
        if shape != (max(n_outputs, 2),):
            raise ValueError(
                f"its classes_ have the shape {shape}, but its network, of n_outputs={n_outputs}, "
                f"tells {max(n_outputs, 2)} classes apart"
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.positive_only = True
        tags.classifier_tags.poor_score = True
        return tags


def _joined(
    before: Mapping[str, list[float]], now: Mapping[str, list[float]]
) -> dict[str, list[float]]:
    """Return two histories as one, with NaN for the epochs that lack a figure."""
    nothing = [[float("nan")] * len(history.get("loss", ())) for history in (before, now)]
    names = {**before, **now}
    return {name: before.get(name, nothing[0]) + now.get(name, nothing[1]) for name in names}
