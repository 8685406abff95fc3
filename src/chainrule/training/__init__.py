"""Training: the loop over epochs, what ends it, and what it leaves behind."""

from chainrule.equations import (
    ENGINES,
    LBFGS,
    Constant,
    Cosine,
    Exponential,
    GeneralizationLoss,
    LevenbergMarquardt,
    Patience,
    ProgressQuotient,
    ReduceOnPlateau,
    Step,
    WarmUp,
)
from chainrule.settings import Settings
from chainrule.training.diagnosis import FEWEST_EPOCHS, Diagnosis
from chainrule.training.history import Epoch, History
from chainrule.training.preparation import run_training, train
from chainrule.training.progress import Callbacks, Observer, Progress
from chainrule.training.result import StoppedBy, TrainingResult
from chainrule.training.state import TrainingState

__all__ = [
    "ENGINES", "FEWEST_EPOCHS", "LBFGS", "Callbacks", "Constant", "Cosine", "Diagnosis", "Epoch",
    "Exponential", "GeneralizationLoss", "History", "LevenbergMarquardt", "Observer", "Patience", "Progress",
    "ProgressQuotient", "ReduceOnPlateau", "Settings", "Step", "StoppedBy", "TrainingResult", "TrainingState",
    "WarmUp", "run_training", "train",
]  # fmt: skip
