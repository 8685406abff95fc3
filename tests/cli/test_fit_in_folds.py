"""`chainrule fit --folds`: what is printed, what is kept, and what an interruption leaves."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import chainrule
from chainrule.cli.commands.fit import _print_summary
from chainrule.cli.terminal.progress import TrainingProgress
from chainrule.jobs import FitJob
from chainrule.training import Callbacks, Progress, StoppedBy, run_training
from chainrule.training.history import Epoch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("one_database", "tables_read_once")

FIT = (
    "fit", "iris.csv", "--target", "species", "--hidden", "4", "--epochs", "4", "--folds", "3",
    "--out", "new.st",
)  # fmt: skip


def test_what_is_printed_are_the_folds_and_the_model_of_all_rows(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    assert here.is_dir()
    done = chainrule_command(*FIT)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    at = lines.index("Folds     3, at random, each class in proportion")
    assert lines[at + 1].split() == ["fold", "learns", "from", "held", "out", "accuracy"]
    expected = chainrule.cross_validate("iris.csv", target="species", hidden=4, epochs=4, folds=3)
    figure = expected.figures[0]
    assert [line.split() for line in lines[at + 2 : at + 7]] == [
        *([str(k), "100", "50", f"{value:.3f}"] for k, value in enumerate(figure.of_folds, 1)),
        ["mean", f"{figure.mean:.3f}"],
        ["standard", "deviation", f"{figure.deviation:.3f}"],
    ]
    assert lines[at + 8] == (
        "Score of the 150 held-out rows, each predicted by the network that has not seen it:"
    )
    accuracy = expected.score.accuracy  # type: ignore[union-attr]
    assert f"accuracy {accuracy:.3f}" in " ".join(done.out.split())
    assert (
        "Saved     new.st (has learnt from all 150 rows; the score is that of the folds' networks)" in lines
    )


def test_the_summary_as_data_has_all_of_it(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert here.is_dir()
    found = json.loads(chainrule_command(*FIT, "--json").out)
    assert (found["training_rows"], found["held_out_rows"], found["held_out_score"]) == (150, 0, None)
    folds = found["cross_validation"]
    assert [one["held_out_rows"] for one in folds["folds"]] == [50, 50, 50]
    assert sorted(row for one in folds["folds"] for row in one["rows"]) == folds["rows"]
    assert folds["rows"] == list(range(1, 151))
    truth = pd.read_csv("iris.csv")["species"]
    assert folds["score"]["accuracy"] == (truth == folds["predictions"]["species"]).mean()
    assert folds["figures"][0]["of_folds"] == [one["score"]["accuracy"] for one in folds["folds"]]
    without = json.loads(chainrule_command(*FIT[:-4], "--out", "other.st", "--json").out)
    assert (without["folds"], without["cross_validation"]) == (None, None)


def test_the_command_that_repeats_it_has_the_folds(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert chainrule_command(*FIT).code == 0
    again = shlex.split(chainrule_command("show", "new.st", "--command").out)
    assert again[again.index("--folds") + 1] == "3"
    done = chainrule_command(*again[1:], "--out", "again.st")
    assert "Folds     3" in done.out, done.err
    one, other = (chainrule.load_model(path).network.weights for path in ("new.st", "again.st"))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))
    whole = chainrule_command(*FIT[:-4], "--held-out", 0, "--out", "whole.st")
    assert whole.code == 0
    assert all(
        (a == b).all() for a, b in zip(one, chainrule.load_model("whole.st").network.weights, strict=True)
    )
    assert {path.name for path in here.glob("*.st")} == {"new.st", "again.st", "whole.st"}


REFUSED = {
    ("--held-out", "0.25"): "--folds and --held-out were both given but",
    ("--split", "5"): "--folds and --split were both given but",
    ("--folds", "1"): "--folds is 1 but must be a whole number of at least 2. Try 5.",
    ("--folds", "x"): "--folds is 'x' but must be a whole number",
    ("--folds", "151"): "--folds is 151 but there are only 150 rows. Take --folds 150 or fewer, or give more",
    ("--in-order",): "all training rows have 'setosa'. Choose another target, or add rows. This is of fold 1",
}


@pytest.mark.parametrize("more", REFUSED)
def test_what_does_not_go_with_folds_is_refused(
    more: tuple[str, ...], here: Path, chainrule_command: Callable[..., Any]
) -> None:
    before = set(here.iterdir())
    done = chainrule_command(*FIT, *more)
    assert (done.code, done.out) == (2, "")
    assert REFUSED[more] in done.err
    assert set(here.iterdir()) == before


@pytest.fixture
def interrupting(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Press Ctrl-C after two epochs of training number so many."""

    def arrange(number: int) -> None:
        trainings: list[None] = []

        def press(training: Progress) -> None:
            if len(trainings) == number and len(training.epochs) == 2:
                trainings.append(None)
                raise KeyboardInterrupt

        def run(*arguments: Any, callbacks: Callbacks, **others: Any) -> Any:  # noqa: ANN401 (as run_training)
            trainings.append(None)
            return run_training(*arguments, callbacks=replace(callbacks, on_epoch=press), **others)

        monkeypatch.setattr("chainrule.models.learning.run_training", run)

    return arrange


