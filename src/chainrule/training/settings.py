"""The numbers that a run is given, checked once and kept together."""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.errors import InputError
from chainrule.network import whole_number_from_1
from chainrule.random_streams import check_seed

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """How to train, as `train` takes it.

    Examples
    --------
    >>> Settings(rate=-1.0, epochs=1)
    Traceback (most recent call last):
    chainrule.errors.InputError: rate is -1.0 but must be a finite number above 0. Try 0.1.
    """

    rate: float
    epochs: int
    batch_size: int = 1
    shuffle: bool = True
    seed: int = 0
    loss_goal: float | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", _positive(self.rate, "rate", "0.1"))
        object.__setattr__(self, "epochs", whole_number_from_1(self.epochs, "epochs"))
        object.__setattr__(self, "batch_size", whole_number_from_1(self.batch_size, "batch_size"))
        object.__setattr__(self, "shuffle", bool(self.shuffle))
        object.__setattr__(self, "seed", check_seed(self.seed))
        if self.loss_goal is not None:
            object.__setattr__(self, "loss_goal", _positive(self.loss_goal, "loss_goal", "0.01"))
        if self.threads is not None:
            object.__setattr__(self, "threads", whole_number_from_1(self.threads, "threads"))


def _positive(value: object, name: str, example: str) -> float:
    """Finite float above 0, or InputError."""
    try:
        number = math.nan if isinstance(value, (str, bytes, bool)) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 < number < math.inf:
        message = f"{name} is {value!r} but must be a finite number above 0. Try {example}."
        raise InputError(message)
    return number
