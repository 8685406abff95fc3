"""A gradient check as a job: a model's gradients on a table, against two independent estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import argument
from chainrule.given import check_seed, whole_number_from_1
from chainrule.inspection import GradientCheck, check_gradients
from chainrule.jobs.job import Face, Job, Silence, begin, hearing
from chainrule.jobs.members import member_of
from chainrule.models import with_value
from chainrule.random_streams import Purpose, permutation

__all__ = ["CheckJob", "CheckOutcome"]


@dataclass(frozen=True)
class CheckOutcome:
    """A gradient check, and what it is of."""

    model: str
    table: str
    check: GradientCheck

    def summary(self) -> dict[str, Any]:
        """Every figure as plain data."""
        return {"model": self.model, "table": self.table, **self.check.to_json()}


class CheckJob(Job):
    """Check the gradients of a model on the rows of a table, or on a sample of them.

    Parameters
    ----------
    model : path
    table : path, data frame or Table
    rows : int
        Rows to check on at most; of more, a sample that `seed` settles.
    weights : int, optional
        Weights to check at most, likewise; where it is not given, as `check_gradients` has it.
    seed : int
    member : int
        Of an ensemble, which network, from 1.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401 (a path)
        table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        *,
        rows: int = 200,
        weights: int | None = None,
        seed: int = 0,
        member: int = 1,
    ) -> None:
        super().__init__()
        self.rows = whole_number_from_1(rows, "rows")
        self.weights = None if weights is None else whole_number_from_1(weights, "weights")
        self.model, self.table, self.seed = model, table, check_seed(seed)
        self.member = whole_number_from_1(member, "member")

    def run(self, face: Face | None = None) -> CheckOutcome:
        """Load, read, check."""
        face = hearing(face)
        model, source = self._load_and_read(self.model, self.table, Silence())
        source, _ = with_value(source, model.table_encoding.has_target(source))
        if source.n_rows > self.rows:
            chosen = np.sort(permutation(source.n_rows, seed=self.seed, purpose=Purpose.SAMPLE)[: self.rows])
            face.note(
                f"checked on {self.rows} of {source.n_rows} rows, drawn by seed {self.seed}; "
                f"{argument('rows')} takes more."
            )
            source = source.take(chosen)
        encoding = model.table_encoding
        X, Y = encoding.encode_inputs(source), encoding.encode_targets(source)
        self.look()
        one = member_of(model, self.member)
        if model.members:
            face.note(
                f"this is network {self.member} of {len(model.members)}; {argument('member')} takes another."
            )

        def hear(words: str) -> None:
            self.look()
            begin(face, f"checking {words}")

        check = check_gradients(one.network, X, Y, sample=self.weights, seed=self.seed, on_weight=hear)
        return CheckOutcome(str(self.model), source.title, check)
