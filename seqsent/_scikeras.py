"""The way into scikeras: the same network with its routing of parameters."""

import copy
from typing import Any

from ._classifier import RecurrentSentimentClassifier
from ._estimator.base import draw_seed
from ._inputs.embedding import load_embedding_weights
from ._network import build_network
from ._nn.model.architecture import Architecture
from ._nn.model.cells import CELLS
from ._nn.train.objective import has_cosine_decay
from ._nn.train.options import choose_batch_size

# what decides the network beside the architecture, under the names of both functions
_MODEL_PARAMETERS = (*Architecture.parameter_names(), "gate_bias", "embedding_weights")
_SHARED_PARAMETERS = ("batch_size", "epochs", "class_weight", "callbacks", "shuffle", "warm_start")

_EPOCHS = 5  # for "auto", where no fit says how many


def to_scikeras(classifier: RecurrentSentimentClassifier) -> Any:
    """Return a scikeras classifier of the same network.

    For those who want scikeras's routing of parameters, such as
    ``model__cell`` and ``optimizer__learning_rate``. It starts from the same initial
    weights; length-sorted batches, early stopping, ``oov_char``, word vectors that start from
    the texts, ``train_maxlen``, adversarial training and the schedule of the
    learning rate stay behind. ``epochs="auto"`` becomes the epochs of the last fit, or 5, and
    ``batch_size="auto"`` the size for few texts.

    Parameters
    ----------
    classifier : RecurrentSentimentClassifier
        Fitted or not. A fitted one lends its table size and time scale, not its weights.

    Returns
    -------
    scikeras.wrappers.KerasClassifier
        Unfitted, with ``model=build_network``.

    Raises
    ------
    TypeError
        If given anything but a RecurrentSentimentClassifier.
    ValueError
        If the size of the embedding table is unknown, or a parameter is out of its range.

    Notes
    -----
    Importing scikeras changes how ``keras.Model`` is pickled for the whole process,
    which is why nothing else in seqsent imports it. The time scale of chrono gates is the
    row length unless ``model__time_scale``, which a fitted classifier sets, says otherwise.

    Examples
    --------
    >>> from seqsent import RecurrentSentimentClassifier, to_scikeras
    >>> classifier = RecurrentSentimentClassifier(cell="gru", num_words=1000)
    >>> wrapped = to_scikeras(classifier)  # doctest: +SKIP
    >>> wrapped.set_params(model__state_dim=16, optimizer__learning_rate=1e-3)  # doctest: +SKIP
    """
    if not isinstance(classifier, RecurrentSentimentClassifier):
        raise TypeError(
            "to_scikeras takes a RecurrentSentimentClassifier (of a Pipeline: its last step), "
            f"got {type(classifier).__name__}."
        )
    classifier._validate_params()
    parameters = classifier.get_params(deep=False)
    fitted = hasattr(classifier, "classes_")
    if classifier.epochs == "auto":  # which follows from data that scikeras does not pass on
        parameters["epochs"] = classifier.n_iter_ if fitted else _EPOCHS
    parameters["batch_size"] = choose_batch_size(classifier.batch_size, n_samples=0)
    num_words = _count_words(classifier)
    from scikeras.wrappers import KerasClassifier

    random_state = parameters["random_state"]
    optimizer = {"optimizer": classifier.optimizer}
    if has_cosine_decay(classifier.optimizer):
        optimizer["optimizer__learning_rate"] = CELLS[classifier.cell].learning_rate
        optimizer["optimizer__global_clipnorm"] = 1.0
    if classifier.learning_rate is not None:
        optimizer["optimizer__learning_rate"] = classifier.learning_rate
    return KerasClassifier(
        model=build_network,
        model__num_words=num_words,
        model__time_scale=classifier.time_scale_ if fitted else None,
        model__random_state=_weight_seed(classifier),
        **{f"model__{name}": parameters[name] for name in _MODEL_PARAMETERS},
        **{name: parameters[name] for name in _SHARED_PARAMETERS},
        **optimizer,
        verbose=int(classifier.verbose),
        random_state=random_state if isinstance(random_state, int) else None,
    )


def _count_words(classifier: RecurrentSentimentClassifier) -> int:
    """Return the rows of the table of word vectors."""
    if hasattr(classifier, "classes_"):
        return classifier.n_words_
    matrix = load_embedding_weights(classifier.embedding_weights)
    if matrix is not None:
        return len(matrix)
    if classifier.num_words is None:
        raise ValueError(
            "to_scikeras needs the size of the embedding table: set num_words, or fit first."
        )
    return classifier.num_words


def _weight_seed(classifier: RecurrentSentimentClassifier) -> int | None:
    """Return the seed that a fit of the classifier draws its weights with."""
    if classifier.random_state is None:
        return None
    return draw_seed(copy.deepcopy(classifier.random_state))
