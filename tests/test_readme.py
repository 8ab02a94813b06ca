"""The code blocks of README.md and of the user guide run, and their links lead to files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
GUIDE = sorted((ROOT / ".ci" / "docs" / "guide").glob("*.md"))
PAGES = [README, *GUIDE, *sorted((ROOT / ".github").glob("*.md"))]


def code_blocks(path: Path, language: str) -> list[str]:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", path.read_text("utf-8"), flags=re.M | re.S)
    return [code for found, code in blocks if found == language]


def run_code(code, tmp_path, run_script):
    (tmp_path / "block.py").write_text(code, encoding="utf-8")
    try:
        output, _ = run_script(tmp_path / "block.py")
    except ModuleNotFoundError as error:
        pytest.skip(f"needs {error.name}")
    assert output.strip()
    return output


@pytest.mark.parametrize("code", code_blocks(README, "python"))
def test_readme_block_runs(code, tmp_path, run_script):
    run_code(code, tmp_path, run_script)


@pytest.mark.parametrize(
    "page", [page for page in GUIDE if code_blocks(page, "python")], ids=lambda page: page.stem
)
def test_guide_page_runs(page, tmp_path, run_script):
    run_code("\n".join(code_blocks(page, "python")), tmp_path, run_script)


def test_readme_has_two_set_up_commands():
    commands = code_blocks(README, "bash")
    assert len(commands) == 2
    assert all(command.startswith("pip install ") for command in commands)


def test_readme_is_short():
    assert len(README.read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_relative_links_exist(page):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8"))
    relative = [link for link in links if "://" not in link]
    assert not [link for link in relative if not (page.parent / link).exists()]
