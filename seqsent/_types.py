"""Types that several modules name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]  # (n_texts, row_length), 0 for padding
FloatArray = NDArray[np.float64]
Array = Any  # of numpy, or of the backend, traced or not
Arrays = tuple[Array, ...]
