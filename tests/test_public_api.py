"""What `import seqsent` offers, how much it loads, and how well it is described."""

import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module, metadata
from typing import Any

import pytest

import seqsent

SUBPACKAGES = [
    module.name
    for module in pkgutil.iter_modules(seqsent.__path__)
    if module.ispkg and not module.name.startswith("_")
]
MODULES = ["seqsent", *(f"seqsent.{name}" for name in SUBPACKAGES)]
BACKENDS = {"jax", "keras", "scikeras", "tensorflow", "torch"}

# Codes of numpydoc.validate that are not asked for, and why.
NOT_ASKED = {
    "ES01": "a summary that says it all needs no second paragraph",
    "EX01": "the example of a class shows its methods",
    "SA01": "not everything has a relative",
    "RT02": "the one value returned may have a name, as scikit-learn's `self` has",
}


def loaded_after(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after a statement."""
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in run.stdout.split()}


@pytest.mark.parametrize(
    "statement",
    [
        "import seqsent",
        "import seqsent; dir(seqsent)",
        "from seqsent import SequenceVectorizer; "
        "SequenceVectorizer(maxlen=4).fit_transform(['not good', 'bad'])",
        "from seqsent.datasets import make_reviews; make_reviews(10, random_state=0)",
    ],
)
def test_loads_no_keras(statement: str) -> None:
    loaded = loaded_after(statement)
    assert "seqsent" in loaded
    assert not loaded & BACKENDS


def test_bare_import_is_light() -> None:
    assert not loaded_after("import seqsent") & {"sklearn", "pandas", "matplotlib", "numpy"}


def test_classifier_loads_keras_but_not_scikeras() -> None:
    # so that the tests above would see them
    loaded = loaded_after("from seqsent import RecurrentSentimentClassifier, to_scikeras")
    assert "keras" in loaded
    assert "scikeras" not in loaded


@pytest.mark.parametrize("module_name", MODULES)
def test_all_names_resolve(module_name: str) -> None:
    module = import_module(module_name)
    assert module.__all__ == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))


def test_names_of_the_package() -> None:
    assert dir(seqsent) == sorted([*seqsent.__all__, "__version__"])
    assert "RecurrentSentimentClassifier" in seqsent.__all__
    assert seqsent.SequenceVectorizer is import_module("seqsent._vectorizer").SequenceVectorizer
    with pytest.raises(AttributeError, match=r"module 'seqsent' has no attribute 'LSTM'"):
        _ = seqsent.LSTM
    with pytest.raises(ImportError, match="LSTM"):
        exec("from seqsent import LSTM")


def test_version_is_the_distributions() -> None:
    try:
        assert metadata.version("seqsent") == seqsent.__version__
    except metadata.PackageNotFoundError:
        pytest.skip("seqsent is imported from its source tree, not installed")


def public_objects() -> Iterator[str]:
    """Yield the import path of every public class, method and function."""
    for module_name in MODULES:
        module = import_module(module_name)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.ismodule(value):
                continue
            yield f"{module_name}.{name}"
            if inspect.isclass(value):
                yield from (f"{module_name}.{name}.{own}" for own in own_methods(value))


def own_methods(kind: type) -> list[str]:
    """Return the public methods and properties that seqsent itself defines."""
    return [
        name
        for name, value in inspect.getmembers(kind)
        if not name.startswith("_") and source_module(value).startswith("seqsent")
    ]


def source_module(value: Any) -> str:
    function = value.fget if isinstance(value, property) else inspect.unwrap(value)
    return getattr(function, "__module__", None) or ""


@pytest.mark.parametrize("path", list(public_objects()))
def test_docstring(path: str) -> None:
    validate = pytest.importorskip("numpydoc.validate")
    report = validate.validate(path)
    errors = {code: message for code, message in report["errors"] if code not in NOT_ASKED}
    assert not errors


@pytest.mark.parametrize("path", [p for p in public_objects() if p.rpartition(".")[2][0].isupper()])
def test_classes_and_functions_have_an_example(path: str) -> None:
    module_name, _, name = path.rpartition(".")
    assert ">>> " in (inspect.getdoc(getattr(import_module(module_name), name)) or "")
