"""Progress in files, terminals and notebooks."""

import io
import re
import sys
from contextlib import redirect_stdout
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.file_proxy import FileProxy

from seqsent import RecurrentSentimentClassifier
from seqsent._runtime.backend import import_keras

keras = import_keras()

IDS = np.random.RandomState(0).randint(1, 9, (60, 5))
LABELS = IDS[:, 0] % 2
EPOCH = r"Epoch {}/2 \d+\.\ds loss \d\.\d{{4}} accuracy \d\.\d{{4}} val_loss \S+ val_accuracy \S+"


def classifier(**parameters: Any) -> RecurrentSentimentClassifier:
    small = {"state_dim": 3, "embed_dim": 3, "epochs": 2, "batch_size": 4, "random_state": 0}
    return RecurrentSentimentClassifier(**{**small, **parameters})


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Fails(keras.callbacks.Callback):  # type: ignore[misc,name-defined]
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == 2:
            raise RuntimeError("on purpose")


@pytest.fixture
def refreshed_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqsent._nn.train.progress._REFRESHED_EVERY", 0.0)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, refreshed_always: None) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


@pytest.mark.parametrize("verbose", [1, 2])
def test_plain_lines_where_output_is_a_file(verbose, capsys):
    model = classifier(verbose=verbose, early_stopping=True).fit(IDS, LABELS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for number, line in enumerate(lines, 1):
        assert re.fullmatch(EPOCH.format(number), line)
    shown = [float(re.search(r" loss (\S+)", line)[1]) for line in lines]
    np.testing.assert_allclose(shown, model.loss_curve_, atol=5e-5)
    model.predict(IDS)
    assert re.fullmatch(r"Predict 60/60 \d+\.\ds\n", capsys.readouterr().out)


def test_epochs_count_on(capsys):
    model = classifier(verbose=1, epochs=1, warm_start=True)
    model.fit(IDS, LABELS).fit(IDS, LABELS)
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["1/1", "2/2"]


def test_a_moving_line_in_a_terminal(terminal):
    with redirect_stdout(terminal):
        classifier(verbose=1).fit(IDS, LABELS)
    written = terminal.getvalue()
    assert re.search(r"Epoch 1/2 .*━.* 7/15.* loss \d\.\d{4}", written)
    assert re.search(r"\d\d:\d\d", written)  # time left
    assert written.count("loss") == written.count("accuracy")  # each shown once
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 2  # the cursor is back
    assert re.search(r"Epoch 2/2 \d+\.\ds loss \S+ accuracy \S+\n$", written)


def test_only_the_end_where_asked_for(terminal):
    with redirect_stdout(terminal):
        classifier(verbose=2).fit(IDS, LABELS)
    assert "\x1b" not in terminal.getvalue()
    assert len(terminal.getvalue().splitlines()) == 2


def test_a_fit_that_fails_gives_the_terminal_back(terminal):
    with redirect_stdout(terminal), pytest.raises(RuntimeError, match="on purpose"):
        classifier(verbose=1, callbacks=[Fails()]).fit(IDS, LABELS)
    assert not isinstance(sys.stdout, FileProxy)
    written = terminal.getvalue()
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1


def test_a_line_of_a_notebook_ends_as_plain_text(monkeypatch, refreshed_always, capsys):
    shown: list[list[Any]] = []

    def display(first: Any, display_id: bool) -> Any:
        assert display_id
        states = [first]
        shown.append(states)
        return SimpleNamespace(update=lambda state, raw=False: states.append(state))

    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    classifier(verbose=1).fit(IDS, LABELS)
    assert len(shown) == 2
    for number, (*moving, end) in enumerate(shown, 1):
        assert list(end) == ["text/plain"]
        assert re.fullmatch(rf"Epoch {number}/2 \S+s loss \S+ accuracy \S+", end["text/plain"])
        assert len(moving) == 16  # at the start and after each batch
        assert all(hasattr(state, "_repr_mimebundle_") for state in moving)
    assert capsys.readouterr().out == ""
