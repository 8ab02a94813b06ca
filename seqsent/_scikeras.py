"""Conversion of the classifier to a scikeras classifier."""

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

_MODEL_PARAMETERS = (*Architecture.parameter_names(), "gate_bias", "embedding_weights")
_SHARED_PARAMETERS = ("batch_size", "epochs", "class_weight", "callbacks", "shuffle", "warm_start")

_DEFAULT_EPOCHS = 5  # for epochs="auto" before a fit


def to_scikeras(classifier: RecurrentSentimentClassifier) -> Any:
    """Wrap the network of a classifier as a scikeras classifier.

    Use it to route parameters as scikeras does, for example ``model__cell`` and
    ``optimizer__learning_rate``. Both classifiers start from the same initial weights for the
    same ``random_state`` and ``embedding_init="uniform"``. The scikeras classifier ignores
    ``oov_char``, ``embedding_init``, ``word_dropout``, ``adversarial``, ``train_maxlen`` and early
    stopping. Its learning rate is constant, its batches are not sorted by length, and its
    probabilities are not calibrated by a temperature.

    Parameters
    ----------
    classifier : RecurrentSentimentClassifier
        A classifier. If it is fitted, the result uses its ``n_words_``, ``time_scale_`` and
        ``n_iter_``, but not its weights.

    Returns
    -------
    scikeras.wrappers.KerasClassifier
        Unfitted classifier with ``model=build_network``. ``epochs="auto"`` becomes ``n_iter_``,
        or 5 before a fit, and ``batch_size="auto"`` becomes 32.

    Raises
    ------
    TypeError
        If ``classifier`` is not a RecurrentSentimentClassifier.
    ValueError
        If the size of the embedding table is unknown, or a parameter is invalid.

    See Also
    --------
    build_network : Build the network alone.

    Notes
    -----
    The import of scikeras changes how ``keras.Model`` is pickled in the whole process. Nothing
    else in seqsent imports scikeras. The time scale of the gates is the row length, unless
    ``model__time_scale`` is set, as it is for a fitted classifier.

    Examples
    --------
    >>> from seqsent import RecurrentSentimentClassifier, to_scikeras
    >>> classifier = RecurrentSentimentClassifier(cell="gru", num_words=1000)
    >>> wrapped = to_scikeras(classifier)  # doctest: +SKIP
    >>> wrapped.set_params(model__state_dim=16, optimizer__learning_rate=1e-3)  # doctest: +SKIP
    """
    if not isinstance(classifier, RecurrentSentimentClassifier):
        raise TypeError(
            f"Expected a RecurrentSentimentClassifier, got {type(classifier).__name__}. Pass the "
            "last step of a Pipeline."
        )
    classifier._validate_params()
    parameters = classifier.get_params(deep=False)
    fitted = hasattr(classifier, "classes_")
    if classifier.epochs == "auto":
        parameters["epochs"] = classifier.n_iter_ if fitted else _DEFAULT_EPOCHS
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
    """Return the number of rows of the embedding table."""
    if hasattr(classifier, "classes_"):
        return classifier.n_words_
    matrix = load_embedding_weights(classifier.embedding_weights)
    if matrix is not None:
        return len(matrix)
    if classifier.num_words is None:
        raise ValueError(
            "to_scikeras needs the size of the embedding table. Set num_words, or fit first."
        )
    return classifier.num_words


def _weight_seed(classifier: RecurrentSentimentClassifier) -> int | None:
    """Return the seed of the initial weights in a fit of the classifier."""
    if classifier.random_state is None:
        return None
    return draw_seed(copy.deepcopy(classifier.random_state))
