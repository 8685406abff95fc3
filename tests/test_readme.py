"""What the README shows is done by two programs, one after the other, as it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import chainrule

if TYPE_CHECKING:
    import pytest

README = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_a_model_that_one_program_saved_is_loaded_and_used_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("examples").symlink_to(Path(__file__).parents[1] / "examples")
    monkeypatch.chdir(tmp_path)
    here, there, _ = PYTHON
    assert 'fit("examples/iris.csv", target="species", hidden=64, seed=1)' in here
    assert 'chainrule.save(result.model, "iris.safetensors")' in here
    model = chainrule.fit("examples/iris.csv", target="species", hidden=64, seed=1).model
    chainrule.save(model, "iris.safetensors")
    tmp_path.joinpath("there.txt").write_text(there, encoding="utf-8")
    script = (
        "import doctest, sys\n"
        "found = doctest.testfile('there.txt', module_relative=False)\n"
        "sys.exit(found.failed or not found.attempted)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()
