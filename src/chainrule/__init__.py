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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.equations import (
        GELU,
        RSS,
        Absolute,
        Adam,
        AdamW,
        BinaryCrossEntropy,
        CrossEntropy,
        Descent,
        GlorotUniform,
        HeUniform,
        Huber,
        Identity,
        IRpropMinus,
        LeakyReLU,
        LecunUniform,
        Logistic,
        Momentum,
        Nesterov,
        Poisson,
        Quantile,
        ReLU,
        RMSprop,
        Softmax,
        Softplus,
        Softsign,
        Tanh,
        Uniform,
    )
    from chainrule.errors import (
        ChainruleError,
        DivergenceError,
        InputError,
        ModelFileError,
        OutputError,
        ShapeError,
        TableError,
        TrainingWarning,
        UnknownNameError,
    )
    from chainrule.files import (
        load,
        load_model,
        load_state,
        save,
    )
    from chainrule.inspection import (
        GradientCheck,
        Trace,
        check_gradients,
        trace,
    )
    from chainrule.models import (
        FitResult,
        Model,
        fit,
    )
    from chainrule.network import (
        ForwardPass,
        Network,
    )
    from chainrule.tables import (
        Encoding,
        Table,
        read_table,
    )
    from chainrule.training import (
        LBFGS,
        Constant,
        Cosine,
        Diagnosis,
        Exponential,
        GeneralizationLoss,
        History,
        LevenbergMarquardt,
        Patience,
        Progress,
        ProgressQuotient,
        ReduceOnPlateau,
        Step,
        TrainingResult,
        TrainingState,
        WarmUp,
        train,
    )

__version__ = "0.1.0"

_ROOM_OF = {
    "Absolute": "equations",
    "Adam": "equations",
    "AdamW": "equations",
    "BinaryCrossEntropy": "equations",
    "ChainruleError": "errors",
    "Constant": "training",
    "Cosine": "training",
    "CrossEntropy": "equations",
    "Descent": "equations",
    "Diagnosis": "training",
    "DivergenceError": "errors",
    "Encoding": "tables",
    "Exponential": "training",
    "FitResult": "models",
    "ForwardPass": "network",
    "GELU": "equations",
    "GeneralizationLoss": "training",
    "GlorotUniform": "equations",
    "GradientCheck": "inspection",
    "HeUniform": "equations",
    "History": "training",
    "Huber": "equations",
    "IRpropMinus": "equations",
    "Identity": "equations",
    "InputError": "errors",
    "LBFGS": "training",
    "LeakyReLU": "equations",
    "LecunUniform": "equations",
    "LevenbergMarquardt": "training",
    "Logistic": "equations",
    "Model": "models",
    "ModelFileError": "errors",
    "Momentum": "equations",
    "Nesterov": "equations",
    "Network": "network",
    "OutputError": "errors",
    "Patience": "training",
    "Poisson": "equations",
    "Progress": "training",
    "ProgressQuotient": "training",
    "Quantile": "equations",
    "RMSprop": "equations",
    "RSS": "equations",
    "ReLU": "equations",
    "ReduceOnPlateau": "training",
    "ShapeError": "errors",
    "Softmax": "equations",
    "Softplus": "equations",
    "Softsign": "equations",
    "Step": "training",
    "Table": "tables",
    "TableError": "errors",
    "Tanh": "equations",
    "Trace": "inspection",
    "TrainingResult": "training",
    "TrainingState": "training",
    "TrainingWarning": "errors",
    "Uniform": "equations",
    "UnknownNameError": "errors",
    "WarmUp": "training",
    "check_gradients": "inspection",
    "fit": "models",
    "load": "files",
    "load_model": "files",
    "load_state": "files",
    "read_table": "tables",
    "save": "files",
    "trace": "inspection",
    "train": "training",
}

__all__ = [
    "GELU",
    "LBFGS",
    "RSS",
    "Absolute",
    "Adam",
    "AdamW",
    "BinaryCrossEntropy",
    "ChainruleError",
    "Constant",
    "Cosine",
    "CrossEntropy",
    "Descent",
    "Diagnosis",
    "DivergenceError",
    "Encoding",
    "Exponential",
    "FitResult",
    "ForwardPass",
    "GeneralizationLoss",
    "GlorotUniform",
    "GradientCheck",
    "HeUniform",
    "History",
    "Huber",
    "IRpropMinus",
    "Identity",
    "InputError",
    "LeakyReLU",
    "LecunUniform",
    "LevenbergMarquardt",
    "Logistic",
    "Model",
    "ModelFileError",
    "Momentum",
    "Nesterov",
    "Network",
    "OutputError",
    "Patience",
    "Poisson",
    "Progress",
    "ProgressQuotient",
    "Quantile",
    "RMSprop",
    "ReLU",
    "ReduceOnPlateau",
    "ShapeError",
    "Softmax",
    "Softplus",
    "Softsign",
    "Step",
    "Table",
    "TableError",
    "Tanh",
    "Trace",
    "TrainingResult",
    "TrainingState",
    "TrainingWarning",
    "Uniform",
    "UnknownNameError",
    "WarmUp",
    "check_gradients",
    "fit",
    "load",
    "load_model",
    "load_state",
    "read_table",
    "save",
    "trace",
    "train",
]


def __getattr__(name: str) -> object:
    """Load a public name from its room when it is first asked for."""
    if name not in _ROOM_OF:
        message = f"module 'chainrule' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"chainrule.{_ROOM_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, loaded or not."""
    return [*__all__, "__version__"]
