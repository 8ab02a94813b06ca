"""Progress of a fit in files, terminals and notebooks."""

import io
import re
import sys
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pytest
from rich.file_proxy import FileProxy

from seqsent._runtime.backend import import_keras

keras = import_keras()

X = np.random.RandomState(0).randint(1, 9, (60, 5))
Y = X[:, 0] % 2
SMALL = {"state_dim": 3, "embed_dim": 3, "batch_size": 4}
EPOCH = r"Epoch {}/2 \d+\.\ds loss \d\.\d{{4}} accuracy \d\.\d{{4}} val_loss \S+ val_accuracy \S+"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Fail(keras.callbacks.Callback):  # type: ignore[misc,name-defined]
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == 2:
            raise RuntimeError("on purpose")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in which the bar is refreshed after each batch."""
    monkeypatch.setattr("seqsent._nn.train.progress._REFRESH_SECONDS", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


@pytest.mark.parametrize("verbose", [1, 2])
def test_file_receives_a_line_per_epoch(verbose, capsys, small_classifier):
    model = small_classifier(verbose=verbose, early_stopping=True, **SMALL).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for number, line in enumerate(lines, 1):
        assert re.fullmatch(EPOCH.format(number), line)
    shown = [float(re.search(r" loss (\S+)", line)[1]) for line in lines]
    np.testing.assert_allclose(shown, model.loss_curve_, atol=5e-5)
    model.predict(X)
    assert capsys.readouterr().out == ""


def test_epoch_numbers_continue_over_a_warm_start(capsys, small_classifier):
    model = small_classifier(verbose=2, warm_start=True, **{**SMALL, "epochs": 1})
    model.fit(X, Y).fit(X, Y)
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["1/1", "2/2"]


def test_terminal_shows_a_bar_and_then_a_line(terminal, small_classifier):
    with redirect_stdout(terminal):
        small_classifier(verbose=1, **SMALL).fit(X, Y)
    written = terminal.getvalue()
    assert re.search(r"Epoch 1/2 .*━.* 7/15.* loss \d\.\d{4}", written)
    assert re.search(r"\d\d:\d\d", written)  # remaining time
    assert written.count("loss") == written.count("accuracy")
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 2  # hides, shows the cursor
    assert re.search(r"Epoch 2/2 \d+\.\ds loss \S+ accuracy \S+\n$", written)


def test_terminal_shows_lines_without_a_bar_for_verbose_2(terminal, small_classifier):
    with redirect_stdout(terminal):
        small_classifier(verbose=2, **SMALL).fit(X, Y)
    assert "\x1b" not in terminal.getvalue()
    assert len(terminal.getvalue().splitlines()) == 2


def test_failed_fit_restores_the_terminal(terminal, small_classifier):
    with redirect_stdout(terminal), pytest.raises(RuntimeError, match="on purpose"):
        small_classifier(verbose=1, callbacks=[Fail()], **SMALL).fit(X, Y)
    assert not isinstance(sys.stdout, FileProxy)
    written = terminal.getvalue()
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1


def test_notebook_without_ipywidgets_shows_lines(monkeypatch, capsys, small_classifier):
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("seqsent._nn.train.progress.find_spec", lambda name: None)
    small_classifier(verbose=1, **SMALL).fit(X, Y)
    assert len(capsys.readouterr().out.splitlines()) == 2
