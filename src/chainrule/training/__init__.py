"""Training: the loop over epochs, what ends it, and what it leaves behind."""

from chainrule.equations.curvature import LBFGS, LevenbergMarquardt
from chainrule.equations.schedules import Constant, Cosine, Exponential, ReduceOnPlateau, Step, WarmUp
from chainrule.equations.stopping import GeneralizationLoss, Patience, ProgressQuotient
from chainrule.training.diagnosis import Diagnosis
from chainrule.training.engines import ENGINES
from chainrule.training.history import Epoch, History
from chainrule.training.progress import Progress
from chainrule.training.result import StoppedBy, TrainingResult
from chainrule.training.settings import Settings
from chainrule.training.state import TrainingState
from chainrule.training.train import train

__all__ = [
    "ENGINES",
    "LBFGS",
    "Constant",
    "Cosine",
    "Diagnosis",
    "Epoch",
    "Exponential",
    "GeneralizationLoss",
    "History",
    "LevenbergMarquardt",
    "Patience",
    "Progress",
    "ProgressQuotient",
    "ReduceOnPlateau",
    "Settings",
    "Step",
    "StoppedBy",
    "TrainingResult",
    "TrainingState",
    "WarmUp",
    "train",
]
