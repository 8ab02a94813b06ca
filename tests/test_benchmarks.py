"""What the benchmarks write; what they measure is not tested."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parent / "benchmarks"


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    import _common

    yield _common
    sys.modules.pop("_common", None)


def test_a_report_takes_the_place_of_the_one_before(common: ModuleType, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    begin, end = "<!-- written by run_all.py: begin -->", "<!-- written by run_all.py: end -->"
    readme.write_text(f"# Title\n\n{begin}\nold\n\n| a |\n{end}\nmore\n", encoding="utf-8")
    common.replace_table(readme, "new\n\n| b |")
    expected = f"# Title\n\n{begin}\nnew\n\n| b |\n{end}\nmore\n"
    assert readme.read_text(encoding="utf-8") == expected
    assert list(tmp_path.iterdir()) == [readme]


def test_without_its_marks_a_file_is_left(common: ModuleType, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("mine", encoding="utf-8")
    with pytest.raises(SystemExit, match="lacks the marks"):
        common.replace_table(readme, "new")
    assert readme.read_text(encoding="utf-8") == "mine"


def test_the_readme_has_the_marks_and_every_script(common: ModuleType) -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert text.count("written by run_all.py: begin") == text.count("run_all.py: end") == 1
    scripts = {path.name for path in FOLDER.glob("[a-z]*.py")} - {"conftest.py", "run_all.py"}
    assert all(f"`{name}`" in text for name in scripts)
