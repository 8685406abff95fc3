"""Split rows into training rows and held-out rows, once or in folds, each class in proportion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import InputError, argument
from chainrule.given import share_below_1, whole_number_from_2
from chainrule.random_streams import Purpose, permutation
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Rows = npt.NDArray[np.intp]
    Folds = tuple[tuple[Rows, Rows], ...]

__all__ = ["fold_groups", "fold_in_order", "fold_rows", "split_groups", "split_in_order", "split_rows"]

USUAL_FOLDS = "5"


def split_rows(
    n_rows: int, *, labels: Sequence[str] | None, held_out: float = 0.25, seed: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Split rows at random, the same way for the same seed everywhere.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    labels : sequence of str, or None
        Each row's class: then every class is held out in proportion, and keeps one training row at least.
    held_out : float
        The share of rows that is held out, in [0, 1).
    seed : int
        From 0 to 2**64 - 1.

    Returns
    -------
    training, held_out : arrays of shape (n,) and (n_rows - n,)
        Places of the rows, ascending. ``round(held_out * n_rows)`` rows are held out, but at least one where
        `held_out` is above 0 and there are two rows, and never a class's last row.

    Raises
    ------
    InputError
        `held_out` is no number in [0, 1), or no row can be held out because every class has only one.

    Examples
    --------
    >>> training, held_out = split_rows(8, labels=list("aaaabbbb"), held_out=0.25, seed=0)
    >>> training.tolist(), held_out.tolist()
    ([0, 1, 3, 4, 5, 7], [2, 6])
    """
    _check_share(held_out)
    _check(n_rows, labels)
    order = permutation(n_rows, seed=seed, purpose=Purpose.SPLIT)
    codes = _codes(labels if labels is not None else [""] * n_rows)
    sizes = np.bincount(codes)
    quotas = _quotas(sizes.tolist(), _total(n_rows, held_out))
    by_class = order[np.argsort(codes[order], kind="stable")]
    place_in_class = np.arange(n_rows) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen = np.zeros(n_rows, dtype=bool)
    chosen[by_class[place_in_class < np.repeat(quotas, sizes)]] = True
    if held_out > 0 and n_rows > 1 and not chosen.any():
        raise InputError(
            f"No row can be held out, because each of the {counted(n_rows, 'class', 'classes')} has one row "
            "only and keeps it for training.",
            parameter="held_out",
            given=held_out,
            needs="must leave each class a row",
            advice="Give more rows, or hold out 0.",
        )
    return np.flatnonzero(~chosen).astype(np.intp), np.flatnonzero(chosen).astype(np.intp)


def _codes(labels: Sequence[str]) -> Rows:
    """For each row, the place of its label among the sorted ones."""
    places = {label: place for place, label in enumerate(sorted(set(labels)))}
    return np.array([places[label] for label in labels], dtype=np.intp)


def _check_share(held_out: float) -> None:
    share_below_1(held_out, "held_out", "0.25", "a share of the rows from 0 to below 1")


def _check(n_rows: int, labels: Sequence[str] | None) -> None:
    if n_rows < 1:
        raise InputError(
            parameter="n_rows", given=n_rows, needs="must be 1 at least", advice="Give a table with rows."
        )
    if labels is not None and len(labels) != n_rows:
        raise InputError(
            f"labels has {len(labels)} entries",
            parameter="labels",
            given=labels,
            needs=f"there are {n_rows} rows",
            advice="Give one label for each row.",
        )


def _total(n_rows: int, held_out: float) -> int:
    """How many rows are to be held out."""
    if held_out == 0:
        return 0
    return min(max(round(held_out * n_rows), 1), n_rows - 1)


