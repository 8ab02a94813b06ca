"""Resume an interrupted fit that has a ``keras.callbacks.BackupAndRestore`` callback.

Keras saves weights, optimizer state and epoch in two files. Another file has all of these, so
that it is consistent whenever the process is killed, and also the history and the state of
callbacks such as early stopping. Document order and dropout need no state, see :mod:`.seeds`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib

from ..._runtime.backend import import_keras, to_numpy
from ..._runtime.files import replaced_when_complete
from .history import TrainingHistory
from .objective import get_config
from .options import TrainingOptions

keras = import_keras()

# attributes of EarlyStopping, ReduceLROnPlateau and ModelCheckpoint
_CALLBACK_STATE = {
    "best", "best_epoch", "best_weights", "wait", "stopped_epoch", "cooldown_counter"
}  # fmt: skip
_NO_EPOCH = 2**31  # exceeds every epoch


def fingerprint(optimizer: Any, options: TrainingOptions, *data: Any) -> str:
    """Return a hash of data, parameters and optimizer, which a backup must agree with."""
    described = {**get_config(optimizer), "name": type(optimizer).__name__}  # not "adam_1"
    return str(joblib.hash([described, options.parameters, options.n_epochs_before, *data]))


class Checkpoint(keras.callbacks.Callback):  # type: ignore[name-defined]  # Keras has no annotations
    """Save the state of a fit after each epoch, and restore it, after all other callbacks."""

    def __init__(
        self, backup: Any, history: TrainingHistory, callbacks: Sequence[Any], fingerprint: str
    ) -> None:
        super().__init__()
        if backup.save_freq != "epoch":
            raise ValueError(
                f"BackupAndRestore has save_freq={backup.save_freq!r}, but a fit resumes at the "
                "end of an epoch. Set save_freq='epoch'."
            )
        self.path = Path(backup.backup_dir, "seqsent.joblib")
        self.history, self.callbacks, self.fingerprint = history, callbacks, fingerprint
        self.state: dict[str, Any] = joblib.load(self.path) if self.path.exists() else {}
        folder = self.path.parent
        is_used = folder.is_dir() and any(folder.iterdir())
        if is_used and self.state.get("fingerprint") != fingerprint:
            raise ValueError(
                f"{folder} contains the backup of another fit, with other data, parameters or "
                "random_state, or an incomplete backup. Delete it to train from scratch, or pass "
                "another folder to BackupAndRestore."
            )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        model = self.model
        state = {
            "fingerprint": self.fingerprint,
            "weights": to_numpy(model.weights),
            "optimizer": to_numpy(model.optimizer.variables),
            "epochs": self.history.epochs,
            "checksums": self.history.checksums,
            "stopped": model.stop_training,
            "callbacks": [
                (type(c).__name__, {k: v for k, v in vars(c).items() if k in _CALLBACK_STATE})
                for c in self.callbacks
            ],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_when_complete(self.path) as path:
            joblib.dump(state, path)

    def on_train_begin(self, logs: Any = None) -> None:
        if not self.state:
            return
        model, history, state = self.model, self.history, self.state
        model.set_weights(state["weights"])
        for variable, value in zip(model.optimizer.variables, state["optimizer"], strict=True):
            variable.assign(value)
        history.epochs, history.checksums = state["epochs"], state["checksums"]
        history.copied = 1 + max(history.epochs), state["weights"]
        for callback, (kind, attributes) in zip(self.callbacks, state["callbacks"], strict=False):
            if type(callback).__name__ == kind:
                vars(callback).update(attributes)
        model._initial_epoch = _NO_EPOCH if state["stopped"] else 1 + max(history.epochs)
