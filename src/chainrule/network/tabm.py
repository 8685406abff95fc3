"""TabM: several networks that share each weight matrix and have scales, biases and outputs of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import (
    Dense,
    Identity,
    MemberBias,
    MemberDense,
    MemberScale,
)
from chainrule.errors import ShapeError
from chainrule.given import whole_number_from_1
from chainrule.network.network import Network, checked_sizes
from chainrule.network.samples import check_network
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Layer, Loss, Start

__all__ = ["tabm_layers", "tabm_masks", "tabm_network", "with_tabm_start"]


def tabm_network(
    sizes: Sequence[int],
    activations: str | Activation | Sequence[str | Activation] = "relu",
    loss: str | Loss = "rss",
    seed: int = 0,
    dtype: str = "float64",
    *,
    members: int = 16,
    start: str | Start = "he_uniform",
    X: npt.ArrayLike | None = None,
) -> Network:
    r"""Network of K members, each a network with hidden layers :math:`s_i (W (r_i x)) + b_i`.

    They share W; the scales r and s, the biases b and the output layer are their own. At the beginning all
    scales are 1 but those of the inputs, which are 1 or -1 by chance. What is trained is the mean of their
    losses, and what predicts is the mean of their outputs. Train it with `tabm_masks`.

    Parameters
    ----------
    sizes : sequence of int
        Units of each layer, inputs first, outputs last.
    activations, loss, seed, dtype, start, X
        As of `Network.random`: one activation for all layers, or one for each hidden layer and the outputs.
    members : int
        K.

    Returns
    -------
    Network

    References
    ----------
    Gorishniy, Kotelnikov & Babenko (2025), TabM: advancing tabular deep learning with parameter-efficient
    ensembling, ICLR.

    Examples
    --------
    >>> from chainrule import tabm_masks, tabm_network, train
    >>> X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    >>> net = tabm_network((2, 8, 1), ["tanh", "identity"], members=4, start="glorot_uniform", seed=1)
    >>> result = train(net, X, Y, masks=tabm_masks(net), rule="adam", rate=0.02, epochs=200, batch_size=4)
    >>> result.network(X).round(1).ravel().tolist()
    [0.0, 1.0, 1.0, 0.0]
    >>> [result.network.member(i).sizes for i in (1, 4)]
    [(2, 2, 8, 8, 8, 1), (2, 2, 8, 8, 8, 1)]
    """
    n_layers = len(checked_sizes(sizes)) - 1
    is_one = not isinstance(activations, (list, tuple))
    given = [activations] * n_layers if is_one else list(activations)  # type: ignore[arg-type]
    if len(given) != n_layers:
        raise ShapeError(
            f"There are {counted(len(given), 'activation')} but {counted(n_layers, 'layer')} of units.",
            parameter="activations",
            given=activations,
            needs=f"must be {n_layers}, or one",
            advice="Give one for each hidden layer and for the outputs, or a single one for all.",
        )
    layers, after = tabm_layers(given[:-1], given[-1], members)
    return with_tabm_start(Network.random(sizes, after, loss, seed, dtype, start=start, layers=layers, X=X))


def tabm_layers(hidden: Sequence[Any], output: Any, members: int) -> tuple[list[Layer], list[Any]]:  # noqa: ANN401 (names or activations)
    """The chain of layers for these activations of hidden layers and of outputs, and what follows each.

    Examples
    --------
    >>> [layer.name for layer in tabm_layers(["relu"], "identity", 4)[0]]
    ['member_scale', 'dense', 'member_scale', 'member_bias', 'member_dense']
    """
    k = whole_number_from_1(members, "members")
    of_hidden: list[Layer] = [MemberScale(k), Dense(), MemberScale(k), MemberBias(k)]
    after = [one for g in hidden for one in (Identity(), Identity(), Identity(), g)]
    return [*of_hidden * len(hidden), MemberDense(k)], [*after, output]


def with_tabm_start(net: Network) -> Network:
    """The same network with all scales of members 1 but those of the first layer that has some."""
    scales = [m for m, layer in enumerate(net.layers) if isinstance(layer, MemberScale)]
    ones = [np.ones_like(w) if m in scales[1:] else w for m, w in enumerate(net.weights)]
    return net.with_weights(ones)


def tabm_masks(net: Network) -> list[npt.NDArray[np.bool_]]:
    """Masks for `train`: shared bias weights that scales of members follow are held.

    Each member has biases behind those scales, so that the shared ones would be there twice.

    Examples
    --------
    >>> [mask.all(axis=0).tolist() for mask in tabm_masks(tabm_network((1, 1, 1), members=2))]
    [[True, True], [False, True], [True, True], [True, True], [True, True]]
    """
    check_network(net)
    masks = [np.ones(w.shape, bool) for w in net.weights]
    chain = zip(masks, net.layers, net.layers[1:], net.activations, strict=False)
    for mask, layer, following, activation in chain:
        is_linear = type(layer) is Dense and isinstance(activation, Identity)
        if is_linear and isinstance(following, MemberScale):
            mask[:, 0] = False
    return masks
