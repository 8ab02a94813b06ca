"""Base class of the estimators, and everything imported from scikit-learn's private modules."""

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Any, ClassVar, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, _fit_context
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
from .callbacks import TRANSIENT, CallbackSupportMixin, report_to_callbacks
from .html import DOC_LINK
from .parameters import did_you_mean
from .state import (
    FORMAT,
    check_functions,
    check_state,
    explain_invalid_state,
    find_unknown,
    is_from_pickle,
    list_functions,
    new_from_pickle,
)

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "RealNotInt",
    "SeqsentEstimator",
    "StrOptions",
    "check_sample_weight",
    "choose_columns",
    "draw_seed",
    "fit_context",
    "suggest_arguments",
    "validate_parameter_constraints",
    "validated",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[_Function], _Function]:
    """Validate parameters as scikit-learn's estimators do, and report the fit to callbacks."""
    validate = _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)

    def decorate(method: _Function) -> _Function:
        return cast(_Function, validate(report_to_callbacks(method)))

    return decorate


def validated(constraints: Mapping[str, list[Any]]) -> Callable[[_Function], _Function]:
    """Check parameters as scikit-learn does, without hiding the function's type."""
    decorator: Callable[[_Function], _Function] = validate_params(
        dict(constraints), prefer_skip_nested_validation=True
    )
    return decorator


# scikit-learn 1.8 and later refuse weights that are all zero unless this argument is passed.
_ALLOW_ALL_ZERO = {
    name: True
    for name in signature(_check_sample_weight).parameters
    if name == "allow_all_zero_weights"
}


def check_sample_weight(sample_weight: Any, X: NDArray[Any]) -> FloatArray:
    """Return finite weights of at least 0, one for each row of X, or ones if None."""
    try:
        weights: FloatArray = _check_sample_weight(
            sample_weight, X, dtype=np.float64, **_ALLOW_ALL_ZERO
        )
    except (ValueError, TypeError) as error:
        if "sample_weight" in str(error):
            raise
        raise type(error)(f"sample_weight must contain one number per sample: {error}") from error
    if (weights < 0).any():
        raise ValueError(
            f"sample_weight must not be negative, got {weights.min()}. Pass 0 to ignore a sample."
        )
    return weights


def choose_columns(X: Any, columns: Any) -> Any:
    """Return columns of a frame or array, selected as ColumnTransformer does."""
    return _safe_indexing(X, columns, axis=1)


def draw_seed(random_state: Any) -> int:
    """Draw the seed of a fit, from which all its random numbers are derived."""
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


# Arguments of fit in Keras, scikeras and skorch, and their counterparts here.
_FAMILIAR_ARGUMENTS = {
    "validation_data": "X_val= and y_val=",
    "eval_set": "X_val= and y_val=",
    "validation_split": "early_stopping=True and validation_fraction= to the constructor",
    "initial_epoch": "warm_start=True to the constructor",
}


def suggest_arguments(method: _Function) -> _Function:
    """Make a method raise a TypeError that suggests a replacement for an unknown argument."""
    known = signature(method).parameters.keys()

    @wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        for name in kwargs.keys() - known:
            raise TypeError(_unknown_argument(type(self), method.__name__, name))
        return method(self, *args, **kwargs)

    return cast(_Function, wrapper)


def _unknown_argument(estimator: type["SeqsentEstimator"], method: str, name: str) -> str:
    """Return the message for an unknown argument of a method."""
    kind, is_constructor = estimator.__name__, method == "__init__"
    function = kind if is_constructor else f"{kind}.{method}"
    start = f"{function}() got an unexpected keyword argument {name!r}."
    if name in _FAMILIAR_ARGUMENTS and not is_constructor:
        return f"{start} Pass {_FAMILIAR_ARGUMENTS[name]} instead."
    parameters = estimator._get_param_names()
    if name in parameters and not is_constructor:
        return f"{start} It is a parameter of the estimator: {kind}({name}=...)."
    return f"{start}{did_you_mean(name, parameters)}"


class SeqsentEstimator(CallbackSupportMixin, BaseEstimator):
    """Base of the estimators: suggests parameter names, shares large parameters, checks its state.

    Attributes
    ----------
    _shared_parameters : tuple of str
        Read-only parameters that clones share instead of copying, such as a vocabulary.
    _fitted_attributes : mapping of str to type
        Attributes that a stored state may contain besides the parameters, with their types. A
        subclass adds its own.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    _shared_parameters: ClassVar[tuple[str, ...]] = ()
    _fitted_attributes: ClassVar[Mapping[str, Any]] = {}

    # the link "?" of the HTML representation
    _doc_link_module = "seqsent"
    _doc_link_template = DOC_LINK

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = suggest_arguments(cls.__init__)  # type: ignore[method-assign]  # improves its errors

    def set_params(self, **params: Any) -> Self:
        """Set the parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Parameter names and their new values.

        Returns
        -------
        self : estimator instance
            The estimator.

        Raises
        ------
        ValueError
            If a name is not a parameter. The message suggests the closest one.
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

    def __reduce__(self) -> tuple[Any, ...]:
        # for pickle and copy; skops calls __getstate__ and __setstate__
        return new_from_pickle, (type(self),), self._state()

    def __getstate__(self) -> dict[str, Any]:
        self._validate_params()
        return {**self._state(), "_functions": list_functions(self._import_paths(vars(self)))}

    def _state(self) -> dict[str, Any]:
        state = {k: v for k, v in super().__getstate__().items() if k not in TRANSIENT}
        state = {**self._pack(state), "_format": FORMAT}
        unknown = find_unknown(state, self._known_names())
        if unknown:
            raise ValueError(
                f"Cannot store this {type(self).__name__} with the attributes {unknown}. Delete "
                "them, or add them to _fitted_attributes in a subclass."
            )
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        is_trusted, functions = is_from_pickle(self), state.get("_functions", ())
        names, kind = self._get_param_names(), type(self).__name__
        with explain_invalid_state(kind):
            state = check_state(state, names, self._known_names(), self._fitted_attributes)
            state = self._unpack(state)
            if not is_trusted:
                parameters = {name: state[name] for name in names}
                validate_parameter_constraints(self._parameter_constraints, parameters, kind)
                check_functions(self._import_paths(state), functions)
        super().__setstate__(state)

    def _known_names(self) -> set[str]:
        # A subclass with fewer parameters has the others as attributes.
        return {*self._get_param_names(), *self._parameter_constraints, *self._fitted_attributes}

    def _pack(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return a state in its stored form."""
        return state

    def _unpack(self, state: dict[str, Any]) -> dict[str, Any]:
        """Invert ``_pack``; a state that ``_pack`` cannot have returned is an error."""
        return state

    @staticmethod
    def _import_paths(attributes: Mapping[str, Any]) -> dict[str, str]:
        """Return the parameters that name a function by its import path."""
        return {}

    def __sklearn_clone__(self) -> Self:
        names = self._get_param_names()  # a subclass may have fewer
        shared = {name: getattr(self, name) for name in self._shared_parameters if name in names}
        light = object.__new__(type(self))
        light.__dict__.update(self.__dict__, **dict.fromkeys(shared))
        # Zero-argument super() would clone ``self`` with its large parameters.
        return super(SeqsentEstimator, light).__sklearn_clone__().set_params(**shared)
