"""Shared docstring entries."""

import inspect
import re

import pytest

from seqsent import inspection
from seqsent.inspection._docstrings import fill_docstring


@pytest.mark.parametrize("name", inspection.__all__)
def test_every_placeholder_is_replaced(name: str) -> None:
    value = getattr(inspection, name)
    methods = [value.from_estimator, value.plot] if inspect.isclass(value) else []
    for member in (value, *methods):
        documentation = inspect.getdoc(member) or ""
        assert "Parameters\n----------" in documentation
        assert not re.search(r"^ *\{\w+\}$", documentation, flags=re.MULTILINE)


def test_entries_have_the_indentation_of_the_placeholder() -> None:
    @fill_docstring
    def draw() -> None:
        """Draw.

        Parameters
        ----------
        {text}
        """

    expected = (
        "Draw.\n\nParameters\n----------\ntext : str or array-like of shape (maxlen,)\n    One"
    )
    assert inspect.getdoc(draw).startswith(expected)


def test_class_without_docstrings() -> None:
    class Bare:
        def plot(self) -> None:
            pass

    assert fill_docstring(Bare).__doc__ is None  # as with python -OO
