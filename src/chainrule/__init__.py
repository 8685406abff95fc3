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
    from chainrule.equations import RSS, Identity, Logistic, Tanh
    from chainrule.errors import (
        ChainruleError,
        DivergenceError,
        InputError,
        ModelFileError,
        OutputError,
        ShapeError,
        TableError,
        UnknownNameError,
    )
    from chainrule.files import load, load_model, save
    from chainrule.inspection import GradientCheck, Trace, check_gradients, trace
    from chainrule.models import FitResult, Model, fit
    from chainrule.network import ForwardPass, GlorotUniform, HeUniform, LecunUniform, Network, Uniform
    from chainrule.tables import Encoding, Table, read_table
    from chainrule.training import History, TrainingResult, train

__version__ = "0.1.0"

_ROOM_OF = {
    "ChainruleError": "errors",
    "DivergenceError": "errors",
    "Encoding": "tables",
    "FitResult": "models",
    "ForwardPass": "network",
    "GlorotUniform": "network",
    "GradientCheck": "inspection",
    "HeUniform": "network",
    "History": "training",
    "Identity": "equations",
    "InputError": "errors",
    "LecunUniform": "network",
    "Logistic": "equations",
    "Model": "models",
    "ModelFileError": "errors",
    "Network": "network",
    "OutputError": "errors",
    "RSS": "equations",
    "ShapeError": "errors",
    "Table": "tables",
    "TableError": "errors",
    "Tanh": "equations",
    "Trace": "inspection",
    "TrainingResult": "training",
    "Uniform": "network",
    "UnknownNameError": "errors",
    "check_gradients": "inspection",
    "fit": "models",
    "load": "files",
    "load_model": "files",
    "read_table": "tables",
    "save": "files",
    "trace": "inspection",
    "train": "training",
}

__all__ = [
    "RSS",
    "ChainruleError",
    "DivergenceError",
    "Encoding",
    "FitResult",
    "ForwardPass",
    "GlorotUniform",
    "GradientCheck",
    "HeUniform",
    "History",
    "Identity",
    "InputError",
    "LecunUniform",
    "Logistic",
    "Model",
    "ModelFileError",
    "Network",
    "OutputError",
    "ShapeError",
    "Table",
    "TableError",
    "Tanh",
    "Trace",
    "TrainingResult",
    "Uniform",
    "UnknownNameError",
    "check_gradients",
    "fit",
    "load",
    "load_model",
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