@pytest.mark.parametrize(
    ("number", "said"), [(1, "None of the 3 folds was done."), (3, "2 of 3 folds were done:")]
)
def test_ctrl_c_in_a_fold_leaves_nothing(
    number: int, said: str,
    here: Path, chainrule_command: Callable[..., Any], interrupting: Callable[[int], None],
) -> None:  # fmt: skip
    before = set(here.iterdir())
    interrupting(number)
    done = chainrule_command(*FIT, "--threads", 1)  # one fold after the other
    assert (done.code, done.out) == (130, "")
    assert done.err.startswith(f"Interrupted. {said}")
    assert done.err.endswith(" Nothing was saved.\n")
    assert set(here.iterdir()) == before


def test_the_training_on_all_rows_goes_on_without_the_folds(
    here: Path, chainrule_command: Callable[..., Any], interrupting: Callable[[int], None]
) -> None:
    assert chainrule_command(*FIT, "--out", "whole.st").code == 0
    interrupting(4)
    stopped = chainrule_command(*FIT)
    assert stopped.code == 130
    assert "Folds     3" in stopped.out
    assert "Interrupted: new.st holds the network after 2 epochs." in stopped.err
    go_on = ("fit", "iris.csv", "--resume", "new.checkpoint.st", "--out", "new.st", "--force")
    refused = chainrule_command(*go_on, "--folds", 3)
    assert "--folds was given with --resume, which settles it" in refused.err
    done = chainrule_command(*go_on)
    assert done.code == 0
    assert "Note: The folds were judged when this training began, and are not repeated." in done.err
    assert "Folds" not in done.out
    assert "Saved     new.st (has learnt from all 150 rows)" in done.out
    assert here.joinpath("new.st").read_bytes() == here.joinpath("whole.st").read_bytes()


