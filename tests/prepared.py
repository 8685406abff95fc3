"""What the laws share: a small table, a model of it, a checkpoint of its training, and predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import run_command

if TYPE_CHECKING:
    from collections.abc import Callable

FIT = "fit iris.csv --target species --epochs 2 --hidden 3 --defaults notes --class-weight setosa=2"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, compiled_kernels: None) -> Path:  # noqa: ARG001
    """Folder with iris.csv, old.st, old.checkpoint.st and old.csv."""
    folder = tmp_path_factory.mktemp("prepared")
    table = Path(__file__).parents[1] / "examples/iris.csv"
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    folder.joinpath("iris.csv").write_text("".join([lines[0], *lines[1::5]]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with pytest.MonkeyPatch.context() as often:
            often.setattr("chainrule.jobs.fit.SECONDS_BETWEEN_LOOKS", 1e-9)
            often.setattr("chainrule.jobs.job.Job.look", _interrupted_in_training())
            assert run_command(*FIT.split(), "--out", "old.st").code == 130
        assert run_command("predict", "old.st", "iris.csv", "--out", "old.csv").code == 0
    return folder


def _interrupted_in_training() -> Callable[[object], None]:
    """A look that lets the job begin and ends its training after the first epoch."""
    looks = iter([False])

    def look(_job: object) -> None:
        if next(looks, True):
            raise KeyboardInterrupt

    return look
