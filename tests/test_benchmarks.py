"""The report that the benchmarks write. Measurements are not tested."""

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "benchmarks"


@pytest.fixture
def common(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import _common

    yield _common
    sys.modules.pop("_common", None)


def test_replace_table_replaces_the_previous_report(common, tmp_path):
    readme = tmp_path / "README.md"
    begin, end = "<!-- written by run_all.py: begin -->", "<!-- written by run_all.py: end -->"
    readme.write_text(f"# Title\n\n{begin}\nold\n\n| a |\n{end}\nmore\n", encoding="utf-8")
    common.replace_table(readme, "new\n\n| b |")
    expected = f"# Title\n\n{begin}\nnew\n\n| b |\n{end}\nmore\n"
    assert readme.read_text(encoding="utf-8") == expected
    assert list(tmp_path.iterdir()) == [readme]


def test_replace_table_does_not_modify_a_file_without_marks(common, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("mine", encoding="utf-8")
    with pytest.raises(SystemExit, match="lacks the marks"):
        common.replace_table(readme, "new")
    assert readme.read_text(encoding="utf-8") == "mine"


def test_readme_has_the_marks_and_lists_every_script():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert text.count("written by run_all.py: begin") == text.count("run_all.py: end") == 1
    scripts = {path.name for path in FOLDER.glob("[a-z]*.py")} - {"conftest.py", "run_all.py"}
    assert all(f"`{name}`" in text for name in scripts)
