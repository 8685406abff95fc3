"""What a recipe is going to do, and what it has chosen, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.equations import LAYERS
from chainrule.models.recipe.choice import of_members, recipe_of, settings_of_variant, variants_of
from chainrule.models.recipe.input_layers import random_network
from chainrule.models.recipe.members import folds_of, n_folds_of, n_of_all_rows
from chainrule.words import counted, series

if TYPE_CHECKING:
    from chainrule.models.dataset import Dataset
    from chainrule.models.record import TrainingRecord
    from chainrule.settings import FitSettings

__all__ = ["choice_in_words", "cost_in_words", "name_of_linear"]

BEHIND_WAVES = " behind cosines"
BILLION = 1e9
OF_A_WEIGHT = 3  # multiply-adds: forward, backward, gradient
A_SECOND = 2e10  # multiply-adds of a core of today, about


def cost_in_words(data: Dataset, settings: FitSettings) -> str:
    """What the recipe of some settings trains at most, before it begins."""
    effort, n_rows = recipe_of(settings).effort, len(data.training_rows)
    folds, of_all = n_folds_of(data, effort.folds), n_of_all_rows(data, recipe_of(settings))
    learnt = [len(training) for training, _ in folds_of(data, effort.folds, settings.seed)]
    n_learnt = n_rows if of_all else max(learnt)
    steps = settings.epochs * (settings.steps_per_epoch or -(-n_learnt // (settings.batch_size or 1)))
    of_folds = folds * effort.repeats
    of_each, kinds, work = of_folds + of_all, [], 0
    parts = f"each of which learns from {folds - 1} of {folds} parts of the {n_rows} rows"
    if of_all:
        parts = f"of which {of_folds} learn from the rows before one of {folds} blocks and {of_all} from all "
        parts += f"{n_rows} rows, each"
    for variant in variants_of(data, effort):
        own = settings_of_variant(data, settings, variant)
        net = random_network(data, of_members(own))
        weights = sum(w.size for w, layer in zip(net.weights, net.layers, strict=True) if _is_dense(layer))
        work += OF_A_WEIGHT * weights * steps * (settings.batch_size or 1) * of_each
        sizes = "-".join(map(str, (data.X.shape[1], *own.hidden, data.Y.shape[1])))
        kinds.append(sizes + BEHIND_WAVES * (variant.embedding == "periodic"))
    seconds = _about(max(work / A_SECOND, 0.1), 1)
    most = f"{_about(work / BILLION, 2)} billion multiply-adds, about {seconds} s of one core"
    each = " each of" * (len(kinds) > 1)
    return (
        f"Recipe {settings.recipe}, effort {settings.effort}: {of_each} networks{each} {series(kinds)}, "
        f"{parts} in up to {steps} updates, and "
        f"{counted(len(effort.penalties), 'linear model')}; at most {most}."
    )


def _about(number: float, digits: int) -> str:
    """So many digits of it.

    Examples
    --------
    >>> _about(143.2, 2), _about(0.0876, 1)
    ('140', '0.09')
    """
    return f"{float(f'{number:.{digits}g}'):g}"


def _is_dense(layer: object) -> bool:
    return bool(LAYERS.fact(layer, "chooses_units"))


def name_of_linear(penalty: float) -> str:
    """What stands for a linear model with a penalty."""
    return f"linear:{penalty:g}"


def choice_in_words(record: TrainingRecord) -> str:
    """What was chosen and why, of a model whose recipe chose; "" of any other.

    Examples
    --------
    >>> from chainrule.models.record import TrainingRecord
    >>> from chainrule.settings import FitSettings
    >>> settings = FitSettings(rate=0.1, epochs=30, recipe="modern-2", effort="normal")
    >>> choice = (("mean", 1.0, 0.2), ("64:14", 0.75, 0.21), ("linear:0.1", 0.25, 0.3))
    >>> facts = {"n_training_rows": 90, "epochs_run": 30, "stopped_by": "epochs", "final_loss": 0.1}
    >>> choice_in_words(TrainingRecord.of(settings, majority=None, choice=choice, **facts))
    'Recipe modern-2, effort normal: 75 % networks of 64-64 units after 14 of 30 epochs and 25 % a linear ...'
    """
    if record.recipe is None:
        return ""
    if not record.choice:
        return (
            f"Recipe {record.recipe}, effort {record.effort}: interrupted before it could choose; the mean "
            "of the networks as they stand, without intervals or calibrated chances."
        )
    (_, _, error), *candidates = record.choice
    taken = [
        f"{share:.0%} {_words(name, record)}".replace("%", " %") for name, share, _ in candidates if share
    ]
    best = min(candidates, key=lambda one: one[2])
    why = "a mean of what answers rows best that it has not learnt from"
    beside = f", the best alone, {_words(best[0], record)}, has {best[2]:.4g}"
    if len(taken) == 1:
        why, beside = "no mean with others answers rows better that it has not learnt from", ""
    return (
        f"Recipe {record.recipe}, effort {record.effort}: {series(taken)}; {why}: squared error {error:.4g} "
        f"a row{beside}; {counted(len(candidates), 'candidate')} in all."
    )


def _words(name: str, record: TrainingRecord) -> str:
    kind, _, number = name.partition(":")
    if kind == "linear":
        return f"a linear model with l2={number}"
    units, _, embedding = kind.partition(" ")
    waves = BEHIND_WAVES * (embedding == "periodic")
    return f"networks of {units}-{units} units{waves} after {number} of {record.epochs} epochs"
