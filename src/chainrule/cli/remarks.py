"""What the reader of a figure must know of it: in which unit a loss is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.tables import Encoding

__all__ = ["loss_rows"]

OWN_UNIT = "scores are in {} own unit"
SCALED = {
    "spread": "in standard deviations",
    "as_is": "as it is",
    "share": "divided by its mean",
    "above": "above its smallest value, divided by its mean distance from it",
    "range": "drawn between the limits of the outputs",
}


def loss_rows(losses: str, encoding: Encoding | None) -> list[tuple[str, str]]:
    """Losses, what they are the mean of, and, where targets are numbers, in which unit they are learnt."""
    rows = [("Loss", f"{losses} (mean over the training rows)")]
    if encoding is None or encoding.kind != "numbers":
        return rows
    several = len(encoding.learnt) > 1
    ways = {
        (getattr(part, "learnt_as", "plain") == "log", getattr(part, "scaled", "spread"))
        for part in encoding.learnt
    }
    is_log, scaled = ways.pop()
    what = f"{'the logarithm of ' * is_log}{'each' if several else 'the'} target {SCALED[scaled]}"
    if ways:
        what = "targets that are scaled, each in its way"
    own = (
        "" if (is_log, scaled) == (False, "as_is") else f"; {OWN_UNIT.format('their' if several else 'its')}"
    )
    return [*rows, ("", f"of {what}{own}")]
