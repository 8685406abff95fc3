"""The linear model that a network is compared with: one without hidden layers, on the same encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import DivergenceError
from chainrule.network import Network
from chainrule.random_streams import Purpose, permutation
from chainrule.settings import Settings
from chainrule.training import StoppedBy, run_training

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.models.dataset import Dataset
    from chainrule.tables import Encoding

__all__ = ["linear_network"]

MOST_ROWS = 20_000
FEWEST_ROWS = 1000  # where columns are many
MOST_STEPS = 100
MOST_PRODUCTS = 5 * 10**9  # of a weight and an input, over all rows and steps: a second or two
FEWEST_STEPS = 10


def linear_network(data: Dataset, weights: npt.NDArray[np.float64] | None = None) -> Network | None:
    """Train a linear model on the training rows: least squares for numbers, logistic regression for classes.

    Its L2 penalty of 1 / rows is what linear models of others have by default. Of more than 20,000 rows it
    sees as many, drawn by the seed; of fewer where columns are many.

    Parameters
    ----------
    data : Dataset
    weights : array of shape (n_rows,), optional
        What each row of the data counts.

    Returns
    -------
    Network or None
        None where its training left the finite numbers.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C ended it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.models import prepare
    >>> data = prepare(pa.table({"x": [1, 2, 3], "y": [2, 4, 6]}), target="y", held_out=0)
    >>> linear_network(data)
    Network(1-1, identity, rss, float64)
    """
    start = _start(data.encoding)
    rows, steps = _rows_and_steps(data.training_rows, start.weights[0].size, data.seed)
    settings = Settings(rule="lbfgs", epochs=steps, batch_size=None, l2=1 / len(rows), threads=1)
    try:
        result = run_training(
            start,
            data.X[rows],
            data.Y[rows],
            settings,
            sample_weight=None if weights is None else weights[rows],
            warn=False,
        )
    except DivergenceError:
        return None
    if result.stopped_by is StoppedBy.INTERRUPT:
        raise KeyboardInterrupt
    return result.network


def _start(encoding: Encoding) -> Network:
    """Linear model whose weights are 0: what it is trained to does not depend on where it starts."""
    weights = np.zeros((encoding.n_outputs, 1 + encoding.n_inputs))
    if encoding.kind == "numbers":
        return Network([weights], "identity", "rss")
    if encoding.n_outputs == len(encoding.learnt):
        return Network([weights], "logistic", "binary_cross_entropy")
    return Network([weights], "softmax", "cross_entropy")


def _rows_and_steps(
    rows: npt.NDArray[np.intp], n_weights: int, seed: int
) -> tuple[npt.NDArray[np.intp], int]:
    """Rows to learn from and most steps, so that the time stays within bounds."""
    most = min(MOST_ROWS, max(FEWEST_ROWS, MOST_PRODUCTS // (n_weights * MOST_STEPS)))
    if len(rows) > most:
        drawn = permutation(len(rows), seed=seed, purpose=Purpose.SAMPLE, counter=1)[:most]
        rows = rows[np.sort(drawn)]
    steps = MOST_PRODUCTS // (n_weights * len(rows))
    return rows, int(min(MOST_STEPS, max(FEWEST_STEPS, steps)))
