"""What is seen of work that takes a while."""

import time
from collections.abc import Mapping
from typing import Any, Self

from ..._runtime.backend import import_keras
from .objective import LOG_LOSS

keras = import_keras()

_REFRESHED_EVERY = 0.1  # seconds


class ProgressLine:
    """A line that shows how far some work is, and in the end how long it took.

    Parameters
    ----------
    title : str
        Names the work.
    total : int
        Parts of the work.
    verbose : int
        1 for a line that moves in terminals and notebooks; elsewhere, and with 2, only its end
        is printed. 0 for none.
    """

    def __init__(self, title: str, total: int, verbose: int) -> None:
        self.title, self.total, self.verbose = title, total, verbose
        self.started = self.refreshed = time.monotonic()
        self.done = 0
        self.bar: Any = None
        self.in_notebook: Any = None
        if verbose == 1:
            self._start()

    def _start(self) -> None:
        # rich takes a while to import, and is seldom asked for
        from rich import progress
        from rich.console import Console

        self.bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=20),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(compact=True),
            progress.TextColumn("{task.fields[figures]}"),
            console=Console(),
            auto_refresh=False,
            transient=True,
        )
        self.task = self.bar.add_task(self.title, total=self.total, figures="")
        if self.bar.console.is_jupyter:
            from IPython.display import display

            self.in_notebook = display(self._moving(), display_id=True)
        elif self.bar.console.is_terminal:
            self.bar.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def advance(self, n: int, figures: Mapping[str, float] | None = None) -> None:
        """Show that further parts are done."""
        self.done += n
        if self.bar is None or time.monotonic() - self.refreshed < _REFRESHED_EVERY:
            return
        self.bar.update(self.task, completed=self.done, figures=_write(figures))
        if self.in_notebook is None:
            self.bar.refresh()
        else:
            self.in_notebook.update(self._moving())
        self.refreshed = time.monotonic()

    def end(self, figures: Mapping[str, float] | None = None) -> None:
        """Leave a line of plain text in place of the moving one."""
        self.close()
        seconds = time.monotonic() - self.started
        count = "" if figures else f" {self.done}/{self.total}"
        line = f"{self.title}{count} {seconds:.1f}s {_write(figures)}".rstrip()
        if self.in_notebook is not None:
            self.in_notebook.update({"text/plain": line}, raw=True)
        elif self.verbose:
            print(line, flush=True)  # noqa: T201  which verbose asks for

    def close(self) -> None:
        """Take the moving line away, as when the work failed."""
        if self.bar is not None and self.bar.live.is_started:
            self.bar.stop()  # one that never moved would print an empty line

    def _moving(self) -> Any:
        return self.bar.make_tasks_table(self.bar.tasks)


class EpochLines(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """A line for each epoch."""

    def __init__(self, verbose: int) -> None:
        super().__init__()
        self.verbose = verbose
        self.line = ProgressLine("", 0, verbose=0)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        title = f"Epoch {epoch + 1}/{self.params['epochs']}"
        self.line = ProgressLine(title, self.params["steps"], self.verbose)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.line.advance(1, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.line.end(logs)


def _write(figures: Mapping[str, float] | None) -> str:
    figures = dict(figures or {})
    if LOG_LOSS in figures:  # beside it, "loss" is Keras's own mean of batches
        figures["loss"] = figures.pop(LOG_LOSS)
    of_training_first = sorted(
        figures, key=lambda name: (name.startswith("val_"), "loss" not in name)
    )
    return " ".join(f"{name} {float(figures[name]):.4f}" for name in of_training_first)
