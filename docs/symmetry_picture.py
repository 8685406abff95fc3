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
WIDTH, HEIGHT, LEFT, BAR, GAP = 760, 300, 60, 36, 12
MIDDLE, TALLEST = 150, 100  # of the bars, in pixels
STYLE = (
    "<style>text{font:13px sans-serif;fill:#555}.up{fill:#2878b5}.down{fill:#c85a32}line{stroke:#999}</style>"
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


def unit(weights: list[float], left: float, name: str) -> list[str]:
    """Bars of one unit's six weights, up where they are above 0."""
    largest, step = max(map(abs, weights)), BAR + GAP
    width = 6 * step - GAP
    parts = [text(left + width / 2, 24, name)]
    parts += [f'<line x1="{left - 8:g}" y1="{MIDDLE}" x2="{left + width + 8:g}" y2="{MIDDLE}"/>']
    for i, weight in enumerate(weights):
        x, height = left + i * step, TALLEST * abs(weight) / largest
        way, y, y_of_number = (
            ("up", MIDDLE - height, MIDDLE - height - 6)
            if weight > 0
            else ("down", MIDDLE, MIDDLE + height + 16)
        )
        parts += [
            f'<rect class="{way}" x="{x:g}" y="{y:.1f}" width="{BAR}" height="{height:.1f}"/>',
            text(x + BAR / 2, round(y_of_number, 1), f"{weight:.2f}"),
            text(x + BAR / 2, HEIGHT - 10, f"x{i + 1}"),
        ]
    return parts


def main(folder: Path = HERE) -> None:
    """Train, draw, write."""
    hidden = learnt().weights[0]
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    parts = [
        f'<svg {box} role="img" aria-label="Weights of the two hidden units to the six inputs">',
        STYLE,
        *unit(hidden[0, 1:].tolist(), LEFT, "first hidden unit"),
        *unit(hidden[1, 1:].tolist(), LEFT + WIDTH / 2, "second hidden unit"),
        "</svg>\n",
    ]
    (folder / "symmetry.svg").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
