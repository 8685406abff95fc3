"""Rows are split at random, in proportion, and the same way everywhere."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import refusal

from chainrule.errors import InputError
from chainrule.tables import split_rows


@given(st.integers(1, 200), st.floats(0, 0.99), st.integers(0, 2**64 - 1))
def test_every_row_is_in_one_part(n: int, held_out: float, seed: int) -> None:
    training, held = split_rows(n, labels=None, held_out=held_out, seed=seed)
    assert sorted([*training, *held]) == list(range(n))
    assert list(training) == sorted(training)
    assert list(held) == sorted(held)
    assert training.dtype == held.dtype == np.intp
    assert len(training) >= 1
    wanted = 0 if held_out == 0 else max(round(held_out * n), 1)
    assert len(held) == min(wanted, n - 1)


@given(st.lists(st.sampled_from("abcde"), min_size=6, max_size=120), st.floats(0.01, 0.8), st.integers(0, 9))
def test_classes_are_held_out_in_proportion(labels: list[str], held_out: float, seed: int) -> None:
    n = len(labels)
    training, held = split_rows(n, labels=labels, held_out=held_out, seed=seed)
    sizes, parts = Counter(labels), Counter(labels[row] for row in held)
    assert {labels[row] for row in training} == set(labels)
    total = min(max(round(held_out * n), 1), n - len(sizes))
    assert len(held) == total
    if all(size * (1 - held_out) >= 2 for size in sizes.values()):
        assert all(abs(parts[label] - total * size / n) < 1 for label, size in sizes.items())


def test_a_split_is_the_same_for_ever() -> None:
    assert split_rows(10, labels=None, seed=1)[1].tolist() == [2, 4]
    assert split_rows(10, labels=list("aaaaaaabbb"), held_out=0.4, seed=1)[1].tolist() == [0, 2, 4, 9]
    assert split_rows(10, labels=None, seed=2)[1].tolist() != [2, 4]


def test_every_row_is_held_out_by_some_seed() -> None:
    counts = Counter(row for seed in range(400) for row in split_rows(8, labels=None, seed=seed)[1].tolist())
    assert all(60 < counts[row] < 140 for row in range(8))


def test_nothing_held_out() -> None:
    training, held = split_rows(3, labels=list("abc"), held_out=0, seed=0)
    assert (training.tolist(), held.tolist()) == ([0, 1, 2], [])


def test_a_class_of_one_row_keeps_it() -> None:
    training, held = split_rows(5, labels=list("aaaab"), held_out=0.8, seed=0)
    assert 4 in training
    assert len(held) == 3


def test_no_row_can_be_held_out() -> None:
    message = refusal(lambda: split_rows(2, labels=list("ab"), seed=0), InputError)
    assert message.startswith("No row can be held out, because each of the 2 classes has one row only")


@pytest.mark.parametrize("held_out", [-0.1, 1, 1.5, float("nan"), float("inf"), "0.2", None, True])
def test_shares_that_are_none(held_out: Any) -> None:  # noqa: ANN401
    message = refusal(lambda: split_rows(5, labels=None, held_out=held_out, seed=0), InputError)
    assert message.startswith(f"held_out is {held_out!r} but must be a share of the rows from 0 to below 1.")


def test_other_arguments() -> None:
    refusal(lambda: split_rows(0, labels=None, seed=0), InputError)
    refusal(lambda: split_rows(3, labels=["a"], seed=0), InputError)
    refusal(lambda: split_rows(3, labels=None, seed=-1), InputError)
