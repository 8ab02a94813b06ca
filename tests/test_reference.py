"""The API reference is built from the docstrings, whole, and each of its links leads somewhere."""

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

plt = pytest.importorskip("matplotlib.pyplot")
pytest.importorskip("numpydoc")

BUILD = Path(__file__).parents[1] / ".ci" / "reference.py"
MODULES = ["seqsent", "seqsent.datasets", "seqsent.inspection"]
NAMES = [
    f"{module}.{name}"
    for module in MODULES
    for name in import_module(module).__all__
    if not inspect.ismodule(getattr(import_module(module), name))
]


class Page(HTMLParser):
    """What a page names, links and shows."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.pictures: list[Path] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.anchors.add(found["id"])
        for name in {"href", "src"} & found.keys():
            self.links.append(found[name])
        if tag == "img":
            self.pictures.append(self.path.parent / found["src"])

    def handle_data(self, data: str) -> None:
        self.text += data


def build(folder: Path, *options: str, path: str = "") -> subprocess.CompletedProcess[str]:
    search = os.pathsep.join(filter(None, [path, os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, str(BUILD), str(folder), *options],
        # pages are the same on all backends, and not all are silent
        env={**os.environ, "KERAS_BACKEND": "jax", "MPLBACKEND": "Agg", "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )


def dead_links(pages: dict[Path, Page]) -> Iterator[str]:
    """Yield the links to files that are missing, and to places that a page does not have."""
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            if not target.is_file() or (place and place not in pages[target].anchors):
                yield f"{path.name}: {link}"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    folder = tmp_path_factory.mktemp("reference").resolve()
    done = build(folder)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return {path: Page(path) for path in folder.rglob("*.html")}


def page_of(pages: dict[Path, Page], name: str) -> Page:
    return next(page for path, page in pages.items() if path.stem == name)


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_a_page_with_its_example(name: str, pages: dict[Path, Page]) -> None:
    page = page_of(pages, name)
    assert name in page.anchors
    assert ">>> " in page.text
    assert f"{name}.html#{name}" in page_of(pages, "index").links


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("Display")])
def test_every_display_has_its_picture(name: str, pages: dict[Path, Page]) -> None:
    [picture] = page_of(pages, name).pictures
    height, width, _ = plt.imread(picture).shape
    assert width >= 400
    assert height >= 50


def test_own_methods_are_described_and_inherited_ones_are_not(pages: dict[Path, Page]) -> None:
    name = "seqsent.RecurrentSentimentClassifier"
    anchors = page_of(pages, name).anchors
    assert {f"{name}.fit", f"{name}.partial_fit", f"{name}.predict_proba"} <= anchors
    assert f"{name}.set_fit_request" not in anchors


def test_no_link_is_dead(pages: dict[Path, Page]) -> None:
    assert not list(dead_links(pages))


def test_no_markup_is_left(pages: dict[Path, Page]) -> None:
    for page in pages.values():
        assert not {mark for mark in [":func:", ":class:", ":meth:", ":math:"] if mark in page.text}


def test_dead_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "there.html").write_text('<p id="here"></p>')
    links = ["there.html#here", "there.html#gone", "gone.html", "#nowhere", "https://example.org/x"]
    page = tmp_path / "page.html"
    page.write_text("".join(f'<a href="{link}">x</a>' for link in links) + '<img src="gone.png">')
    pages = {path: Page(path) for path in tmp_path.glob("*.html")}
    found = ["there.html#gone", "gone.html", "#nowhere", "gone.png"]
    assert list(dead_links(pages)) == [f"page.html: {link}" for link in found]


def test_a_reference_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    package = tmp_path / "nowhere"
    package.mkdir()
    (package / "__init__.py").write_text(
        '"""Links :class:`sklearn.NoSuchClass`."""\n__version__ = "1"\n__all__ = ["function"]\n'
        'def function():\n    """Do as :func:`gone` does.\n\n'
        '    See Also\n    --------\n    lost : Is not there.\n    """\n'
    )
    done = build(tmp_path / "pages", "--package", "nowhere", path=str(tmp_path))
    assert done.returncode != 0
    for name in ["sklearn.NoSuchClass", "gone", "lost"]:
        assert f"reference target not found: {name} " in done.stderr
