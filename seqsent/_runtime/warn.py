"""Warnings that name the user's line."""

import os
import sys
import warnings
from pathlib import Path

import sklearn

# directories end with a separator, so that packages with a longer name are not skipped
_LIBRARIES = tuple(
    f"{directory}{os.sep}"
    for directory in (Path(__file__).parents[1], Path(sklearn.__file__).parent)
)


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that names the line of user code that called seqsent.

    Frames of seqsent and scikit-learn are skipped. Python 3.11 cannot skip frames by file; there
    the warning names the caller of the function that warns.
    """
    if sys.version_info >= (3, 12):
        warnings.warn(message, category, skip_file_prefixes=_LIBRARIES)
    else:
        warnings.warn(message, category, stacklevel=3)
