"""A model: a network, and how a table becomes its inputs and its outputs become answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from chainrule.errors import InputError, ModelFileError
from chainrule.models.scores import Score, score_classes, score_numbers
from chainrule.tables import Encoding, NumberTarget, Table, read_table

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.network import Network

__all__ = ["Model", "Predictions", "TrainingRecord"]


@dataclass(frozen=True)
class TrainingRecord:
    """How a network came about: enough to get it again to the last bit from the same table.

    Attributes
    ----------
    rate, epochs, batch_size, shuffle, seed, loss_goal
        As `train` took them.
    start : str
        Formula of the first weights.
    held_out : float
        Share of rows that was held out.
    n_training_rows : int
    epochs_run : int
        Epochs that were completed.
    stopped_by : str
        "epochs", "loss_goal", "interrupt", or "divergence": then this is the last finite network.
    final_loss : float
        Mean loss over the training rows.
    majority : str or None
        Most frequent class of the training rows, where the target is one of classes.

    Examples
    --------
    >>> settings = (0.5, 10, 1, True, 0, None, "glorot_uniform")
    >>> record = TrainingRecord(*settings, 0.25, 90, 10, "epochs", 0.1, None)
    >>> TrainingRecord.from_json(record.to_json()) == record
    True
    """

    rate: float
    epochs: int
    batch_size: int
    shuffle: bool
    seed: int
    loss_goal: float | None
    start: str
    held_out: float
    n_training_rows: int
    epochs_run: int
    stopped_by: str
    final_loss: float
    majority: str | None

    def to_json(self) -> dict[str, Any]:
        """Every setting under its name."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> TrainingRecord:
        """Record from what a file holds, every field checked for its name and type.

        Raises
        ------
        ModelFileError
            A field is missing, unknown, or of another type.
        """
        names = [field.name for field in fields(cls)]
        if not isinstance(data, dict) or sorted(data) != sorted(names):
            message = f"The training record must hold exactly the fields {', '.join(names)}."
            raise ModelFileError(message)
        for name in names:
            if not _fits(data[name], cls.__annotations__[name]):
                message = (
                    f"The field {name} of the training record must be {cls.__annotations__[name]}, "
                    f"not {str(data[name])[:40]!r}."
                )
                raise ModelFileError(message)
        return cls(**data)


def _fits(value: object, annotation: str) -> bool:
    """Whether a JSON value is of an annotated type."""
    types: dict[str, tuple[type, ...]] = {
        "float": (float, int),
        "int": (int,),
        "bool": (bool,),
        "str": (str,),
        "float | None": (float, int, type(None)),
        "str | None": (str, type(None)),
    }
    return isinstance(value, types[annotation]) and (annotation == "bool" or not isinstance(value, bool))


@dataclass(frozen=True)
class Predictions:
    """What a model says of each row.

    Attributes
    ----------
    names : tuple of str
        Names of the columns: the targets, and for classes one ``output_<class>`` each.
    columns : tuple of sequences
        Class names, or numbers in the target's unit; the outputs of a network for classes are numbers
        between 0 and 1, but no probabilities.
    n_rows : int

    Examples
    --------
    >>> Predictions(("price",), ([2.5],), 1).names
    ('price',)
    """

    names: tuple[str, ...]
    columns: tuple[Any, ...]
    n_rows: int


@dataclass(frozen=True)
class Model:
    """A network together with its encoding of tables, and the record of its training.

    Attributes
    ----------
    network : Network
    encoding : Encoding or None
        None for a network that was saved alone.
    training : TrainingRecord or None

    Examples
    --------
    >>> import chainrule, pyarrow
    >>> table = pyarrow.table({"x": [1.0, 2.0, 3.0, 4.0] * 5, "kind": ["a", "a", "b", "b"] * 5})
    >>> model = chainrule.fit(table, target="kind", epochs=50, seed=1).model
    >>> model.predict(pyarrow.table({"x": [0.0, 9.0]})).columns[0]
    ['a', 'b']
    """

    network: Network
    encoding: Encoding | None = None
    training: TrainingRecord | None = None

    @property
    def table_encoding(self) -> Encoding:
        """The encoding; InputError where the model has none."""
        if self.encoding is None:
            message = (
                "The model holds a network alone, without the encoding of a table. Call the network with "
                "arrays in Python, or fit a model from a table with `chainrule fit`."
            )
            raise InputError(message)
        return self.encoding

    def predict(self, table: Any) -> Predictions:  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        """Predict the targets of each row of a raw table; columns are found by name.

        Raises
        ------
        TableError
            A column is missing, or a cell is not what the model has learnt.
        """
        encoding, source = self.table_encoding, _as_table(table)
        outputs = self.network(encoding.encode_inputs(source))
        decoded = encoding.decode_outputs(outputs)
        if not isinstance(decoded, tuple):
            return Predictions(encoding.target_names, tuple(decoded.T), source.n_rows)
        names = (*encoding.target_names, *encoding.output_names)
        return Predictions(names, (list(decoded), *outputs.T), source.n_rows)

    def score(self, table: Any) -> Score:  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        """Compare predictions with the targets in the table.

        Returns
        -------
        ClassScore, or a tuple of NumberScore, one for each target

        Raises
        ------
        TableError
            As for `predict`, or a target is missing.
        """
        source = _as_table(table)
        encoding = self.table_encoding
        return self.score_arrays(encoding.encode_inputs(source), encoding.encode_targets(source))

    def score_arrays(self, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> Score:
        """Score on rows that are encoded already."""
        encoding = self.table_encoding
        actual, predicted = encoding.decode_outputs(Y), encoding.decode_outputs(self.network(X))
        if isinstance(actual, tuple) or isinstance(predicted, tuple):
            majority = self.training.majority if self.training and self.training.majority else ""
            return score_classes(list(actual), list(predicted), encoding.classes or (), majority)
        means = [target.mean for target in encoding.targets if isinstance(target, NumberTarget)]
        return tuple(
            score_numbers(name, actual[:, k], predicted[:, k], means[k])
            for k, name in enumerate(encoding.target_names)
        )


def _as_table(table: Any) -> Table:  # noqa: ANN401 (a path, or any frame that speaks Arrow)
    """Table from anything that can be read as one."""
    return table if isinstance(table, Table) else read_table(table)
