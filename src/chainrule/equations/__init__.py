"""The derivation as code: every equation of docs/derivation.md as one short function.

Charter of this room: clean, not fast. The functions know arrays, not networks; they are written
against the array API standard alone, so that the same lines run on NumPy, PyTorch and any other
library that follows it, in float32 and float64, and in complex128 for the complex step of the
gradient check. They never change what they are given.

Shapes: a batch holds one sample a row, ``(n_samples, n_units)``; a weight matrix has one unit a row and
the bias weight in column 0, ``(n_units, 1 + n_units_before)``.

References
----------
Consortium for Python Data API Standards, https://data-apis.org/array-api/
"""

from chainrule.equations.activations import (
    ACTIVATIONS,
    Activation,
    Identity,
    Logistic,
    Tanh,
    activation_named,
)
from chainrule.equations.arrays import Array
from chainrule.equations.layers import flush_to_zero, gradient, hidden_delta, net_input, with_bias_unit
from chainrule.equations.losses import LOSSES, RSS, Loss, loss_named, mean_loss
from chainrule.equations.updates import descend

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "RSS",
    "Activation",
    "Array",
    "Identity",
    "Logistic",
    "Loss",
    "Tanh",
    "activation_named",
    "descend",
    "flush_to_zero",
    "gradient",
    "hidden_delta",
    "loss_named",
    "mean_loss",
    "net_input",
    "with_bias_unit",
]