def _quotas(sizes: list[int], total: int) -> list[int]:
    """Share `total` among classes by largest remainder, in whole numbers; each class keeps one."""
    n_rows = sum(sizes)
    quotas = [total * size // n_rows for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda label: (-(total * sizes[label] % n_rows), label))
    while sum(quotas) < total:
        open_labels = [label for label in by_remainder if quotas[label] < sizes[label] - 1]
        if not open_labels:
            break
        for label in open_labels[: total - sum(quotas)]:
            quotas[label] += 1
    return quotas


def split_groups(groups: Sequence[str], *, held_out: float, seed: int) -> tuple[Rows, Rows]:
    """Split rows at random so that no group is parted.

    Groups are taken in a random order that the seed settles, and each is held out that leaves the rows held
    out within their share; where none does, the smallest.

    Raises
    ------
    InputError
        `held_out` is no number in [0, 1), or all rows are of one group.

    Examples
    --------
    >>> training, held_out = split_groups(list("aabbcc"), held_out=0.34, seed=1)
    >>> len(held_out), len({"aabbcc"[k] for k in held_out} & {"aabbcc"[k] for k in training})
    (2, 0)
    """
    _check_share(held_out)
    _check(len(groups), groups)
    codes = _codes(groups)
    sizes = np.bincount(codes)
    wanted = _total(len(groups), held_out)
    order = permutation(len(sizes), seed=seed, purpose=Purpose.SPLIT)
    chosen = np.zeros(len(sizes), dtype=bool)
    n_chosen = 0
    for group in order[: len(sizes) - 1]:
        if n_chosen + sizes[group] <= wanted:
            chosen[group] = True
            n_chosen += sizes[group]
    if wanted and not n_chosen and len(sizes) > 1:
        chosen[int(np.argmin(sizes))] = True
    is_held_out = chosen[codes]
    if held_out > 0 and not is_held_out.any():
        raise InputError(
            "No row can be held out, because all rows are of one group.",
            parameter="held_out",
            given=held_out,
            needs="must leave a group to learn from",
            advice="Give more groups, or hold out 0.",
        )
    return np.flatnonzero(~is_held_out).astype(np.intp), np.flatnonzero(is_held_out).astype(np.intp)


def split_in_order(n_rows: int, *, held_out: float) -> tuple[Rows, Rows]:
    """Hold out the last rows.

    Examples
    --------
    >>> training, held_out = split_in_order(4, held_out=0.25)
    >>> training.tolist(), held_out.tolist()
    ([0, 1, 2], [3])
    """
    _check_share(held_out)
    _check(n_rows, None)
    first = n_rows - _total(n_rows, held_out)
    return np.arange(first, dtype=np.intp), np.arange(first, n_rows, dtype=np.intp)


def fold_rows(n_rows: int, *, labels: Sequence[str] | None, folds: int, seed: int) -> Folds:
    """Part rows at random in folds that are held out in turn, the same way for the same seed everywhere.

    Rows are put in a random order, and those of one class behind each other; of these each fold takes every
    `folds`-th one.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    labels : sequence of str, or None
        Each row's class: then each fold has as much of every class, give or take one row.
    folds : int
        From 2 to the number of rows.
    seed : int
        From 0 to 2**64 - 1.

    Returns
    -------
    tuple of (training, held_out), arrays of shape (n_rows - n,) and (n,)
        For each fold the places of the rows, ascending. Every row is held out by one fold, and the sizes of
        folds differ by one at most. A class with fewer rows than folds is in as many folds as it has rows.

    Raises
    ------
    InputError
        There are fewer than two folds, or more than rows.

    Examples
    --------
    >>> [held_out.tolist() for _, held_out in fold_rows(6, labels=list("aaaabb"), folds=2, seed=0)]
    [[2, 3, 5], [0, 1, 4]]
    """
    _check(n_rows, labels)
    _check_folds(folds, n_rows)
    order = permutation(n_rows, seed=seed, purpose=Purpose.FOLDS)
    if labels is not None:
        order = order[np.argsort(_codes(labels)[order], kind="stable")]
    fold_of = np.empty(n_rows, dtype=np.intp)
    fold_of[order] = np.arange(n_rows) % folds
    return _folds_of(fold_of, folds)


def fold_groups(groups: Sequence[str], *, folds: int, seed: int) -> Folds:
    """Part rows in folds so that no group is parted.

    The largest group comes first, those of one size in an order that the seed settles, and each goes to the
    fold with the fewest rows: two folds differ by no more rows than the largest group has.

    Parameters
    ----------
    groups : sequence of str
        Each row's group.
    folds : int
        From 2 to the number of groups.
    seed : int

    Returns
    -------
    tuple of (training, held_out)
        As of `fold_rows`.

    Raises
    ------
    InputError
        There are fewer than two folds, or more than groups.

    Examples
    --------
    >>> [held_out.tolist() for _, held_out in fold_groups(list("abbccc"), folds=2, seed=0)]
    [[3, 4, 5], [0, 1, 2]]
    """
    _check(len(groups), groups)
    codes = _codes(groups)
    sizes = np.bincount(codes)
    _check_folds(folds, len(sizes), "group")
    by_chance = permutation(len(sizes), seed=seed, purpose=Purpose.FOLDS)
    rows_of_fold = np.zeros(folds, dtype=np.intp)
    fold_of_group = np.empty(len(sizes), dtype=np.intp)
    for group in by_chance[np.argsort(-sizes[by_chance], kind="stable")].tolist():
        smallest = int(np.argmin(rows_of_fold))
        fold_of_group[group] = smallest
        rows_of_fold[smallest] += sizes[group]
    return _folds_of(fold_of_group[codes], folds)


def fold_in_order(n_rows: int, *, folds: int) -> Folds:
    """Part rows in blocks that are held out in turn, each by itself judging what the rows before it tell.

    Parameters
    ----------
    n_rows : int
    folds : int
        From 2 to one less than the number of rows.

    Returns
    -------
    tuple of (training, held_out)
        For each fold all rows before its block, and the block, of ``n_rows // (folds + 1)`` rows. What is
        left over is in the first block, which is only learnt from.

    Raises
    ------
    InputError
        There are fewer than two folds, or not fewer than rows.

    Examples
    --------
    >>> [(training.tolist(), held_out.tolist()) for training, held_out in fold_in_order(4, folds=3)]
    [([0], [1]), ([0, 1], [2]), ([0, 1, 2], [3])]
    """
    _check(n_rows, None)
    _check_folds(folds, n_rows - 1, "row", " behind the first one, which is only learnt from")
    size = n_rows // (folds + 1)
    places = np.arange(n_rows, dtype=np.intp)
    return tuple(
        (places[:first], places[first : first + size]) for first in range(n_rows - folds * size, n_rows, size)
    )


def _folds_of(fold_of: Rows, folds: int) -> Folds:
    """For each fold the rows that are not of it and those that are."""
    return tuple(
        (np.flatnonzero(fold_of != fold).astype(np.intp), np.flatnonzero(fold_of == fold).astype(np.intp))
        for fold in range(folds)
    )


def _check_folds(folds: int, most: int, what: str = "row", which: str = "") -> None:
    whole_number_from_2(folds, "folds", USUAL_FOLDS)
    if folds > most:
        enough = f"Take {argument('folds', most)} or fewer" if most > 1 else f"Leave {argument('folds')} out"
        raise InputError(
            parameter="folds",
            given=folds,
            needs=f"there {'is' if most == 1 else 'are'} only {counted(most, what)}{which}",
            advice=f"{enough}, or give more {what}s.",
        )
