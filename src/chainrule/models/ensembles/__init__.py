"""Several networks for one table, whose outputs are averaged: how they are trained."""

from chainrule.models.ensembles.calibrating import calibrated, check_calibration
from chainrule.models.ensembles.fitting import checkpoint_of_members, fit_networks
from chainrule.models.ensembles.parting import member_seeds

__all__ = ["calibrated", "check_calibration", "checkpoint_of_members", "fit_networks", "member_seeds"]
