"""The settings that a run is given, checked once and kept together."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from chainrule.equations import RULES, IRpropMinus, name_of, object_named
from chainrule.equations.curvature import LBFGS, LevenbergMarquardt
from chainrule.equations.schedules import Constant, name_of_schedule, schedule_named
from chainrule.equations.stopping import Patience, criterion_named
from chainrule.errors import InputError
from chainrule.given import (
    check_seed,
    not_negative_number,
    positive_number,
    share_below_1,
    whole_number_from_1,
)
from chainrule.training.metrics import LOSS, metric_named

if TYPE_CHECKING:
    from chainrule.equations.stopping import Criterion

__all__ = ["ALL_RULES", "Settings", "own_engine", "takes_all_rows", "takes_rate"]

ALL_RULES: dict[str, Any] = {**RULES, LBFGS.name: LBFGS(), LevenbergMarquardt.name: LevenbergMarquardt()}
# What may differ between a training and one that goes on from it.
FREE_TO_CHANGE = ("epochs", "threads", "loss_goal", "patience", "stopping")


def takes_rate(rule: Any) -> bool:  # noqa: ANN401 (any of ALL_RULES)
    """Whether an update rule has a learning rate."""
    return getattr(rule, "takes_rate", True)


def takes_all_rows(rule: Any) -> bool:  # noqa: ANN401 (any of ALL_RULES)
    """Whether an update rule needs the gradient over all rows: one batch an epoch."""
    return getattr(rule, "takes_all_rows", isinstance(rule, IRpropMinus))


def own_engine(rule: Any) -> str | None:  # noqa: ANN401 (any of ALL_RULES)
    """Engine that runs an update rule, where that is not the one that is asked for."""
    return getattr(rule, "engine", None)


@dataclass(frozen=True)
class Settings:
    """How to train, as `train` takes it.

    Examples
    --------
    >>> Settings(rate=-1.0, epochs=1)
    Traceback (most recent call last):
    chainrule.errors.InputError: rate is -1.0 but must be a finite number above 0. Try 0.1.
    >>> Settings(rate=0.1, epochs=1, rule="momentum:0.8").rule
    Momentum(momentum=0.8)
    """

    rate: float | None
    epochs: int
    batch_size: int | None = None
    shuffle: bool = True
    seed: int = 0
    rule: Any = "descent"
    schedule: Any = "constant"
    clip_norm: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0
    loss_goal: float | None = None
    patience: int | None = None
    metric: Any = LOSS
    stopping: Any = None
    threads: int | None = None

    def __post_init__(self) -> None:
        def keep(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        keep("rule", _object(self.rule, "rule", ("init", "update"), _rule_named))
        keep("schedule", _object(self.schedule, "schedule", ("next_factor",), schedule_named))
        keep("rate", self._checked_rate())
        keep("epochs", whole_number_from_1(self.epochs, "epochs"))
        if self.batch_size is not None:
            keep("batch_size", whole_number_from_1(self.batch_size, "batch_size"))
        keep("shuffle", bool(self.shuffle))
        keep("seed", check_seed(self.seed))
        for name, example in (("l1", "0.0001"), ("l2", "0.0001")):
            keep(name, not_negative_number(getattr(self, name), name, example))
        keep("dropout", share_below_1(self.dropout, "dropout", "0.2"))
        for name, example in (("clip_norm", "1"), ("loss_goal", "0.01")):
            if getattr(self, name) is not None:
                keep(name, positive_number(getattr(self, name), name, example))
        for name in ("patience", "threads"):
            if getattr(self, name) is not None:
                keep(name, whole_number_from_1(getattr(self, name), name))
        if self.stopping is not None:
            keep("stopping", _object(self.stopping, "stopping", ("stops",), criterion_named))
        metric_named(self.metric)
        self._check_together()

    def _checked_rate(self) -> float | None:
        """Rate of a rule that takes one; InputError for one that is missing or of no use."""
        if takes_rate(self.rule):
            if self.rate is None:
                message = (
                    f"There is no rate but the update rule {name_of(self.rule)} needs one. "
                    f"Try {'rate=0.001' if name_of(self.rule).startswith('adam') else 'rate=0.1'}."
                )
                raise InputError(message)
            return positive_number(self.rate, "rate", "0.1")
        if self.rate is not None:
            message = (
                f"rate is {self.rate!r} but the update rule {name_of(self.rule)} finds its own steps. "
                "Leave the rate out."
            )
            raise InputError(message)
        return None

    def _check_together(self) -> None:
        """Refuse settings that do not go together."""
        if self.clip_norm is not None and not takes_rate(self.rule):
            message = (
                f"clip_norm is {self.clip_norm:g} but the update rule {name_of(self.rule)} finds its own "
                "steps. Leave clip_norm out."
            )
            raise InputError(message)
        if takes_all_rows(self.rule):
            if not isinstance(self.schedule, Constant):
                message = (
                    f"The schedule is {name_of_schedule(self.schedule)} but the update rule "
                    f"{name_of(self.rule)} finds its own steps. Leave the schedule out."
                )
                raise InputError(message)
            if self.dropout and not takes_rate(self.rule):
                message = (
                    f"dropout is {self.dropout:g} but the update rule {name_of(self.rule)} needs the same "
                    "loss twice for the same weights. Leave dropout out, or take the rule adam."
                )
                raise InputError(message)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Everything that may stop the training for the sake of the watched value."""
        patience = () if self.patience is None else (Patience(self.patience),)
        return patience if self.stopping is None else (*patience, self.stopping)

    def for_rows(self, n_rows: int) -> Settings:
        """Settings with the batch size filled in: all rows where the rule needs them, else 1.

        Raises
        ------
        InputError
            The batch size does not suit the rule.
        """
        size = self.batch_size
        if takes_all_rows(self.rule):
            if size is not None and size < n_rows:
                message = (
                    f"batch_size is {size} but the update rule {name_of(self.rule)} needs all {n_rows} "
                    "rows in one batch. Leave batch_size out."
                )
                raise InputError(message)
            size = n_rows
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return Settings(**{**values, "batch_size": 1 if size is None else min(size, n_rows)})

    def to_json(self) -> dict[str, Any]:
        """Every setting as plain data: objects by the text that stands for them.

        Examples
        --------
        >>> Settings(rate=0.1, epochs=5, rule="adam").to_json()["rule"]
        'adam'
        """
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        plain["rule"], plain["schedule"] = name_of(self.rule), name_of_schedule(self.schedule)
        plain["stopping"] = None if self.stopping is None else name_of(self.stopping)
        if not isinstance(self.metric, str):
            plain["metric"] = getattr(self.metric, "__name__", type(self.metric).__name__)
        return plain


def _rule_named(name: str) -> Any:  # noqa: ANN401 (any of ALL_RULES)
    """Rule of any kind that a text stands for."""
    return object_named("update rule", name, ALL_RULES)


def _object(given: Any, what: str, methods: tuple[str, ...], named: Any) -> Any:  # noqa: ANN401 (any setting)
    """Object that a text stands for; one that is given as such must have the methods called later."""
    if isinstance(given, str):
        return named(given)
    if isinstance(given, type) or not (
        type(given) in map(type, ALL_RULES.values()) or all(hasattr(given, method) for method in methods)
    ):
        message = f"{what} is {given!r} but must be a name or an object of this package. Give a name as text."
        raise InputError(message)
    return given
