"""Displays: their plots, their HTML, and drawing on given axes."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from seqsent import SequenceVectorizer
from seqsent.inspection import (
    GateActivationDisplay,
    GradientLagDisplay,
    RunningSentimentDisplay,
    TokenAttributionDisplay,
    TrainingHistoryDisplay,
    gate_activations,
    gradient_by_lag,
    running_sentiment,
    token_attributions,
)

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

Fitted = Callable[[str], Pipeline]

TEXT = "The film was dull at first"
WORDS = ["[START]", "the", "film", "was", "dull", "at", "first"]
TEXTS = [TEXT, "not good"]

DISPLAYS: dict[str, Callable[[Pipeline], Any]] = {
    "gates": lambda pipeline: GateActivationDisplay(gate_activations(pipeline, TEXT)),
    "lags": lambda pipeline: GradientLagDisplay({"a cell": gradient_by_lag(pipeline, TEXTS)}),
    "running": lambda pipeline: RunningSentimentDisplay(running_sentiment(pipeline, TEXT)),
    "attributions": lambda pipeline: TokenAttributionDisplay(token_attributions(pipeline, TEXTS)),
    "history": lambda pipeline: TrainingHistoryDisplay(pipeline[-1].history_),
}


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def tick_labels(axis: Any) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


def long_frame(n_words: int, **columns: Any) -> pd.DataFrame:
    index = pd.Index([f"word{n}" for n in range(n_words)], name="word")
    return pd.DataFrame(columns, index=index)


@pytest.mark.parametrize("name", DISPLAYS)
@pytest.mark.parametrize("kind", ["simple", "lstm", "three classes"])
def test_plot_on_a_new_figure_and_on_given_axes(fitted: Fitted, kind: str, name: str) -> None:
    display = DISPLAYS[name](fitted(kind))
    assert not hasattr(display, "ax_")
    assert display.plot() is display
    assert display.ax_.figure is display.figure_
    display.figure_.canvas.draw()
    new_figure = display.figure_
    figure, axes = plt.subplots(1, 2)
    assert display.plot(ax=axes[1]).ax_ is axes[1]
    assert display.figure_ is figure
    assert figure is not new_figure
    figure.canvas.draw()
    assert not axes[0].has_data()


@pytest.mark.parametrize("name", DISPLAYS)
def test_plot_without_matplotlib(
    fitted: Fitted, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    display = DISPLAYS[name](fitted("gru"))
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'Display\.plot needs.*pip install "seqsent\[plot\]"'):
        display.plot()


def test_import_without_matplotlib() -> None:
    program = "import sys; sys.modules['matplotlib'] = None; import seqsent.inspection"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_gate_display(fitted: Fitted) -> None:
    display = GateActivationDisplay.from_estimator(fitted("lstm"), TEXT)
    frame = gate_activations(fitted("lstm"), TEXT)
    gates, change = display.images_
    np.testing.assert_allclose(gates.get_array(), frame.iloc[:, :3].T)
    np.testing.assert_allclose(change.get_array(), frame.iloc[:, 3:].T)
    assert gates.get_clim() == (0, 1)
    assert change.get_clim() == (0, pytest.approx(frame["state_change"].max()))
    assert tick_labels(display.ax_.xaxis) == WORDS
    assert tick_labels(display.ax_.yaxis) == frame.columns.to_list()
    assert [bar.ax.get_ylabel() for bar in display.colorbars_] == [
        "Gate (0 closed, 1 open)",
        "Mean |state change|",
    ]


def test_gate_display_of_one_unit_has_a_signed_scale(fitted: Fitted) -> None:
    display = GateActivationDisplay.from_estimator(fitted("lstm"), TEXT, 1)
    frame = gate_activations(fitted("lstm"), TEXT, 1)
    _, values = display.images_
    np.testing.assert_allclose(values.get_array(), frame.iloc[:, 3:].T)
    low, high = values.get_clim()
    assert -low == high == pytest.approx(frame.iloc[:, 3:].abs().to_numpy().max())
    assert display.colorbars_[1].ax.get_ylabel() == "Value of a unit"


def test_gate_display_of_units_and_directions(fitted: Fitted) -> None:
    display = GateActivationDisplay.from_estimator(fitted("gru"), TEXT, [0, 2])
    assert tick_labels(display.ax_.yaxis)[:3] == ["update_gate 0", "update_gate 2", "reset_gate 0"]
    bidirectional = GateActivationDisplay.from_estimator(
        fitted("stacked"), TEXT, 1, layer=0, direction="backward"
    )
    expected = gate_activations(fitted("stacked"), TEXT, 1, layer=0, direction="backward")
    np.testing.assert_allclose(bidirectional.images_[1].get_array()[-1], expected["state"])


def test_displays_without_gates_and_without_tokens(fitted: Fitted) -> None:
    display = GateActivationDisplay.from_estimator(fitted("simple"), TEXT)
    assert len(display.images_) == 1
    vectorizer = SequenceVectorizer(maxlen=20, start_char=None, vocabulary={"film": 1})
    empty = Pipeline([("vectorizer", vectorizer), ("classifier", fitted("gru")[-1])])
    for display in (
        GateActivationDisplay.from_estimator(empty, ""),
        RunningSentimentDisplay.from_estimator(empty, ""),
        TokenAttributionDisplay.from_estimator(empty, "").plot(),
        GradientLagDisplay.from_estimator(empty, [""]),
    ):
        display.figure_.canvas.draw()


@pytest.mark.parametrize("n_words", [100, 250])
def test_labels_of_long_texts_do_not_overlap(n_words: int) -> None:
    values = np.linspace(0, 1, n_words)
    displays = [
        GateActivationDisplay(long_frame(n_words, update_gate=values, state=values)),
        RunningSentimentDisplay(long_frame(n_words, no=1 - values, yes=values)),
    ]
    for display in displays:
        display.plot().figure_.canvas.draw()
        boxes = [label.get_window_extent() for label in display.ax_.get_xticklabels()]
        assert len(boxes) >= n_words // 3
        assert all(left.x1 <= right.x0 for left, right in pairwise(boxes))
        assert re.search(r"one of \d labelled", display.ax_.get_xlabel()) or len(boxes) == n_words


def test_many_units_are_not_all_labelled() -> None:
    columns = pd.MultiIndex.from_product([["update_gate", "state"], range(128)])
    frame = pd.DataFrame(np.zeros((3, 256)), pd.Index(list("abc"), name="word"), columns)
    display = GateActivationDisplay(frame).plot()
    assert 20 <= len(display.ax_.get_yticks()) <= 40


@pytest.mark.parametrize(("max_lag", "marker"), [(0, "o"), (1, "None")])
def test_a_single_lag_is_drawn_as_a_point(fitted: Fitted, max_lag: int, marker: str) -> None:
    (line,) = GradientLagDisplay.from_estimator(fitted("gru"), TEXTS, max_lag).lines_
    assert line.get_marker() == marker


def test_gradient_display_of_several_estimators(fitted: Fitted) -> None:
    estimators = {"SimpleRNN": fitted("simple"), "GRU": fitted("gru")}
    display = GradientLagDisplay.from_estimator(estimators, iter(TEXTS), 4)
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == list(estimators)
    assert display.ax_.get_yscale() == "log"
    for line, estimator in zip(display.lines_, estimators.values(), strict=True):
        np.testing.assert_allclose(line.get_ydata(), gradient_by_lag(estimator, TEXTS, 4)["mean"])
    assert len(display.bands_) == 2
    more = GradientLagDisplay.from_estimator(fitted("lstm"), TEXTS, name="LSTM", ax=display.ax_)
    colors = [line.get_color() for line in (*display.lines_, *more.lines_)]
    assert len(set(colors)) == 3
    assert list(GradientLagDisplay.from_estimator(fitted("lstm"), TEXTS).curves) == [
        "SentimentPipeline"
    ]
    assert display.plot(bands=False).bands_ == []


def test_running_sentiment_display(fitted: Fitted) -> None:
    display = RunningSentimentDisplay.from_estimator(fitted("gru"), TEXT)
    (line,) = display.lines_
    expected = running_sentiment(fitted("gru"), TEXT)["positive"]
    np.testing.assert_allclose(line.get_ydata(), expected)
    assert display.ax_.get_ylabel() == "Probability of class positive"
    assert tick_labels(display.ax_.xaxis) == WORDS
    three = RunningSentimentDisplay.from_estimator(fitted("three classes"), TEXT)
    assert [line.get_label() for line in three.lines_] == ["bad", "fair", "good"]


def test_training_history_display(fitted: Fitted) -> None:
    history = {"loss": [0.7, 0.5], "accuracy": [0.5, 0.8], "val_loss": [0.7, 0.6]}
    display = TrainingHistoryDisplay(history, best_iter=2).plot()
    assert [line.get_ydata().tolist() for line in display.lines_] == [[0.7, 0.5], [0.7, 0.6]]
    assert display.best_line_.get_xdata()[0] == 2
    assert display.ax_.get_ylabel() == "Cross-entropy (nats)"
    display.plot(metric="accuracy")
    assert [line.get_label() for line in display.lines_] == ["training"]
    assert display.ax_.get_ylabel() == "Accuracy (share of texts)"
    with pytest.raises(ValueError, match="metric"):
        display.plot(metric="f1")
    of_estimator = TrainingHistoryDisplay.from_estimator(fitted("gru"), metric="accuracy")
    assert of_estimator.lines_[0].get_ydata().tolist() == fitted("gru")[-1].history_["accuracy"]
    assert of_estimator.best_line_ is None


def scores_frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"text": 0, "class": "good", "probability": 0.75, **columns})


def test_tokens_are_wrapped_inside_the_axes() -> None:
    words = ["wonderful", "a", "unsatisfactory", "film"] * 40
    frame = scores_frame(text=[0] * 100 + [1] * 60, word=words, score=np.arange(160) - 80)
    _, axes = plt.subplots(1, 2, layout="constrained")
    for ax in (None, axes[0]):
        display = TokenAttributionDisplay(frame).plot(ax)
        display.figure_.canvas.draw()
        frame_box = display.ax_.get_window_extent()
        boxes = [text.get_window_extent() for text in display.texts_]
        assert all(box.x1 <= frame_box.x1 + 3 and box.x0 >= frame_box.x0 - 3 for box in boxes)
        assert all(box.y0 >= frame_box.y0 - 3 and box.y1 <= frame_box.y1 + 3 for box in boxes)
        lines = [text.get_position()[1] for text in display.texts_]
        for left, right in pairwise(range(160)):
            if lines[left] == lines[right]:
                assert boxes[left].x1 <= boxes[right].x0
        assert [title.get_text() for title in display.titles_] == ["P(good) = 0.75"] * 2
        second_title = display.titles_[1].get_position()[1]
        assert lines[99] < second_title < lines[100]
    assert display.colorbar_.ax.get_xlabel() == "Score for class good (log-odds)"


def test_dollar_signs_are_drawn_literally() -> None:
    word = "$x^$"  # as a formula, a syntax error
    display = TokenAttributionDisplay(scores_frame(word=[word], score=[1.0])).plot()
    display.figure_.canvas.draw()
    labelled = RunningSentimentDisplay(
        pd.DataFrame({"no": [0.1], word: [0.9]}, index=pd.Index([word], name="word"))
    ).plot()
    labelled.figure_.canvas.draw()
    display.texts_[0].set_parse_math(True)
    with pytest.raises(ValueError, match=r"x\^"):
        display.figure_.canvas.draw()


def test_displays_with_the_same_maximum_score_have_the_same_colors() -> None:
    displays = [
        TokenAttributionDisplay(scores_frame(word=["a"], score=[score])).plot(max_score=2.0)
        for score in (1.0, 0.5)
    ]
    one, half = (display.texts_[0].get_bbox_patch().get_facecolor() for display in displays)
    assert one != half
    for display in displays:
        assert display.colorbar_.get_ticks().tolist() == [-2, 0, 2]
        assert display.plot(colorbar=False).colorbar_ is None


class HTMLCollector(HTMLParser):
    """Collects the text and the tags of HTML, and fails if a tag is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self.open = "", [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_shows_scores_and_colors(fitted: Fitted) -> None:
    display = TokenAttributionDisplay.from_estimator(
        fitted("gru"), TEXTS, method="occlusion", class_of_interest="negative"
    )
    page = HTMLCollector(display._repr_html_())
    assert " ".join(WORDS) in page.text
    probabilities = fitted("gru").predict_proba(TEXTS)[:, 0]
    for probability in probabilities:
        assert f"P(negative) = {probability:.2f}" in page.text
    assert "negative" in page.text
    spans = [attrs for tag, attrs in page.tags if tag == "span" and "title" in attrs]
    scores = token_attributions(
        fitted("gru"), TEXTS, method="occlusion", class_of_interest="negative"
    )["score"]
    assert [float(span["title"]) for span in spans] == pytest.approx(scores.to_list(), rel=1e-2)
    blue = ["33, 102, 172" in span["style"] for span in spans]
    assert blue == (scores > 0).to_list()


def test_html_is_escaped() -> None:
    word = '<script>alert("&")</script>'
    frame = scores_frame(word=[word], score=[0.5], **{"class": "<b>"})
    html = TokenAttributionDisplay(frame)._repr_html_()
    assert "<script" not in html
    assert "<b>" not in html
    assert word in HTMLCollector(html).text


def test_html_of_more_than_fifty_texts() -> None:
    frame = scores_frame(text=range(60), word="w", score=0.0)
    assert "(10 more texts)" in HTMLCollector(TokenAttributionDisplay(frame)._repr_html_()).text


def luminance(color: np.ndarray) -> float:
    """Return the relative luminance of an sRGB color, as WCAG 2 defines it."""
    srgb = color / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize(
    ("text", "page"), [((0, 0, 0), (255, 255, 255)), ((225, 225, 225), (17, 17, 17))]
)
def test_html_is_readable_in_light_and_dark_themes(
    text: tuple[int, int, int], page: tuple[int, int, int]
) -> None:
    frame = scores_frame(word=["a", "b"], score=[1.0, -1.0])
    html = TokenAttributionDisplay(frame)._repr_html_()
    assert not re.search(r"[^-]color:", html)  # the theme decides the color of text
    colors = re.findall(r"rgba\((\d+), (\d+), (\d+), ([\d.]+)\)", html)
    assert len(colors) == 4
    for *rgb, opacity in colors:
        alpha = float(opacity)
        background = alpha * np.array(rgb, float) + (1 - alpha) * np.array(page)
        dark, light = sorted([luminance(background), luminance(np.array(text))])
        assert (light + 0.05) / (dark + 0.05) >= 4.5  # contrast of WCAG 2, level AA
