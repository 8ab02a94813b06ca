"""Sphinx configuration of the documentation: ``python -m sphinx -W -b html .ci/docs FOLDER``."""

import doctest
import inspect
import os
import pkgutil
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

os.environ["KERAS_BACKEND"] = "jax"  # the other backends print messages on import

import seqsent

project = "seqsent"
version = release = seqsent.__version__
extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
]
exclude_patterns = ["_templates"]
templates_path = ["_templates"]
nitpicky = True
smartquotes = False
add_module_names = False
toc_object_entries = False
autodoc_typehints = "none"  # docstrings state the types
numpydoc_show_class_members = False
myst_heading_anchors = 3
plot_html_show_formats = False
plot_html_show_source_link = False
html_title = f"seqsent {version}"
html_theme = "alabaster"
html_theme_options = {
    "description": "Recurrent sentiment classifiers for scikit-learn",
    "page_width": "1300px",
    "sidebar_width": "260px",
    "body_max_width": "100%",
}
html_show_sourcelink = False
html_copy_source = False

EXTERNAL_PAGES = {
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{}.html",
    "keras": "https://keras.io/api/",
}


def link_external_name(
    app: Sphinx, env: Any, node: nodes.Element, content: nodes.Node
) -> nodes.reference | None:
    """Link a name of another package to the pages of that package, if the name exists."""
    name = node["reftarget"]
    page = EXTERNAL_PAGES.get(name.partition(".")[0])
    if page is None:
        return None
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return None
    return nodes.reference("", "", content, internal=False, refuri=page.format(name))


def plot_display(
    app: Sphinx, kind: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    """Run the example of a Display and add its figure."""
    if kind == "class" and name.endswith("Display"):
        examples = doctest.DocTestParser().get_examples(inspect.getdoc(value) or "")
        code = "".join(example.source for example in examples)
        lines += ["", ".. plot::", "   :include-source: False", ""]
        lines += [f"   {line}" for line in code.splitlines()] + [""]


def setup(app: Sphinx) -> None:
    app.connect("missing-reference", link_external_name)
    app.connect("autodoc-process-docstring", plot_display, priority=600)  # numpydoc uses 500
