"""Files that are written completely or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def replaced_when_complete(target: Path) -> Iterator[Path]:
    """Provide the path of a new file, which replaces ``target`` unless an exception is raised.

    The folder of ``target`` must exist.
    """
    # Replacing is atomic within one file system. Each process has its own temporary folder, and
    # the umask determines the mode of the file; mkstemp would make it private.
    with TemporaryDirectory(dir=target.parent, prefix=target.name, suffix=".part") as folder:
        temporary = Path(folder, target.name)
        yield temporary
        os.replace(temporary, target)
