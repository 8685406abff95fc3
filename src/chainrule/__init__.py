"""Multilayer perceptrons trained by back-propagation that you can check.

The public names load on first use, so that importing the package stays light.

Examples
--------
>>> import chainrule
>>> net = chainrule.Network.random((2, 3, 1), seed=1)
>>> result = chainrule.train(net, [[0, 1], [1, 0]], [[1], [0]], rate=0.5, epochs=100)
>>> chainrule.check_gradients(result.network, [[0, 1]], [[1]]).passed
True
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.equations import GELU as GELU
    from chainrule.equations import RSS as RSS
    from chainrule.equations import SELU as SELU
    from chainrule.equations import Absolute as Absolute
    from chainrule.equations import Adam as Adam
    from chainrule.equations import AdamW as AdamW
    from chainrule.equations import BinaryCrossEntropy as BinaryCrossEntropy
    from chainrule.equations import ClassicalMomentum as ClassicalMomentum
    from chainrule.equations import ClassicalNesterov as ClassicalNesterov
    from chainrule.equations import Cos as Cos
    from chainrule.equations import CrossEntropy as CrossEntropy
    from chainrule.equations import Dense as Dense
    from chainrule.equations import Descent as Descent
    from chainrule.equations import Exp as Exp
    from chainrule.equations import FromData as FromData
    from chainrule.equations import GlorotNormal as GlorotNormal
    from chainrule.equations import GlorotUniform as GlorotUniform
    from chainrule.equations import HeNormal as HeNormal
    from chainrule.equations import HeUniform as HeUniform
    from chainrule.equations import Huber as Huber
    from chainrule.equations import Identity as Identity
    from chainrule.equations import IRpropMinus as IRpropMinus
    from chainrule.equations import LeakyReLU as LeakyReLU
    from chainrule.equations import LecunNormal as LecunNormal
    from chainrule.equations import LecunUniform as LecunUniform
    from chainrule.equations import Logistic as Logistic
    from chainrule.equations import MemberBias as MemberBias
    from chainrule.equations import MemberDense as MemberDense
    from chainrule.equations import MemberScale as MemberScale
    from chainrule.equations import Mish as Mish
    from chainrule.equations import Momentum as Momentum
    from chainrule.equations import Nesterov as Nesterov
    from chainrule.equations import Order as Order
    from chainrule.equations import ParametricMish as ParametricMish
    from chainrule.equations import ParametricSELU as ParametricSELU
    from chainrule.equations import Periodic as Periodic
    from chainrule.equations import Piecewise as Piecewise
    from chainrule.equations import Poisson as Poisson
    from chainrule.equations import Quantile as Quantile
    from chainrule.equations import ReLU as ReLU
    from chainrule.equations import RMSprop as RMSprop
    from chainrule.equations import Scale as Scale
    from chainrule.equations import Softmax as Softmax
    from chainrule.equations import Softplus as Softplus
    from chainrule.equations import Softsign as Softsign
    from chainrule.equations import Tanh as Tanh
    from chainrule.equations import Uniform as Uniform
    from chainrule.equations import ZeroOutput as ZeroOutput
    from chainrule.errors import ChainruleError as ChainruleError
    from chainrule.errors import CombinedError as CombinedError
    from chainrule.errors import DivergenceError as DivergenceError
    from chainrule.errors import InputError as InputError
    from chainrule.errors import MissingPackageError as MissingPackageError
    from chainrule.errors import ModelFileError as ModelFileError
    from chainrule.errors import OutputError as OutputError
    from chainrule.errors import ShapeError as ShapeError
    from chainrule.errors import TableError as TableError
    from chainrule.errors import TableWarning as TableWarning
    from chainrule.errors import TrainingWarning as TrainingWarning
    from chainrule.errors import UnknownNameError as UnknownNameError
    from chainrule.estimators import MLPClassifier as MLPClassifier
    from chainrule.estimators import MLPRegressor as MLPRegressor
    from chainrule.files import load as load
    from chainrule.files import load_model as load_model
    from chainrule.files import load_state as load_state
    from chainrule.files import save as save
    from chainrule.inspection import GradientCheck as GradientCheck
    from chainrule.inspection import Trace as Trace
    from chainrule.inspection import check_gradients as check_gradients
    from chainrule.inspection import trace as trace
    from chainrule.models import CrossValidation as CrossValidation
    from chainrule.models import FitResult as FitResult
    from chainrule.models import Model as Model
    from chainrule.models import Predictions as Predictions
    from chainrule.models import cross_validate as cross_validate
    from chainrule.models import fit as fit
    from chainrule.network import Ensemble as Ensemble
    from chainrule.network import ForwardPass as ForwardPass
    from chainrule.network import Network as Network
    from chainrule.network import tabm_masks as tabm_masks
    from chainrule.network import tabm_network as tabm_network
    from chainrule.plots import plot as plot
    from chainrule.scores import ClassScore as ClassScore
    from chainrule.scores import Gain as Gain
    from chainrule.scores import NumberScore as NumberScore
    from chainrule.tables import Encoding as Encoding
    from chainrule.tables import PiecewiseLinear as PiecewiseLinear
    from chainrule.tables import Table as Table
    from chainrule.tables import read_table as read_table
    from chainrule.training import LBFGS as LBFGS
    from chainrule.training import Constant as Constant
    from chainrule.training import Cosine as Cosine
    from chainrule.training import CosLog as CosLog
    from chainrule.training import Diagnosis as Diagnosis
    from chainrule.training import Exponential as Exponential
    from chainrule.training import FlatCosine as FlatCosine
    from chainrule.training import GeneralizationLoss as GeneralizationLoss
    from chainrule.training import History as History
    from chainrule.training import LevenbergMarquardt as LevenbergMarquardt
    from chainrule.training import Patience as Patience
    from chainrule.training import Progress as Progress
    from chainrule.training import ProgressQuotient as ProgressQuotient
    from chainrule.training import ReduceOnPlateau as ReduceOnPlateau
    from chainrule.training import Restarts as Restarts
    from chainrule.training import Step as Step
    from chainrule.training import Trainer as Trainer
    from chainrule.training import TrainingResult as TrainingResult
    from chainrule.training import TrainingState as TrainingState
    from chainrule.training import WarmUp as WarmUp
    from chainrule.training import train as train
    from chainrule.training import train_restarts as train_restarts

__version__ = "0.1.0"

_NAMES_OF = {
    "equations": (
        "GELU", "RSS", "SELU", "Absolute", "Adam", "AdamW", "BinaryCrossEntropy", "ClassicalMomentum",
        "ClassicalNesterov", "Cos", "CrossEntropy", "Dense", "Descent", "Exp", "FromData", "GlorotNormal",
        "GlorotUniform", "HeNormal", "HeUniform", "Huber", "IRpropMinus", "Identity", "LeakyReLU",
        "LecunNormal", "LecunUniform", "Logistic", "MemberBias", "MemberDense", "MemberScale", "Mish",
        "Momentum", "Nesterov", "Order", "ParametricMish", "ParametricSELU", "Periodic", "Piecewise",
        "Poisson", "Quantile", "RMSprop", "ReLU", "Scale", "Softmax", "Softplus", "Softsign", "Tanh",
        "Uniform", "ZeroOutput",
    ),
    "errors": (
        "ChainruleError", "CombinedError", "DivergenceError", "InputError", "MissingPackageError",
        "ModelFileError", "OutputError", "ShapeError", "TableError", "TableWarning", "TrainingWarning",
        "UnknownNameError",
    ),
    "estimators": (
        "MLPClassifier", "MLPRegressor",
    ),
    "files": (
        "load", "load_model", "load_state", "save",
    ),
    "inspection": (
        "GradientCheck", "Trace", "check_gradients", "trace",
    ),
    "models": (
        "CrossValidation", "FitResult", "Model", "Predictions", "cross_validate", "fit",
    ),
    "network": (
        "Ensemble", "ForwardPass", "Network", "tabm_masks", "tabm_network",
    ),
    "plots": (
        "plot",
    ),
    "scores": (
        "ClassScore", "Gain", "NumberScore",
    ),
    "tables": (
        "Encoding", "PiecewiseLinear", "Table", "read_table",
    ),
    "training": (
        "LBFGS", "Constant", "CosLog", "Cosine", "Diagnosis", "Exponential", "FlatCosine",
        "GeneralizationLoss", "History",
        "LevenbergMarquardt", "Patience", "Progress", "ProgressQuotient", "ReduceOnPlateau",
        "Restarts", "Step", "Trainer", "TrainingResult", "TrainingState", "WarmUp", "train",
        "train_restarts",
    ),
}  # fmt: skip
_ROOM_OF = {name: room for room, names in _NAMES_OF.items() for name in names}

# `from chainrule import *` works without the packages of an extra.
__all__ = [name for name, room in _ROOM_OF.items() if room != "estimators" or find_spec("sklearn")]


def __getattr__(name: str) -> object:
    """Load a public name from its room when it is first asked for."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    if name == "fit":
        import_module("chainrule.files")  # which reads the checkpoints that a fit may go on from
    value = getattr(import_module(f"chainrule.{_ROOM_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, loaded or not."""
    return [*__all__, "__version__"]
