"""Builds the API reference from the docstrings: ``python .ci/reference.py FOLDER``.

A page for each public name, which shows its example and, where that makes a Display, what it
draws. A warning of Sphinx, and so a reference that leads nowhere, is an error.
"""

import argparse
import doctest
import inspect
import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# Where other packages describe a name.
ELSEWHERE = {
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{}.html",
    "keras": "https://keras.io/api/",
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the API reference from the docstrings.")
    parser.add_argument("output", type=Path, help="folder for the pages")
    parser.add_argument("--package", default="seqsent", help="what to describe")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        source = Path(folder, "source")
        source.mkdir()
        write_source(options.package, source)
        app = Sphinx(
            srcdir=source,
            confdir=None,
            outdir=options.output,
            doctreedir=Path(folder, "doctrees"),
            buildername="html",
            confoverrides=settings(options.package),
            status=None,
            warningiserror=True,
        )
        app.connect("missing-reference", link_elsewhere)
        app.connect("autodoc-skip-member", leave_out)
        app.connect("autodoc-process-docstring", add_picture, priority=600)  # numpydoc's is 500
        app.build()
    return app.statuscode


def settings(package: str) -> dict[str, Any]:
    version = import_module(package).__version__
    return {
        "project": package,
        "version": version,
        "release": version,
        "extensions": [
            "sphinx.ext.autodoc",
            "sphinx.ext.autosummary",
            "sphinx.ext.mathjax",
            "numpydoc",
        ],
        "nitpicky": True,
        "autodoc_typehints": "none",  # the docstrings tell them
        "autosummary_generate": False,
        "smartquotes": False,
        "add_module_names": False,
        "numpydoc_show_class_members": False,
        "toc_object_entries": False,
        "html_title": f"{package} {version}",
        "html_theme": "alabaster",
        "html_theme_options": {
            "description": "Recurrent sentiment classifiers for scikit-learn",
            "page_width": "1300px",
            "sidebar_width": "260px",
            "body_max_width": "100%",
        },
        "html_show_sourcelink": False,
        "html_copy_source": False,
    }


def write_source(package: str, folder: Path) -> None:
    """Write the pages without the docstrings, and the pictures."""
    modules = [package, *public_subpackages(package)]
    index = [heading(package), f".. automodule:: {package}", "   :no-members:", ""]
    for module in modules:
        names = [name for name, value in public_objects(module) if not inspect.ismodule(value)]
        if module != package:
            index += [heading(module, "-"), f".. automodule:: {module}", "   :no-members:", ""]
        index += [f".. currentmodule:: {module}", ""]
        index += listing(".. autosummary::", names)
        index += listing(
            f".. toctree::\n   :caption: {module}\n   :hidden:",
            [f"{module}.{name}" for name in names],
        )
    write(folder / "index.rst", index)
    for module in modules:
        for name, value in public_objects(module):
            if inspect.ismodule(value):
                continue
            kind = "class" if inspect.isclass(value) else "function"
            directive = f".. auto{kind}:: {name}\n" + "   :members:\n" * (kind == "class")
            page = [heading(name), f".. currentmodule:: {module}", "", directive]
            write(folder / f"{module}.{name}.rst", page)
            if name.endswith("Display"):
                draw(value).savefig(folder / f"{name}.png", dpi=100, bbox_inches="tight")


def public_subpackages(package: str) -> list[str]:
    found = pkgutil.iter_modules(import_module(package).__path__)
    return [f"{package}.{m.name}" for m in found if m.ispkg and not m.name.startswith("_")]


def public_objects(module: str) -> list[tuple[str, Any]]:
    return [(name, getattr(import_module(module), name)) for name in import_module(module).__all__]


def heading(text: str, rule: str = "=") -> str:
    return f"{text}\n{rule * len(text)}\n"


def listing(directive: str, names: list[str]) -> list[str]:
    return [directive, "", *(f"   {name}" for name in names), ""]


def write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines), encoding="utf-8")


def draw(display: type) -> Any:
    """Run the example of a Display, and return the figure that it drew."""
    names: dict[str, Any] = {}
    for example in doctest.DocTestParser().get_examples(inspect.getdoc(display) or ""):
        exec(example.source, names)
    return names["display"].figure_


def add_picture(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Put the picture of a Display behind its example."""
    if what == "class" and name.endswith("Display"):
        short = name.rpartition(".")[2]
        lines += ["", f".. image:: {short}.png", f"   :alt: What the example of {short} draws.", ""]


def leave_out(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the methods that scikit-learn adds to a class."""
    function = obj.fget if isinstance(obj, property) else inspect.unwrap(obj)
    is_ours = str(getattr(function, "__module__", "")).startswith(app.config.project)
    return None if is_ours else True


def link_elsewhere(app: Sphinx, env: Any, node: Any, content: Any) -> nodes.reference | None:
    """Link a name of another package, if it has it, to that package's own pages."""
    name = node["reftarget"]
    address = ELSEWHERE.get(name.partition(".")[0])
    if address is None:
        return None
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return None
    return nodes.reference("", "", content, internal=False, refuri=address.format(name))


if __name__ == "__main__":
    sys.exit(main())
