"""What the README shows is done by two programs, one after the other, as it says."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_a_model_that_one_program_saved_is_loaded_and_used_by_another(tmp_path: Path) -> None:
    tmp_path.joinpath("examples").symlink_to(Path(__file__).parents[1] / "examples")
    assert len(PYTHON) == 2
    for block in PYTHON:
        tmp_path.joinpath("block.txt").write_text(block, encoding="utf-8")
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        script = (
            "import doctest, sys\n"
            f"found = doctest.testfile('block.txt', module_relative=False, optionflags={flags})\n"
            "sys.exit(found.failed or not found.attempted)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode()
