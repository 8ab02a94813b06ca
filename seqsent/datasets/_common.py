"""The form in which the dataset functions return texts and labels."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils import Bunch


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
