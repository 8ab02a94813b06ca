"""What the estimators share, and all that seqsent takes from scikit-learn's private modules."""

import reprlib
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from itertools import islice
from typing import Any, ClassVar, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.base import _fit_context as fit_context
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    RealNotInt,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils.validation import _check_sample_weight

from .._types import FloatArray
from .parameters import did_you_mean
from .state import refusing_damage, seal, unseal

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "RealNotInt",
    "SeqsentEstimator",
    "StrOptions",
    "answers_unknown_arguments",
    "check_sample_weight",
    "choose_columns",
    "draw_seed",
    "fit_context",
    "validate_parameter_constraints",
    "validated",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def validated(constraints: Mapping[str, list[Any]]) -> Callable[[_Function], _Function]:
    """Check parameters as scikit-learn does, without hiding the function's type."""
    decorator: Callable[[_Function], _Function] = validate_params(
        dict(constraints), prefer_skip_nested_validation=True
    )
    return decorator


# since scikit-learn 1.8 it refuses them unless told otherwise
_ALL_MAY_BE_ZERO = {
    name: True
    for name in signature(_check_sample_weight).parameters
    if name == "allow_all_zero_weights"
}


def check_sample_weight(sample_weight: Any, X: NDArray[Any]) -> FloatArray:
    """Return a finite weight for each row of X, 1 where none are given; all may be zero."""
    try:
        weights: FloatArray = _check_sample_weight(
            sample_weight, X, dtype=np.float64, **_ALL_MAY_BE_ZERO
        )
    except (ValueError, TypeError) as error:
        if "sample_weight" in str(error):
            raise
        raise type(error)(f"sample_weight must hold a number for each text: {error}") from error
    return weights


def choose_columns(X: Any, columns: Any) -> Any:
    """Return columns of a frame or array, chosen as ColumnTransformer does."""
    return _safe_indexing(X, columns, axis=1)


def draw_seed(random_state: Any) -> int:
    """Draw the number that all randomness of one fit follows from."""
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


# What users of Keras, scikeras or skorch would pass to a fit, and what does it here.
_FAMILIAR_ARGUMENTS = {
    "validation_data": "X_val= and y_val=",
    "eval_set": "X_val= and y_val=",
    "validation_split": "early_stopping=True and validation_fraction= when the estimator is made",
    "initial_epoch": "warm_start=True when the estimator is made",
}


def answers_unknown_arguments(method: _Function) -> _Function:
    """Let a method answer arguments that it does not have with what to write instead."""
    known = signature(method).parameters.keys()

    @wraps(method)
    def answering(self: Any, *args: Any, **kwargs: Any) -> Any:
        for name in kwargs.keys() - known:
            raise TypeError(_answer(self, method.__name__, name))
        return method(self, *args, **kwargs)

    return cast(_Function, answering)


def _answer(estimator: "SeqsentEstimator", method: str, name: str) -> str:
    """Return the message for an argument that a method does not have."""
    kind = type(estimator).__name__
    start = f"{kind}.{method}() got an unexpected keyword argument {name!r}."
    if name in _FAMILIAR_ARGUMENTS:
        return f"{start} Pass {_FAMILIAR_ARGUMENTS[name]} instead."
    parameters = estimator.get_params(deep=False)
    if name in parameters:
        return f"{start} It is a parameter of the estimator: {kind}({name}=...)."
    return f"{start}{did_you_mean(name, parameters)}"


# Functions of scikit-learn that show estimators: they write a parameter out in full, several
# times, before they cut it, and a Pipeline asks only its steps' get_params.
_PRINTERS = ("_changed_params", "_safe_repr", "_pprint_estimator", "_get_params_html")
_ABRIDGED = (dict, list, tuple)
_LARGEST_SHOWN = 100  # items of a parameter that is shown in full


class _Abridged:
    """Stands for a large container where it is printed."""

    def __init__(self, container: Any) -> None:
        kind = next(kind for kind in _ABRIDGED if isinstance(container, kind))
        first = islice(container.items() if kind is dict else container, 4)
        brief = reprlib.repr(kind(first))
        self.text = f"{brief[:-1]}, ...{brief[-1]} of {len(container):,}"

    def __repr__(self) -> str:
        return self.text


class SeqsentEstimator(BaseEstimator):
    """BaseEstimator that suggests parameter names and shares large parameters with its clones.

    Attributes
    ----------
    _shared_parameters : tuple of str
        Parameters that a clone shares with its original instead of copying them
        (a vocabulary, an embedding matrix): they are read, never written.
    _stored_attributes : tuple of str
        What the checksum of a stored state is over.
    """

    _shared_parameters: ClassVar[tuple[str, ...]] = ()
    _stored_attributes: ClassVar[tuple[str, ...]] = ()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the parameters of this estimator.

        Parameters
        ----------
        deep : bool, default=True
            As in scikit-learn; there are no estimators among the parameters.

        Returns
        -------
        dict
            Parameter names and their values.
        """
        params: dict[str, Any] = super().get_params(deep)
        if sys._getframe(1).f_code.co_name in _PRINTERS:
            for name, value in params.items():
                if isinstance(value, _ABRIDGED) and len(value) > _LARGEST_SHOWN:
                    params[name] = _Abridged(value)
        return params

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
            key, _, inner = name.partition("__")
            if key not in valid:
                raise ValueError(
                    f"Invalid parameter {key!r} for {type(self).__name__}."
                    f"{did_you_mean(key, valid)} Valid parameters are: {sorted(valid)}."
                )
            if inner and not hasattr(valid[key], "set_params"):
                raise ValueError(
                    f"Invalid parameter {name!r} for {type(self).__name__}: {key} has no "
                    f"parameters of its own.{did_you_mean(inner, valid)}"
                )
        return super().set_params(**params)

    def __getstate__(self) -> dict[str, Any]:
        return seal(self._pack(dict(super().__getstate__())), self._stored_attributes)

    def __setstate__(self, state: dict[str, Any]) -> None:
        with refusing_damage(type(self).__name__):
            state = self._unpack(*unseal(state))
        # a version before may have lacked some of today's parameters
        parameters = signature(type(self).__init__).parameters
        defaults = {name: p.default for name, p in parameters.items() if p.default is not p.empty}
        super().__setstate__({**defaults, **state})

    def _pack(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return a state in the form in which it is stored."""
        return state

    def _unpack(self, state: dict[str, Any], version: int) -> dict[str, Any]:
        """Undo ``_pack``, also of a version before; what cannot have been a state is an error."""
        return state

    def __sklearn_clone__(self) -> Self:
        names = self._get_param_names()  # a subclass may have fewer
        shared = {name: getattr(self, name) for name in self._shared_parameters if name in names}
        light = object.__new__(type(self))
        light.__dict__.update(self.__dict__, **dict.fromkeys(shared))
        # zero-argument super() would clone ``self``, matrices and all
        return super(SeqsentEstimator, light).__sklearn_clone__().set_params(**shared)
