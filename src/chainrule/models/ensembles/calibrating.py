"""What rows that were watched say of the answers of one network, or of several that are averaged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from chainrule.equations import ACTIVATIONS, name_of
from chainrule.errors import InputError, argument
from chainrule.models.ensembles.parting import member_seeds, watched_folds
from chainrule.models.judging.calibration import calibration_of
from chainrule.models.judging.scoring import are_chances
from chainrule.models.learning import parted

if TYPE_CHECKING:
    from chainrule.models.beside import Watched
    from chainrule.models.dataset import Dataset
    from chainrule.models.judging.calibration import Calibration
    from chainrule.models.result import FitResult
    from chainrule.settings import FitSettings

__all__ = ["calibrated", "check_calibration"]


def check_calibration(
    data: Dataset, settings: FitSettings, watched: Watched | None = None, *, has_rows: bool = False
) -> None:
    """Refuse to calibrate what has no rows for that, or outputs that are no probabilities.

    Raises
    ------
    InputError
        That was asked for.
    """
    if not settings.calibrate:
        return
    are_watched = settings.ensemble_by == "folds" or watched is not None or len(parted(data, settings)[1])
    if not has_rows and not are_watched:
        raise InputError(
            "No rows are watched, and no folds were asked for",
            parameter="calibrate",
            given=True,
            needs=f"{argument('calibrate')} needs rows that the network does not learn from",
            advice=f"Give {argument('folds', 5)}, or {argument('validation', 0.15)}.",
        )
    output = ACTIVATIONS.made_of(settings.output, "output")
    if data.encoding.kind != "numbers" and not are_chances(output, data.encoding):
        raise InputError(
            f"Outputs of {name_of(output)} are no probabilities of these classes",
            parameter="calibrate",
            given=True,
            needs=f"{argument('calibrate')} is for outputs that are",
            advice=f"Take {argument('output', 'softmax')}, or leave {argument('calibrate')} out.",
        )


def calibrated(
    result: FitResult,
    settings: FitSettings,
    watched: Watched | None = None,
    calibration: Calibration | None = None,
) -> FitResult:
    """Give a fit that is to be calibrated what the watched rows say, or what others have said."""
    if settings.calibrate and calibration is None:
        calibration = _by_watched_rows(result, settings, watched)
    return replace(result, model=replace(result.model, calibration=calibration))


def _by_watched_rows(result: FitResult, settings: FitSettings, watched: Watched | None) -> Calibration | None:
    """What the rows that were watched say of the answers.

    Where each network of an ensemble has watched a fold of its own, that network answers for its rows.
    """
    data, net = result.data, result.model.network
    if watched is not None:
        weights, outputs = watched.row_weight, net(watched.X)
        return calibration_of("validation", data.encoding, watched.Y, outputs, weights=weights)
    if settings.ensemble_by == "folds":
        seeds = member_seeds(settings)
        folds = dict(zip(seeds, watched_folds(data, len(seeds)), strict=True))
        networks = {one.training.seed: one.network for one in result.model.members if one.training}
        answers = [(folds[seed][1], one(data.X[folds[seed][1]])) for seed, one in networks.items()]
        if not answers:  # one alone is left of those that were interrupted
            return None
        rows, outputs = (np.concatenate(each) for each in zip(*answers, strict=True))
        order = np.argsort(rows)
        rows, outputs = rows[order], outputs[order]
    else:
        rows = parted(data, settings)[1]
        outputs = net(data.X[rows])
    weights = None if data.weights is None else data.weights[rows]
    return calibration_of("validation", data.encoding, data.Y[rows], outputs, weights=weights)
