"""From a table to a trained model and back: D = [X | Y], training with defaults, prediction, scores."""

from chainrule.models.beside import watched_rows
from chainrule.models.dataset import Dataset, prepare, prepare_again, prepare_with, report_of, usable_rows
from chainrule.models.defaults import DEFAULTS, default_settings
from chainrule.models.fitting import cross_validate, fit
from chainrule.models.folds import CrossValidation
from chainrule.models.judging.calibration import Calibration, calibration_of
from chainrule.models.judging.scoring import are_chances, gives_chances, majorities_of, score_of
from chainrule.models.learning import fit_dataset, start_network
from chainrule.models.model import Model
from chainrule.models.outputs import AskedOutputs
from chainrule.models.recipe.wording import choice_in_words, cost_in_words
from chainrule.models.record import TrainingRecord
from chainrule.models.result import FitResult
from chainrule.models.rows import with_value
from chainrule.models.settings import fit_settings, settings_of_checkpoint
from chainrule.tables import Predictions

__all__ = [
    "DEFAULTS",
    "AskedOutputs",
    "Calibration",
    "CrossValidation",
    "Dataset",
    "FitResult",
    "Model",
    "Predictions",
    "TrainingRecord",
    "are_chances",
    "calibration_of",
    "choice_in_words",
    "cost_in_words",
    "cross_validate",
    "default_settings",
    "fit",
    "fit_dataset",
    "fit_settings",
    "gives_chances",
    "majorities_of",
    "prepare",
    "prepare_again",
    "prepare_with",
    "report_of",
    "score_of",
    "settings_of_checkpoint",
    "start_network",
    "usable_rows",
    "watched_rows",
    "with_value",
]  # fmt: skip
