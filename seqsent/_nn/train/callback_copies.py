"""Copies of the user's callbacks without what a fit left in them.

A callback is a parameter of the classifier, so a clone has it as it was before any fit.
"""

import pickle
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy, deepcopy
from typing import Any

_CHANGES = "_changes_of_fit"  # attribute of a callback: name -> value after and before
_ABSENT: Any = object()
_CONTAINERS = (list, dict, set, deque)


def record_changes(callback: Any, before: dict[str, Any]) -> None:
    """Record on a callback which of the attributes a fit changed, given those before it."""
    after = {name: value for name, value in vars(callback).items() if name != _CHANGES}
    changes = {
        name: (after.get(name, _ABSENT), before.get(name, _ABSENT))
        for name in {**before, **after}
        if not _is_same(after.get(name, _ABSENT), before.get(name, _ABSENT))
    }
    setattr(callback, _CHANGES, changes)


def attributes_before_fit(callback: Any) -> dict[str, Any]:
    """Return the attributes of a callback, those that a fit changed as they were before it.

    Lists, dicts and sets are shallow copies, since callbacks append to them.
    """
    attributes = dict(vars(callback))
    for name, (after, before) in attributes.pop(_CHANGES, {}).items():
        if attributes.get(name, _ABSENT) is after:  # otherwise the user has changed it since
            attributes[name] = before
    return {
        name: copy(value) if isinstance(value, _CONTAINERS) else value
        for name, value in attributes.items()
        if value is not _ABSENT
    }


def _is_same(a: Any, b: Any) -> bool:
    """Return whether two values are the same object, or containers of the same objects."""
    if isinstance(a, dict) and isinstance(b, dict):
        return _is_same([*a, *a.values()], [*b, *b.values()])
    if isinstance(a, _CONTAINERS) and isinstance(b, _CONTAINERS) and len(a) == len(b):
        return all(x is y for x, y in zip(a, b, strict=True))
    return a is b


def copy_callbacks(callbacks: Sequence[Any] | None) -> Sequence[Any] | None:
    """Return deep copies of callbacks as they were before any fit, for ``clone``.

    The copies share attributes that cannot be copied, such as a lock.
    """
    return _map(_copy_callback, callbacks)


def _copy_callback(callback: Any) -> Any:
    new = _with_attributes(callback, attributes_before_fit(callback))
    try:
        return deepcopy(new)
    except Exception:  # of any type, as the attributes are the user's
        for name, value in vars(new).items():
            with suppress(Exception):
                vars(new)[name] = deepcopy(value)
        return new


def picklable_callbacks(callbacks: Sequence[Any] | None) -> Sequence[Any] | None:
    """Return shallow copies of callbacks without the open files and weights of a fit.

    An attribute that a fit changed has its value before the fit if it cannot be pickled, or if
    it contains the best weights, as in Keras's ``EarlyStopping``.
    """
    return _map(_picklable_callback, callbacks)


def _picklable_callback(callback: Any) -> Any:
    before = attributes_before_fit(callback)
    attributes = {name: value for name, value in vars(callback).items() if name != _CHANGES}
    for name in vars(callback).get(_CHANGES, {}):
        if name == "best_weights" or not _is_picklable(attributes.get(name)):
            attributes.pop(name, None)
            attributes.update({name: before[name]} if name in before else {})
    return _with_attributes(callback, attributes)


def _is_picklable(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:  # of any type, as the value is the user's
        return False
    return True


def _with_attributes(callback: Any, attributes: dict[str, Any]) -> Any:
    new = object.__new__(type(callback))
    vars(new).update(attributes)
    return new


def _map(function: Callable[[Any], Any], callbacks: Sequence[Any] | None) -> Sequence[Any] | None:
    """Apply a function to each callback. Invalid values are returned for ``fit`` to reject."""
    if not isinstance(callbacks, list | tuple):
        return callbacks
    is_instance = [hasattr(c, "__dict__") and not isinstance(c, type) for c in callbacks]
    return type(callbacks)(
        function(c) if valid else c for c, valid in zip(callbacks, is_instance, strict=True)
    )
