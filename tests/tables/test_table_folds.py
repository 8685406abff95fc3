"""Folds: every row is held out once, in proportion, in groups or in order, as scikit-learn's are."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, StratifiedKFold, TimeSeriesSplit
from table_files import refusal

from chainrule.errors import InputError
from chainrule.tables import fold_groups, fold_in_order, fold_rows

if TYPE_CHECKING:
    import numpy.typing as npt

    Folds = tuple[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]], ...]

seeds = st.integers(0, 2**64 - 1)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[str], int]:
    """Labels of rows, and a number of folds that they can be parted in."""
    labels = draw(st.lists(st.sampled_from("abbbcccccc"), min_size=2, max_size=90))
    return labels, draw(st.integers(2, len(labels)))


@st.composite
def grouped(draw: st.DrawFn) -> tuple[list[str], int]:
    """Groups of rows, and a number of folds that they can be parted in."""
    groups = draw(st.lists(st.sampled_from("abcdefggghhhhhhh"), min_size=2, max_size=90))
    groups += ["y", "z"]
    return groups, draw(st.integers(2, len(set(groups))))


def check_each_held_out_once(found: Folds, n_rows: int, folds: int) -> None:
    """What all folds but those in order promise."""
    assert len(found) == folds
    held_out = [row for _, held in found for row in held.tolist()]
    assert sorted(held_out) == list(range(n_rows))
    for training, held in found:
        assert sorted([*training, *held]) == list(range(n_rows))
        assert (np.diff(training) > 0).all()
        assert (np.diff(held) > 0).all()
        assert training.dtype == held.dtype == np.intp


@given(cases(), seeds)
def test_every_row_is_held_out_once_and_folds_are_of_one_size(case: tuple[list[str], int], seed: int) -> None:
    labels, folds = case
    for given_labels in (labels, None):
        found = fold_rows(len(labels), labels=given_labels, folds=folds, seed=seed)
        check_each_held_out_once(found, len(labels), folds)
        sizes = [len(held) for _, held in found]
        assert max(sizes) - min(sizes) <= 1
    again = fold_rows(len(labels), labels=None, folds=folds, seed=seed)
    assert all(np.array_equal(one[1], other[1]) for one, other in zip(found, again, strict=True))


@given(cases(), seeds)
def test_classes_are_in_proportion_as_scikit_learn_has_them(case: tuple[list[str], int], seed: int) -> None:
    labels, folds = case
    ours = fold_rows(len(labels), labels=labels, folds=folds, seed=seed)
    counts = {
        label: sorted(sum(labels[row] == label for row in held) for _, held in ours) for label in set(labels)
    }
    for label, per_fold in counts.items():
        assert per_fold[-1] - per_fold[0] <= 1
        assert sum(map(bool, per_fold)) == min(folds, labels.count(label))
    if max(Counter(labels).values()) < folds:  # which scikit-learn refuses
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a class with fewer rows than folds
        theirs = list(StratifiedKFold(folds).split(np.zeros(len(labels)), labels))
    for label, per_fold in counts.items():
        assert per_fold == sorted(sum(labels[row] == label for row in held) for _, held in theirs)


@given(grouped(), seeds)
def test_no_group_is_in_two_folds_and_sizes_are_those_of_scikit_learn(
    case: tuple[list[str], int], seed: int
) -> None:
    groups, folds = case
    found = fold_groups(groups, folds=folds, seed=seed)
    check_each_held_out_once(found, len(groups), folds)
    for training, held in found:
        assert not {groups[row] for row in training} & {groups[row] for row in held}
        assert len(held)
    sizes = sorted(len(held) for _, held in found)
    theirs = GroupKFold(folds).split(np.zeros(len(groups)), groups=groups)
    assert sizes == sorted(len(held) for _, held in theirs)
    assert sizes[-1] - sizes[0] <= max(Counter(groups).values())


@given(st.integers(3, 200), st.data())
def test_no_fold_sees_its_future_as_scikit_learn_has_it(n_rows: int, data: st.DataObject) -> None:
    folds = data.draw(st.integers(2, n_rows - 1))
    found = fold_in_order(n_rows, folds=folds)
    theirs = TimeSeriesSplit(folds).split(np.zeros(n_rows))
    for (training, held), (their_training, their_held) in zip(found, theirs, strict=True):
        assert training.tolist() == their_training.tolist()
        assert held.tolist() == their_held.tolist()
        assert training.max() < held.min()


def test_folds_are_the_same_for_ever() -> None:
    def held_out(found: Folds) -> list[list[int]]:
        return [held.tolist() for _, held in found]

    assert held_out(fold_rows(7, labels=None, folds=3, seed=1)) == [[0, 2, 3], [1, 5], [4, 6]]
    assert held_out(fold_rows(7, labels=list("abababa"), folds=3, seed=1)) == [[0, 2, 5], [1, 4], [3, 6]]
    assert held_out(fold_groups(list("aabbccd"), folds=2, seed=1)) == [[0, 1, 4, 5], [2, 3, 6]]
    assert held_out(fold_rows(7, labels=None, folds=3, seed=2)) == [[0, 3, 5], [1, 2], [4, 6]]


def test_each_row_meets_each_other_one_in_a_fold_of_some_seed() -> None:
    together = np.zeros((8, 8), dtype=np.intp)
    for seed in range(400):
        for _, held in fold_rows(8, labels=list("aaaabbbb"), folds=4, seed=seed):
            together[np.ix_(held, held)] += 1
    apart = together[:4, 4:]  # one of each class: 16 pairs, 4 of them a seed
    assert ((apart > 60) & (apart < 140)).all()
    assert (together[:4, :4] == 400 * np.eye(4)).all()


@pytest.mark.parametrize("folds", [1, 0, -3, 2.5, "5", None, True, float("nan")])
def test_folds_that_are_none(folds: Any) -> None:  # noqa: ANN401
    words = f"folds is {folds!r} but must be a whole number of at least 2. Try 5."
    assert refusal(lambda: fold_rows(9, labels=None, folds=folds, seed=0), InputError) == words
    assert refusal(lambda: fold_groups(list("abc"), folds=folds, seed=0), InputError) == words
    assert refusal(lambda: fold_in_order(9, folds=folds), InputError) == words


def test_more_folds_than_there_is_something_to_hold_out() -> None:
    assert refusal(lambda: fold_rows(4, labels=list("abab"), folds=5, seed=0), InputError) == (
        "folds is 5 but there are only 4 rows. Take folds=4 or fewer, or give more rows."
    )
    assert refusal(lambda: fold_groups(list("aabb"), folds=5, seed=0), InputError) == (
        "folds is 5 but there are only 2 groups. Take folds=2 or fewer, or give more groups."
    )
    assert refusal(lambda: fold_groups(list("aa"), folds=2, seed=0), InputError) == (
        "folds is 2 but there is only 1 group. Leave folds out, or give more groups."
    )
    assert refusal(lambda: fold_in_order(3, folds=3), InputError) == (
        "folds is 3 but there are only 2 rows behind the first one, which is only learnt from. "
        "Take folds=2 or fewer, or give more rows."
    )
    refusal(lambda: fold_rows(0, labels=None, folds=2, seed=0), InputError)
    refusal(lambda: fold_rows(3, labels=["a"], folds=2, seed=0), InputError)
    refusal(lambda: fold_rows(3, labels=None, folds=2, seed=-1), InputError)
