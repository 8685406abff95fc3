"""Predictions: what a model says of each row of a table, named, typed and in the order of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.displays import display, first_and_last, remark
from chainrule.errors import InputError, UnknownNameError
from chainrule.tables.columns.checks import unusable
from chainrule.tables.encoding.asking import row_labels
from chainrule.tables.encoding.targets.answers import Answer, in_numpy, in_pandas
from chainrule.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.table import Table
    from chainrule.tables.encoding.encoding import Encoding

    FloatArray = npt.NDArray[np.float64]

__all__ = ["Predictions", "joined_predictions", "predictions_of"]

MOST_REMARKS = 20  # in a notebook


@dataclass(frozen=True, eq=False, repr=False)
class Predictions:
    """What a model says of each row: columns by name, each in the type that the target had in training.

    ``p["price"]`` is a NumPy array, `to_pandas` a frame with the index of the one that was predicted;
    ``pyarrow.table(p)`` and ``polars.DataFrame(p)`` take it as it is, and ``numpy.asarray(p)`` has the
    answers alone. ``len(p)`` counts rows; ``name in p`` and iteration go over names.

    Attributes
    ----------
    answers : mapping of str to Answer
        Every column: those that name the rows, the targets, ends of intervals where these were asked for, and
        for classes what the network says of each.
    targets : tuple of str
        Which of them are the targets.
    classes : tuple or None
        The classes in their own type, in the order of `probabilities`; of several targets a tuple of those
        of each; None for numbers.
    probabilities : array of shape (n_rows, n_classes) or None
        None where the network's outputs are no probabilities. Of several targets of two classes each,
        shape (n_rows, n_targets), that of the second class of each.
    remarks : tuple of str
        What of the table's cells was not as the model has learnt them, and what they were taken for.
    index : pandas.Index or None
        Of the frame that was predicted.

    Examples
    --------
    >>> import chainrule, pyarrow
    >>> table = pyarrow.table({"x": [1.0, 2.0, 3.0, 4.0] * 5, "floor": [1, 1, 2, 2] * 5})
    >>> model = chainrule.fit(table, target="floor", epochs=50, seed=1).model
    >>> p = model.predict(pyarrow.table({"x": [1.0, 4.0]}))
    >>> p
    Predictions(2 rows, 'floor', 'probability_1', 'probability_2')
    >>> p["floor"]
    array([1, 2])
    >>> p.classes, p.probabilities.shape
    ((1, 2), (2, 2))
    """

    answers: Mapping[str, Answer]
    targets: tuple[str, ...]
    classes: tuple[Any, ...] | None = None
    probabilities: FloatArray | None = None
    remarks: tuple[str, ...] = ()
    index: Any = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns, in order."""
        return tuple(self.answers)

    @property
    def beside(self) -> tuple[str, ...]:
        """Which of them say, behind the targets, what the network says of classes, or where intervals end."""
        return self.names[self.names.index(self.targets[-1]) + 1 :]

    def __len__(self) -> int:
        return len(self.answers[self.targets[0]].cells)

    def __iter__(self) -> Iterator[str]:
        return iter(self.answers)

    def __contains__(self, name: object) -> bool:
        return name in self.answers

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return one column, shape (n_rows,): labels in their own type, numbers as float64, times as times.

        Of a time with a zone it is the time in UTC, because NumPy knows no zones.

        Raises
        ------
        UnknownNameError
            There is no such column.
        """
        if not isinstance(name, str):
            raise InputError(
                parameter="name",
                given=name,
                needs="must be the name of a column",
                advice=f"There are: {listed(self.names)}. By place numpy.asarray(predictions) has them.",
            )
        if name not in self.answers:
            raise UnknownNameError("column of predictions", name, self.names, "name")
        return in_numpy(self.answers[name].cells)

    def __repr__(self) -> str:
        return f"Predictions({counted(len(self), 'row')}, {listed(self.names)})"

    def _repr_html_(self) -> str:
        columns = [(name, answer.cell) for name, answer in self.answers.items()]
        shown = first_and_last(columns, len(self), caption="Predictions")
        remarks = map(remark, self.remarks[:MOST_REMARKS])
        return display("Predictions", *remarks, shown, more=counted(len(self), "row"))

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:  # noqa: FBT001 (NumPy's own)
        """Answers alone: shape (n_rows,) of one target, (n_rows, n_targets) of several."""
        if copy is False:
            needs = "cannot be had without a copy"
            raise InputError(parameter="copy", given=copy, needs=needs, advice="Leave it out.")
        columns = [self[name] for name in self.targets]
        if len(columns) == 1:
            return np.array(columns[0], dtype=dtype)
        if len({column.dtype for column in columns}) > 1 and not all(c.dtype.kind in "biuf" for c in columns):
            columns = [column.astype(object) for column in columns]
        stacked = np.column_stack(columns)
        return stacked if dtype is None else stacked.astype(dtype)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the columns by Arrow's interface, which pyarrow, polars, DuckDB and others take."""
        return self._table.__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> Any:  # noqa: ANN401 (pandas need not be there)
        """Return a frame of pandas, with the index of the frame that was predicted, if it was one.

        A target that was categorical comes back so, with all its categories; one of pandas' nullable types in
        that; a time with its zone.

        Raises
        ------
        InputError
            pandas is not installed.
        """
        try:
            import pandas  # noqa: ICN001, PLC0415 (it need not be there)
        except ImportError as error:
            raise InputError(
                "pandas is not installed.",
                parameter="to_pandas",
                needs="must be installed to make a frame of it",
                advice="Install it: pip install pandas. Or take pyarrow.table(predictions).",
            ) from error
        columns = {name: in_pandas(answer, pandas) for name, answer in self.answers.items()}
        frame = pandas.DataFrame(columns)
        return frame if self.index is None else frame.set_axis(self.index, axis=0)

    @cached_property
    def _table(self) -> pa.Table:
        return pa.table({name: answer.cells for name, answer in self.answers.items()})


