"""Docstrings that share entries have all of them, in place."""

import inspect
import re

import pytest

from seqsent import inspection
from seqsent.inspection._prose import shares_prose


@pytest.mark.parametrize("name", inspection.__all__)
def test_no_placeholder_is_left(name: str) -> None:
    value = getattr(inspection, name)
    methods = [value.from_estimator, value.plot] if inspect.isclass(value) else []
    for part in (value, *methods):
        documentation = inspect.getdoc(part) or ""
        assert "Parameters\n----------" in documentation
        assert not re.search(r"^ *\{\w+\}$", documentation, flags=re.MULTILINE)


def test_entries_stand_where_their_names_stood() -> None:
    @shares_prose
    def draw() -> None:
        """Draw.

        Raises
        ------
        {no_matplotlib}
        """

    expected = "Draw.\n\nRaises\n------\nImportError\n    If matplotlib is not installed."
    assert inspect.getdoc(draw) == expected


def test_an_unknown_name_is_an_error() -> None:
    def draw() -> None:
        """
        {axes}
        """

    with pytest.raises(KeyError, match="axes"):
        shares_prose(draw)


def test_no_docstring_is_no_error() -> None:
    class Bare:
        def plot(self) -> None:
            pass

    assert shares_prose(Bare).__doc__ is None  # as python -OO leaves it
