"""Linear candidates: networks without hidden layers, with penalties from strong to weak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import DivergenceError
from chainrule.network import Network
from chainrule.settings import Settings
from chainrule.training import StoppedBy, run_training

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from chainrule.models.dataset import Dataset
    from chainrule.models.outputs import OutputLayer

__all__ = ["linear_path"]

MOST_STEPS = 50
MOST_PRODUCTS = 2 * 10**9  # of a weight and an input, over all rows and steps of one network
FEWEST_STEPS = 10


def linear_path(
    data: Dataset,
    rows: npt.NDArray[np.intp],
    layer: OutputLayer,
    penalties: Sequence[float],
    weights: npt.NDArray[np.float64] | None,
) -> Iterator[Network]:
    """A linear network of these rows for each penalty; each training begins where that before it ended.

    Where one leaves the finite numbers, the last that did not stands for it.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C ended it.
    """
    X, Y = data.X[rows], data.Y[rows]
    own = None if weights is None else weights[rows]
    net = Network([np.zeros((Y.shape[1], 1 + X.shape[1]))], layer.output, layer.loss)
    steps = MOST_PRODUCTS // (net.weights[0].size * len(rows))
    steps = int(min(MOST_STEPS, max(FEWEST_STEPS, steps)))
    for penalty in penalties:
        settings = Settings(rule="lbfgs", epochs=steps, batch_size=None, l2=penalty, threads=1)
        try:
            result = run_training(net, X, Y, settings, sample_weight=own, warn=False)
        except DivergenceError:
            yield net
            continue
        if result.stopped_by is StoppedBy.INTERRUPT:
            raise KeyboardInterrupt
        net = result.network
        yield net
