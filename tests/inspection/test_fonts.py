"""Fonts of the Displays for scripts that matplotlib's default font lacks."""

import warnings
from collections.abc import Iterator

import pandas as pd
import pytest

from seqsent.inspection import RunningSentimentDisplay, TokenAttributionDisplay
from seqsent.inspection._fonts import _find_fallbacks, make_legible

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
font_manager = pytest.importorskip("matplotlib.font_manager")

GRINNING = "\N{GRINNING FACE}"  # in DejaVu Sans, but not in DejaVu Sans Mono
WORDS = ["好吃", "ไทย", "plain"]


@pytest.fixture(autouse=True)
def _only_the_fonts_of_matplotlib(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    fonts = font_manager.fontManager.ttflist
    ours = [font for font in fonts if font.name.startswith(("DejaVu", "Last Resort"))]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", ours)
    _find_fallbacks.cache_clear()
    yield
    _find_fallbacks.cache_clear()
    plt.close("all")


def draw_and_collect_warnings(words: list[str]) -> list[str]:
    """Draw two Displays on one figure, and return the messages of all warnings."""
    index = pd.Index(words, name="word")
    probabilities = pd.DataFrame({"差": [0.5] * len(words), "好": [0.5] * len(words)}, index)
    scores = pd.DataFrame(
        {"text": 0, "word": words, "class": "好", "probability": 0.5, "score": 1.0}
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure, axes = plt.subplots(1, 2)
        RunningSentimentDisplay(probabilities).plot(axes[0])
        TokenAttributionDisplay(scores).plot(axes[1])
        figure.canvas.draw()
    return [str(w.message) for w in caught if issubclass(w.category, UserWarning)]


def test_a_figure_warns_once_of_all_missing_characters() -> None:
    (message,) = draw_and_collect_warnings(WORDS)
    assert "has 5 of the characters, such as ท (THAI CHARACTER THO THAHAN)" in message
    assert "fonts-noto-cjk" in message
    assert "Noto Sans Thai" in message
    assert matplotlib.get_cachedir() in message


def test_missing_characters_are_drawn_as_squares() -> None:
    figure = plt.figure()
    with pytest.warns(UserWarning, match="No font that matplotlib finds"):
        texts, _ = make_legible(figure, WORDS)
    assert texts == ["□□", "□□□", "plain"]


def test_another_font_is_chosen_for_characters_that_the_preferred_font_lacks() -> None:
    texts, properties = make_legible(plt.figure(), [f"good {GRINNING}"], "monospace")
    assert texts == [f"good {GRINNING}"]
    assert properties["fontfamily"] == ["monospace", "DejaVu Sans"]
    _, properties = make_legible(plt.figure(), ["good"], "monospace")
    assert properties["fontfamily"] == ["monospace"]


def test_an_added_font_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts = font_manager.fontManager.ttflist
    monkeypatch.setattr(
        font_manager.fontManager, "ttflist", [font for font in fonts if "Mono" in font.name]
    )
    with pytest.warns(UserWarning, match="Noto Emoji or Symbola"):
        make_legible(plt.figure(), [GRINNING], "monospace")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", fonts)
    _, properties = make_legible(plt.figure(), [GRINNING], "monospace")
    assert properties["fontfamily"] == ["monospace", "DejaVu Sans"]


def test_invisible_characters_without_a_glyph_are_omitted() -> None:
    tag_space = "\N{TAG SPACE}"  # of category Cf, used in emoji of flags
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        texts, _ = make_legible(plt.figure(), [f"a{tag_space}b"])
    assert texts == ["ab"]
