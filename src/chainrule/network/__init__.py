"""The network: its weights and activations, how they start, and its passes over whole batches."""

from chainrule.network.network import Network
from chainrule.network.passes import ForwardPass, backward, forward, gradients, loss_over_rows
from chainrule.network.samples import as_pairs, as_samples, check_finite
from chainrule.network.start import (
    STARTS,
    GlorotUniform,
    HeUniform,
    LecunUniform,
    Start,
    Uniform,
    start_named,
)
from chainrule.network.whole_numbers import whole_number_from_1

__all__ = [
    "STARTS",
    "ForwardPass",
    "GlorotUniform",
    "HeUniform",
    "LecunUniform",
    "Network",
    "Start",
    "Uniform",
    "as_pairs",
    "as_samples",
    "backward",
    "check_finite",
    "forward",
    "gradients",
    "loss_over_rows",
    "start_named",
    "whole_number_from_1",
]
