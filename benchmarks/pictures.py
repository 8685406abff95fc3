"""Pictures of the figures, as SVG: how the cost grows, and how many times as long the fastest rival takes.

Grey text and two colours of different darkness with different marks, so that they can be read on white, on
black and in print.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.figures import OURS, task_of
from benchmarks.report import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    Fact = dict[str, Any]
    Kinds = Mapping[str, list[Fact]]

__all__ = ["beside", "growth"]

STYLE = (
    "<style>text{font:12px sans-serif;fill:#777}.axis{stroke:#777}.grid{stroke:#777;stroke-opacity:.25}"
    ".line{fill:none;stroke-width:2}.rival{stroke-dasharray:5 4;stroke-width:1.2}"
    ".c0{stroke:#1c6ca8;fill:#1c6ca8}.c1{stroke:#e08a2c;fill:#e08a2c}.c2{stroke:#777;fill:#777}"
    ".c0.line,.c1.line,.c2.line{fill:none}</style>"
)
COLOURS = 3
MOST_LEVELS = 8
WIDTH = 760
RIVAL = "PyTorch"  # that grows beside us

# What grows, how a figure tells it, and the words below the axis.
AXES: dict[str, tuple[Callable[[Fact], int], str]] = {
    "width": (lambda fact: fact["sizes"][1], "units in each of two hidden layers, batches of 32"),
    "depth": (lambda fact: len(fact["sizes"]) - 2, "hidden layers of 64 units, batches of 32"),
    "batch": (lambda fact: fact["batch_size"], "rows in a batch, two hidden layers of 64"),
    "rows": (lambda fact: fact["samples"], "rows in an epoch, batches of 32, two hidden layers of 64"),
}

# Of the table of rows that are drawn beside the rivals: name of a block, and what its figures have.
BLOCKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("online", {"group": "online"}),
    ("batches of 32", {"group": "mini-batch", "threads": 1, "batch_size": 32}),
    ("batches of 128", {"group": "mini-batch", "threads": 1, "batch_size": 128}),
    ("softmax, batches of 128", {"group": "classes", "threads": 1, "batch_size": 128}),
    ("Adam, batches of 32", {"group": "rules", "threads": 1, "rule": "adam:0.9:0.999:0.0001"}),
)


@dataclass(frozen=True)
class Scale:
    """Logarithmic scale from two numbers to two places."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        """Place of a number."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.begin + share * (self.end - self.begin)


def growth(kinds: Kinds) -> str:
    """Four panels: µs a sample as width, depth, batch and rows grow, ours and PyTorch's."""
    width, height = WIDTH // 2, 250
    kinds = {kind: facts for kind, facts in kinds.items() if any(fact["axis"] for fact in facts)}
    parts = [*_legend([*kinds], [OURS, RIVAL])]
    for place, axis in enumerate(AXES):
        left, top = width * (place % 2), 30 + height * (place // 2)
        parts += [f'<g transform="translate({left} {top})">', *_panel(kinds, axis, width, height), "</g>"]
    return _svg("How the cost of a sample grows with width, depth, batch and rows", 30 + 2 * height, parts)


def _panel(kinds: Kinds, axis: str, width: int, height: int) -> Iterator[str]:
    """One panel, with lines for each kind of processor."""
    of, words = AXES[axis]
    lines = {
        (place, tool): sorted(
            (of(fact), fact["us_median"]) for fact in facts if (fact["axis"], fact["tool"]) == (axis, tool)
        )
        for place, facts in enumerate(kinds.values())
        for tool in (OURS, RIVAL)
    }
    points = [point for line in lines.values() for point in line]
    if not points:
        return
    (x_low, x_high), (low, high) = ((min(values), max(values)) for values in zip(*points, strict=True))
    x = Scale(x_low, x_high, 44, width - 28)
    levels = _levels(low, high)
    y = Scale(levels[0], levels[-1], height - 50, 22)
    yield _text(6, 8, "µs a sample", "start")
    for level in levels:
        yield f'<path class="grid" d="M{x.begin} {y(level):.1f}H{x.end}"/>'
        yield _text(x.begin - 5, y(level) + 4, f"{level:g}", "end")
    yield f'<path class="axis" d="M{x.begin} {y.begin}H{x.end}"/>'
    ticks = sorted({point[0] for point in points})
    for tick in ticks[:: math.ceil(len(ticks) / 7)]:
        yield _text(x(tick), y.begin + 16, f"{tick}", "middle")
    yield _text((x.begin + x.end) / 2, y.begin + 33, words, "middle")
    for (place, tool), line in lines.items():
        if line:
            path = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in line)
            yield f'<path class="{_look(place, tool)}" d="M{path}"/>'
            if tool == OURS:
                yield from (_mark(place, x(a), y(b)) for a, b in line)


