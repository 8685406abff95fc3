"""Scores in the terms of an encoding: of outputs, wherever they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import ACTIVATIONS, OutputRange
from chainrule.network import members_of
from chainrule.scores import ClassRows, NumberRows, Score, score_classes, score_numbers
from chainrule.tables import ClassTarget, DateTarget
from chainrule.tables.columns.readings import DurationReading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from chainrule.network import Ensemble, Network
    from chainrule.scores import ClassScore, NumberScore
    from chainrule.tables import Encoding

    FloatArray = npt.NDArray[np.float64]

__all__ = ["are_chances", "gives_chances", "majorities_of", "score_of"]


def score_of(
    encoding: Encoding,
    Y: FloatArray,
    outputs: FloatArray,
    *,
    chances: bool,
    majority: str | Sequence[str | None] | None = None,
    weights: FloatArray | None = None,
    seed: int = 0,
    usual: FloatArray | None = None,
) -> Score:
    """Score outputs beside the targets of the same rows.

    Parameters
    ----------
    encoding : Encoding
    Y, outputs : arrays of shape (n_rows, n_outputs)
        As `Encoding.encode_targets` gives them, and as a network does; NaN in Y where a target is missing.
    chances : bool
        Whether outputs of classes are probabilities: see `gives_chances`.
    majority : str, sequence of str, or None
        Most frequent class of the training rows; of several targets one for each.
    weights : array of shape (n_rows,), optional
        What each row counts, relative to the others.
    seed : int
        Of the resamples that intervals are made of.
    usual : array of shape (n_rows, n_outputs), optional
        Outputs that stand for what is guessed without inputs, where that is not one for all rows.

    Returns
    -------
    ClassScore, or a tuple of NumberScore or of ClassScore, one for each target that a row has which counts

    Raises
    ------
    InputError
        An output of a class is NaN.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.models import prepare
    >>> data = prepare(pa.table({"size": [1, 2, 3], "kind": ["a", "b", "a"]}), target="kind", held_out=0)
    >>> score_of(data.encoding, data.Y, np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3]]), chances=True).accuracy
    0.6666666666666666
    """
    if encoding.kind == "numbers":
        return tuple(_of_numbers(encoding, Y, outputs, weights, seed, usual))
    majorities = [majority] if majority is None or isinstance(majority, str) else list(majority)
    majorities += [None] * (len(encoding.learnt) - len(majorities))
    scores = tuple(_of_classes(encoding, Y, outputs, majorities, weights, seed, usual, chances=chances))
    return scores if encoding.kind == "labels" else scores[0]


def _of_classes(  # noqa: PLR0917 (those of `score_of`)
    encoding: Encoding,
    Y: FloatArray,
    outputs: FloatArray,
    majorities: Sequence[str | None],
    weights: FloatArray | None,
    seed: int,
    usual: FloatArray | None,
    *,
    chances: bool,
) -> Iterator[ClassScore]:
    always = [None] * len(encoding.learnt) if usual is None else [own for _, own in encoding.parted(usual)]
    parts = zip(encoding.parted(Y), encoding.parted(outputs), majorities, always, strict=True)
    for (part, y), (_, a), majority, guess in parts:
        here = _counting(y, weights)
        if len(here):
            rows = ClassRows(
                truth=part.decided(y[here]),
                guess=part.decided(a[here]),
                outputs=part.of_each_class(a[here].astype(np.float64)),
                chances=chances,
                weights=None if weights is None else weights[here],
                seed=seed,
                places=here,
                usual=None if guess is None else part.decided(guess[here]),
            )
            yield score_classes(part.name, rows, part.labels, majority)


def _of_numbers(  # noqa: PLR0917 (those of `score_of`)
    encoding: Encoding,
    Y: FloatArray,
    outputs: FloatArray,
    weights: FloatArray | None,
    seed: int,
    usual: FloatArray | None,
) -> Iterator[NumberScore]:
    actual, predicted = (np.asarray(encoding.decode_outputs(one), np.float64) for one in (Y, outputs))
    means = [None] * actual.shape[1] if usual is None else np.asarray(encoding.decode_outputs(usual)).T
    for part, y, a, mean in zip(encoding.learnt, actual.T, predicted.T, means, strict=True):
        here = _counting(y[:, np.newaxis], weights)
        if len(here) and not isinstance(part, ClassTarget):
            rows = NumberRows(
                actual=y[here],
                predicted=a[here],
                weights=None if weights is None else weights[here],
                mean=part.baseline if mean is None else mean[here],
                is_time=isinstance(part, DateTarget) or isinstance(part.reading, DurationReading),
                has_zero=not isinstance(part, DateTarget),
                seed=seed,
                places=here,
            )
            yield score_numbers(part.name, rows)


def _counting(y: FloatArray, weights: FloatArray | None) -> npt.NDArray[np.intp]:
    """Places of the rows that have a target; none where all of these count nothing."""
    here = np.flatnonzero(~np.isnan(y).any(axis=1))
    return here if weights is None or weights[here].any() else here[:0]


def gives_chances(network: Network | Ensemble, encoding: Encoding) -> bool:
    """Whether outputs are probabilities: each the chance of one of two classes, or those of all classes."""
    return are_chances(members_of(network)[0].activations[-1], encoding)


def are_chances(output: object, encoding: Encoding) -> bool:
    """The same of outputs of an activation."""
    one_unit = all(isinstance(part, ClassTarget) and part.one_unit for part in encoding.learnt)
    needed = OutputRange.UNIT if one_unit else OutputRange.SHARES
    return bool(ACTIVATIONS.fact(output, "outputs") is needed)


def majorities_of(encoding: Encoding, Y: FloatArray) -> tuple[str | None, ...]:
    """Most frequent class of each target, the first by name among equals; None for numbers.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.models import prepare
    >>> data = prepare(pa.table({"size": [1, 2, 3], "kind": ["a", "b", "b"]}), target="kind", held_out=0)
    >>> majorities_of(data.encoding, data.Y)
    ('b',)
    """
    return tuple(_majority(part, y) for part, y in encoding.parted(Y))


def _majority(part: Any, y: FloatArray) -> str | None:  # noqa: ANN401 (a target of any kind)
    there = y[~np.isnan(y).any(axis=1)]
    if not isinstance(part, ClassTarget) or not len(there):
        return None
    counts = np.bincount(part.decided(there), minlength=len(part.labels))
    return min(zip(-counts, part.labels, strict=True))[1]
