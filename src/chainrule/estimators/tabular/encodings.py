"""Tables as estimators are given them, data frames and arrays with targets beside, and their encodings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import InputError, TableError, said
from chainrule.models import AskedOutputs, prepare_again, usable_rows
from chainrule.tables import (
    ClassTarget,
    Encoding,
    NumberInput,
    Said,
    TableOptions,
    as_table,
    settle_roles,
)
from chainrule.words import quoted, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from chainrule.models import Dataset, Model
    from chainrule.tables import TargetPart

    Array = npt.NDArray[Any]

__all__ = [
    "class_target", "columns_of", "dataset_again", "dataset_of", "encoded", "input_columns", "is_frame",
    "plain_encoding", "refuse_ambiguous_classes", "target_columns", "with_classes",
]  # fmt: skip

TITLE = "X"


def is_frame(X: Any) -> bool:
    """Whether rows come as named columns: a data frame of pandas, polars or another, or a table of Arrow."""
    return hasattr(X, "column_names") or (hasattr(X, "columns") and not callable(X.columns))


def columns_of(X: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Columns of a data frame by their names; those of an array by names given, or x0, x1, ….

    Examples
    --------
    >>> {name: one.tolist() for name, one in columns_of(np.array([[1, 2], [3, 4]])).items()}
    {'x0': [1, 3], 'x1': [2, 4]}
    """
    if not is_frame(X):
        names = [f"x{j}" for j in range(X.shape[1])] if names is None else names
        return {name: X[:, j] for j, name in enumerate(names)}
    given = list(getattr(X, "column_names", None) or X.columns)
    called = [str(name) for name in given]
    if len(set(called)) < len(called):
        twice = next(name for name in called if called.count(name) > 1)
        raise InputError(
            f"X has two columns {shown(twice)}",
            parameter="X",
            needs="each column must have a name of its own",
            advice="Rename one.",
        )
    return {name: X[one] for name, one in zip(called, given, strict=True)}


def target_columns(y: Any, taken: Mapping[str, Any], names: Sequence[str] | None = None) -> dict[str, Any]:
    """Targets as columns, by their own names where they have some that no input has.

    Examples
    --------
    >>> list(target_columns(np.zeros((2, 2)), {"x0": 1}))
    ['target_0', 'target_1']
    """
    if is_frame(y):
        columns = columns_of(y)
    else:
        array = np.asarray(y)
        each = [array] if array.ndim == 1 else list(array.T)
        own = getattr(y, "name", None)
        if names is None:
            names = [f"target_{k}" for k in range(len(each))] if array.ndim > 1 else [own or "target"]
        columns = dict(zip(map(str, names), [y] if array.ndim == 1 else each, strict=True))
    return {_free(name or "target", taken): one for name, one in columns.items()}


def dataset_of(
    columns: Mapping[str, Any],
    targets: Mapping[str, Any],
    sample_weight: Any,
    asked: Mapping[str, Any],
    *,
    classes: bool,
    seed: int,
    numbers_as: Any = None,
) -> Dataset:
    """D = [X | Y], all rows to learn from, encoded as `fit` encodes them.

    Raises
    ------
    TableError, InputError
        As for `fit`.

    Examples
    --------
    >>> columns = {"size": [1.0, 2.0, 3.0], "colour": ["red", "blue", "red"]}
    >>> asked = {"defaults": "modern-1"}
    >>> dataset_of(columns, {"y": [0, 1, 0]}, None, asked, classes=True, seed=0).encoding.input_names
    ('size', 'colour=red')
    """
    source = as_table({**columns, **targets})
    kind = "classes" if classes else "numbers"
    options = TableOptions.of({kind: list(targets), "numbers_as": numbers_as})
    roles = settle_roles(source, list(targets), options)
    usable = usable_rows(source, roles, outputs=AskedOutputs.of(asked), sample_weight=sample_weight)
    return usable.encode(usable.part(held_out=0.0, seed=seed), held_out=0.0, seed=seed)


def dataset_again(model: Model, columns: Mapping[str, Any], targets: Any, sample_weight: Any) -> Dataset:
    """The same for more rows, by the encoding of those before."""
    return prepare_again(as_table({**columns, **targets}), model, sample_weight)


