"""What the estimators share, and all that seqsent takes from scikit-learn's private modules."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.base import _fit_context as fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    RealNotInt,
    StrOptions,
    validate_params,
)
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

from ._parameters import did_you_mean

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "RealNotInt",
    "SeqsentEstimator",
    "StrOptions",
    "check_sample_weight",
    "draw_seed",
    "fit_context",
    "validated",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def validated(constraints: Mapping[str, list[Any]]) -> Callable[[_Function], _Function]:
    """Check parameters as scikit-learn does, without hiding the function's type."""
    decorator: Callable[[_Function], _Function] = validate_params(
        dict(constraints), prefer_skip_nested_validation=True
    )
    return decorator


def draw_seed(random_state: Any) -> int:
    """Draw the number that all randomness of one fit follows from."""
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


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
        names = self._get_param_names()  # a subclass may have fewer
        shared = {name: getattr(self, name) for name in self._shared_parameters if name in names}
        light = object.__new__(type(self))
        light.__dict__.update(self.__dict__, **dict.fromkeys(shared))
        # zero-argument super() would clone ``self``, matrices and all
        return super(SeqsentEstimator, light).__sklearn_clone__().set_params(**shared)
