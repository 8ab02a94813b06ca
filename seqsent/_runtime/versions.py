"""What a report of a fault should tell of the machine."""

import os
import platform
import sys
from importlib import metadata

from .backend import backend_and_reason, count_cores, count_usable_cores

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
    "flatbuffers",
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
    """Print what a report of a fault should tell: versions, backend, cores.

    Versions are read from what is installed, without importing it, so that this works where
    Keras or its backend do not. ``python -m seqsent.show_versions`` prints the same.

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
    backend, reason = backend_and_reason()
    facts = {
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        "folder": os.path.dirname(__file__),
        "backend": f"{backend} ({reason})",
        "cores": f"{count_usable_cores()} used of {count_cores()}",
    }
    variables = {name: ascii(os.environ[name]) for name in _VARIABLES if name in os.environ}
    sections = facts, {name: _version(name) for name in _PACKAGES}, variables
    texts = ["".join(f"{name}: {value}\n" for name, value in s.items()) for s in sections if s]
    sys.stdout.write("\n".join(texts))


def _version(package: str) -> str:
    try:
        found = metadata.metadata(package).get_all("Version")
    except metadata.PackageNotFoundError:
        return "not installed"
    except OSError:  # of the backport that some packages install, where there is no metadata
        found = None
    return (found or ["damaged"])[0]
