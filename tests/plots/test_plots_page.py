"""The page on plots, and what `plot` says of itself, know every kind that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

import chainrule
from chainrule.plots.kinds import KINDS
from chainrule.plots.subjects import subject_of

PAGE = Path(__file__).parents[2] / "docs" / "plots.md"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_described(kind: str) -> None:
    assert f"`{kind}`" in PAGE.read_text(encoding="utf-8")
    assert f"``{kind}``" in (chainrule.plot.__doc__ or "")


def test_the_table_of_the_page_has_the_kinds_of_things(of_classes: chainrule.FitResult) -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    score = of_classes.held_out_score
    for name, thing in (
        ("Network", of_classes.model.network),
        ("History", of_classes.history),
        ("ClassScore", score),
    ):
        (line,) = [one for one in lines if one.startswith(f"| `{name}`")]
        subject = subject_of(thing)
        there = [kind for kind, its in KINDS.items() if its.fits(subject)]
        told = [one.strip().strip("`") for one in line.split("|")[2].split(",")]
        assert (told[0], sorted(told)) == (subject.usual, sorted(there))
