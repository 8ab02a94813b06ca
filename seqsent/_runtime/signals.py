"""Deferral of signals while Keras or JAX changes state of the whole process.

Python runs a signal handler between any two instructions. A KeyboardInterrupt while Keras builds
or traces a network would leave its process-wide state inconsistent, and every later network of
the process could fail.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_NAMES = ("SIGTERM", "SIGHUP", "SIGALRM", "SIGINT")  # SIGINT is restored last: it raises
_SIGNALS = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]

_is_deferring = False  # only the main thread handles signals


@contextmanager
def defer_signals() -> Iterator[None]:
    """Call the Python handlers of signals when the outermost such context ends.

    Outside of the main thread, which Python never interrupts, do nothing.
    """
    global _is_deferring
    if _is_deferring or threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[tuple[int, FrameType | None]] = []
    found: dict[int, Any] = {number: signal.getsignal(number) for number in _SIGNALS}
    handlers = {number: handler for number, handler in found.items() if callable(handler)}
    try:
        _is_deferring = True
        for number in handlers:
            signal.signal(number, lambda *arguments: received.append(arguments))
        yield
    finally:
        _is_deferring = False
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, frame in received:
            handlers[number](number, frame)
