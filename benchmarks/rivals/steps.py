"""How many steps a minimiser needs that can only be told how many to take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.tasks import MOST_STEPS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["fewest_steps"]


def fewest_steps(reaches: Callable[[int], bool]) -> int:
    """Fewest steps that reach the goal; 0 where the most do not."""
    below, above = 0, 1
    while not reaches(above):
        if above >= MOST_STEPS:
            return 0
        below, above = above, min(2 * above, MOST_STEPS)
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if reaches(middle) else (middle, above)
    return above
