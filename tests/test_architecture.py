"""Tests of the package layout: import directions, module lengths and function lengths."""

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

# A unit imports units of the lines above its own, but not of its own line.
LAYERS = [
    ["_types"],
    ["_runtime"],
    ["_estimator"],
    ["_text", "_nn"],
    ["_inputs"],
    ["_vectorizer", "_network", "_classifier", "_naive_bayes_scaler"],
    ["_pipeline", "_scikeras", "datasets"],
    ["inspection", "_ensemble"],
    [""],  # seqsent/__init__.py
]
LAYER_OF = {unit: number for number, units in enumerate(LAYERS) for unit in units}

MAX_TOP_MODULES = 11
MAX_MODULE_LINES = 350
MAX_LINES_OF = {"_classifier": 700, "_vectorizer": 500}  # mostly documentation of parameters
MAX_FUNCTION_LINES = 40


class Import(NamedTuple):
    module: str  # absolute, e.g. "seqsent._nn.batches"
    name: str | None
    is_at_module_level: bool


@cache
def parse(module: str) -> ast.Module:
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> tuple[Import, ...]:
    """Return all imports of a module, including those inside functions."""
    tree = parse(module)
    in_functions = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        is_at_module_level = id(node) not in in_functions
        if isinstance(node, ast.Import):
            found += [Import(alias.name, None, is_at_module_level) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = resolve(module, node)
            found += [Import(origin, alias.name, is_at_module_level) for alias in node.names]
    return tuple(found)


def resolve(module: str, node: ast.ImportFrom) -> str:
    """Return the absolute name of the module that a `from` import names."""
    if not node.level:
        return node.module or ""
    parts = [part for part in ["seqsent", *module.split(".")] if part]
    is_package = FILES[module].name == "__init__.py"
    parts = parts[: len(parts) - node.level + is_package]
    return ".".join([*parts, *([node.module] if node.module else [])])


def external_imports(module: str, *, module_level_only: bool = False) -> set[str]:
    """Return the top-level names of other packages that a module imports."""
    packages = {
        i.module.partition(".")[0]
        for i in imports_of(module)
        if i.is_at_module_level or not module_level_only
    }
    return packages - {"seqsent"}


def internal_imports(module: str) -> Iterator[str]:
    """Yield the modules of seqsent that a module imports."""
    for imported in imports_of(module):
        package, _, inner = imported.module.partition(".")
        if package == "seqsent":
            submodule = ".".join(filter(None, [inner, imported.name]))
            yield submodule if submodule in FILES else inner


def unit_of(module: str) -> str:
    """Return the top-level module or subpackage that a module belongs to."""
    return module.partition(".")[0]


def modules_of(unit: str) -> list[str]:
    return [module for module in FILES if unit_of(module) == unit]


def lines_of_code(function: ast.FunctionDef) -> int:
    """Return the number of lines of a function without its docstring."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    length = (function.end_lineno or 0) - function.lineno + 1
    return length - is_docstring * ((first.end_lineno or 0) - first.lineno + 1)


def test_every_unit_has_a_layer() -> None:
    assert {unit_of(module) for module in FILES} == set(LAYER_OF)


@pytest.mark.parametrize("module", FILES)
def test_modules_import_lower_layers_only(module: str) -> None:
    unit = unit_of(module)
    others = {unit_of(other) for other in internal_imports(module)} - {unit}
    assert not {other for other in others if LAYER_OF[other] >= LAYER_OF[unit]}


def test_no_import_cycle() -> None:
    graph = {module: set(internal_imports(module)) - {module} for module in FILES}
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_text_half_imports_no_network_library() -> None:
    for module in modules_of("_text"):
        assert not external_imports(module) & {"keras", "scikeras", "pandas", *BACKENDS}, module


def test_network_half_imports_no_estimator_library() -> None:
    for module in modules_of("_nn"):
        assert not external_imports(module) & {"sklearn", "scikeras", "pandas"}, module


def test_only_nn_fast_imports_a_backend_at_module_level() -> None:
    for module in FILES:
        if not module.startswith("_nn.fast."):
            assert not external_imports(module, module_level_only=True) & BACKENDS, module


def test_inspection_does_not_import_datasets() -> None:
    for module in modules_of("inspection"):
        assert "datasets" not in map(unit_of, internal_imports(module)), module


def test_only_one_module_imports_scikeras() -> None:
    assert {module for module in FILES if "scikeras" in external_imports(module)} == {"_scikeras"}


def test_only_one_module_imports_private_names_of_scikit_learn() -> None:
    for module in FILES:
        private = [
            imported
            for imported in imports_of(module)
            if imported.module.partition(".")[0] == "sklearn"
            and any(
                part.startswith("_") for part in [*imported.module.split("."), imported.name or ""]
            )
        ]
        assert module == "_estimator.base" or not private, module


def test_top_level_has_few_modules() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= MAX_TOP_MODULES


@pytest.mark.parametrize("module", FILES)
def test_modules_are_short(module: str) -> None:
    n_lines = len(FILES[module].read_text(encoding="utf-8").splitlines())
    assert n_lines <= MAX_LINES_OF.get(module, MAX_MODULE_LINES)


@pytest.mark.parametrize("module", FILES)
def test_functions_are_short(module: str) -> None:
    for node in ast.walk(parse(module)):
        if isinstance(node, ast.FunctionDef):
            is_constructor = node.name == "__init__" and module in ("_classifier", "_vectorizer")
            n_options = len(node.args.kwonlyargs)  # one line each
            assert is_constructor or lines_of_code(node) - n_options <= MAX_FUNCTION_LINES, (
                node.name
            )
