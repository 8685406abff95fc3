"""What the reader of a figure must know of it: in which unit a loss is, and why a score is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.scores import Score
    from chainrule.tables import Encoding

__all__ = ["loss_rows", "score_remarks"]

OWN_UNIT = "scores are in {} own unit"
LEARNT_AS = {
    "plain": ("the target in standard deviations", "targets in standard deviations"),
    "log": ("the target's logarithm in standard deviations", "logarithms of targets in standard deviations"),
    "count": ("the target divided by its mean", "targets divided by their means"),
}


def loss_rows(losses: str, encoding: Encoding | None) -> list[tuple[str, str]]:
    """Losses, what they are the mean of, and, where targets are numbers, in which unit they are learnt."""
    rows = [("Loss", f"{losses} (mean over the training rows)")]
    if encoding is None or encoding.classes is not None:
        return rows
    kinds = {getattr(target, "learnt_as", "plain") for target in encoding.targets}
    several = len(encoding.targets) > 1
    what = LEARNT_AS[kinds.pop()][several] if len(kinds) == 1 else "targets that are standardised"
    return [*rows, ("", f"of {what}; {OWN_UNIT.format('their' if several else 'its')}")]


def score_remarks(score: Score) -> list[str]:
    """Why a number of the score is none."""
    if not isinstance(score, tuple):
        return []
    is_none = any(one.r2 is None for one in score)
    return ["R² is none where all of these rows have the same value of the target."] if is_none else []
