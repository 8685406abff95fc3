"""Layers: what each kind of them computes, forward and backward."""

from chainrule.equations.layers.deltas import flush_to_zero, hidden_delta
from chainrule.equations.layers.dense import Dense, gradient, net_input, with_bias_unit
from chainrule.equations.layers.layer import LAYERS, Layer, LayerKind, layers_of, members_of
from chainrule.equations.layers.members import MemberBias, MemberDense, MemberScale
from chainrule.equations.layers.order import Order
from chainrule.equations.layers.periodic import Periodic
from chainrule.equations.layers.piecewise import Piecewise
from chainrule.equations.layers.scale import Scale

__all__ = [
    "LAYERS", "Dense", "Layer", "LayerKind", "MemberBias", "MemberDense", "MemberScale", "Order", "Periodic",
    "Piecewise", "Scale", "flush_to_zero", "gradient", "hidden_delta", "layers_of", "members_of",
    "net_input", "with_bias_unit",
]  # fmt: skip
