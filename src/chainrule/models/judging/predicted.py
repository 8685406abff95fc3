"""A plain word when a fit went badly in a way that its loss does not tell: what is never predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import Remark, argument
from chainrule.settings import BALANCED
from chainrule.training import FEWEST_EPOCHS, Diagnosis
from chainrule.words import counted, listed

if TYPE_CHECKING:
    from chainrule.models.dataset import Dataset
    from chainrule.network import Ensemble, Network
    from chainrule.settings import FitSettings

__all__ = ["never_predicted"]


def never_predicted(
    net: Network | Ensemble, data: Dataset, settings: FitSettings, n_epochs: int
) -> tuple[Diagnosis, ...]:
    """Classes that some rows have, of those to learn from and those held out, and no row is given.

    A short trial, of which nobody expects anything, is left alone.
    """
    if data.encoding.kind != "classes" or n_epochs < FEWEST_EPOCHS:
        return ()
    ((target, Y),) = data.encoding.parted(data.Y)
    n_rows, n_given = (
        np.bincount(target.decided(each), minlength=len(target.labels)) for each in (Y, net(data.X))
    )
    is_missed = (n_rows > 0) & (n_given == 0)
    missed = [target.labels[place] for place in np.flatnonzero(is_missed)]
    if not missed:
        return ()
    n = int(n_rows[is_missed].sum())
    what = f"The class {listed(missed)} is" if len(missed) == 1 else f"The classes {listed(missed)} are"
    have = f"{counted(n, 'row')} {'has' if n == 1 else 'have'} {'it' if len(missed) == 1 else 'them'}"
    advice = f"Try {argument('class_weight', BALANCED)}"
    is_rarer = (n_rows[is_missed] < n_rows.mean()).any()
    if settings.class_weight == BALANCED or not is_rarer:
        more = "more epochs or hidden units" if settings.recipe is None else argument("effort", "best")
        advice = "Give more such rows" if settings.effort == "best" else f"Try {more}, or give more such rows"
    return (Diagnosis("class_never_predicted", Remark(f"{what} never predicted, though {have}. {advice}.")),)