def encoded(encoding: Encoding, columns: Mapping[str, Any]) -> tuple[Array, list[str]]:
    """Inputs of the network for columns, and what is to be said of cells that are not as learnt."""
    heard = Said()
    X = encoding.encode_inputs(as_table(dict(columns)), heard)
    return X, [said(one.words) for one in heard.remarks()]


def input_columns(encoding: Encoding) -> list[str]:
    """Columns of the table that an encoding looks at."""
    return list(dict.fromkeys(part.name for part in encoding.inputs))


def plain_encoding(
    names: Sequence[str], means: Array, targets: Sequence[TargetPart], *, dtype: Any = np.float64
) -> Encoding:
    """Encoding of numbers that are learnt as they are; a missing one is taken for the mean of its column.

    Examples
    --------
    >>> from chainrule.tables import NumberTarget
    >>> plain_encoding(["x"], np.zeros(1), [NumberTarget("y", 0.0, 1.0)]).input_names
    ('x',)
    """
    means = np.asarray(means, dtype).astype(np.float64)
    inputs = [NumberInput(name, 0.0, 1.0, fill=float(mean)) for name, mean in zip(names, means, strict=True)]
    return Encoding(tuple(inputs), tuple(targets))


def class_target(name: str, classes: Any, *, one_unit: bool) -> ClassTarget:
    """Target whose classes are in this order, which is that of the outputs.

    Examples
    --------
    >>> class_target("kind", np.array([3, 10]), one_unit=True).values
    (3, 10)
    """
    column = as_table({name: classes}).column(name)
    kind = "text" if column.is_text else column.kind
    learnt = ClassTarget.learn(name, column, kind, column, one_unit=one_unit)
    places = [learnt.place_of(one) for one in np.asarray(classes).tolist()]
    _refuse_one_class_of_two(classes, places)
    texts, spellings = (
        tuple(each[place] for place in places if place is not None) if each else ()
        for each in (learnt.classes, learnt.spellings)
    )
    return ClassTarget(name, texts, kind, spellings, one_unit, learnt.held)


def refuse_ambiguous_classes(classes: Any) -> None:
    """Refuse classes that a table takes for one, such as "1" and "1.0", or for none, such as "NA".

    Raises
    ------
    InputError
        There are some.

    Examples
    --------
    >>> refuse_ambiguous_classes(np.array(["1", "2"]))
    """
    column = as_table({"y": classes}).column("y")
    try:
        learnt = ClassTarget.learn("y", column, column.kind, column)
    except TableError:  # one is left
        _refuse_one_class_of_two(classes, [None])
    _refuse_one_class_of_two(classes, [learnt.place_of(one) for one in np.asarray(classes).tolist()])


def _refuse_one_class_of_two(classes: Any, places: Sequence[int | None]) -> None:
    if None not in places and len(set(places)) == len(places):
        return
    raise InputError(
        f"y has classes among {quoted(np.asarray(classes).tolist())} that a table takes for one, or for a "
        "missing value",
        parameter="y",
        given=classes,
        needs="each must be another one there, too",
        advice="Write them otherwise, or take the defaults of scikit-learn and no model.",
    )


def with_classes(data: Dataset, classes: Any, y: Array) -> Dataset:
    """A dataset whose one target has these classes, some of which y, the class of each row, may lack."""
    encoding: Any = data.encoding
    (target,) = encoding.targets
    column = as_table({target.name: classes}).column(target.name)
    learnt = ClassTarget.learn(target.name, column, target.cells, column, one_unit=target.one_unit)
    places, units = np.array([learnt.place_of(one) for one in y.tolist()]), len(learnt.names)
    marks = places[:, np.newaxis] == np.arange(len(learnt.classes))
    encoding = Encoding(encoding.inputs, (learnt,), encoding.rows, encoding.layout)
    return replace(data, encoding=encoding, Y=marks[:, -units:].astype(np.float64))


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """A name that no input has."""
    while name in taken:
        name = f"{name}_"
    return name
