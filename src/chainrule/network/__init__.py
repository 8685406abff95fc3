"""The network: its weights and activations, how they start, and its passes over whole batches."""

from chainrule.network.display import ensemble_parts, network_parts
from chainrule.network.domains import check_targets
from chainrule.network.ensemble import Ensemble, is_linear, members_of
from chainrule.network.network import Network
from chainrule.network.objective import Objective
from chainrule.network.own_functions import own_functions
from chainrule.network.passes import (
    ForwardPass,
    backward,
    each_member,
    forward,
    gradients,
    jacobian,
    loss_over_rows,
)
from chainrule.network.samples import (
    as_masks,
    as_pairs,
    as_sample_weight,
    as_samples,
    as_table,
    as_weights,
    check_as_many,
    check_finite,
    check_network,
)
from chainrule.network.tabm import tabm_layers, tabm_masks, tabm_network, with_tabm_start

__all__ = [
    "Ensemble", "ForwardPass", "Network", "Objective", "as_masks", "as_pairs", "as_sample_weight",
    "as_samples", "as_table", "as_weights", "backward", "check_as_many", "check_finite", "check_network",
    "check_targets", "each_member", "ensemble_parts", "forward", "gradients", "is_linear", "jacobian",
    "loss_over_rows", "members_of", "network_parts", "own_functions", "tabm_layers", "tabm_masks",
    "tabm_network",
    "with_tabm_start",
]  # fmt: skip