def _levels(low: float, high: float) -> list[float]:
    """Round numbers around two others: 1, 2 and 5 of each power of ten, or the powers alone."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    levels = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
    first = max(place for place, level in enumerate(levels) if level <= low)
    last = min(place for place, level in enumerate(levels) if level >= high)
    few = levels[first : last + 1]
    return few if len(few) <= MOST_LEVELS else [float(f"1e{power}") for power in powers]


def beside(kinds: Kinds) -> str:
    """Time of the fastest rival in ours, with quartiles, for each network of each block."""
    step, left = 16, 230
    parts, top = [*_legend([*kinds], [])], 44
    x = Scale(0.7, 6, left, WIDTH - 16)
    body = []
    for name, wanted in BLOCKS:
        networks = _ratios(kinds, wanted)
        if not networks:
            continue
        body.append(_text(6, top, name, "start"))
        for network, ratios in networks:
            body.append(_text(left - 8, top, network, "end"))
            body += [part for place, ratio in ratios for part in _ratio(place, ratio, x, top - 4)]
            top += step
        top += step // 2
    for ratio in (0.8, 1, 1.5, 2, 3, 4, 6):
        kind = "axis" if ratio == 1 else "grid"
        parts.append(f'<path class="{kind}" d="M{x(ratio):.1f} 32V{top - step}"/>')
        parts.append(_text(x(ratio), top, f"{ratio:g}", "middle"))
    words = _text((x.begin + x.end) / 2, top + 18, "time of the fastest rival in chainrule's", "middle")
    return _svg("Time of the fastest rival in ours, one thread", top + 28, [*parts, *body, words])


def _ratios(kinds: Kinds, wanted: dict[str, Any]) -> list[tuple[str, list[tuple[int, Fact]]]]:
    """Of each network, the fastest rival's figure by place of the kind of processor."""
    found: dict[Hashable, dict[int, Fact]] = {}
    for place, facts in enumerate(kinds.values()):
        for fact in facts:
            rival = fact["tool"] not in {OURS, *LIMITS}
            if rival and all(fact[name] == value for name, value in wanted.items()):
                of_kinds = found.setdefault(task_of(fact), {})
                if place not in of_kinds or fact["ratio"] < of_kinds[place]["ratio"]:
                    of_kinds[place] = fact
    return [
        ("-".join(map(str, next(iter(of_kinds.values()))["sizes"])), [*of_kinds.items()])
        for of_kinds in found.values()
    ]


def _ratio(place: int, fact: Fact, x: Scale, y: float) -> Iterator[str]:
    """A mark at the median and a bar from the first quartile to the third; at the edge where it is beyond."""
    y += 4 * place - 2
    first, last, middle = (
        x(min(max(value, x.low), x.high)) for value in (*fact["ratio_quartiles"], fact["ratio"])
    )
    yield f'<path class="line c{place % COLOURS}" d="M{first:.1f} {y}H{last:.1f}"/>'
    yield _mark(place, middle, y)


def _legend(kinds: list[str], tools: list[str]) -> Iterator[str]:
    """Names of the lines, in one row."""
    at = 16.0
    for place, kind in enumerate(kinds):
        for tool in tools or [""]:
            name = f"{tool}, {kind}" if tool else kind
            yield f'<path class="{_look(place, tool or OURS)}" d="M{at} 12h28"/>'
            if tool != RIVAL:
                yield _mark(place, at + 14, 12)
            yield _text(at + 34, 16, name, "start")
            at += 50 + 7 * len(name)


def _look(place: int, tool: str) -> str:
    """Class of a line."""
    return f"line c{place % COLOURS}" + (" rival" if tool == RIVAL else "")


def _mark(place: int, x: float, y: float) -> str:
    """Circle, square or diamond around a place."""
    shapes = ("m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0", "m-3-3h6v6h-6z", "m0-4l4 4l-4 4l-4-4z")
    return f'<path class="c{place % COLOURS}" d="M{x:.1f} {y:.1f}{shapes[place % COLOURS]}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    """Words at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def _svg(title: str, height: float, parts: list[str]) -> str:
    """All of it."""
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}"'
    return "\n".join([f'<svg {box} role="img" aria-label="{title}">', STYLE, *parts, "</svg>\n"])
