"""Public names, their docstrings, and the modules that importing them loads."""

import inspect
import pkgutil
import subprocess
import sys
from importlib import import_module, metadata

import pytest

import seqsent

SUBPACKAGES = [
    module.name
    for module in pkgutil.iter_modules(seqsent.__path__)
    if module.ispkg and not module.name.startswith("_")
]
MODULES = ["seqsent", *(f"seqsent.{name}" for name in SUBPACKAGES)]
BACKENDS = {"jax", "keras", "scikeras", "tensorflow", "torch"}

# Codes of numpydoc.validate that are ignored, and why.
IGNORED = {
    "ES01": "an extended summary is optional",
    "EX01": "the example of a class shows its methods",
    "SA01": "a See Also section is optional",
    "RT02": "a single returned value may have a name, as scikit-learn's `self`",
}


def loaded_by(statement):
    """Return the top-level modules that a statement loads in a new process."""
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
def test_import_does_not_load_keras(statement):
    loaded = loaded_by(statement)
    assert "seqsent" in loaded
    assert not loaded & BACKENDS


def test_import_does_not_load_dependencies():
    assert not loaded_by("import seqsent") & {"sklearn", "pandas", "matplotlib", "numpy"}


def test_classifier_loads_keras_but_not_scikeras():
    loaded = loaded_by("from seqsent import RecurrentSentimentClassifier, to_scikeras")
    assert "keras" in loaded
    assert "scikeras" not in loaded


@pytest.mark.parametrize("module_name", MODULES)
def test_names_in_all_resolve(module_name):
    module = import_module(module_name)
    assert module.__all__ == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))


def test_dir_lists_public_names():
    assert dir(seqsent) == sorted([*seqsent.__all__, "__version__"])


def test_unknown_name_raises():
    with pytest.raises(AttributeError, match=r"module 'seqsent' has no attribute 'LSTM'"):
        _ = seqsent.LSTM
    with pytest.raises(ImportError, match="LSTM"):
        exec("from seqsent import LSTM")


def test_version_equals_the_installed_distribution():
    try:
        assert metadata.version("seqsent") == seqsent.__version__
    except metadata.PackageNotFoundError:
        pytest.skip("seqsent is not installed")


def public_objects():
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


def own_methods(kind):
    """Return the public methods and properties defined by seqsent."""
    return [
        name
        for name, value in inspect.getmembers(kind)
        if not name.startswith("_") and source_module(value).startswith("seqsent")
    ]


def source_module(value):
    function = value.fget if isinstance(value, property) else inspect.unwrap(value)
    return getattr(function, "__module__", None) or ""


@pytest.mark.parametrize("path", list(public_objects()))
def test_docstring_follows_numpydoc(path):
    validate = pytest.importorskip("numpydoc.validate")
    report = validate.validate(path)
    errors = {code: message for code, message in report["errors"] if code not in IGNORED}
    assert not errors


@pytest.mark.parametrize("path", [p for p in public_objects() if p.rpartition(".")[2][0].isupper()])
def test_docstring_of_a_class_has_an_example(path):
    module_name, _, name = path.rpartition(".")
    assert ">>> " in (inspect.getdoc(getattr(import_module(module_name), name)) or "")
