"""Training: the loop over epochs, what ends it, and what it leaves behind."""

from chainrule.training.engines import ENGINES
from chainrule.training.history import Epoch, History
from chainrule.training.progress import Progress
from chainrule.training.settings import Settings
from chainrule.training.state import TrainingState
from chainrule.training.train import StoppedBy, TrainingResult, train

__all__ = [
    "ENGINES",
    "Epoch",
    "History",
    "Progress",
    "Settings",
    "StoppedBy",
    "TrainingResult",
    "TrainingState",
    "train",
]
