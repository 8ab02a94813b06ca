"""Support of scikit-learn's callbacks, which 1.9 introduced, such as ``ProgressBar``."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, TypeVar, cast

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]  # before 1.9
        """Nothing: this version of scikit-learn has no callbacks."""


__all__ = ["TRANSIENT", "CallbackSupportMixin", "FitTasks", "report_to_callbacks"]

# attributes during a fit
TRANSIENT = {
    "_callback_fit_ctx",
    "_fit_tasks",
    "_parent_callback_ctx",
    "_skl_callbacks_to_teardown",
}

_Method = TypeVar("_Method", bound=Callable[..., Any])


class FitTasks:
    """A fit and its epochs as tasks of the callbacks of an estimator."""

    def __init__(self, estimator: Any, X: Any, y: Any, sample_weight: Any) -> None:
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self.data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self.context = estimator._init_callback_context()
        self.has_begun = False

    def begin(self, n_epochs: int = 0) -> None:
        """Report the start of a fit with a number of epochs."""
        self.has_begun = True
        self.context.max_subtasks = n_epochs
        self.context.call_on_fit_task_begin(**self.data)

    def begin_epoch(self) -> None:
        """Report the start of an epoch."""
        self.epoch = self.context.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(**self.data)

    def end_epoch(self, fitted_attributes: Callable[[], dict[str, Any]]) -> bool:
        """Report the end of an epoch, and return whether a callback stops the fit.

        The attributes make an estimator that predicts as after this epoch.
        """
        attributes = {"reconstruction_attributes": fitted_attributes}
        return bool(self.epoch.call_on_fit_task_end(**self.data, **attributes))

    def end(self) -> None:
        """Report the end of the fit."""
        if not self.has_begun:  # it has no epochs
            self.begin()
        self.context.call_on_fit_task_end(**self.data)


def report_to_callbacks(method: _Method) -> _Method:
    """Report a ``fit`` to the callbacks of the estimator, which has ``_fit_tasks`` meanwhile."""

    @wraps(method)
    def report(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not hasattr(self, "_skl_callbacks"):
            return method(self, *args, **kwargs)
        given = signature(method).bind(self, *args, **kwargs).arguments
        tasks = FitTasks(self, given["X"], given.get("y"), given.get("sample_weight"))
        self._fit_tasks = tasks
        try:
            result = method(self, *args, **kwargs)
        finally:
            vars(self).pop("_fit_tasks", None)
        tasks.end()
        return result

    return cast(_Method, report)
