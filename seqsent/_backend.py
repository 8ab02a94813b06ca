"""Keras, with a backend chosen before its first import.

Keras reads its backend once, when it is first imported, and falls back on
TensorFlow. seqsent runs on JAX unless the user chose otherwise.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_import_lock = threading.Lock()
_environment_lock = threading.Lock()


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for as long as the context lasts."""
    with _environment_lock:
        before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def import_keras() -> Any:
    """Import Keras on the backend the user chose, or else on JAX.

    Returns
    -------
    module
        The package ``keras``.

    Notes
    -----
    A choice is a ``keras`` that is imported already, the environment variable
    ``KERAS_BACKEND``, or a ``keras.json`` that names another backend than the
    "tensorflow" that Keras writes there by itself. The environment is left as it
    was, so that programs started from this one make their own choice.
    """
    with _import_lock:
        if "keras" in sys.modules or os.environ.get("KERAS_BACKEND") or _is_configured():
            import keras

            return keras
        with environment({"KERAS_BACKEND": "jax"}):
            import keras
        return keras


def _is_configured() -> bool:
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        backend = json.loads((home / "keras.json").read_text())["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return backend != "tensorflow"
