"""Schedules and criteria as functions of the past give, to the last bit, what is worked out epoch by epoch."""

from __future__ import annotations

import math
import random
import time
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



def factors(schedule: Any, epochs: int) -> Generator[float, float, None]:  # noqa: ANN401 (any schedule)
    """The oracle: factor after factor, each answered with the watched loss, and a state of local variables."""
    if isinstance(schedule, Step):
        factor = 1.0
        while True:
            for _ in range(schedule.every):
                yield factor
            factor *= schedule.factor
    elif isinstance(schedule, Exponential):
        factor = 1.0
        while True:
            yield factor
            factor *= schedule.factor
    elif isinstance(schedule, Cosine):
        for epoch in range(epochs):
            past = Past([PastEpoch(0.0, 0.0)] * epoch)
            yield Cosine().next_factor(past, epochs) * (1 - schedule.final) + schedule.final
        while True:
            yield schedule.final
    elif isinstance(schedule, ReduceOnPlateau):
        factor, lowest, waited = 1.0, math.inf, 0
        while True:
            loss = yield factor
            limit = lowest - abs(lowest) * schedule.threshold if math.isfinite(lowest) else lowest
            lowest, waited = (loss, 0) if loss < limit else (lowest, waited + 1)
            if waited > schedule.patience:
                factor, waited = factor * schedule.factor, 0
    elif isinstance(schedule, WarmUp):
        for epoch in range(1, schedule.epochs):
            yield epoch / schedule.epochs
        yield from factors(schedule.then, max(epochs - schedule.epochs + 1, 1))
    while True:
        yield 1.0


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
    kinds = [
        Constant(), Step(drawn.randint(1, 9), drawn.uniform(0.1, 2)), Exponential(drawn.uniform(0.5, 1.1)),
        Cosine(), ReduceOnPlateau(drawn.randint(1, 5), drawn.uniform(0.1, 0.9), drawn.choice([0, 1e-4, 0.2])),
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
        criterion: Criterion = [
            Patience(drawn.randint(1, 9)), GeneralizationLoss(drawn.uniform(0.1, 300)),
            ProgressQuotient(drawn.uniform(0.01, 2), drawn.randint(1, 9)),
        ][kind]  # fmt: skip
        oracle, past, watched = verdicts(criterion), Past(), losses(drawn)
        next(oracle)
        for _ in range(60):
            past.append(PastEpoch(abs(drawn.gauss(1, 0.2)), next(watched)))
            expected = oracle.send(past[-1])
            assert criterion.stops(past) is expected, f"{criterion} after epoch {len(past)}"
            assert criterion.stops(Past(past)) is expected, "it depends on what was asked before"
            stopped += expected
    assert stopped > 300


@pytest.mark.parametrize("watching", ["plateau", "warm-up", "patience", "quotient"])
def test_a_long_past_costs_no_more_an_epoch_than_a_short_one(watching: str) -> None:
    asked: Any = {
        "plateau": ReduceOnPlateau(), "warm-up": WarmUp(50, WarmUp(50, ReduceOnPlateau())),
        "patience": Patience(10**6), "quotient": ProgressQuotient(),
    }[watching]  # fmt: skip
    past, seconds = Past(), []
    for _ in range(4):
        began = time.perf_counter()
        for _ in range(5000):
            past.append(PastEpoch(1 / (1 + len(past)), 1 / (1 + len(past))))
            asked.next_factor(past, 10**6) if hasattr(asked, "next_factor") else asked.stops(past)
        seconds.append(time.perf_counter() - began)
    assert seconds[-1] < 20 * min(seconds), "were each epoch to look at all others, it would be minutes"
