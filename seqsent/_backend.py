"""Keras, with a backend chosen before its first import.

Keras reads its backend once, when it is first imported, and falls back on
TensorFlow. seqsent runs on JAX unless the user chose otherwise.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

_import_lock = threading.Lock()


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
        before = os.environ.get("KERAS_BACKEND")
        os.environ["KERAS_BACKEND"] = "jax"
        try:
            import keras
        finally:
            if before is None:
                del os.environ["KERAS_BACKEND"]
            else:
                os.environ["KERAS_BACKEND"] = before
        return keras


def _is_configured() -> bool:
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        backend = json.loads((home / "keras.json").read_text())["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return backend != "tensorflow"
