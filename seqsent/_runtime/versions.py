"""Report of versions and settings for bug reports."""

import os
import platform
import sys
from importlib import metadata

from .backend import count_cores, count_usable_cores, select_backend

_PACKAGES = (
    "seqsent",
    "scikit-learn",
    "keras",
    "numpy",
    "scikeras",
    "pandas",
    "jax",
    "jaxlib",
    "platformdirs",
    "pooch",
    "filelock",
    "regex",
    "rich",
    "threadpoolctl",
    "scipy",
    "joblib",
    "tensorflow",
    "tensorflow-cpu",
    "torch",
    "matplotlib",
)
_VARIABLES = (
    "KERAS_BACKEND",
    "KERAS_HOME",
    "SEQSENT_CACHE_DIR",
    "OMP_NUM_THREADS",
    "JAX_PLATFORMS",
    "JAX_COMPILATION_CACHE_DIR",
    "XLA_FLAGS",
    "CUDA_VISIBLE_DEVICES",
)


def show_versions() -> None:
    """Print versions and settings for a bug report.

    Packages are not imported, so that this works where Keras or its backend cannot be imported.

    Examples
    --------
    >>> import seqsent
    >>> seqsent.show_versions()
    python: 3...
    platform: ...
    folder: ...
    backend: ...
    cores: ...
    <BLANKLINE>
    seqsent: ...
    scikit-learn: ...
    """
    system = {
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        "folder": os.path.dirname(os.path.dirname(__file__)),
        "backend": select_backend(),
        "cores": f"{count_usable_cores()} used of {count_cores()}",
    }
    packages = {name: _version(name) for name in _PACKAGES}
    variables = {name: ascii(os.environ[name]) for name in _VARIABLES if name in os.environ}
    sections = (section for section in (system, packages, variables) if section)
    texts = ["".join(f"{name}: {value}\n" for name, value in s.items()) for s in sections]
    sys.stdout.write("\n".join(texts))


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