def test_an_interrupted_fit_has_no_time_for_linear_models(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = FitJob("iris.csv", target="species", hidden=4, epochs=2, folds=2, out=here / "new.st")
    outcome = job.run()
    training = replace(outcome.result.training, stopped_by=StoppedBy.INTERRUPT)
    outcome = replace(outcome, result=replace(outcome.result, training=training))
    validated = outcome.result.cross_validation
    assert validated is not None
    of_folds = outcome.summary()["cross_validation"]
    assert (of_folds["linear_score"], of_folds["gain"]) == (None, None)
    assert of_folds["score"] is not None
    _print_summary(outcome, here / "iris.csv")
    assert "linear model" not in capsys.readouterr().out
    assert all("linear_model" not in vars(one) for one in validated.folds)
    assert validated.to_json()["gain"] is not None


def test_a_fold_that_diverges_leaves_nothing(here: Path, chainrule_command: Callable[..., Any]) -> None:
    before = set(here.iterdir())
    hot = ("--rule", "descent", "--rate", "1e9", "--output", "identity", "--loss", "rss")
    done = chainrule_command(*FIT, *hot)
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("This is of fold 1 of 3.\n")
    assert set(here.iterdir()) == before


def test_what_was_warned_of_is_said_once_and_what_a_fold_adds_with_its_number(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    rows = [f"{n % 5},{n % 7},{'ab'[n % 3 > 1]}" for n in range(30)]
    here.joinpath("t.csv").write_text("x,z,k\n" + "\n".join([*rows, "3,3,c"]) + "\n", encoding="utf-8")
    done = chainrule_command("fit", "t.csv", "--target", "k", "--epochs", 1, "--folds", 3, "--out", "t.st")
    assert done.code == 0, done.err
    assert done.err.count("1 class with a single row") == 1
    assert done.err.count("1 class of which no training row is: 'c'") == 1
    assert "Note: fold " in done.err
    badly = ("--rule", "descent", "--rate", "3000", "--epochs", "20", "--loss", "rss", "--output", "logistic")
    done = chainrule_command(*FIT, *badly)
    warnings = [line for line in done.err.splitlines() if line.startswith("Warning: ")]
    assert warnings[0].startswith("Warning: Of 3 folds 3 went badly. Fold 1: The loss grew ")
    assert len(warnings) == 4  # classes that are never predicted, too; and both of all rows


def test_a_job_that_is_cancelled_in_a_fold_leaves_nothing(here: Path) -> None:
    class Cancels:
        """A face that cancels in the first fold."""

        def note(self, text: str) -> None: ...

        def progress(self, training: Progress) -> None:
            assert training.fold in {(1, 2), (2, 2)}
            job.cancel()

    job = FitJob("iris.csv", target="species", folds=2, epochs=10**7, out=here / "c.st")
    with pytest.raises(KeyboardInterrupt, match=r"^None of the 2 folds was done. Nothing was saved.$"):
        job.run(Cancels())
    assert not here.joinpath("c.st").exists()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Callable[[TrainingProgress, Progress, int], None]:
    """Let a face hear how many epochs of a training are done, two seconds after it began."""
    monkeypatch.setattr("chainrule.cli.terminal.progress.SECONDS_BETWEEN_LINES", 0.0)
    monkeypatch.setattr(Progress, "seconds", 2.0)

    def hear(face: TrainingProgress, training: Progress, n: int) -> None:
        training.epochs = [Epoch(k, 0.25, 1.0) for k in range(1, n + 1)]
        face.progress(training)

    return hear


def of_fold(fold: tuple[int, int] | None) -> Progress:
    return Progress(1000, 4, lambda: None, lambda: None, fold=fold)  # type: ignore[arg-type, return-value]


def test_progress_tells_the_fold(capsys: pytest.CaptureFixture[str], heard: Callable[..., None]) -> None:
    with TrainingProgress() as progress:
        for fold in ((1, 2), (2, 2), None):
            training = of_fold(fold)
            for n in (100, 200):
                heard(progress, training, n)
            training.is_over = True
    assert capsys.readouterr().err.splitlines() == [
        "fold 1 of 2, epoch 100 of 1000   loss 0.25   0.5 epochs/s   30:00 min left",
        "fold 1 of 2, epoch 200 of 1000   loss 0.25   50.5 epochs/s   16 s left",
        "fold 2 of 2, epoch 100 of 1000   loss 0.25   50 epochs/s   18 s left",
        "fold 2 of 2, epoch 200 of 1000   loss 0.25   100 epochs/s   8 s left",
        "epoch 100 of 1000   loss 0.25   50 epochs/s   18 s left",
        "epoch 200 of 1000   loss 0.25   100 epochs/s   8 s left",
    ]


def test_progress_of_folds_at_once_is_that_of_the_least_far(
    capsys: pytest.CaptureFixture[str], heard: Callable[..., None]
) -> None:
    first, second, third = map(of_fold, ((1, 3), (2, 3), (3, 3)))
    with TrainingProgress() as progress:
        heard(progress, second, 10)
        heard(progress, first, 100)
        heard(progress, second, 200)
        first.is_over = True
        heard(progress, second, 300)
        heard(progress, third, 100)
        second.is_over = third.is_over = True
        heard(progress, of_fold(None), 100)
    assert capsys.readouterr().err.splitlines() == [
        "fold 2 of 3, epoch 10 of 1000   loss 0.25   0.5 epochs/s   33:00 min left",
        "folds 1, 2 of 3, epoch 10 of 1000   loss 0.25   0.5 epochs/s   33:00 min left",
        "folds 1, 2 of 3, epoch 100 of 1000   loss 0.25   50 epochs/s   18 s left",
        "fold 2 of 3, epoch 300 of 1000   loss 0.25   146 epochs/s   5 s left",
        "folds 2, 3 of 3, epoch 100 of 1000   loss 0.25   50 epochs/s   18 s left",
        "epoch 100 of 1000   loss 0.25   50 epochs/s   18 s left",
    ]
