"""What the dataset functions share: checked parameters and the form of what they return."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import validate_params

_Function = TypeVar("_Function", bound=Callable[..., Any])


def validated(constraints: Mapping[str, list[Any]]) -> Callable[[_Function], _Function]:
    """Check parameters as scikit-learn does, without hiding the function's type."""
    decorator: Callable[[_Function], _Function] = validate_params(
        dict(constraints), prefer_skip_nested_validation=True
    )
    return decorator


def labelled_texts(
    columns: Mapping[str, np.ndarray],
    *,
    target_names: tuple[str, ...],
    description: str,
    return_X_y: bool,
    as_frame: bool,
) -> Bunch | tuple[Any, Any]:
    """Return the columns "text", "label" and any others as scikit-learn's datasets are returned."""
    frame = None
    values: Mapping[str, Any] = columns
    if as_frame:
        import pandas as pd

        frame = pd.DataFrame(dict(columns))
        values = {name: frame[name] for name in columns}
    data, target = values["text"], values["label"]
    if return_X_y:
        return data, target
    others = {name: values[name] for name in columns if name not in ("text", "label")}
    return Bunch(
        data=data,
        target=target,
        target_names=np.array(target_names),
        frame=frame,
        DESCR=description,
        **others,
    )
