"""What a fit refuses before it starts, and what it computes only when asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import chainrule
from chainrule import InputError, TableError
from chainrule.models import prepare, score_of

SMALL = pa.table({"x": [1.0, 2.0, 3.0, 4.0], "kind": ["b", "a", "b", "a"]})


def test_two_rows_are_enough_only_where_none_is_held_out() -> None:
    two = pa.table({"x": [1.0, 2.0], "y": [2.0, 3.5]})
    with pytest.raises(
        TableError,
        match=r"has 2 rows with a value of the target, of which 1 would be held out.*\(held_out=0\)",
    ):
        chainrule.fit(two, target="y")
    result = chainrule.fit(two, target="y", held_out=0)
    assert result.held_out_score is None
    assert isinstance(result.training_score, tuple)
    assert isinstance(result.training_score[0], chainrule.NumberScore)
    assert result.training_score[0].rmse < 0.75


def test_a_network_beyond_all_memory_is_refused() -> None:
    for hidden in ((10**10,), (10**6, 10**6), (10**18,)):
        with pytest.raises(InputError, match=r"would have \d+ weights but may have at most 1000000000"):
            chainrule.fit(SMALL, target="kind", hidden=hidden)


def test_of_classes_as_frequent_the_first_by_name_is_the_majority() -> None:
    assert prepare(SMALL, target="kind", held_out=0).majority == "a"
    assert prepare(SMALL, target="x", held_out=0).majority is None
    more = pa.table({"x": [1.0, 2.0, 3.0], "kind": ["b", "a", "b"]})
    assert prepare(more, target="kind", held_out=0).majority == "b"


def test_scores_are_computed_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = score_of

    def counted(*arrays: Any, **facts: Any) -> object:  # noqa: ANN401 (those of `score_of`)
        asked.append(1)
        return real(*arrays, **facts)

    monkeypatch.setattr("chainrule.models.result.score_of", counted)
    result = chainrule.fit(Path(__file__).parents[2] / "examples" / "iris.csv", target="species", epochs=1)
    assert asked == []
    assert result.held_out_score is result.held_out_score
    assert result.training_score is not None
    assert len(asked) == 2
    assert result.gain is result.gain is not None
    assert result.linear_score is result.linear_score is not None
    assert len(asked) == 3
