import sys

import pytest
from sklearn.preprocessing import FunctionTransformer

from seqsent._runtime.warn import warn_user


def test_warning_has_the_message_and_category():
    with pytest.warns(FutureWarning, match="deprecated"):
        warn_user("deprecated", FutureWarning)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 cannot skip frames by file")
def test_warning_names_the_line_that_called_scikit_learn():
    with pytest.warns(UserWarning, match="odd") as warned:
        FunctionTransformer(warn_user).transform("odd")
    assert warned[0].filename == __file__
