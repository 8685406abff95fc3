"""What the recipe trains of a table, by its rows, its columns and what is learnt: never by a clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chainrule.equations import SCHEDULES, CosLog
from chainrule.models.recipe.asking import NEWEST
from chainrule.models.recipe.input_layers import columns_of_numbers
from chainrule.settings import FitSettings

if TYPE_CHECKING:
    from chainrule.models.dataset import Dataset
    from chainrule.models.outputs import OutputLayer

__all__ = ["Recipe", "recipe_of", "recipe_settings"]

FIRST_CYCLE = 83  # steps; each cycle has twice as many as the one before
SEGMENT = 20  # steps of an epoch, where a pass over the rows has more
PASSES, USUAL_CYCLES = 40, 6  # of six cycles in full, where rows are many
FEW_ROWS = 1000  # for which narrow networks do
MOST_NUMBERS_IN_BINS, INPUTS_IN_BINS, MOST_BINS, FEWEST_BINS = 256, 256, 16, 2
PENALTIES = (1.0, 0.1, 0.01, 0.001, 0.0001)  # of linear candidates, the strongest first


@dataclass(frozen=True)
class Effort:
    """How much is tried.

    Attributes
    ----------
    cycles : int
        Of the schedule of each network, at most; and of many rows as many more as 40 passes over them take.
    folds, repeats : int
        Each network learns from all folds but one; folds are drawn so many times.
    narrow, wide : int
        Units of both hidden layers, of few rows and of more.
    pays : float
        What a cycle must leave of the error for another one to follow.
    """

    cycles: int
    folds: int
    repeats: int
    narrow: int
    wide: int
    pays: float


EFFORT = {
    "quick": Effort(4, 4, 1, 32, 64, 0.99),
    "normal": Effort(6, 4, 2, 32, 64, 0.99),
    "best": Effort(7, 8, 3, 64, 128, 0.995),
}


@dataclass(frozen=True)
class Recipe:
    """What is trained.

    Attributes
    ----------
    effort : Effort
    ends : tuple of int
        Epochs after which each network is a candidate.
    penalties : tuple of float
        Of linear candidates.
    """

    effort: Effort
    ends: tuple[int, ...]
    penalties: tuple[float, ...] = PENALTIES


def recipe_settings(data: Dataset, layer: OutputLayer, *, effort: str, given: dict[str, Any]) -> FitSettings:
    """Settings of each network that the recipe trains."""
    chosen = EFFORT[effort]
    n_rows = max(1, len(data.training_rows) * (chosen.folds - 1) // chosen.folds)
    batch = _batch_size(n_rows)
    steps_of_pass = -(-n_rows // batch)
    first_cycle = max(1, round(FIRST_CYCLE / min(SEGMENT, steps_of_pass)))
    steps_of_passes = PASSES * n_rows / batch / FIRST_CYCLE / (2**USUAL_CYCLES - 1)
    cycles = chosen.cycles + max(0, round(math.log2(steps_of_passes)))
    epochs = first_cycle * (2**cycles - 1)
    width = chosen.narrow if len(data.training_rows) <= FEW_ROWS else chosen.wide
    numbers = len(columns_of_numbers(data))
    bins = min(MOST_BINS, max(FEWEST_BINS, INPUTS_IN_BINS // max(1, numbers)))
    has_bins = 0 < numbers <= MOST_NUMBERS_IN_BINS
    classes = data.encoding.kind != "numbers"
    return FitSettings(
        **layer._asdict(),
        hidden=(width, width),
        activation="selu" if classes else "mish",
        input_layers=(f"piecewise:{bins}", "scale") if has_bins else ("scale",),
        start="lecun_uniform",
        dtype="float32",
        rule="adam:0.9:0.95",
        rate=0.04 if classes else 0.07,
        rate_factors=_factors(data, has_bins=has_bins, n_hidden=2),
        bias_rate=0.1,
        schedule=f"coslog:{cycles}",
        epochs=epochs,
        batch_size=batch,
        steps_per_epoch=SEGMENT if steps_of_pass > SEGMENT else None,
        recipe=NEWEST,
        effort=effort,
        held_out=data.held_out,
        seed=data.seed,
        **given,
    )


def recipe_of(settings: FitSettings) -> Recipe:
    """The recipe that settings were chosen for."""
    chosen, schedule = EFFORT[settings.effort or "normal"], SCHEDULES.made_of(settings.schedule)
    cycles = schedule.waves if isinstance(schedule, CosLog) else 1
    first_cycle = settings.epochs // (2**cycles - 1)
    return Recipe(chosen, tuple(first_cycle * (2**cycle - 1) for cycle in range(1, cycles + 1)))


def _batch_size(n_rows: int) -> int:
    """A fortieth of the rows as the nearest power of two, from 16 to 128; of many a 400th, up to 512."""
    few, many = (1 << round(math.log2(max(1.0, n_rows / share))) for share in (40, 400))
    return max(16, min(128, few), min(512, many))


def _factors(data: Dataset, *, has_bins: bool, n_hidden: int) -> str:
    """Factors of the rate for the chain of layers that `start_network` makes."""
    chain = []
    if has_bins:
        numbers = columns_of_numbers(data)
        chain = ["1"] if list(numbers) == list(range(len(numbers))) else ["1", "1"]
    return ",".join([*chain, "6", *["ntp"] * (n_hidden + 1)])


def of_members(settings: FitSettings, **more: Any) -> FitSettings:  # noqa: ANN401 (settings)
    """Settings of one network alone."""
    return replace(settings, recipe=None, effort=None, folds=None, **more)
