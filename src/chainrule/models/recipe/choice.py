"""What the recipe trains of a table, by its rows, its columns and what is learnt: never by a clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.equations import SCHEDULES, CosLog
from chainrule.models.recipe.asking import NEWEST
from chainrule.models.recipe.input_layers import columns_of_numbers
from chainrule.settings import FitSettings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from chainrule.models.dataset import Dataset
    from chainrule.models.outputs import OutputLayer

__all__ = [
    "Effort", "Recipe", "Variant", "of_members", "recipe_of", "recipe_settings", "settings_of_variant",
    "variants_of",
]  # fmt: skip

FIRST_CYCLE = 83  # steps; each cycle has twice as many as the one before
SEGMENT = 20  # steps of an epoch, where a pass over the rows has more
PASSES, USUAL_CYCLES = 40, 5  # of five cycles in full, where rows are many
FEW_ROWS = 1000  # for which narrow networks do
MOST_NUMBERS_EMBEDDED, INPUTS_IN_BINS, MOST_BINS, FEWEST_BINS = 256, 256, 16, 2
RATE_FACTOR_OF_WAVES = "0.1"


class Variant(NamedTuple):
    """Networks of one kind.

    Attributes
    ----------
    units : int
        Of each of both hidden layers.
    embedding : str
        Layer that numbers come to first: bins, or trained waves.
    """

    units: int
    embedding: str = "piecewise"

    @property
    def name(self) -> str:
        """What stands for it in the record.

        Examples
        --------
        >>> Variant(64).name, Variant(64, "periodic").name
        ('64', '64 periodic')
        """
        return f"{self.units}" + f" {self.embedding}" * (self.embedding != "piecewise")


@dataclass(frozen=True)
class Effort:
    """How much is tried.

    Attributes
    ----------
    cycles : int
        Of the schedule of each network, at most; and of many rows as many more as 40 passes over them take.
    folds, repeats : int
        Each network learns from all folds but one; folds are drawn so many times.
    few, many : tuple of Variant
        Of few rows and of more; of each there are such networks.
    pays : float
        What a cycle may leave of the error, at most, for another one to follow.
    penalties : tuple of float
        Of linear candidates, the strongest first.
    """

    cycles: int
    folds: int
    repeats: int
    few: tuple[Variant, ...]
    many: tuple[Variant, ...]
    pays: float
    penalties: tuple[float, ...] = (1.0, 0.1, 0.01, 0.001, 0.0001)


EFFORT = {
    "quick": Effort(4, 3, 1, (Variant(32),), (Variant(32),), 0.94, penalties=(0.002,)),
    "normal": Effort(5, 4, 2, (Variant(32),), (Variant(64),), 0.97),
    "best": Effort(
        6, 8, 2,
        few=(Variant(32), Variant(64), Variant(32, "periodic")),
        many=(Variant(32), Variant(64), Variant(64, "periodic")),
        pays=1.1,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """What is trained.

    Attributes
    ----------
    effort : Effort
    ends : tuple of int
        Epochs after which each network is a candidate.
    """

    effort: Effort
    ends: tuple[int, ...]


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
    classes = data.encoding.kind != "numbers"
    settings = FitSettings(
        **layer._asdict(),
        activation="selu" if classes else "mish",
        start="lecun_uniform",
        dtype="float32",
        rule="adam:0.9:0.95",
        rate=0.04 if classes else 0.07,
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
    return settings_of_variant(data, settings, variants_of(data, chosen)[0])


def variants_of(data: Dataset, effort: Effort) -> tuple[Variant, ...]:
    """Kinds of networks of a table: those with waves only where it has numbers, and not too many."""
    variants = effort.few if len(data.training_rows) <= FEW_ROWS else effort.many
    embeds = _are_embedded(columns_of_numbers(data))
    return tuple(one for one in variants if embeds or one.embedding == "piecewise")


def _are_embedded(numbers: npt.NDArray[np.intp]) -> bool:
    """Whether there are numbers, and not too many, to be put in bins or waves."""
    return 0 < len(numbers) <= MOST_NUMBERS_EMBEDDED


def settings_of_variant(data: Dataset, settings: FitSettings, variant: Variant) -> FitSettings:
    """Settings of networks of such a kind; their numbers are embedded unless these are too many."""
    numbers = columns_of_numbers(data)
    embeds = _are_embedded(numbers)
    bins = min(MOST_BINS, max(FEWEST_BINS, INPUTS_IN_BINS // max(1, len(numbers))))
    embedding, factor = f"piecewise:{bins}", "1"
    if variant.embedding == "periodic":
        embedding, factor = "periodic", RATE_FACTOR_OF_WAVES
    layers = (embedding, "scale") if embeds else ("scale",)
    is_ordered = not embeds or list(numbers) == list(range(len(numbers)))
    factors = [*["1"] * (not is_ordered), *[factor] * embeds, "6", *["ntp"] * 3]
    hidden = (variant.units, variant.units)
    return replace(settings, hidden=hidden, input_layers=layers, rate_factors=",".join(factors))


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


def of_members(settings: FitSettings, **more: Any) -> FitSettings:  # noqa: ANN401 (settings)
    """Settings of one network alone."""
    return replace(settings, recipe=None, effort=None, folds=None, **more)
