"""Jobs without a terminal: a whole fit through a face of thirty lines that prints nothing."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

import chainrule
from chainrule import InputError
from chainrule.errors import ChainruleError, said
from chainrule.jobs import CheckJob, FitJob, PredictionJob, ScoreJob, TraceJob
from chainrule.jobs.job import note_all

if TYPE_CHECKING:
    from pathlib import Path

    from chainrule.training import Progress

pytestmark = pytest.mark.usefixtures("one_database", "here")


class Page:
    """A face as a web page would have it: plain data in, plain data out, errors in its own words."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.shown: list[dict[str, Any]] = []

    def note(self, text: str) -> None:
        """Keep a note, with fields where Python has parameters."""
        self.notes.append(said(text, self.field))

    def progress(self, training: Progress) -> None:
        """Keep how far it is."""
        self.shown.append({"epochs": len(training.epochs), "of": training.n_epochs})

    @staticmethod
    def field(name: str, *value: object) -> str:
        """A parameter as a form calls it."""
        return " ".join([*(f"{one} in" for one in value), f"the field {name}"])

    def answer(self, job: Any) -> dict[str, Any]:  # noqa: ANN401 (a job of any kind)
        """Run a job, and answer with what it found, or with what is wrong."""
        try:
            return {"found": job.run(self).summary(), "notes": self.notes}
        except ChainruleError as error:
            return error.to_json(self.field)


def test_a_whole_fit_and_what_follows_it(capfd: pytest.CaptureFixture[str], here: Path) -> None:
    page = Page()
    fitted = page.answer(FitJob("iris.csv", target=["species"], hidden=[8], epochs=5, out=here / "job.st"))
    assert json.loads(json.dumps(fitted)) == fitted
    found = fitted["found"]
    assert (found["epochs_run"], found["stopped_by"], found["model"]) == (5, "epochs", str(here / "job.st"))
    model = chainrule.load_model("job.st")
    assert found["held_out_score"]["accuracy"] > 0.5
    assert model.training is not None
    assert model.training.final_loss == found["loss"]

    predicted = page.answer(PredictionJob("job.st", "iris.csv"))["found"]
    assert predicted["predictions"]["species"] == list(model.predict("iris.csv")["species"])
    scored = page.answer(ScoreJob("job.st", "iris.csv"))["found"]
    assert scored["score"]["n_rows"] == scored["rows"] == 150
    checked = page.answer(CheckJob("job.st", "iris.csv", rows=20))
    assert checked["found"]["passed"]
    assert checked["notes"] == ["checked on 20 of 150 rows, drawn by seed 0; the field rows takes more."]
    traced = page.answer(TraceJob("job.st", "iris.csv", row=3))["found"]
    assert (traced["row"], len(traced["inputs"])) == (3, 4)
    assert capfd.readouterr() == ("", "")


def test_what_is_wrong_is_said_in_the_words_of_the_face(here: Path) -> None:
    page = Page()
    answer = page.answer(FitJob("iris.csv", target=["species"], rate=-1.0, out=here / "n.st"))
    assert (answer["error"], answer["parameter"], answer["given"]) == ("InputError", "rate", -1.0)
    assert answer["message"] == "the field rate is -1.0 but must be a finite number above 0. Try 0.1."
    here.joinpath("there.st").write_text("mine", encoding="utf-8")
    answer = page.answer(FitJob("iris.csv", target=["species"], out=here / "there.st"))
    assert answer["message"].endswith("say True in the field overwrite.")
    assert here.joinpath("there.st").read_text(encoding="utf-8") == "mine"


def test_a_job_that_was_cancelled_before_it_began_does_nothing(here: Path) -> None:
    job = FitJob("iris.csv", target="species", epochs=5, out=str(here / "n.st"))
    trace = TraceJob("iris.safetensors", "iris.csv")
    job.cancel()
    trace.cancel()
    with pytest.raises(KeyboardInterrupt):
        trace.run()
    with pytest.raises(KeyboardInterrupt):
        job.run()
    assert not here.joinpath("n.st").exists()


@pytest.mark.parametrize(
    "given",
    [{"target": 6}, {"target": 0}, {"target": ["species", 1.0]}, {"target": True}, {"defaults": ["modern"]}],
)
def test_columns_are_names_or_numbers_and_defaults_names(given: dict[str, Any], here: Path) -> None:
    with pytest.raises(InputError) as caught:
        FitJob("iris.csv", out=here / "n.st", **{"target": "species", **given}).run()
    assert caught.value.parameter in given


@pytest.mark.parametrize("target", [5, "5", ["5"], "species", "spec*"])
def test_a_target_is_found_by_name_number_or_pattern(target: Any, here: Path) -> None:  # noqa: ANN401
    outcome = FitJob("iris.csv", target=target, out=here / "n.st", epochs=1, hidden=(2,)).run()
    assert outcome.summary()["targets"] == ["species"]


def test_a_fit_in_another_thread_is_cancelled_and_goes_on(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {"target": ["species"], "epochs": 10**7, "rule": "descent", "rate": 0.001}
    job, page, outcomes = FitJob("iris.csv", out=here / "c.st", **given), Page(), []
    begun = threading.Event()
    monkeypatch.setattr(page, "progress", lambda _training: begun.set())
    thread = threading.Thread(target=lambda: outcomes.append(job.run(page)))
    thread.start()
    assert begun.wait(60)
    job.cancel()
    thread.join(60)
    [outcome] = outcomes
    assert outcome.was_interrupted
    done = outcome.summary()["epochs_run"]
    assert 0 < done < 10**7
    assert outcome.checkpoint == here / "c.checkpoint.st"
    again = FitJob("iris.csv", resume=outcome.checkpoint, epochs=done + 2, out=here / "d.st").run()
    assert again.summary()["epochs_run"] == done + 2
    assert not again.was_interrupted


def test_of_many_notes_the_first_are_heard() -> None:
    page = Page()
    note_all(page, [f"note {n}" for n in range(40)])
    assert page.notes == [*(f"note {n}" for n in range(20)), "20 notes more, which the report has"]


def test_a_checkpoint_that_no_file_can_hold_costs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_: object) -> bytes:
        raise InputError("The history is too long", needs="must fit")

    class Cancels(Page):
        def progress(self, training: Progress) -> None:  # noqa: ARG002 (of any)
            """Cancel at the first one."""
            job.cancel()

    monkeypatch.setattr("chainrule.jobs.checkpoint.content_of", refuses)
    page, job = Cancels(), FitJob("iris.csv", target="species", epochs=100_000, out="m.st")
    found = page.answer(job)
    assert found["found"]["stopped_by"] == "interrupt", found
    assert chainrule.load_model("m.st").training is not None
    assert "The checkpoint is lost." in page.notes[-1]
