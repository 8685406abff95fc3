"""From a table to a trained model and back: D = [X | Y], training with defaults, prediction, scores."""

from chainrule.models.dataset import Dataset, prepare, prepare_again
from chainrule.models.defaults import Defaults, default_settings
from chainrule.models.fitting import FitResult, fit
from chainrule.models.model import Model, Predictions
from chainrule.models.plan import Plan, plan, plan_of
from chainrule.models.record import TrainingRecord
from chainrule.models.scores import ClassScore, NumberScore, Score

__all__ = [
    "ClassScore",
    "Dataset",
    "Defaults",
    "FitResult",
    "Model",
    "NumberScore",
    "Plan",
    "Predictions",
    "Score",
    "TrainingRecord",
    "default_settings",
    "fit",
    "plan",
    "plan_of",
    "prepare",
    "prepare_again",
]
