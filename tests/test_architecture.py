"""The structure that .github/CONTRIBUTING.md describes, read from the source."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "seqsent"
FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    .removesuffix("__init__")
    .strip("."): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
BACKENDS = {"jax", "jaxlib", "tensorflow", "torch"}

# From the bottom up: a room may use those before it, and those of its own line not.
FLOORS = [
    ["_types", "_files", "_cache_folder"],
    ["_backend", "_parameters", "_state"],
    ["_base", "_versions"],
    ["_text", "_nn"],
    ["_validation", "_cooccurrence"],
    ["_training_data"],
    ["_vectorizer", "_network", "_classifier"],
    ["_pipeline", "_scikeras", "datasets", "show_versions"],
    ["inspection"],
    [""],  # seqsent/__init__.py
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


class Import(NamedTuple):
    module: str  # of another package, or dotted from seqsent on with "seqsent" in front
    name: str | None
    is_at_the_top: bool


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> tuple[Import, ...]:
    """Return all imports of a module, those inside functions too."""
    tree = tree_of(module)
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        top = id(node) not in inside
        if isinstance(node, ast.Import):
            found += [Import(alias.name, None, top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(module, node)
            found += [Import(origin, alias.name, top) for alias in node.names]
    return tuple(found)


def absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    is_package = FILES[module].name == "__init__.py"
    home = [part for part in ["seqsent", *module.split(".")] if part]
    home = home[: len(home) - node.level + is_package]
    return ".".join([*home, *([node.module] if node.module else [])])


def of_others(module: str, *, top_only: bool = False) -> set[str]:
    """Return the packages beside seqsent that a module imports."""
    packages = {
        i.module.partition(".")[0] for i in imports_of(module) if i.is_at_the_top or not top_only
    }
    return packages - {"seqsent"}


def of_ours(module: str) -> Iterator[str]:
    """Yield the modules of seqsent that a module imports."""
    for imported in imports_of(module):
        package, _, home = imported.module.partition(".")
        if package != "seqsent":
            continue
        inner = ".".join(filter(None, [home, imported.name]))
        yield inner if inner in FILES else home


def room_of(module: str) -> str:
    return module.partition(".")[0]


def modules_in(room: str) -> list[str]:
    return [module for module in FILES if room_of(module) == room]


def test_every_room_has_its_floor() -> None:
    assert {room_of(module) for module in FILES} == set(FLOOR_OF)


@pytest.mark.parametrize("module", FILES)
def test_imports_go_down(module: str) -> None:
    here = room_of(module)
    above = {
        other
        for other in of_ours(module)
        if room_of(other) != here and FLOOR_OF[room_of(other)] >= FLOOR_OF[here]
    }
    assert not above, f"{module} must not import {above}"


def test_no_circle() -> None:
    graph = {module: {other for other in of_ours(module) if other != module} for module in FILES}
    TopologicalSorter(graph).prepare()  # raises where there is one


def test_the_text_half_knows_no_network() -> None:
    for module in modules_in("_text"):
        assert not of_others(module) & {"keras", "scikeras", "pandas", *BACKENDS}, module


def test_the_network_half_knows_no_estimators() -> None:
    for module in modules_in("_nn"):
        assert not of_others(module) & {"sklearn", "scikeras", "pandas"}, module


def test_only_the_fast_folder_is_of_one_backend() -> None:
    for module in FILES:
        if not module.startswith("_nn.fast."):
            assert not of_others(module, top_only=True) & BACKENDS, module


def test_inspection_does_not_use_datasets() -> None:
    for module in modules_in("inspection"):
        assert "datasets" not in map(room_of, of_ours(module)), module


def test_scikeras_is_behind_its_door() -> None:
    assert {module for module in FILES if "scikeras" in of_others(module)} == {"_scikeras"}


def test_private_names_of_scikit_learn_are_in_one_place() -> None:
    for module in FILES:
        private = [
            imported
            for imported in imports_of(module)
            if imported.module.partition(".")[0] == "sklearn"
            and any(
                part.startswith("_") for part in [*imported.module.split("."), imported.name or ""]
            )
        ]
        assert module == "_base" or not private, module


def test_modules_are_short() -> None:
    lengths = {m: len(path.read_text(encoding="utf-8").splitlines()) for m, path in FILES.items()}
    long = {module for module, length in lengths.items() if length > 400}
    assert long <= {"_classifier", "_vectorizer"}  # most of them the parameters' descriptions


@pytest.mark.parametrize("module", FILES)
def test_functions_are_short(module: str) -> None:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.FunctionDef):
            is_estimators = node.name == "__init__" and module in ("_classifier", "_vectorizer")
            n_options = len(node.args.kwonlyargs)  # of a public function, one to a line
            assert is_estimators or lines_of_code(node) - n_options <= 40, node.name


def lines_of_code(function: ast.FunctionDef) -> int:
    """Return the lines of a function without its docstring."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    length = (function.end_lineno or 0) - function.lineno + 1
    return length - is_docstring * ((first.end_lineno or 0) - first.lineno + 1)
