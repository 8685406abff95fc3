"""What rows that a network has not learnt from say of its answers: how sure, and how far off, they are."""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from chainrule.elementary import exponential, logarithm, total_of
from chainrule.equations import LOSSES
from chainrule.errors import InputError, argument
from chainrule.given import own_number
from chainrule.models.judging.temperature import (
    LEAST,
    MOST,
    at_temperature,
    log_loss,
    temperature_of,
    unit_at_temperature,
)
from chainrule.scores import expected_calibration_error, share_text
from chainrule.stored import Meta, Name, NotNegative, Stored, WholeFrom1
from chainrule.tables import ClassTarget, Step, WorkedAnswer
from chainrule.words import counted, named, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.tables import Encoding

    FloatArray = npt.NDArray[np.float64]

__all__ = ["Calibration", "Errors", "Temperature", "calibration_of"]

MOST_ROWS = 10_000  # that a temperature is learnt from; it would not change by a hundredth
PARTS = 5  # of the rows, each judged at the temperature of the others
THOUSAND = 1000  # shares for which an error is kept: a thousandth, two, and so on

_Gain = Annotated[tuple[NotNegative, ...], Meta(min_length=2, max_length=2)]


class Temperature(Stored, frozen=True, tag_field="kind", tag="temperature"):
    """How sure a network is of the classes of one target.

    Attributes
    ----------
    target : str
    n_rows : int
        From which it was learnt: of more than 10,000 every second one, or third, and so on.
    temperature : float
        By which net inputs of the outputs are divided; 1 where another one gains nothing. Of a recipe that
        which a mean of all its networks is expected to need.
    log_loss, calibration_error : (float, float), or None
        At temperature 1, and at one that was learnt: rows are parted in five, and each part judged at
        the temperature of the others. None of a single row. Of a recipe they are of the means of the few
        networks that have not seen a row.
    """

    target: Name
    n_rows: WholeFrom1
    temperature: Annotated[float, Meta(ge=LEAST, le=MOST)]
    log_loss: _Gain | None
    calibration_error: _Gain | None

    def __str__(self) -> str:
        words = f"temperature {self.temperature:.4g}"
        if self.log_loss is None or self.calibration_error is None:
            return words
        losses, errors = (tuple(map(share_text, pair)) for pair in (self.log_loss, self.calibration_error))
        if self.temperature == 1:
            return f"{words}, chances as they are: log loss {losses[0]}; calibrated it would be {losses[1]}"
        return (
            f"{words}: log loss {losses[0]} before, {losses[1]} after; calibration error {errors[0]} before, "
            f"{errors[1]} after"
        )


class Errors(Stored, frozen=True, tag_field="kind", tag="errors"):
    """How far off a network is with the numbers of one target.

    Attributes
    ----------
    target : str
    n_rows : int
        From which that was learnt.
    sizes : tuple of float
        Sizes of their errors, ascending, as the outputs have them: in units of the target's scale, and of its
        logarithm where that is learnt. Of more than 999 rows, those of each thousandth, and the largest one.

    Examples
    --------
    >>> errors = Errors("price", 9, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0))
    >>> errors.size_of(0.8), errors.size_of(0.9)
    (8.0, 9.0)
    >>> errors.size_of(0.95)
    Traceback (most recent call last):
    chainrule.errors.InputError: interval is 0.95 but 9 rows ... Try at most 0.9, or give more rows.
    """

    target: Name
    n_rows: WholeFrom1
    sizes: Annotated[tuple[NotNegative, ...], Meta(min_length=1, max_length=THOUSAND)]

    def __post_init__(self) -> None:
        if len(self.sizes) != len(_kept(self.n_rows)) or list(self.sizes) != sorted(self.sizes):
            raise InputError(
                parameter="sizes",
                given=self.n_rows,
                needs="must be those that are kept of so many rows, ascending",
                advice="Fit the model again.",
            )

    @classmethod
    def of(cls, target: str, sizes: FloatArray) -> Errors:
        """Keep sizes of errors, of one at least."""
        ascending = np.sort(np.minimum(sizes, sys.float_info.max))
        return cls(target, len(sizes), tuple(ascending[np.array(_kept(len(sizes))) - 1].tolist()))

    def size_of(self, share: float) -> float:
        """The error that so large a share of answers stays within: the ⌈(n + 1) share⌉-th smallest.

        Raises
        ------
        InputError
            There are too few rows to tell.
        """
        rank = math.ceil(Fraction(str(share)) * (self.n_rows + 1))
        ranks = _kept(self.n_rows)
        if rank > self.n_rows:
            raise InputError(
                parameter="interval",
                given=share,
                needs=f"{counted(self.n_rows, 'row')} that the network has not learnt from can tell no more "
                f"than {self.most:g}",
                advice=f"Try at most {self.most:g}, or give more rows.",
            )
        return self.sizes[next(place for place, one in enumerate(ranks) if one >= rank)]

    def __str__(self) -> str:
        return f"intervals of up to {self.most:.3g} of the answers"

    @property
    def most(self) -> float:
        """The largest share, in thousandths, that so few rows can tell something of."""
        return THOUSAND * self.n_rows // (self.n_rows + 1) / THOUSAND


