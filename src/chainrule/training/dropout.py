"""Which units drop out in which step: settled by the seed, the epoch and the place in it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import Dense, Identity, parametric_layer
from chainrule.random_streams import Purpose, uniform

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.network import Network
    from chainrule.settings import Settings

__all__ = ["kept_activations", "kept_numbers", "kept_units"]


def kept_units(
    settings: Settings, n_units: int, epoch: int, first: int, n_samples: int
) -> npt.NDArray[np.bool_]:
    """Which of the hidden units are kept, shape (n_samples, n_units): the samples from place `first` on.

    A unit of a sample has the number ``place * n_units + unit`` in the stream of the epoch.
    """
    numbers = uniform(
        n_samples * n_units,
        seed=settings.seed,
        purpose=Purpose.DROPOUT,
        counter=epoch,
        first=first * n_units,
    )
    return np.asarray(numbers >= settings.dropout).reshape(n_samples, n_units)


def kept_activations(
    settings: Settings, net: Network, epoch: int, first: int, n_samples: int
) -> list[npt.NDArray[Any]] | None:
    """What `dropped_out` multiplies the activations of each hidden layer with; None without dropout."""
    hidden = net.sizes[1:-1]
    if not settings.dropout or not hidden:
        return None
    return np.split(kept_numbers(settings, net, epoch, first, n_samples), np.cumsum(hidden)[:-1], axis=1)


def kept_numbers(
    settings: Settings, net: Network, epoch: int, first: int, n_samples: int
) -> npt.NDArray[Any]:
    """The same of all hidden layers side by side, shape (n_samples, n_hidden_units)."""
    drops = np.repeat(_drops_units(net)[:-1], net.sizes[1:-1])
    numbers = np.ones((n_samples, len(drops)), net.dtype)
    kept = kept_units(settings, int(drops.sum()), epoch, first, n_samples)
    numbers[:, drops] = kept / (1 - settings.dropout)
    return numbers


def _drops_units(net: Network) -> list[bool]:
    """Of which layers units drop out: in a chain of several kinds, those with an activation or a part of one.

    Else the inputs would drop out behind their scales, and hidden units once more behind those of members.
    """
    if all(type(layer) is Dense for layer in net.layers):
        return [True] * len(net.layers)
    return [
        not isinstance(g, Identity) or parametric_layer(layer) is not None
        for layer, g in zip(net.layers, net.activations, strict=True)
    ]
