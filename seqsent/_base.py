"""What both estimators do alike with their parameters."""

import difflib
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator

# Names that users of scikit-learn, Keras, PyTorch or skorch would try first.
_FAMILIAR_NAMES = {
    "batch": "batch_size",
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
    "n_epochs": "epochs",
    "num_layers": "n_layers",
    "output_sequence_length": "maxlen",
    "patience": "n_iter_no_change",
    "rnn_type": "cell",
    "seed": "random_state",
    "sequence_length": "maxlen",
    "units": "state_dim",
    "vocab_size": "num_words",
}


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest valid name, or an empty string."""
    valid = list(valid)
    guess = _FAMILIAR_NAMES.get(name)
    if guess not in valid:
        guess = next(iter(difflib.get_close_matches(name, valid, n=1, cutoff=0.6)), None)
    return f" Did you mean {guess!r}?" if guess else ""


class SeqsentEstimator(BaseEstimator):
    """BaseEstimator that suggests parameter names and shares large parameters with its clones.

    Attributes
    ----------
    _shared_parameters : tuple of str
        Parameters that a clone shares with its original instead of copying them
        (a vocabulary, an embedding matrix): they are read, never written.
    """

    _shared_parameters: ClassVar[tuple[str, ...]] = ()

    def set_params(self, **params: Any) -> Self:
        """Set the parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Parameter names and their new values.

        Returns
        -------
        self : estimator instance
            The estimator itself.

        Raises
        ------
        ValueError
            If a name is not a parameter; the message names the closest one.
        """
        valid = self.get_params(deep=False)
        for name in params:
            key = name.partition("__")[0]
            if key not in valid:
                raise ValueError(
                    f"Invalid parameter {key!r} for {type(self).__name__}."
                    f"{did_you_mean(key, valid)} Valid parameters are: {sorted(valid)}."
                )
        return super().set_params(**params)

    def __sklearn_clone__(self) -> Self:
        shared = {name: getattr(self, name) for name in self._shared_parameters}
        light = object.__new__(type(self))
        light.__dict__.update(self.__dict__, **dict.fromkeys(shared))
        # zero-argument super() would clone `self`, matrices and all
        return super(SeqsentEstimator, light).__sklearn_clone__().set_params(**shared)
