"""`chainrule score`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.cli.printing import note, print_json, say, score_lines, score_to_json
from chainrule.files import load_model
from chainrule.tables import read_table
from chainrule.words import named

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["run"]


def run(model: Path, table: Path, *, as_json: bool) -> None:
    """Score, and print."""
    loaded = load_model(model)
    source = read_table(table)
    for remark in source.remarks:
        note(f"Note: {remark}")
    score = loaded.score(source)
    if as_json:
        print_json(
            {"model": str(model), "table": source.title, "rows": source.n_rows, "score": score_to_json(score)}
        )
        return
    say(f"Score of {model} on the {source.n_rows} rows of {named(source.title)}:")
    for line in score_lines(score):
        say(f"  {line}".rstrip())
    note("Rows that the model was trained on flatter it: score it on others.")
