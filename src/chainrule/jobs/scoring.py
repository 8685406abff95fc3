"""A score as a job: predictions of a model beside the targets in a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.jobs.job import Face, Job, begin, hearing
from chainrule.models import with_value
from chainrule.scores import score_to_json
from chainrule.words import counted

if TYPE_CHECKING:
    from chainrule.scores import Score

__all__ = ["ScoreJob", "ScoreOutcome"]


@dataclass(frozen=True)
class ScoreOutcome:
    """A score, and what it is of."""

    model: str
    table: str
    n_rows: int
    score: Score
    of_members: tuple[Score, ...] = ()  # of an ensemble, each network alone

    def summary(self) -> dict[str, Any]:
        """Every figure as plain data."""
        score = score_to_json(self.score)
        alone = [score_to_json(one, intervals=False) for one in self.of_members]
        members = {"scores_of_members": alone} if alone else {}
        return {"model": self.model, "table": self.table, "rows": self.n_rows, "score": score, **members}


class ScoreJob(Job):
    """Compare the predictions of a model with the targets in a table.

    Examples
    --------
    >>> ScoreJob("missing.safetensors", "examples/iris.csv").run()
    Traceback (most recent call last):
    chainrule.errors.ModelFileError: There is no file missing.safetensors. ...
    """

    def __init__(self, model: Any, table: Any) -> None:  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        super().__init__()
        self.model, self.table = model, table

    def run(self, face: Face | None = None) -> ScoreOutcome:
        """Load, read, score."""
        face = hearing(face)
        model, source = self._load_and_read(self.model, self.table, face)
        used, left_out = with_value(source, model.table_encoding.has_target(source))
        for one in left_out:
            face.note(f"{counted(one.count, 'row')} left out: {one.reason}")
        self.look()
        begin(face, f"predicting {counted(used.n_rows, 'row')}")
        score, alone = model.score(used), []
        for k, member in enumerate(model.members, 1):
            begin(face, f"scoring network {k} of {len(model.members)}")
            self.look()
            alone.append(member.score(used))
        return ScoreOutcome(str(self.model), source.title, used.n_rows, score, tuple(alone))
