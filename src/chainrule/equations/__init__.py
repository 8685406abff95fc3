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

from chainrule.equations.activations.activation import (
    ACTIVATIONS,
    Activation,
    Identity,
    Logistic,
    OutputRange,
    Tanh,
)
from chainrule.equations.activations.rectifiers import (
    GELU,
    SELU,
    Cos,
    Exp,
    LeakyReLU,
    Mish,
    ReLU,
    Softplus,
    Softsign,
)
from chainrule.equations.activations.softmax import Softmax
from chainrule.equations.arrays import Array
from chainrule.equations.kinds import ENGINES, METRICS, Kind, name_of
from chainrule.equations.layers.deltas import flush_to_zero, hidden_delta
from chainrule.equations.layers.dense import Dense, gradient, net_input, with_bias_unit
from chainrule.equations.layers.layer import LAYERS, Layer, LayerKind, columns_spared, layers_of, members_of
from chainrule.equations.layers.members import MemberBias, MemberDense, MemberScale
from chainrule.equations.layers.order import Order
from chainrule.equations.layers.parametric import (
    Parametric,
    ParametricMish,
    ParametricSELU,
    parametric_layer,
)
from chainrule.equations.layers.periodic import Periodic
from chainrule.equations.layers.piecewise import Piecewise
from chainrule.equations.layers.scale import Scale
from chainrule.equations.losses.entropies import (
    BinaryCrossEntropy,
    CrossEntropy,
    is_fused,
    output_delta,
    sample_losses,
    sample_magnitudes,
    smoothed_targets,
)
from chainrule.equations.losses.loss import LOSSES, RSS, Absolute, Huber, Loss, Poisson, Quantile, mean_loss
from chainrule.equations.past import Past, PastEpoch
from chainrule.equations.penalties import clip_factor, dropped_out, penalty, penalty_gradient
from chainrule.equations.rules.adaptive import Adam, AdamW, IRpropMinus, RMSprop
from chainrule.equations.rules.curvature import (
    LBFGS,
    LevenbergMarquardt,
    lbfgs_direction,
    levenberg_marquardt_step,
)
from chainrule.equations.rules.factors import RateFactors, rate_factors
from chainrule.equations.rules.rule import (
    RULES,
    ClassicalMomentum,
    ClassicalNesterov,
    Descent,
    Momentum,
    Nesterov,
    Rule,
    RuleState,
    descend,
)
from chainrule.equations.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    CosLog,
    Exponential,
    FlatCosine,
    ReduceOnPlateau,
    Schedule,
    Step,
    WarmUp,
)
from chainrule.equations.starts import (
    STARTS,
    FromData,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Start,
    Uniform,
    ZeroOutput,
)
from chainrule.equations.stopping import CRITERIA, Criterion, GeneralizationLoss, Patience, ProgressQuotient

__all__ = [
    "ACTIVATIONS", "CRITERIA", "ENGINES", "GELU", "LAYERS", "LBFGS", "LOSSES", "METRICS", "RSS", "RULES",
    "SCHEDULES", "SELU", "STARTS", "Absolute", "Activation", "Adam", "AdamW", "Array",
    "BinaryCrossEntropy", "ClassicalMomentum", "ClassicalNesterov", "Constant", "Cos", "CosLog", "Cosine",
    "Criterion", "CrossEntropy", "Dense", "Descent", "Exp", "Exponential", "FlatCosine", "FromData",
    "GeneralizationLoss", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Huber",
    "IRpropMinus", "Identity", "Kind", "Layer", "LayerKind", "LeakyReLU", "LecunNormal", "LecunUniform",
    "LevenbergMarquardt", "Logistic", "Loss", "MemberBias", "MemberDense", "MemberScale", "Mish",
    "Momentum", "Nesterov", "Order", "OutputRange", "Parametric", "ParametricMish", "ParametricSELU",
    "Past", "PastEpoch", "Patience", "Periodic", "Piecewise", "Poisson", "ProgressQuotient", "Quantile",
    "RMSprop", "RateFactors", "ReLU", "ReduceOnPlateau", "Rule", "RuleState", "Scale", "Schedule",
    "Softmax", "Softplus", "Softsign", "Start", "Step", "Tanh", "Uniform", "WarmUp", "ZeroOutput",
    "clip_factor", "columns_spared", "descend", "dropped_out", "flush_to_zero", "gradient",
    "hidden_delta", "is_fused", "layers_of", "lbfgs_direction", "levenberg_marquardt_step", "mean_loss",
    "members_of", "name_of", "net_input", "output_delta", "parametric_layer", "penalty",
    "penalty_gradient", "rate_factors", "sample_losses", "sample_magnitudes", "smoothed_targets",
    "with_bias_unit",
]  # fmt: skip
