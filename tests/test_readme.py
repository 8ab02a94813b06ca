"""What README.md shows is run, and it has exactly its two set-up commands."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", [code for language, code in BLOCKS if language == "python"])
def test_python_block(code, tmp_path, run_script):
    (tmp_path / "block.py").write_text(code, encoding="utf-8")
    output, _ = run_script(tmp_path / "block.py")
    assert output.strip()


def test_two_commands():
    commands = [code for language, code in BLOCKS if language == "bash"]
    assert len(commands) == 2
    assert all(command.startswith("pip install ") for command in commands)
