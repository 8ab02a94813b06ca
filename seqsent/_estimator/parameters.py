"""Suggestions for parameter names, callables given by import path, and misplaced Keras objects."""

import difflib
import pkgutil
from collections.abc import Iterable
from typing import Any

# Names that users of scikit-learn, Keras, PyTorch or skorch would try first.
_FAMILIAR_NAMES = {
    "batch": "batch_size",
    "bucket": "ngram_buckets",
    "cell_type": "cell",
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
    "sequence_length": "maxlen",
    "units": "state_dim",
    "vocab_size": "num_words",
    "wordNgrams": "ngram_range",
}


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest valid name, or an empty string.

    A valid name such as "classifier__cell" is also found by its last part.
    """
    by_last_part: dict[str, str] = {}
    for full_name in valid:
        by_last_part.setdefault(full_name.rpartition("__")[2], full_name)
    last_part = name.rpartition("__")[2]
    guess = _FAMILIAR_NAMES.get(last_part)
    if guess not in by_last_part:
        guess = next(iter(difflib.get_close_matches(last_part, by_last_part, n=1)), None)
    return f" Did you mean {by_last_part[guess]!r}?" if guess else ""


def resolve(name: str, value: Any) -> Any:
    """Return the callable that a parameter names by its import path, such as "jieba.lcut".

    A value that is not a str is returned unchanged. A path that cannot be imported, or is not
    callable, is a ValueError.
    """
    if not isinstance(value, str):
        return value
    try:
        function = pkgutil.resolve_name(value)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(
            f"{name}={value!r} cannot be imported ({error}). Expected the import path of an "
            "installed callable, such as 'package.module.function'."
        ) from error
    if not callable(function):
        raise ValueError(f"{name}={value!r} is {type(function).__name__}, which is not callable.")
    return function


def check_keras_objects(optimizer: Any, learning_rate: Any, callbacks: Any) -> None:
    """Raise a TypeError for classes in place of instances, and for misplaced objects."""
    if isinstance(optimizer, type):
        name = optimizer.__name__
        raise TypeError(
            f"optimizer is the class {name} instead of an instance: pass "
            f"optimizer=keras.optimizers.{name}(), or its name {name.lower()!r}."
        )
    if hasattr(learning_rate, "get_config") or isinstance(learning_rate, type):
        name = getattr(learning_rate, "__name__", type(learning_rate).__name__)
        raise TypeError(
            f"learning_rate is a schedule ({name}). Pass it to an optimizer instance, "
            "optimizer=keras.optimizers.Adam(schedule), and leave learning_rate=None."
        )
    if hasattr(callbacks, "on_epoch_end"):
        raise TypeError(
            f"callbacks is a single {_describe(callbacks)}; pass a list, callbacks=[callback]."
        )
    for index, callback in enumerate(callbacks if isinstance(callbacks, list | tuple) else ()):
        if isinstance(callback, type) or not hasattr(callback, "on_epoch_end"):
            raise TypeError(
                f"callbacks[{index}] is {_describe(callback)}; expected an instance of "
                "keras.callbacks.Callback, such as keras.callbacks.TerminateOnNaN()."
            )


def _describe(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__} instead of an instance"
    return f"{type(value).__name__} {value!r}"
