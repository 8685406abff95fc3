"""The linear model that a network is compared with: one without hidden layers, on the same encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import DivergenceError
from chainrule.models.linear import linear_path
from chainrule.random_streams import Purpose, permutation

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.models.dataset import Dataset
    from chainrule.network import Network
    from chainrule.tables import Encoding

__all__ = ["linear_network"]

MOST_ROWS = 20_000
FEWEST_ROWS = 1000  # where columns are many
MOST_WEIGHTS = 5 * 10**7  # times rows: a second or two


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
    encoding = data.encoding
    rows = _rows(data.training_rows, encoding.n_outputs * (1 + encoding.n_inputs), data.seed)
    own = None if weights is None else weights[rows]
    path = linear_path(data.X[rows], data.Y[rows], _output_and_loss(encoding), [1 / len(rows)], own)
    try:
        return next(path)
    except DivergenceError:
        return None


def _output_and_loss(encoding: Encoding) -> tuple[str, str]:
    if encoding.kind == "numbers":
        return "identity", "rss"
    if encoding.n_outputs == len(encoding.learnt):
        return "logistic", "binary_cross_entropy"
    return "softmax", "cross_entropy"


def _rows(rows: npt.NDArray[np.intp], n_weights: int, seed: int) -> npt.NDArray[np.intp]:
    """Rows to learn from, so that the time stays within bounds."""
    most = min(MOST_ROWS, max(FEWEST_ROWS, MOST_WEIGHTS // n_weights))
    if len(rows) <= most:
        return rows
    drawn = permutation(len(rows), seed=seed, purpose=Purpose.SAMPLE, counter=1)[:most]
    return rows[np.sort(drawn)]
