"""Each plotting example runs on few texts and writes its figure."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

plt = pytest.importorskip("matplotlib.pyplot")

EXAMPLES = Path(__file__).parents[1] / "examples"
IMAGES = EXAMPLES / "images"
MAX_IMAGE_SIZE = 100_000  # bytes

# a line of the output
EXPECTED = {
    "plot_attributions.py": r"^0\.\d\d  This hotel was great, not disappointing at all\.$",
    "plot_calibration.py": r"^the same, calibrated( +\d\.\d+){4}$",
    "plot_cells_and_memory.py": r"^GRU, chrono gates +\d\.\de[-+]\d\d$",
    "plot_gates.py": r"^wonderful +0\.\d\d +0\.\d\d",
    "plot_grid_search.py": r"^gru +0\.\d+ +0\.\d+",
    "plot_training_history.py": r"^dropout 0\.5: 2 epochs, best epoch [12],$",
}


def is_figure(path: Path) -> bool:
    """Return whether an image is large and has many colours."""
    pixels = plt.imread(path)
    colors = np.unique(pixels.reshape(-1, pixels.shape[-1]), axis=0)
    return pixels.shape[0] >= 200 and pixels.shape[1] >= 400 and len(colors) > 50


def test_all_plotting_examples_are_tested() -> None:
    assert {path.name for path in EXAMPLES.glob("plot_*.py")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_example_writes_its_figure(name: str, run_script: Callable[..., tuple[str, Path]]) -> None:
    options, written = ["--quick", "--output", "figure.png"], {"figure.png"}
    if name == "plot_attributions.py":
        options += ["--html", "page.html"]
        written.add("page.html")
    output, folder = run_script(EXAMPLES / name, *options)
    plt.close("all")
    assert re.search(EXPECTED[name], output, re.M), output
    assert {path.name for path in folder.iterdir()} == written
    assert is_figure(folder / "figure.png")
    if "page.html" in written:
        page = (folder / "page.html").read_text(encoding="utf-8")
        assert page.count("<p>") == 3
        assert "disappointing</span>" in page


@pytest.mark.parametrize("path", sorted(IMAGES.glob("*.png")), ids=lambda path: path.name)
def test_committed_image_belongs_to_an_example(path: Path) -> None:
    assert (EXAMPLES / f"plot_{path.stem}.py").is_file(), "no example of this name"
    assert path.stat().st_size < MAX_IMAGE_SIZE
    assert is_figure(path)
