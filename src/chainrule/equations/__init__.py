"""The derivation as code: every equation of the derivation as one short function.

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

from chainrule.equations.activations import Activation, Identity, Logistic, Tanh
from chainrule.equations.arrays import Array
from chainrule.equations.entropies import (
    BinaryCrossEntropy,
    CrossEntropy,
    is_fused,
    output_delta,
    sample_losses,
)
from chainrule.equations.layers import flush_to_zero, gradient, hidden_delta, net_input, with_bias_unit
from chainrule.equations.losses import RSS, Absolute, Huber, Loss, Poisson, Quantile, mean_loss
from chainrule.equations.named import (
    ACTIVATIONS,
    LOSSES,
    activation_named,
    loss_named,
    name_of,
    object_named,
    rule_named,
)
from chainrule.equations.penalties import clip_factor, dropped_out, penalty, penalty_gradient
from chainrule.equations.rectifiers import GELU, LeakyReLU, ReLU, Softplus, Softsign
from chainrule.equations.softmax import Softmax
from chainrule.equations.updates import (
    RULES,
    Adam,
    AdamW,
    Descent,
    IRpropMinus,
    Momentum,
    Nesterov,
    RMSprop,
    Rule,
    RuleState,
    descend,
    levenberg_marquardt_step,
)

__all__ = [
    "ACTIVATIONS",
    "GELU",
    "LOSSES",
    "RSS",
    "RULES",
    "Absolute",
    "Activation",
    "Adam",
    "AdamW",
    "Array",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Descent",
    "Huber",
    "IRpropMinus",
    "Identity",
    "LeakyReLU",
    "Logistic",
    "Loss",
    "Momentum",
    "Nesterov",
    "Poisson",
    "Quantile",
    "RMSprop",
    "ReLU",
    "Rule",
    "RuleState",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
    "activation_named",
    "clip_factor",
    "descend",
    "dropped_out",
    "flush_to_zero",
    "gradient",
    "hidden_delta",
    "is_fused",
    "levenberg_marquardt_step",
    "loss_named",
    "mean_loss",
    "name_of",
    "net_input",
    "object_named",
    "output_delta",
    "penalty",
    "penalty_gradient",
    "rule_named",
    "sample_losses",
    "with_bias_unit",
]
