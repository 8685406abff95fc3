"""The loss of a training as a small curve of characters, for a terminal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainrule.displays import is_logarithmic
from chainrule.lines import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["loss_curve"]

HEIGHT, WIDEST = 6, 60  # lines, and columns, of the picture
LEAST_EPOCHS = 3  # that make a curve
DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))  # of a Braille cell: columns, from the bottom
BRAILLE = 0x2800
LOSS, VALIDATION, BOTH = "*", "o", "#"  # what a curve is made of, where it is not of Braille
SHORTEST_MARGIN = 6  # columns for the figures of the scale


@dataclass(frozen=True)
class _Scale:
    """Where a loss stands between the bottom and the top."""

    low: float
    high: float
    is_log: bool

    @classmethod
    def of(cls, losses: Sequence[float]) -> _Scale:
        low, high = min(losses), max(losses)
        return cls(low, high, is_logarithmic(low, high))

    def place(self, loss: float, steps: int) -> int:
        """Step from 0, the lowest, to `steps` - 1."""
        if self.high == self.low:
            return 0
        if self.is_log:
            share = (math.log(loss) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        else:
            share = loss / (self.high - self.low) - self.low / (self.high - self.low)
        return min(max(round(share * (steps - 1)), 0), steps - 1)


def loss_curve(
    loss: Sequence[float],
    validation: Sequence[float | None],
    width: int,
    *,
    of: str = "",
    plain: bool = False,
) -> tuple[str, list[str]]:
    r"""Title and lines of a picture: the loss of each epoch, that of the validation rows, what both come to.

    Parameters
    ----------
    loss, validation : sequences of float
        Of each epoch; None in `validation` where there was none.
    width : int
        Columns of a line.
    of : str
        What it is the curve of, where there are several networks.
    plain : bool
        Whether it is drawn in ASCII.

    Returns
    -------
    str, list of str
        No lines for a training that is too short, or whose losses are not all finite.

    Examples
    --------
    >>> title, lines = loss_curve([0.8, 0.4, 0.2, 0.1], [None] * 4, 30, plain=True)
    >>> title
    'Loss of each epoch'
    >>> print("\n".join(lines))
       0.8 |**
           |  **
           |    **
           |      *****
           |           *******
       0.1 |                  ****
            epoch 1 to 4
    first 0.8, last 0.1, the
      lowest
    """
    watched = [(number, one) for number, one in enumerate(validation, 1) if one is not None]
    learnt = list(enumerate(loss, 1))
    losses = [one for _, one in (*learnt, *watched)]
    if len(loss) < LEAST_EPOCHS or not all(map(math.isfinite, losses)):
        return "", []
    scale = _Scale.of(losses)
    labels = {0: f"{scale.high:.4g}", HEIGHT - 1: f"{scale.low:.4g}"}
    margin = max(*map(len, labels.values()), SHORTEST_MARGIN)
    room = min(width - margin - len(" |"), WIDEST)
    draw = _in_ascii if plain else _in_braille
    picture = draw(
        *(
            _covered(one, len(loss), room * (1 if plain else 2), scale, plain=plain)
            for one in (learnt, watched)
        )
    )
    title = f"Loss of each epoch{of}{', on a logarithmic scale' * scale.is_log}"
    lines: list[str] = []
    for place, row in enumerate(picture):
        lines.append(f"{labels.get(place, ''):>{margin}} {'|' if plain else '│'}{row}".rstrip())
    epochs = f"epoch 1 to {len(loss)}"
    lines.append(" " * max(min(margin + 2, width - len(epochs)), 0) + epochs)
    sign = LOSS if plain else chr(BRAILLE + 0x12)
    names = (f"training ({sign}): ", f"validation ({VALIDATION}): ") if watched else ("", "")
    for name, values in zip(names, (learnt, watched), strict=True):
        lines += wrapped(f"{name}{_three(values)}", width, rest="  ") if values else []
    if any(BOTH in row for row in picture):
        lines.append(f"both: {BOTH}")
    return title, lines


def _covered(
    values: Sequence[tuple[int, float]], n_epochs: int, columns: int, scale: _Scale, *, plain: bool
) -> list[range]:
    """Steps that a curve covers in each column: all losses that stand there, joined to those before."""
    steps = HEIGHT * (1 if plain else len(DOTS[0]))
    covered = [range(0)] * columns
    before: tuple[int, int] | None = None
    for number, one in values:
        at, step = round((number - 1) * (columns - 1) / (n_epochs - 1)), scale.place(one, steps)
        for column, place in _between(before, (at, step)):
            last = place if before is None else before[1]
            joined = [place, *([last + (1 if place > last else -1)] if abs(place - last) > 1 else [])]
            here = covered[column]
            covered[column] = range(min([*joined, *here[:1]]), max([*joined, *here[-1:]]) + 1)
            before = column, place
    return covered


def _between(before: tuple[int, int] | None, then: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Columns behind one point, up to the next one, and the steps on the line between them."""
    (end, step) = then
    start, first = then if before is None else before
    for column in range(start + 1, end):
        yield column, round(first + (step - first) * (column - start) / (end - start))
    yield then


def _in_braille(learnt: Sequence[range], watched: Sequence[range]) -> list[str]:
    """Lines of a picture of which each character has two columns and four steps."""
    rows = []
    for row in reversed(range(HEIGHT)):
        line = ""
        for left in range(0, len(learnt), 2):
            bits = sum(
                DOTS[side][step]
                for side in (0, 1)
                for step in range(4)
                if 4 * row + step in learnt[left + side]
            )
            is_watched = any(step // 4 == row for side in (0, 1) for step in watched[left + side])
            line += VALIDATION if is_watched else chr(BRAILLE + bits) if bits else " "
        rows.append(line)
    return rows


def _in_ascii(learnt: Sequence[range], watched: Sequence[range]) -> list[str]:
    """Lines of a picture of which each character is a column and a step."""
    signs = {(False, False): " ", (True, False): LOSS, (False, True): VALIDATION, (True, True): BOTH}
    return [
        "".join(signs[row in one, row in other] for one, other in zip(learnt, watched, strict=True))
        for row in reversed(range(HEIGHT))
    ]


def _three(losses: Sequence[tuple[int, float]]) -> str:
    """The first, the last and the lowest of losses, each with its epoch."""
    lowest, at = min((one, number) for number, one in losses)
    end, last = losses[-1]
    which = "the lowest" if at == end else f"lowest {lowest:.4g} in epoch {at}"
    return f"first {losses[0][1]:.4g}, last {last:.4g}, {which}"
