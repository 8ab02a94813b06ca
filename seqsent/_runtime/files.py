"""Files that are there whole or not at all."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Seconds after which nobody writes to a temporary file any more: whoever does, does so often.
_ABANDONED = 3600


@contextmanager
def replaced_when_complete(target: Path) -> Iterator[Path]:
    """Give the path of a temporary file that takes the place of ``target`` if nothing fails.

    What a process that was killed left behind is removed by a later one. The folder must exist.
    """
    _remove_abandoned(target)
    # in the same folder: only there is the replacement one step; a name of its own for each process
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_abandoned(target: Path) -> None:
    for path in target.parent.iterdir():
        if path.name.startswith(target.name) and path.suffix == ".part":
            with suppress(OSError):  # it is gone, or not ours to remove
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    path.unlink()
