"""Progress of a fit: a bar during each epoch, and a line after it."""

import time
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from ..._runtime.backend import import_keras
from .objective import LOG_LOSS

keras = import_keras()

_REFRESH_SECONDS = 0.1


class EpochProgress(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Print a line for each epoch, and with ``verbose=1`` a progress bar before it."""

    def __init__(self, verbose: int, title: str) -> None:
        super().__init__()
        self.verbose, self.title_start = verbose, title
        self.bar: Any = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.started = self.refreshed = time.monotonic()
        self.title = f"{self.title_start} {epoch + 1}/{self.params['epochs']}"
        if self.verbose == 1:
            self.bar = _start_bar(self.title, self.params["steps"])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        # reading the metrics waits for the training step, so it is not done for each batch
        if self.bar is not None and time.monotonic() - self.refreshed >= _REFRESH_SECONDS:
            (task,) = self.bar.task_ids
            self.bar.update(task, completed=batch + 1, metrics=_format(logs), refresh=True)
            self.refreshed = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.close()
        seconds = time.monotonic() - self.started
        print(f"{self.title} {seconds:.1f}s {_format(logs)}", flush=True)  # noqa: T201

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def _start_bar(title: str, n_steps: int) -> Any:
    """Return a progress bar, or None without a terminal or a notebook with ipywidgets."""
    from rich import console, progress  # slow to import

    output = console.Console()
    if not (output.is_terminal or (output.is_jupyter and find_spec("ipywidgets"))):
        return None
    remaining = progress.TimeRemainingColumn(compact=True)
    columns = "{task.description}", progress.BarColumn(20), progress.MofNCompleteColumn(), remaining
    options: dict[str, Any] = {"console": output, "auto_refresh": False, "transient": True}
    bar = progress.Progress(*columns, "{task.fields[metrics]}", **options)
    bar.add_task(title, total=n_steps, metrics="")
    bar.start()
    return bar


def _format(logs: Mapping[str, float] | None) -> str:
    metrics = dict(logs or {})
    if LOG_LOSS in metrics:  # during an epoch, "loss" is Keras's mean over batches
        metrics["loss"] = metrics.pop(LOG_LOSS)
    names = sorted(metrics, key=lambda name: (name.startswith("val_"), "loss" not in name))
    return " ".join(f"{name} {float(metrics[name]):.4f}" for name in names)
