"""The commands of every guide print what it shows."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from guides import Printed, commands_of, is_shown, printed_by, rewritten

ROOT = Path(__file__).parents[1]
GUIDES = [
    "from-a-raw-file",
    "one-weight",
    "why-does-it-not-learn",
    "reproducing",
    "larger-batches",
    "explaining",
]


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_prints_what_the_guide_shows(
    name: str,
    tmp_path: Path,
    compiled_kernels: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    guide = ROOT / "docs" / f"{name}.md"
    page = guide.read_text(encoding="utf-8")
    commands = commands_of(page)
    assert commands
    if os.environ.get("REWRITE_GUIDES"):
        guide.write_text(rewritten(page), encoding="utf-8")
        return
    for typed, shown in commands:
        printed = printed_by(typed)
        assert is_shown(shown, printed), f"{typed}\n{printed.out}{printed.err}"


PAGE = """Some words.

```console
$ chainrule --version
an old one
$ printf 'one\\n' && \\
  printf 'two\\n'
one
...
```

```text
$ printf no
```
"""


def test_commands_are_found_and_what_no_longer_holds_is_written_anew() -> None:
    assert [typed for typed, _ in commands_of(PAGE)] == [
        "chainrule --version", "printf 'one\\n' && \\\n  printf 'two\\n'"
    ]  # fmt: skip
    new = rewritten(PAGE)
    assert "an old one" not in new
    assert new.split("chainrule --version\n")[1].startswith("chainrule 0")
    assert new.split("'two\\n'\n")[1] == PAGE.split("'two\\n'\n")[1]
    assert rewritten(new) == new


def test_what_is_not_shown_is_seen() -> None:
    printed = Printed("loss 0.25 in 0.3 s\n", "Note: one\n")
    assert is_shown("loss 0.25 in ... s\n", printed)
    assert is_shown("loss 0.25 in ... s\nNote: one\n", printed)
    assert not is_shown("loss 0.24 in ... s\n", printed)
    assert not is_shown("Note: one\n", printed)
    assert is_shown("...\nNote:\n    one\n", printed)
    assert not is_shown("", printed)
    assert not is_shown("loss  0.25 in ... s\n", printed)
    assert not is_shown("", Printed("", "Error: two\n"))


def test_the_command_that_a_model_remembers_makes_the_file_once_more(
    tmp_path: Path,
    compiled_kernels: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the guide on reproducing says: to the byte."""
    shutil.copy(ROOT / "examples" / "penguins.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "reproducing.md").read_text(encoding="utf-8")
    [(_, shown)] = [one for one in commands_of(page) if one.typed.endswith("--command")]
    printed_by(f"{shown.strip()} --out again.safetensors")
    digest = hashlib.sha256(Path("again.safetensors").read_bytes()).hexdigest()
    assert f"{digest}  one.safetensors\n{digest}  two.safetensors\n" in page
