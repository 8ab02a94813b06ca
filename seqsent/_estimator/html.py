"""HTML representation of the estimators in notebooks."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin

DOC_LINK = "https://seqsent.github.io/seqsent/generated/{estimator_module}.{estimator_name}.html"


class PositionNamesMixin(ClassNamePrefixFeaturesOutMixin):
    """Names of output columns that are positions in a text."""

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the output columns: the name of the class and a number.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        ndarray of str objects
            The names.
        """
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.startswith("sklearn.utils._repr_html"):
            return np.array([], dtype=object)  # scikit-learn 1.9 would show a list of numbers
        names: NDArray[np.object_] = super().get_feature_names_out(input_features)
        return names