class Calibration(Stored, frozen=True):
    """What rows that a network has not learnt from say of its answers.

    Attributes
    ----------
    rows : {"validation", "folds"}
        Which rows these are.
    targets : tuple of Temperature, or of Errors
        One for each target of which a row has a value.

    Examples
    --------
    >>> import chainrule
    >>> result = chainrule.fit("examples/iris.csv", target="species", validation=0.3, calibrate=True, seed=1)
    >>> calibration = result.model.calibration
    >>> calibration.targets[0].n_rows, calibration.targets[0].temperature < 1  # it was too unsure
    (34, True)
    """

    rows: Literal["validation", "folds"]
    targets: Annotated[tuple[Temperature | Errors, ...], Meta(min_length=1)]

    @property
    def temperatures(self) -> dict[str, float]:
        """That of each target of classes that has another one than 1."""
        return {
            one.target: one.temperature
            for one in self.targets
            if isinstance(one, Temperature) and one.temperature != 1
        }

    def fits(self, encoding: Encoding) -> bool:
        """Whether it is of targets of such an encoding."""
        kinds = {
            part.name: Temperature if isinstance(part, ClassTarget) else Errors for part in encoding.learnt
        }
        names = [one.target for one in self.targets]
        return len(set(names)) == len(names) and all(
            isinstance(one, kinds.get(one.target, ())) for one in self.targets
        )

    def outputs(self, outputs: npt.NDArray[Any], encoding: Encoding) -> npt.NDArray[Any]:
        """Outputs with the probabilities of classes at their temperatures; numbers as they are."""
        temperatures = self.temperatures
        if not temperatures:
            return outputs
        columns = []
        for part, values in encoding.parted(outputs):
            temperature, own = temperatures.get(part.name), values.astype(outputs.dtype)
            if temperature is None:
                columns.append(own.astype(np.float64))
            elif getattr(part, "one_unit", False):
                columns.append(unit_at_temperature(own[:, 0], temperature)[:, np.newaxis])
            else:
                columns.append(at_temperature(own, temperature))
        return np.concatenate(columns, axis=1)

    def worked(
        self, encoding: Encoding, outputs: npt.NDArray[np.float64] | None = None
    ) -> tuple[WorkedAnswer, ...]:
        """How outputs become the probabilities of what they answer: formulas, and of one row with numbers.

        Parameters
        ----------
        encoding : Encoding
        outputs : array of shape (n_outputs,), optional
            Of the network, without NaN.
        """
        found, first, temperatures = [], 0, self.temperatures
        for part in encoding.learnt:
            own = None if outputs is None else outputs[np.newaxis, first : first + len(part.names)]
            if isinstance(part, ClassTarget) and part.name in temperatures:
                place, step = _worked(part, own, temperatures[part.name])
                found.append(WorkedAnswer(part.name, step, first + place))
            first += len(part.names)
        return tuple(found)

    def ends(
        self, outputs: npt.NDArray[Any], encoding: Encoding, share: float, loss: object
    ) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Of each target, outputs at the low and the high ends of intervals that such a share lies within.

        They stay within what the loss lets a target be.

        Raises
        ------
        InputError
            The share is none between 0 and 1, too large for so few rows, or the targets are classes.
        """
        share = _share_between(share)
        sizes = {one.target: one.size_of(share) for one in self.targets if isinstance(one, Errors)}
        if not sizes:
            raise InputError(
                parameter="interval",
                given=share,
                needs="the model answers with classes, and intervals are of numbers",
                advice="Leave it out: probabilities say how sure it is.",
            )
        lowest, highest = (LOSSES.fact(loss, f"{end}_target") for end in ("lowest", "highest"))
        return {
            part.name: (
                np.maximum(own[:, 0] - sizes[part.name], lowest),
                np.minimum(own[:, 0] + sizes[part.name], highest),
            )
            for part, own in encoding.parted(outputs)
            if part.name in sizes
        }

    def lines(self) -> list[str]:
        """What there is to tell of each target, in words."""
        where = {"validation": "that were only watched", "folds": "held out in folds"}[self.rows]
        several = len(self.targets) > 1
        return [
            f"{f'{quoted(one.target)}: ' * several}{one}, by {counted(one.n_rows, 'row')} {where}"
            for one in self.targets
        ]


def calibration_of(
    rows: Literal["validation", "folds"],
    encoding: Encoding,
    Y: FloatArray,
    outputs: npt.NDArray[Any],
    *,
    weights: FloatArray | None = None,
    learnt: Sequence[Any] | None = None,
    drawings: Sequence[npt.NDArray[Any]] = (),
    members: int = 1,
) -> Calibration | None:
    """Learn from rows what they say of the answers; None where no row that counts has a target.

    Rows count by their weights for a temperature, and alike for errors, which need rows that could have come
    in any order.

    Parameters
    ----------
    rows : {"validation", "folds"}
    encoding : Encoding
        Of Y and outputs.
    Y, outputs : arrays of shape (n_rows, n_outputs)
        NaN in Y where a target is missing. Outputs of classes are probabilities.
    weights : array of shape (n_rows,), optional
    learnt : sequence of targets, optional
        Those of the model, where `encoding` is another one, in the targets' own units.
    drawings : sequence of arrays, optional
        What `outputs` are the mean of, each of one network a row.
    members : int
        How many networks will answer instead, where these are more.
    """
    found: list[Temperature | Errors] = []
    of_model: dict[str, Any] = {part.name: part for part in (encoding.learnt if learnt is None else learnt)}
    single = []
    if 1 < len(drawings) < members:
        single = [[own for _, own in encoding.parted(one)] for one in drawings]
    for place, ((part, y), (_, a)) in enumerate(
        zip(encoding.parted(Y), encoding.parted(outputs), strict=True)
    ):
        counts = ~np.isnan(y).any(axis=1) & (True if weights is None else weights > 0)
        here = np.flatnonzero(counts)
        own = of_model.get(part.name)
        if own is None or not len(here):
            continue
        if isinstance(part, ClassTarget):
            here = here[:: -(-len(here) // MOST_ROWS)]
            weight = None if weights is None else weights[here]
            one = _temperature(part, y[here], a[here].astype(outputs.dtype), weight)
            alone = [own[place][here].astype(outputs.dtype) for own in single]
            if alone and one.temperature != 1:
                own_temperature = _of_more(one.temperature, part, y[here], alone, weight, members)
                one = Temperature(part.name, one.n_rows, own_temperature, one.log_loss, one.calibration_error)
            found.append(one)
            continue
        actual, answer = y[here, 0], a[here, 0]
        if own is not part:
            actual, answer = own.learnt(part.decode(actual)), own.learnt(part.decode(answer))
        with np.errstate(over="ignore", invalid="ignore"):
            sizes = np.abs(actual - answer)
        found.append(Errors.of(part.name, np.where(np.isnan(sizes), np.inf, sizes)))
    return Calibration(rows, tuple(found)) if found else None


def _temperature(
    part: ClassTarget, Y: FloatArray, outputs: npt.NDArray[Any], weights: FloatArray | None
) -> Temperature:
    """Temperature of a target of classes, and what it gains."""
    truth, n = part.decided(Y), len(Y)
    chances = outputs[:, 0] if part.one_unit else outputs
    gain: tuple[Any, Any] = None, None
    temperature = 1.0
    if n > 1:
        before, after = part.of_each_class(outputs.astype(np.float64)), np.empty((n, len(part.labels)))
        places = np.arange(n) % PARTS
        for k in range(min(PARTS, n)):
            others, own = places != k, places == k
            weight = None if weights is None else weights[others]
            after[own] = _at(chances[own], temperature_of(truth[others], chances[others], weight))
        figures = (log_loss, expected_calibration_error)
        losses, errors = ([one(truth, each, weights) for each in (before, after)] for one in figures)
        gain = (tuple(losses), tuple(errors))
        if losses[1] < losses[0]:
            temperature = temperature_of(truth, chances, weights)
    return Temperature(part.name, n, temperature, *gain)


def _of_more(  # noqa: PLR0917 (called in one place)
    of_mean: float,
    part: ClassTarget,
    Y: FloatArray,
    alone: Sequence[npt.NDArray[Any]],
    weights: FloatArray | None,
    members: int,
) -> float:
    """Temperature of a mean of more networks: its logarithm goes on as it did from one network to their mean.

    It does so by the inverse of their number, as the variance of a mean does: a mean of more is less sure.
    """
    truth, n = part.decided(Y), len(alone)
    chances = [one[:, 0] if part.one_unit else one for one in alone]
    logs = logarithm([of_mean, *(temperature_of(truth, one, weights) for one in chances)])
    further = (1 / n - 1 / members) / (1 - 1 / n)
    found = logs[0] + further * (logs[0] - total_of(logs[1:]) / n)
    return min(max(float(exponential(found)), LEAST), MOST)


def _worked(part: ClassTarget, outputs: FloatArray | None, temperature: float) -> tuple[int, Step]:
    """Which of a target's outputs has the probability that is worked out, and how."""
    place = 0 if part.one_unit or outputs is None else int(part.decided(outputs)[0])
    of = part.labels[-1] if part.one_unit else None if outputs is None else part.labels[place]
    left = "the probability" if of is None else f"the probability of {named(of)}"
    whole = "Σ_i (a_i)^(1/T)"
    if part.one_unit:
        whole = "(({a})^(1/{T}) + (1 − {a})^(1/{T}))"
    values: dict[str, float] = {"T": temperature}
    value = None
    if outputs is not None:
        values["a"] = float(outputs[0, place])
        value = float(_at(outputs[:, 0] if part.one_unit else outputs, temperature)[0, place - part.one_unit])
    return place, Step(left, f"({{a}})^(1/{{T}}) / {whole}", values, value)


def _at(chances: npt.NDArray[Any], temperature: float) -> FloatArray:
    """Probabilities of all classes at a temperature."""
    if chances.ndim > 1:
        return at_temperature(chances, temperature)
    second = unit_at_temperature(chances, temperature)
    return np.column_stack([1.0 - second, second])


def _kept(n: int) -> list[int]:
    """Which of the errors of so many rows are kept, by their ranks from 1: those of each thousandth.

    Examples
    --------
    >>> _kept(3), len(_kept(5000)), _kept(5000)[:2]
    ([1, 2, 3], 1000, [6, 11])
    """
    if n < THOUSAND:
        return list(range(1, n + 1))
    return [-(-k * (n + 1) // THOUSAND) for k in range(1, THOUSAND)] + [n]


def _share_between(share: object) -> float:
    """A share of rows, above 0 and below 1."""
    found = float(own_number(share))
    if not 0 < found < 1:
        raise InputError(
            parameter="interval",
            given=share,
            needs="must be a share above 0 and below 1",
            advice=f"Try {argument('interval', 0.9)}.",
        )
    return found
