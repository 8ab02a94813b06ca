"""The code blocks of README.md run and print its output, and links lead somewhere."""

import re
from pathlib import Path

import pytest

from seqsent._runtime.backend import import_keras

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / ".github").glob("*.md"))]
SITE = "https://seqsent.github.io/seqsent/"
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def code_blocks(path: Path, language: str) -> list[str]:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", path.read_text("utf-8"), flags=re.M | re.S)
    return [code for found, code in blocks if found == language]


def run_code(code, tmp_path, run_script):
    (tmp_path / "block.py").write_text(code, encoding="utf-8")
    output, _ = run_script(tmp_path / "block.py")
    assert output.strip()
    return output


@pytest.mark.parametrize("code", code_blocks(README, "python")[1:])
def test_readme_block_runs(code, tmp_path, run_script):
    run_code(code, tmp_path, run_script)


def test_first_readme_block_prints_its_output(tmp_path, run_script):
    [expected] = code_blocks(README, "text")
    output = run_code(code_blocks(README, "python")[0], tmp_path, run_script)
    assert NUMBER.sub("", output) == NUMBER.sub("", expected)
    if import_keras().backend.backend() == "jax":  # others draw other random numbers
        numbers = [[float(n) for n in NUMBER.findall(text)] for text in (output, expected)]
        assert numbers[0] == pytest.approx(numbers[1], abs=0.02)


def test_readme_has_two_set_up_commands():
    commands = code_blocks(README, "bash")
    assert len(commands) == 2
    assert all(command.startswith("pip install ") for command in commands)


def test_readme_is_short():
    assert len(README.read_text("utf-8").splitlines()) <= 150


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_relative_links_exist(page):
    relative = [link for link in links(page) if "://" not in link]
    assert not [link for link in relative if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_to_the_site_have_a_page(page):
    names = [link.removeprefix(SITE) for link in links(page) if link.startswith(SITE)]
    for name in filter(None, names):
        page = ROOT / ".ci" / "docs" / name
        sources = [page.with_suffix(".md"), page.with_suffix(".rst")]
        if name.startswith("gallery/"):
            sources = [ROOT / "examples" / "GALLERY_HEADER.rst"]
        assert any(source.is_file() for source in sources), name
