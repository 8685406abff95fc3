"""The engines behind one door, chosen by name; never one for the other in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.equations import ENGINES, RULES
from chainrule.interrupts import put_off
from chainrule.training.engines.lbfgs import LBFGSEngine
from chainrule.training.engines.levenberg_marquardt import LevenbergMarquardtEngine
from chainrule.training.engines.reference import ReferenceEngine
from chainrule.words import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule.settings import Settings
    from chainrule.training.engines import Engine, GradientEngine
    from chainrule.training.task import Task

__all__ = ["engine_named"]


def engine_named(name: str, task: Task, settings: Settings) -> Engine:
    """Engine of this name, ready to train the network of a task, or over it that of the update rule.

    Raises
    ------
    UnknownNameError
        There is no such engine.
    InputError
        The compiled engine has no kernel for an activation or the loss, or the rule does not suit the task.
    """
    make = ENGINES.named(name if isinstance(name, str) else quoted(name), "engine")
    own = RULES.fact(settings.rule, "engine")
    engine: Engine = make(task, settings) if own is None else OF_RULES[own](task, settings, make)
    return engine


@ENGINES.register
def compiled(task: Task, settings: Settings) -> GradientEngine:
    """Engine of kernels."""
    with put_off():  # a signal while Numba loads its C parts would be told as a fault of theirs
        from chainrule.training.engines.compiled import (  # noqa: PLC0415 (Numba takes its time to load)
            CompiledEngine,
        )

    return CompiledEngine(task, settings)


@ENGINES.register
def reference(task: Task, settings: Settings) -> GradientEngine:
    """Engine of the equations themselves."""
    return ReferenceEngine(task, settings)


def _lbfgs(task: Task, settings: Settings, make: Callable[[Task, Settings], GradientEngine]) -> Engine:
    return LBFGSEngine(task, settings, make(task, settings))


def _levenberg_marquardt(task: Task, settings: Settings, _make: object) -> Engine:
    return LevenbergMarquardtEngine(task, settings)


OF_RULES: dict[str, Any] = {"lbfgs": _lbfgs, "levenberg_marquardt": _levenberg_marquardt}