def predictions_of(
    encoding: Encoding,
    table: Table,
    outputs: FloatArray,
    *,
    chances: bool = False,
    ends: Mapping[str, tuple[FloatArray, FloatArray]] | None = None,
    remarks: Sequence[str] = (),
) -> Predictions:
    """Name and type what a network says of a table.

    Parameters
    ----------
    encoding : Encoding
    table : Table
        It has the columns that name the rows, and the index.
    outputs : array of shape (n_rows, n_outputs)
    chances : bool
        Whether outputs of classes are probabilities.
    ends : mapping of str to (array, array), optional
        Of targets that have intervals, outputs at their low and their high ends, shape (n_rows,).
    remarks : sequence of str

    Raises
    ------
    ShapeError, InputError
        As for `Encoding.decode_outputs`.
    """
    outputs = np.asarray(outputs, dtype=np.float64)
    answers = encoding.answers(outputs)
    beside = _of_classes(encoding, outputs, "probability" if chances else "output")
    named = dict(answers)
    for name, answer in _of_ends(encoding, ends or {}):
        named[_free(name, "interval", named)] = answer
    for name, column in beside.items():
        named[_free(name, "output", named)] = Answer(pa.array(np.ascontiguousarray(column)))
    ids: dict[str, Answer] = {}
    for name in encoding.rows.ids:
        if name in table.names:
            ids[_free(name, "id", {**named, **ids})] = _as_it_is(table.column(name))
    probabilities = np.column_stack([*beside.values()]) if beside and chances else None
    return Predictions(
        ids | named, tuple(answers), encoding.class_values, probabilities, tuple(remarks), table.index
    )


