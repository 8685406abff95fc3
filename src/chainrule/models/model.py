"""A model: a network, and how a table becomes its inputs and its outputs become answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import ACTIVATIONS, OutputRange
from chainrule.errors import InputError, said, warn_of_table
from chainrule.models.rows import row_weights, with_value
from chainrule.models.scoring import gives_chances, score_of
from chainrule.network import as_sample_weight, as_samples, check_as_many
from chainrule.tables import Encoding, Report, Said, Table, as_table, row_labels

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.models.record import TrainingRecord
    from chainrule.network import Network
    from chainrule.scores import Score
    from chainrule.training import TrainingState

__all__ = ["Model", "Predictions"]


@dataclass(frozen=True)
class Predictions:
    """What a model says of each row.

    Attributes
    ----------
    names : tuple of str
        Names of the columns: the targets, and for classes one ``probability_<class>`` each where the outputs
        are softmax, else one ``output_<class>`` each.
    columns : tuple of sequences
        Class names, or numbers in the target's unit; the outputs of a network for classes. Those of logistic
        units are numbers between 0 and 1, but no probabilities.
    n_rows : int
    remarks : tuple of str
        What of the table's cells was not as the model has learnt them, and what they were taken for.

    Examples
    --------
    >>> Predictions(("price",), ([2.5],), 1).names
    ('price',)
    """

    names: tuple[str, ...]
    columns: tuple[Any, ...]
    n_rows: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """A network together with its encoding of tables, and the record of its training.

    Attributes
    ----------
    network : Network
    encoding : Encoding or None
        None for a network that was saved alone.
    training : TrainingRecord or None
    state : TrainingState or None
        Where the training stands, in a checkpoint.
    report : Report or None
        What became of the table that it was fitted to.

    Examples
    --------
    >>> import chainrule, pyarrow
    >>> table = pyarrow.table({"x": [1.0, 2.0, 3.0, 4.0] * 5, "kind": ["a", "a", "b", "b"] * 5})
    >>> model = chainrule.fit(table, target="kind", epochs=50, seed=1).model
    >>> model.predict(pyarrow.table({"x": [1.0, 4.0]})).columns[0]
    ['a', 'b']
    """

    network: Network
    encoding: Encoding | None = None
    training: TrainingRecord | None = None
    state: TrainingState | None = None
    report: Report | None = None

    @property
    def table_encoding(self) -> Encoding:
        """The encoding; InputError where the model has none."""
        if self.encoding is None:
            raise InputError(
                "The model holds a network alone, without the encoding of a table.",
                parameter="model",
                given=self.network,
                needs="must be fitted to a table",
                advice="Call the network with arrays in Python, or fit a model from a table with "
                "`chainrule fit`.",
            )
        return self.encoding

    def read(self, table: Any) -> Table:  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        """Read a table as the one was read that the model has learnt; its targets may be missing."""
        return as_table(table, **self.table_encoding.how_read)

    def predict(self, table: Any, *, strict: bool = False) -> Predictions:  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        """Predict the targets of each row of a raw table; columns are found by name.

        A cell that is not as learnt is said in the predictions' `remarks`, and in a `TableWarning`.

        Parameters
        ----------
        table : path, data frame or Table
        strict : bool
            Whether such a cell is refused instead.

        Raises
        ------
        TableError
            A column is missing; or, where strict, a cell is not what the model has learnt.
        """
        predictions = self.predictions(self.read(table), strict=strict)
        warn_of_table(predictions.remarks)
        return predictions

    def predictions(self, table: Table, *, strict: bool = False) -> Predictions:
        """Predict the targets of each row of a table that was read."""
        encoding, heard = self.table_encoding, Said(is_strict=strict)
        outputs = self.network(encoding.encode_inputs(table, heard))
        named = encoding.answers(outputs)
        if encoding.classes is not None:
            are_shares = ACTIVATIONS.fact(self.network.activations[-1], "outputs") is OutputRange.SHARES
            of = "probability" if are_shares else "output"
            named |= {
                f"{of}_{name}": column for name, column in zip(encoding.classes, outputs.T, strict=True)
            }
        ids = {
            f"{name} (id)" if name in named else name: row_labels(table.column(name))
            for name in encoding.rows.ids
            if name in table.names
        }
        named = ids | named
        remarks = tuple(said(one.words) for one in heard.remarks())
        return Predictions(tuple(named), tuple(named.values()), table.n_rows, remarks)

    def score(self, table: Any) -> Score:  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        """Compare predictions with the targets in the table, in the rows that have one.

        Rows count by their weights where the model was fitted with a column of weights, and the table has it.

        Returns
        -------
        ClassScore, or a tuple of NumberScore or of ClassScore, one for each target

        Raises
        ------
        TableError
            As for `predict`; no row has a target; or a weight is no number above 0.
        """
        encoding = self.table_encoding
        source = self.read(table)
        used, _ = with_value(source, encoding.has_target(source))
        weights = row_weights(used, encoding.rows) if encoding.rows.weights in used.names else None
        return self.score_arrays(encoding.encode_inputs(used), encoding.encode_targets(used), weights)

    def score_arrays(
        self,
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        weights: npt.NDArray[Any] | None = None,
    ) -> Score:
        """Score on rows that are encoded already; of weights only the ratios count."""
        encoding, record = self.table_encoding, self.training
        X = as_samples(X, encoding.n_inputs, self.network.dtype, "X")
        Y = as_samples(Y, encoding.n_outputs, np.float64, "Y")
        check_as_many(X, Y)
        return score_of(
            encoding,
            Y,
            self.network(X),
            chances=gives_chances(self.network, encoding),
            majority=None if record is None else record.majority,
            weights=as_sample_weight(weights, len(X), np.float64, "weights"),
            seed=0 if record is None else record.seed,
        )
