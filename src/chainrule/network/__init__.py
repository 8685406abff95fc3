"""The network: its weights and activations, how they start, and its passes over whole batches."""

from chainrule.network.domains import check_targets, own_functions
from chainrule.network.given_numbers import (
    keep_whole,
    not_negative_number,
    positive_number,
    share_below_1,
    whole_number_from_1,
)
from chainrule.network.network import Network
from chainrule.network.objective import Objective
from chainrule.network.passes import ForwardPass, backward, forward, gradients, jacobian, loss_over_rows
from chainrule.network.samples import (
    as_masks,
    as_pairs,
    as_sample_weight,
    as_samples,
    check_finite,
    check_network,
)
from chainrule.network.start import (
    STARTS,
    GlorotUniform,
    HeUniform,
    LecunUniform,
    Start,
    Uniform,
    start_named,
)

__all__ = [
    "STARTS",
    "ForwardPass",
    "GlorotUniform",
    "HeUniform",
    "LecunUniform",
    "Network",
    "Objective",
    "Start",
    "Uniform",
    "as_masks",
    "as_pairs",
    "as_sample_weight",
    "as_samples",
    "backward",
    "check_finite",
    "check_network",
    "check_targets",
    "forward",
    "gradients",
    "jacobian",
    "keep_whole",
    "loss_over_rows",
    "not_negative_number",
    "own_functions",
    "positive_number",
    "share_below_1",
    "start_named",
    "whole_number_from_1",
]
