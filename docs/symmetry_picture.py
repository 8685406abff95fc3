"""Draw docs/symmetry.svg: the weights of the hidden units that solve the symmetry problem.

Run it by hand, ``python docs/symmetry_picture.py``, when the page changes: training gives the same bits on
every machine, and so the same picture.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import chainrule
from chainrule.equations import Uniform

HERE = Path(__file__).parent
WIDTH, HEIGHT, LEFT, BAR, GAP = 400, 300, 62, 36, 12  # one unit above the other: a telephone shows both
MIDDLE, TALLEST = 150, 100  # of the bars, in pixels
STYLE = (
    "<style>.paper{fill:#fff}text{font:13px sans-serif;fill:#1f2328}.up{fill:#2878b5}.down{fill:#c85a32}"
    "line{stroke:#777}"
    "@media (prefers-color-scheme:dark){.paper{fill:#1a1c1e}text{fill:#e6edf3}}</style>"
)


def learnt() -> chainrule.Network:
    """The network of the page."""
    rows = [*itertools.product([0, 1], repeat=6)]
    mirrored = [[int(row == row[::-1])] for row in rows]
    start = chainrule.Network.random((6, 2, 1), start=Uniform(0.3), seed=0)
    settings = {"rate": 6.4, "rule": "momentum:0.9", "batch_size": 64, "epochs": 6000, "loss_goal": 0.5 / 64}
    return chainrule.train(start, rows, mirrored, **settings).network  # type: ignore[arg-type]


def text(x: float, y: float, words: str) -> str:
    """Words around a place."""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="middle">{words}</text>'


def unit(weights: list[float], top: float, name: str) -> list[str]:
    """Bars of one unit's six weights, up where they are above 0."""
    largest, step, left, middle = max(map(abs, weights)), BAR + GAP, LEFT, top + MIDDLE
    width = 6 * step - GAP
    parts = [text(left + width / 2, top + 24, name)]
    parts += [f'<line x1="{left - 8:g}" y1="{middle:g}" x2="{left + width + 8:g}" y2="{middle:g}"/>']
    for i, weight in enumerate(weights):
        x, height = left + i * step, TALLEST * abs(weight) / largest
        way, y, y_of_number = (
            ("up", middle - height, middle - height - 6)
            if weight > 0
            else ("down", middle, middle + height + 16)
        )
        parts += [
            f'<rect class="{way}" x="{x:g}" y="{y:.1f}" width="{BAR}" height="{height:.1f}"/>',
            text(x + BAR / 2, round(y_of_number, 1), f"{weight:.2f}"),
            text(x + BAR / 2, top + HEIGHT - 10, f"x{i + 1}"),
        ]
    return parts


def main(folder: Path = HERE) -> None:
    """Train, draw, write."""
    hidden = learnt().weights[0]
    label = 'role="img" aria-label="Weights of the two hidden units to the six inputs"'
    size = f'viewBox="0 0 {WIDTH} {2 * HEIGHT}" width="{WIDTH}" height="{2 * HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {label}>',
        STYLE,
        f'<rect class="paper" width="{WIDTH}" height="{2 * HEIGHT}" rx="8"/>',
        *unit(hidden[0, 1:].tolist(), 0, "first hidden unit"),
        *unit(hidden[1, 1:].tolist(), HEIGHT, "second hidden unit"),
        "</svg>\n",
    ]
    (folder / "symmetry.svg").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
