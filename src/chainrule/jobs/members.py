"""One network of an ensemble, and how all of them are averaged on one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.errors import InputError, argument
from chainrule.inspection import equation_lines, written
from chainrule.jobs.worked_row import answer_lines, answers_as_json
from chainrule.lines import WIDTH
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from chainrule.models import Model
    from chainrule.tables import WorkedAnswer

__all__ = ["Averaged", "member_of"]


def member_of(model: Model, number: int) -> Model:
    """The network of this number, from 1, of an ensemble; or the one that there is.

    Raises
    ------
    InputError
        There are fewer.
    """
    models = model.members or (model,)
    if number <= len(models):
        return models[number - 1]
    raise InputError(
        parameter="member",
        given=number,
        needs=f"the model has {counted(len(models), 'network')}",
        advice=f"Try {argument('member', len(models))}.",
    )


@dataclass(frozen=True)
class Averaged:
    """The outputs of all networks of an ensemble for one row, and their mean.

    Attributes
    ----------
    member : int
        Number of the network that is traced, from 1.
    outputs : tuple of arrays of shape (n_outputs,)
        One for each network.
    mean : array of shape (n_outputs,)
    answers : tuple of WorkedAnswer
        What the mean answers; none where it is NaN.
    """

    member: int
    outputs: tuple[npt.NDArray[Any], ...]
    mean: npt.NDArray[Any]
    answers: tuple[WorkedAnswer, ...]

    def lines(self, digits: int, most: int, *, shares: bool, width: int = WIDTH) -> Iterator[str]:
        """Write the mean of each output as an equation, and what the means answer."""
        n = len(self.outputs)
        yield f"Mean of the outputs of all {n} networks; a_k[j] is output k of network j"
        for k, mean in enumerate(self.mean[:most].tolist(), 1):
            terms = [written(one[k - 1].item(), digits) for one in self.outputs[:most]]
            terms += ["…"] * (n > most)
            formula = f"(a_{k}[1] +{' … +' * (n > 2)} a_{k}[{n}]) / {n}"  # noqa: PLR2004 (all of them)
            numbers = f"({' + '.join(terms)}) / {n}"
            yield from equation_lines(f"a_{k}^(mean)", formula, numbers, written(mean, digits), width=width)
        if len(self.mean) > most:
            yield f"  … {len(self.mean) - most} more"
        if self.answers:
            yield from answer_lines(
                self.answers, "mean", digits, most, shares=shares, when=" of all networks", width=width
            )

    def to_json(self, formulas: Sequence[WorkedAnswer]) -> dict[str, Any]:
        """Every number as plain data."""
        return {
            "member": self.member,
            "outputs_of_members": [one.tolist() for one in self.outputs],
            "mean_outputs": self.mean.tolist(),
            "answer_of_mean": answers_as_json(formulas, self.answers, ()),
        }
