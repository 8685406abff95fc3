"""Linear models with penalties from strong to weak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import LOSSES, name_of
from chainrule.errors import DivergenceError
from chainrule.models.linear.entropies import least_cross_entropy
from chainrule.models.linear.features import Features
from chainrule.models.linear.squares import least_squares
from chainrule.network import Network, as_sample_weight
from chainrule.settings import Settings
from chainrule.training import StoppedBy, run_training

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

__all__ = ["linear_path"]

MOST_FEATURES = 300  # that a matrix of theirs is factored for
MOST_STEPS = 50
MOST_PRODUCTS = 2 * 10**9  # of a weight and an input, over all rows and steps of one network
FEWEST_STEPS = 10


def linear_path(
    X: Numbers,
    Y: Numbers,
    layer: tuple[Any, Any],
    penalties: Sequence[float],
    weights: Numbers | None = None,
) -> Iterator[Network]:
    """A network without hidden layers for each penalty, the strongest first.

    Up to 300 inputs, or rows, it is computed as docs/arithmetic.md says; beyond them L-BFGS trains it by the
    kernels, from where that before ended. Where one but the first leaves the finite numbers, the last that
    did not stands for it.

    Parameters
    ----------
    X, Y : arrays of shape (n_rows, n_inputs) and (n_rows, n_outputs)
        Without NaN, but for targets that are missing.
    layer : (output, loss)
        By name, or as objects: identity with rss, softmax with cross_entropy, or logistic with
        binary_cross_entropy.
    penalties : sequence of float
        As l2 of a training.
    weights : array of shape (n_rows,), optional
        What each row counts.

    Raises
    ------
    DivergenceError
        The first left the finite numbers.
    KeyboardInterrupt
        Ctrl-C ended it.

    Examples
    --------
    >>> X, Y = np.array([[-1.0], [0.0], [1.0]]), np.array([[1.0], [3.0], [5.0]])
    >>> [net.weights[0].tolist() for net in linear_path(X, Y, ("identity", "rss"), [2 / 3, 0.0])]
    [[[3.0, 1.0]], [[3.0, 2.0]]]
    """
    if min(X.shape) > MOST_FEATURES:
        yield from _trained(X, Y, layer, penalties, weights)
        return
    given = as_sample_weight(weights, len(X), np.float64)
    counts = np.ones(len(X)) if given is None else given
    features = Features.of(X)
    loss = name_of(LOSSES.made_of(layer[1], "loss"))
    if loss == "rss":
        path = least_squares(features, Y, counts, penalties)
    else:
        path = least_cross_entropy(features, Y, counts, penalties, loss)
    for V in path:
        yield Network([features.weights(V)], *layer)


def _trained(
    X: Numbers, Y: Numbers, layer: tuple[Any, Any], penalties: Sequence[float], weights: Numbers | None
) -> Iterator[Network]:
    net, is_first = Network([np.zeros((Y.shape[1], 1 + X.shape[1]))], *layer), True
    steps = MOST_PRODUCTS // (net.weights[0].size * len(X))
    steps = int(min(MOST_STEPS, max(FEWEST_STEPS, steps)))
    for penalty in penalties:
        settings = Settings(rule="lbfgs", epochs=steps, batch_size=None, l2=penalty, threads=1)
        try:
            result = run_training(net, X, Y, settings, sample_weight=weights, warn=False)
        except DivergenceError:
            if is_first:
                raise
            yield net
            continue
        if result.stopped_by is StoppedBy.INTERRUPT:
            raise KeyboardInterrupt
        net, is_first = result.network, False
        yield net
