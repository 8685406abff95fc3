"""`chainrule precompile`: kernels before anybody asks for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from chainrule.errors import OutputError
from chainrule.jobs import PrecompileJob

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DTYPES = ("float32", "float64")


@pytest.fixture
def one_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the quickest kernel be all that there is."""
    from chainrule.compiled import precompiling  # noqa: PLC0415 (not needed to hand out tests)
    from chainrule.compiled.twins.curvature import run_two_loops  # noqa: PLC0415

    monkeypatch.setattr(precompiling, "everything", [run_two_loops])


@pytest.mark.usefixtures("one_kernel")
def test_says_what_is_compiled_and_where_it_is(chainrule_command: Callable[..., Any]) -> None:
    from chainrule.compiled.machine.cache import folder  # noqa: PLC0415
    from chainrule.compiled.machine.processor import processor  # noqa: PLC0415

    chainrule_command("precompile")
    again = chainrule_command("precompile")
    assert again.code == 0
    assert again.err == ""
    assert again.out.split("\n") == [
        "Compiled  0 of 2 kernels in 0 s",
        f"For       {processor().name}, float32 and float64",
        f"Kept      {folder()}",
        "",
    ]
    told = json.loads(chainrule_command("precompile", "--json").out)
    seconds = told.pop("seconds")
    assert 0 <= seconds < 60
    assert told == {"folder": str(folder()), "cpu": processor().name, "n_compiled": 0, "n_kept": 2}
    assert {path.stat().st_mode & 0o777 for path in folder().iterdir()} == {0o644}
    assert folder().stat().st_mode & 0o777 == 0o755


@pytest.mark.usefixtures("one_kernel")
def test_hears_of_each_kernel_and_ends_between_two() -> None:
    heard: list[str] = []
    PrecompileJob().run(heard.append)
    assert heard == [f"{k} of 2: run_two_loops, {dtype}" for k, dtype in enumerate(DTYPES, 1)]
    job = PrecompileJob()
    job.cancel()
    with pytest.raises(KeyboardInterrupt, match="What is compiled is kept"):
        job.run(heard.append)
    assert len(heard) == 2


def test_all_kernels_are_known() -> None:
    # In a process of its own: other tests define kernels, too.
    program = (
        "from chainrule.compiled import precompiling\nprint(*(one.name for one in precompiling.everything))"
    )
    names = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert len(set(names)) == len(names)
    for name in ("train_online", "train_minibatches", "train_epochs", "predict_rows", "update_by_adam"):
        assert name in names


@pytest.mark.parametrize(
    ("given", "meant"), [("x86-64v3", "Did you mean 'x86-64-v3'?"), ("znver3", "There are: x86-64-v2, ")]
)
def test_baseline_that_there_is_not(given: str, meant: str, chainrule_command: Callable[..., Any]) -> None:
    done = chainrule_command("precompile", "--cpu", given)
    assert done.code == 2
    assert done.err.startswith(f"Error: There is no baseline '{given}'. ")
    assert meant in done.err


def test_process_has_kernels_for_one_processor(chainrule_command: Callable[..., Any]) -> None:
    from chainrule.compiled.machine.processor import processor  # noqa: PLC0415

    before = processor()
    done = chainrule_command("precompile", "--cpu", "x86-64-v2")
    assert done.code == 2
    assert done.err.startswith(f"Error: This process has loaded kernels for {before.name} ")
    assert processor() == before


def test_place_where_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    place = tmp_path / "file" / "below"
    command = [sys.executable, "-c", "from chainrule.cli import main; main()", "precompile"]
    done = subprocess.run(
        command,
        env={**os.environ, "CHAINRULE_CACHE_DIR": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"Error: Kernels cannot be kept in {place}")
    assert "CHAINRULE_CACHE_DIR" in last


def test_folder_that_others_may_write_is_refused_and_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "kernels-0"
    place.mkdir()
    place.chmod(0o777)
    (place / "planted").write_bytes(b"code")
    (place / "planted").chmod(0o600)
    monkeypatch.setattr("chainrule.compiled.precompiling.folder", lambda: place)
    heard: list[str] = []
    with pytest.raises(OutputError, match="nobody else but root"):
        PrecompileJob().run(heard.append)
    assert heard == []
    assert (place.stat().st_mode & 0o777, (place / "planted").stat().st_mode & 0o777) == (0o777, 0o600)


def test_variable_that_names_no_baseline_is_named(tmp_path: Path) -> None:
    program = "import numpy as np; from chainrule import Network; Network.random((1, 1))(np.zeros(1))"
    variables = os.environ | {"CHAINRULE_CPU": "x86-64-v9", "CHAINRULE_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=variables, check=False
    )
    assert "The variable CHAINRULE_CPU is 'x86-64-v9'" in done.stderr
    assert "or unset it" in done.stderr
