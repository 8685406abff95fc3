"""Training: the loop over epochs, what ends it, and what it leaves behind."""

from chainrule.equations import (
    ENGINES,
    LBFGS,
    Constant,
    Cosine,
    CosLog,
    Exponential,
    FlatCosine,
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
from chainrule.training.displays.progress import shown_in_notebook
from chainrule.training.engines import squares_of
from chainrule.training.history import Epoch, History
from chainrule.training.preparation import run_training, train
from chainrule.training.progress import Callbacks, Observer, Progress, of_one_of_several
from chainrule.training.restarts import Restarts, train_restarts
from chainrule.training.result import StoppedBy, TrainingResult
from chainrule.training.state import TrainingState, other_bits
from chainrule.training.together import Together, shared_threads, train_together
from chainrule.training.trainer import Trainer

__all__ = [
    "ENGINES", "FEWEST_EPOCHS", "LBFGS", "Callbacks", "Constant", "CosLog", "Cosine", "Diagnosis", "Epoch",
    "Exponential", "FlatCosine", "GeneralizationLoss", "History", "LevenbergMarquardt", "Observer",
    "Patience", "Progress", "ProgressQuotient", "ReduceOnPlateau", "Restarts", "Settings", "Step",
    "StoppedBy", "Together", "Trainer", "TrainingResult", "TrainingState", "WarmUp", "of_one_of_several",
    "other_bits", "run_training", "shared_threads", "shown_in_notebook", "squares_of", "train",
    "train_restarts", "train_together",
]  # fmt: skip
