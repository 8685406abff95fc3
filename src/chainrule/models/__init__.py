"""From a table to a trained model and back: D = [X | Y], training with defaults, prediction, scores."""

from chainrule.models.dataset import Dataset, prepare, prepare_again, prepare_with, report_of
from chainrule.models.defaults import default_settings
from chainrule.models.fitting import FitResult, fit
from chainrule.models.model import Model, Predictions
from chainrule.models.record import TrainingRecord
from chainrule.models.rows import with_value
from chainrule.models.scoring import gives_chances, majorities_of, score_of
from chainrule.models.settings import fit_settings, needs_counts, settings_of_checkpoint

__all__ = [
    "Dataset",
    "FitResult",
    "Model",
    "Predictions",
    "TrainingRecord",
    "default_settings",
    "fit",
    "fit_settings",
    "gives_chances",
    "majorities_of",
    "needs_counts",
    "prepare",
    "prepare_again",
    "prepare_with",
    "report_of",
    "score_of",
    "settings_of_checkpoint",
    "with_value",
]  # fmt: skip
