"""``python -m seqsent.show_versions``; imported, this is the function of that name."""

import sys

from ._versions import show_versions

if __name__ == "__main__":
    show_versions()
else:
    sys.modules[__name__] = show_versions  # type: ignore[assignment]  # a function for a module
