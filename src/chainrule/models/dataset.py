"""D = [X | Y]: a table as numbers, with the rows to learn from and the rows to be judged by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chainrule.errors import InputError, TableError, argument
from chainrule.tables import Encoding, as_table, choose_encoding, split_rows, target_labels
from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from chainrule.models.model import Model
    from chainrule.tables import Table

__all__ = ["Dataset", "prepare", "prepare_again"]

HELD_OUT = 0.25
FEWEST_TRAINING_ROWS = 2


@dataclass(frozen=True)
class Dataset:
    """A table as the network sees it, D = [X | Y], equation (1).

    Attributes
    ----------
    table : Table
    encoding : Encoding
        How columns become numbers, and outputs the targets.
    X : array of shape (n_rows, n_inputs)
    Y : array of shape (n_rows, n_outputs)
    training_rows, held_out_rows : arrays of int
        Rows counted from 0, in ascending order.
    held_out : float
        Share of rows that was asked to be held out.
    seed : int
        What settled which rows those are.
    remarks : tuple of str
        What the reader of a summary should know of the table.

    Examples
    --------
    >>> import pyarrow
    >>> table = pyarrow.table({"x": [1.0, 2.0, 3.0, 4.0], "kind": ["a", "b", "a", "b"]})
    >>> data = prepare(table, target="kind")
    >>> data.X.shape, data.Y.shape, data.encoding.classes
    ((4, 1), (4, 2), ('a', 'b'))
    """

    table: Table
    encoding: Encoding
    X: npt.NDArray[np.float64]
    Y: npt.NDArray[np.float64]
    training_rows: npt.NDArray[np.intp]
    held_out_rows: npt.NDArray[np.intp]
    held_out: float
    seed: int
    remarks: tuple[str, ...]

    @cached_property
    def majority(self) -> str | None:
        """Most frequent class of the training rows, the first by name among equals; None for numbers."""
        if self.encoding.classes is None:
            return None
        labels = self.encoding.decode_outputs(self.Y[self.training_rows])
        counts = Counter(str(label) for label in labels)
        return min(counts, key=lambda label: (-counts[label], label))


def prepare(
    table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
    *,
    target: str | Sequence[str],
    inputs: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    classes: Sequence[str] = (),
    held_out: float = HELD_OUT,
    seed: int = 0,
) -> Dataset:
    """Read a table, choose its encoding and hold rows out.

    Parameters
    ----------
    table : path, data frame or Table
    target : str or sequence of str
        Column to learn; several where all are numbers.
    inputs, ignore, classes : sequences of str
        Columns that are the only inputs, that are left out, that are classes although they hold numbers.
    held_out : float
        Share of the rows that is held out, in [0, 1); for classes, as much of each.
    seed : int

    Returns
    -------
    Dataset

    Raises
    ------
    TableError, UnknownNameError, InputError
        The table, a name or a setting does not fit.

    Examples
    --------
    >>> import pyarrow
    >>> data = prepare(pyarrow.table({"x": [1.0, 2.0], "y": [2.0, 4.0]}), target="y", held_out=0)
    >>> data.X.tolist()
    [[-1.0], [1.0]]
    """
    source = as_table(table)
    inputs = None if inputs is None else _names(inputs, "inputs")
    ignore = () if ignore is None else _names(ignore, "ignore")
    classes = () if classes is None else _names(classes, "classes")
    targets = tuple(target) if isinstance(target, (list, tuple)) else (target,)
    if not all(isinstance(name, str) for name in targets):
        raise InputError(
            parameter="target",
            given=target,
            needs="must be the name of a column, or a list of names",
            advice=f"Try one of {printable(', '.join(source.names[:20]))}.",
        )
    labels = target_labels(source, targets, classes)
    training_rows, held_out_rows = split_rows(source.n_rows, labels=labels, held_out=held_out, seed=seed)
    if len(training_rows) < FEWEST_TRAINING_ROWS <= source.n_rows:
        raise TableError(
            f"{source.title} has {source.n_rows} rows, of which {len(held_out_rows)} would be held out,",
            parameter="held_out",
            given=held_out,
            needs=f"training needs {FEWEST_TRAINING_ROWS} at least",
            advice=f"Give more rows, or hold out 0 ({argument('held_out', 0)}).",
        )
    encoding, remarks = choose_encoding(
        source, targets=targets, inputs=inputs, ignore=ignore, classes=classes, training_rows=training_rows
    )
    return Dataset(
        table=source,
        encoding=encoding,
        X=encoding.encode_inputs(source),
        Y=encoding.encode_targets(source),
        training_rows=training_rows,
        held_out_rows=held_out_rows,
        held_out=held_out,
        seed=seed,
        remarks=(*source.remarks, *remarks),
    )


def _names(given: Sequence[str], parameter: str) -> Sequence[str]:
    """Names in any sequence; a single one is refused where they are looked up."""
    try:
        return given if isinstance(given, str) else tuple(given)
    except TypeError:
        raise InputError(
            parameter=parameter,
            given=given,
            needs="must be a list of column names",
            advice="Give their names.",
        ) from None


def prepare_again(table: Table, model: Model) -> Dataset:
    """A table as the training of a model saw it: with its encoding, and the same rows held out.

    Raises
    ------
    TableError
        The table has not the columns of the model, or a cell does not fit.
    """
    encoding, record = model.table_encoding, model.training
    held_out, seed = (record.held_out, record.seed) if record else (0.0, 0)
    Y = encoding.encode_targets(table)
    labels = None
    if encoding.classes is not None:
        labels = [str(label) for label in encoding.decode_outputs(Y)]
    training_rows, held_out_rows = split_rows(table.n_rows, labels=labels, held_out=held_out, seed=seed)
    X = encoding.encode_inputs(table)
    return Dataset(table, encoding, X, Y, training_rows, held_out_rows, held_out, seed, table.remarks)
