"""Schedules and criteria are functions of the past: to the last bit what is worked out epoch by epoch."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

import pytest

from chainrule.equations.past import Past, PastEpoch
from chainrule.equations.schedules import (
    Constant,
    Cosine,
    Exponential,
    ReduceOnPlateau,
    Schedule,
    Step,
    WarmUp,
)
from chainrule.equations.stopping import (
    Criterion,
    GeneralizationLoss,
    Patience,
    ProgressQuotient,
    generalization_loss,
    training_progress,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    Factors = Generator[float, float, None]


# The oracles: factor after factor, each answered with the watched loss, with local variables for a state.


def constant(_schedule: Constant, _epochs: int) -> Factors:
    while True:
        yield 1.0


def step(schedule: Step, _epochs: int) -> Factors:
    factor = 1.0
    while True:
        for _ in range(schedule.every):
            yield factor
        factor *= schedule.factor


def exponential(schedule: Exponential, _epochs: int) -> Factors:
    factor = 1.0
    while True:
        yield factor
        factor *= schedule.factor


def cosine(schedule: Cosine, epochs: int) -> Factors:
    for epoch in range(epochs):
        wave = Cosine().next_factor(Past([PastEpoch(0.0, 0.0)] * epoch), epochs)
        yield schedule.final + (1 - schedule.final) * wave
    while True:
        yield schedule.final


def plateau(schedule: ReduceOnPlateau, _epochs: int) -> Factors:
    factor, lowest, waited = 1.0, math.inf, 0
    while True:
        loss = yield factor
        limit = lowest - abs(lowest) * schedule.threshold if math.isfinite(lowest) else lowest
        lowest, waited = (loss, 0) if loss < limit else (lowest, waited + 1)
        if waited > schedule.patience:
            factor, waited = factor * schedule.factor, 0


def warm_up(schedule: WarmUp, epochs: int) -> Factors:
    for epoch in range(1, schedule.epochs):
        yield epoch / schedule.epochs
    yield from factors(schedule.then, max(epochs - schedule.epochs + 1, 1))


ORACLES: dict[type, Any] = {
    Constant: constant, Step: step, Exponential: exponential, Cosine: cosine, ReduceOnPlateau: plateau,
    WarmUp: warm_up,
}  # fmt: skip


def factors(schedule: Schedule, epochs: int) -> Factors:
    """Factors by the oracle of a schedule."""
    oracle: Factors = ORACLES[type(schedule)](schedule, epochs)
    return oracle


def verdicts(criterion: Any) -> Generator[bool, PastEpoch, None]:  # noqa: ANN401 (any criterion)
    """The oracle: whether to stop, epoch after epoch."""
    lowest, waited, strip, stop = math.inf, 0, list[float](), False
    while True:
        loss, watched, _ = yield stop
        waited = 0 if watched < lowest else waited + 1
        lowest = min(lowest, watched)
        strip.append(loss)
        above = generalization_loss(watched, lowest)
        if isinstance(criterion, Patience):
            stop = waited >= criterion.epochs
        elif isinstance(criterion, GeneralizationLoss):
            stop = above > criterion.most
        else:
            stop = len(strip) == criterion.strip and above > criterion.most * training_progress(strip)
            strip = [] if len(strip) == criterion.strip else strip


def losses(drawn: random.Random) -> Iterator[float]:
    """Losses that fall, rest and rise; now and then one that is no number, or none that is finite."""
    loss = drawn.uniform(-1, 3)
    while True:
        loss += drawn.choice([0.0, -0.001, -0.1, 0.05, drawn.gauss(0, 0.3)])
        yield drawn.choices([loss, math.nan, math.inf], [40, 1, 1])[0]


def schedule_of(drawn: random.Random, kind: int) -> Schedule:
    """A schedule with any parameters."""
    kinds: list[Schedule] = [
        Constant(), Step(drawn.randint(1, 9), drawn.uniform(0.1, 2)), Exponential(drawn.uniform(0.5, 1.1)),
        Cosine(drawn.choice([0.0, 0.1])),
        ReduceOnPlateau(drawn.randint(1, 5), drawn.uniform(0.1, 0.9), drawn.choice([0, 1e-4, 0.2])),
    ]  # fmt: skip
    return kinds[kind] if kind < len(kinds) else WarmUp(drawn.randint(1, 9), schedule_of(drawn, kind - 4))


@pytest.mark.parametrize("kind", range(9))
def test_schedules_give_the_floats_of_their_recurrences(kind: int) -> None:
    drawn = random.Random(kind)  # noqa: S311 (losses)
    for _ in range(300):
        schedule, epochs, watched = schedule_of(drawn, kind), drawn.randint(1, 60), losses(drawn)
        oracle, past = factors(schedule, epochs), Past()
        expected = next(oracle)
        for _ in range(epochs + 2):
            factor = schedule.next_factor(past, epochs)
            assert factor.hex() == expected.hex(), f"{schedule} in epoch {len(past) + 1} of {epochs}"
            assert factor == schedule.next_factor(Past(past), epochs), "it depends on what was asked before"
            loss = next(watched)
            past.append(PastEpoch(next(watched), loss, factor))
            expected = oracle.send(loss)


@pytest.mark.parametrize("kind", range(3))
def test_criteria_say_what_their_recurrences_say(kind: int) -> None:
    drawn = random.Random(kind)  # noqa: S311 (losses)
    stopped = 0
    for _ in range(300):
        kinds: list[Criterion] = [
            Patience(drawn.randint(1, 9)), GeneralizationLoss(drawn.uniform(0.1, 300)),
            ProgressQuotient(drawn.uniform(0.01, 2), drawn.randint(1, 9)),
        ]  # fmt: skip
        criterion = kinds[kind]
        oracle, past, watched = verdicts(criterion), Past(), losses(drawn)
        next(oracle)
        for _ in range(60):
            past.append(PastEpoch(abs(drawn.gauss(1, 0.2)), next(watched)))
            expected = oracle.send(past[-1])
            assert criterion.stops(past) is expected, f"{criterion} after epoch {len(past)}"
            assert criterion.stops(Past(past)) is expected, "it depends on what was asked before"
            stopped += expected
    assert stopped > 300


class Counting(Past):
    """A past that counts the epochs that are looked at."""

    looked_at = 0

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 (as a list's)
        found = super().__getitem__(place)
        Counting.looked_at += len(found) if isinstance(place, slice) else 1
        return found


@pytest.mark.parametrize(
    "asked",
    [ReduceOnPlateau(), Step(3), WarmUp(50, WarmUp(50, ReduceOnPlateau())), Patience(9), ProgressQuotient()],
)
def test_a_long_past_costs_no_more_an_epoch_than_a_short_one(asked: Any, monkeypatch: Any) -> None:  # noqa: ANN401
    monkeypatch.setattr(Counting, "looked_at", 0)
    past, n_epochs = Counting(), 3000
    for n in range(n_epochs):
        past.append(PastEpoch(1 / (1 + n), 1 / (1 + n)))
        asked.next_factor(past, 10**6) if hasattr(asked, "next_factor") else asked.stops(past)
    assert n_epochs / 2 < Counting.looked_at < 4 * n_epochs
