"""Sphinx extension of the site: formulas, links to other packages, figures of the Displays."""

import doctest
import inspect
import pkgutil
import tempfile
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

EXTERNAL_PAGES = {
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{}.html",
    "keras": "https://keras.io/api/",
}
# options with which the gallery runs an example in less than a minute, and with its figure
_FIGURE = ["--output", str(Path(tempfile.gettempdir()) / "seqsent_gallery.png")]
EXAMPLE_OPTIONS: dict[str, list[str]] = {
    "beat_the_linear_model.py": ["--n-samples", "1000", "--folds", "3", *_FIGURE],
    "few_labels.py": ["--n-samples", "2000", *_FIGURE],
    "train_on_a_large_file.py": ["--megabytes", "40", "--passes", "3"],
}


def example_options(gallery_conf: Any, script_vars: dict[str, Any]) -> list[str]:
    """Return the command line of an example in the gallery."""
    return EXAMPLE_OPTIONS.get(Path(script_vars["src_file"]).name, [])


def visit_math(translator: Any, node: nodes.math) -> None:
    """Write an inline formula as MathML, which browsers draw without a script."""
    translator.body.append(tex2mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def visit_math_block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula as MathML. Lines aligned at & become an align environment."""
    code = node.astext()
    if r"\\" in code or "&" in code:
        code = rf"\begin{{aligned}}{code}\end{{aligned}}"
    translator.body.append(f'<div class="math">{tex2mathml(code, as_block=True)}</div>')
    raise nodes.SkipNode


def link_external_name(
    app: Sphinx, env: Any, node: nodes.Element, content: nodes.Node
) -> nodes.reference | None:
    """Link a name of another package to its page, without its inventory, if the name exists."""
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


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("sphinx.ext.autodoc")
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.connect("missing-reference", link_external_name)
    app.connect("autodoc-process-docstring", plot_display, priority=600)  # numpydoc uses 500
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
