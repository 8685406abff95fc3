"""One epoch of a trainer, as a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from chainrule.compiled.trainer import Trainer

__all__ = ["run_epoch"]


def run_epoch(running: Trainer, order: npt.NDArray[np.intp], *, rate: float, number: int = 1) -> float:
    """Train once on the samples in this order; mean of their losses."""
    done, loss = 0, 0.0
    for done, loss in running.epoch(order, rate=rate, number=number):  # noqa: B007 (the last one counts)
        pass
    return loss / done
