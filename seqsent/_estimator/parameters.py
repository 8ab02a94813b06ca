"""Names of parameters, and callables as their values."""

import difflib
import pkgutil
from collections.abc import Iterable
from typing import Any

# Names that users of scikit-learn, Keras, PyTorch or skorch would try first.
_FAMILIAR_NAMES = {
    "batch": "batch_size",
    "bucket": "ngram_buckets",
    "cell_type": "cell",
    "clipnorm": "global_clipnorm",
    "dropout_rate": "dropout",
    "embedding_dim": "embed_dim",
    "embedding_size": "embed_dim",
    "hidden_dim": "state_dim",
    "hidden_size": "state_dim",
    "lr": "learning_rate",
    "max_epochs": "epochs",
    "max_features": "num_words",
    "max_iter": "epochs",
    "max_len": "maxlen",
    "max_length": "maxlen",
    "max_tokens": "num_words",
    "max_words": "num_words",
    "n_features": "ngram_buckets",
    "n_epochs": "epochs",
    "num_layers": "n_layers",
    "output_sequence_length": "maxlen",
    "patience": "n_iter_no_change",
    "rnn_type": "cell",
    "seed": "random_state",
    "semi_supervised": "self_training",
    "sequence_length": "maxlen",
    "units": "state_dim",
    "vocab_size": "num_words",
    "wordNgrams": "ngram_range",
}


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest valid name, or an empty string."""
    valid = list(valid)
    guess = _FAMILIAR_NAMES.get(name)
    if guess not in valid:
        guess = next(iter(difflib.get_close_matches(name, valid, n=1, cutoff=0.6)), None)
    return f" Did you mean {guess!r}?" if guess else ""


def resolve(name: str, value: Any) -> Any:
    """Return the callable that a parameter names, importing it if it is an import string.

    A callable, or None, is returned as it is; a path such as "jieba.lcut" under which there is
    nothing callable is a ValueError.
    """
    if not isinstance(value, str):
        return value
    try:
        function = pkgutil.resolve_name(value)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(
            f"{name}={value!r} cannot be imported ({error}). Expected the path of a callable, "
            "such as 'package.module.function', that is installed here."
        ) from error
    if not callable(function):
        raise ValueError(f"{name}={value!r} is {type(function).__name__}, which is not callable.")
    return function