def joined_predictions(parts: Sequence[Predictions], order: npt.NDArray[np.intp]) -> Predictions:
    """Predictions of several networks for rows of one table, in this order of all their rows.

    Examples
    --------
    >>> parts = [Predictions({"y": Answer(pa.array([number]))}, ("y",)) for number in (1.5, 2.5)]
    >>> joined_predictions(parts, np.array([1, 0]))["y"]
    array([2.5, 1.5])
    """
    first, places = parts[0], pa.array(order)
    answers: dict[str, Answer] = {}
    for name in _names_of_all(parts):
        # Of what was constant in its training rows, or missing there, a network says nothing.
        of_parts = [part.answers.get(name) or _nothing(len(part)) for part in parts]
        most = next((one for one in of_parts if not _is_missing(one.cells)), of_parts[0])
        cells = pa.concat_arrays([_in_type(one.cells, most.cells.type) for one in of_parts]).take(places)
        written = [text for answer in of_parts for text in answer.texts()]
        is_plain = all(answer.written is None for answer in of_parts)
        answers[name] = Answer(
            cells, None if is_plain else [written[row] for row in order.tolist()], most.pandas
        )
    beside = [name for name in answers if any(name in part.beside for part in parts)]
    classes = first.classes
    if classes is not None and len(first.targets) > 1:
        of_each = {
            name: own for part in parts for name, own in zip(part.beside, part.classes or (), strict=True)
        }
        classes = tuple(of_each[name] for name in beside)
    are_chances = all(part.probabilities is not None for part in parts)
    index = None if first.index is None else first.index.append([part.index for part in parts[1:]])[order]
    return Predictions(
        answers,
        first.targets,
        classes,
        np.column_stack([in_numpy(answers[name].cells) for name in beside]) if are_chances else None,
        tuple(dict.fromkeys(remark for part in parts for remark in part.remarks)),
        index,
    )


def _names_of_all(parts: Sequence[Predictions]) -> list[str]:
    """The names of all columns, each behind the one that it follows in the first that has it."""
    names: list[str] = []
    for part in parts:
        place = 0
        for name in part.names:
            if name not in names:
                names.insert(place, name)
            place = names.index(name) + 1
    return names


def _nothing(n_rows: int) -> Answer:
    return Answer(pa.array(np.full(n_rows, np.nan)))


def _is_missing(cells: pa.Array) -> bool:
    """Whether no cell has a value."""
    return bool(pc.all(pc.is_null(cells, nan_is_null=True)).as_py())


def _in_type(cells: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cells in the type that others of their column have."""
    if cells.type == kind:
        return cells
    return pa.nulls(len(cells), kind) if _is_missing(cells) else cells.cast(kind)


def _of_classes(encoding: Encoding, outputs: FloatArray, of: str) -> dict[str, FloatArray]:
    """The columns that stand beside labels, as they are called."""
    if encoding.kind == "numbers":
        return {}
    if encoding.kind == "labels":
        return {f"{of}_{part.name}": own[:, 0] for part, own in encoding.parted(outputs)}
    part: Any = encoding.targets[0]
    labels, columns = part.labels, outputs
    if part.one_unit:
        is_chance = of == "probability"
        labels, columns = (labels, part.of_each_class(outputs)) if is_chance else (labels[1:], outputs)
    return {f"{of}_{label}": column for label, column in zip(labels, columns.T, strict=True)}


def _of_ends(
    encoding: Encoding, ends: Mapping[str, tuple[FloatArray, FloatArray]]
) -> Iterator[tuple[str, Answer]]:
    """The columns that hold the ends of intervals."""
    for part in encoding.learnt:
        for end, outputs in zip(("low", "high"), ends.get(part.name, ()), strict=False):
            yield f"{part.name}_{end}", part.answers(outputs[:, np.newaxis])


def _free(name: str, what: str, taken: Mapping[str, object]) -> str:
    """A name that no other column has."""
    while name in taken:
        name = f"{name} ({what})"
    return name


def _as_it_is(column: Column) -> Answer:
    """A column that names the rows: its cells, and how they are written."""
    if unusable(column):
        row_labels(column)  # which says what is wrong
    cells, origin = column.cells, column.origin
    written = cells.fill_null("") if column.is_text else row_labels(column)
    if origin is not None and origin.categories is not None:
        places = pc.index_in(cells, value_set=origin.categories)
        cells = pa.DictionaryArray.from_arrays(places, origin.categories, ordered=origin.ordered)
    return Answer(cells, written, origin.pandas if origin else "")
