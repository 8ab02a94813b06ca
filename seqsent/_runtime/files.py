"""Files that are written completely or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced_when_complete(target: Path) -> Iterator[Path]:
    """Provide a temporary file that replaces ``target`` unless an exception is raised.

    The folder of ``target`` must exist.
    """
    # Replacing is atomic within one folder. Each process has its own temporary file.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
