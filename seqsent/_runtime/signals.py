"""Signals that wait until it is safe to act on them.

Python acts on a signal between any two instructions, also where Keras has half changed what it
keeps for the whole process; every later network of the process would then fail. So while a
network is built, traced or trained, signals are held back, and delivered where everything is
whole: between two batches, or at the end.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM")
_SIGNALS = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]

_handlers: dict[int, Any] = {}  # of those that are held back; empty where none are
_waiting: list[tuple[int, FrameType | None]] = []


@contextmanager
def defer_signals() -> Iterator[None]:
    """Hold signals back that have a handler in Python, for as long as the context lasts.

    Only the main thread is ever interrupted by them; in others nothing is done, nor inside
    another such context. Those that came meanwhile are delivered in the end.
    """
    if _handlers or threading.current_thread() is not threading.main_thread():
        yield
        return
    found: dict[int, Any] = {number: signal.getsignal(number) for number in _SIGNALS}
    handlers = {number: handler for number, handler in found.items() if callable(handler)}
    try:
        _handlers.update(handlers)
        for number in handlers:
            signal.signal(number, _wait)
        yield
    finally:
        _handlers.clear()
        _restore(handlers)
        while _waiting:
            number, frame = _waiting.pop(0)
            handlers[number](number, frame)


def _restore(handlers: dict[int, Any]) -> None:
    try:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    except BaseException:  # a signal came between two of them
        for number, handler in handlers.items():
            signal.signal(number, handler)
        raise


def deliver() -> None:
    """Act on the signals that wait: what their handlers raise comes from here."""
    if threading.current_thread() is not threading.main_thread():
        return
    while _waiting:
        number, frame = _waiting.pop(0)
        _handlers[number](number, frame)


def _wait(number: int, frame: FrameType | None) -> None:
    _waiting.append((number, frame))
