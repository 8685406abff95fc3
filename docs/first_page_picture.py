"""Draw docs/first_page.svg: a network, and one of its weights worked out.

Run it by hand, ``python docs/first_page_picture.py``, when the picture changes: training gives the
same bits on every machine, and so the same picture. Every number in it is read from a trace.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np

import chainrule

HERE = Path(__file__).parent
ROW = 60  # of the table, from 0: a flower that the network is not sure of yet
UNIT, INPUT = 2, 3  # that the weight leads to and from, counted from 0
RATE, STEP = 0.1, 1e-5
WIDTH, HEIGHT = 460, 456
TOP, BETWEEN, RADIUS = 66, 56, 23  # of the drawing, in pixels
COLUMNS = (140, 242, 336)  # where the layers stand
LINE = 25  # from one worked line to the next
LIGHT = {
    "ink": "#1f2328", "quiet": "#59636e", "edge": "#8c959f", "face": "#ffffff", "mark": "#b3480f",
    "soft": "#fdf0e6",
}  # fmt: skip
DARK = {
    "ink": "#e6edf3", "quiet": "#9198a1", "edge": "#6e7681", "face": "#1a1c1e", "mark": "#f0883e",
    "soft": "#2b1d10",
}  # fmt: skip
STYLE = (
    "text{{font:14px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:{ink}}}"
    ".quiet,.label{{fill:{quiet}}}.value,.line{{font-size:13px}}.head{{font-weight:600}}.edge{{stroke:{edge}}}"
    ".mark{{stroke:{mark}}}.unit{{fill:{face};stroke:{edge};stroke-width:1.5}}.paper{{fill:{face}}}"
    ".marked{{fill:{soft};stroke:{mark};stroke-width:2.5}}.panel{{fill:{soft}}}"
)


class Example:
    """A network under way, one row, and what a step on that row makes of one weight."""

    def __init__(self) -> None:
        result = chainrule.fit(
            HERE.parent / "examples" / "iris.csv",
            target="species",
            hidden=3,
            activation="logistic",
            rule="descent",
            epochs=20,
            seed=1,
        )
        self.network = result.model.network
        self.inputs = [column.name for column in result.data.table.columns[:-1]]
        self.classes = ["setosa", "versicolor", "virginica"]
        x, y = result.data.X[ROW], result.data.Y[ROW]
        self.step = chainrule.trace(self.network, x, y, rate=RATE)
        self.measured = (self.loss(STEP, x, y) - self.loss(-STEP, x, y)) / (2 * STEP)

    def loss(self, nudge: float, x: np.ndarray, y: np.ndarray) -> float:
        """Loss of the row with the weight a little larger."""
        weights = [w.copy() for w in self.network.weights]
        weights[0][UNIT, 1 + INPUT] += nudge
        nudged = chainrule.Network(weights, self.network.activations, self.network.loss)
        return chainrule.trace(nudged, x, y, rate=RATE).loss_before


def number(value: float, digits: int = 3) -> str:
    """A few significant digits, with a true minus."""
    return f"{value:.{digits}g}".replace("-", "−")


def factor(value: float) -> str:
    """A number within a product."""
    return f"({number(value)})" if value < 0 else number(value)


def words(x: float, y: float, what: str, kind: str = "", anchor: str = "start") -> str:
    """Text; what stands between ``_`` and ``^`` or a blank is set lower, as in ``W_34^``."""
    parts = []
    for i, piece in enumerate(escape(what).split("_")):
        lower, _, rest = piece.partition("^") if i else ("", "", piece)
        low = f'<tspan dy="4" font-size="75%">{lower}</tspan><tspan dy="-4">' if lower else "<tspan>"
        parts.append(f"{low}{rest}</tspan>")
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{"".join(parts)}</text>'


def places(n: int) -> list[float]:
    """Heights of the units of a layer, in the middle of the drawing."""
    first = TOP + (4 - n) * BETWEEN / 2
    return [first + i * BETWEEN for i in range(n)]


def network(example: Example) -> list[str]:
    """Lines for weights, circles for units, with their numbers of this row."""
    step, parts = example.step, []
    sizes = (4, 3, 3)
    for m, weights in enumerate(example.network.weights):
        largest = np.abs(weights[:, 1:]).max()
        for k, row in enumerate(weights[:, 1:]):
            for i, weight in enumerate(row):
                is_marked = (m, k, i) == (0, UNIT, INPUT)
                kind = "mark" if is_marked else "edge"
                dashed = ' stroke-dasharray="7 5"' if weight < 0 else ""
                width = 4.0 if is_marked else 0.8 + 3 * abs(weight) / largest
                ends = (
                    COLUMNS[m] + RADIUS,
                    places(sizes[m])[i],
                    COLUMNS[m + 1] - RADIUS,
                    places(sizes[m + 1])[k],
                )
                x1, y1, x2, y2 = ends
                parts.append(
                    f'<line class="{kind}" x1="{x1}" y1="{y1:g}" x2="{x2}" y2="{y2:g}" '
                    f'stroke-width="{width:.1f}"{dashed}/>'
                )
    of_layers = (step.x, *step.a)
    for m, values in enumerate(of_layers):
        for i, value in enumerate(values):
            x, y = COLUMNS[m], places(sizes[m])[i]
            is_marked = (m, i) in {(0, INPUT), (1, UNIT)}
            parts.append(
                f'<circle class="{"marked" if is_marked else "unit"}" cx="{x}" cy="{y:g}" r="{RADIUS}"/>'
            )
            parts.append(words(x, y + 5, f"{value:.2f}".replace("-", "−"), "value", "middle"))
    for name, y in zip(example.inputs, places(4), strict=True):
        parts.append(words(COLUMNS[0] - RADIUS - 10, y + 5, name.replace("_", " "), "name", "end"))
    for name, y, target in zip(example.classes, places(3), step.y, strict=True):
        parts.append(words(COLUMNS[2] + RADIUS + 10, y + 5, name + " ✓" * bool(target), "name"))
    heads = ("a flower, scaled", "logistic", "softmax")
    parts += [words(x, 26, head, "quiet", "middle") for x, head in zip(COLUMNS, heads, strict=True)]
    return parts


def worked(example: Example) -> list[str]:
    """The lines about the one weight."""
    step, k, i = example.step, UNIT, INPUT
    name = f"_{k + 1}{i + 1}^"
    delta, a, x = step.delta[0][k], step.a[0][k], step.x[i]
    before, after = example.network.weights[0][k, 1 + i], step.weights_after[0][k, 1 + i]
    products = [
        f"{factor(d)}·{factor(w)}"
        for d, w in zip(step.delta[1], example.network.weights[1][:, 1 + k], strict=True)
    ]
    gradient = step.gradients[0][k, 1 + i]
    lines = [
        ("delta", f"δ_{k + 1}^ = [{products[0]} + {products[1]}"),
        ("", f"+ {products[2]}]·(1 − {number(a)})·{number(a)} = {number(delta)}"),
        ("gradient", f"∂L/∂W{name} = −{number(delta)}·{factor(x)} = {gradient:.10f}"),
        ("measured", f"∂L/∂W{name} = {example.measured:.10f}, W{name} nudged"),
        (
            "update",
            f"W{name} := {number(before, 4)} + {RATE}·{number(delta)}·{factor(x)} = {number(after, 4)}",
        ),
    ]
    top = TOP + 4 * BETWEEN + 8
    height = len(lines) * LINE + 58
    parts = [f'<rect class="panel" x="8" y="{top - 30}" width="{WIDTH - 16}" height="{height}" rx="8"/>']
    parts.append(words(20, top - 4, f"One weight, W{name}: petal width to hidden unit 3", "head"))
    for at, (label, line) in enumerate(lines, 1):
        y = top + LINE * at + 2
        parts += [words(20, y, label, "label"), words(100, y, line, "line")]
    return parts


def main(folder: Path = HERE) -> None:
    """Train, draw, write."""
    example = Example()
    drawn = "\n".join([*worked(example), *network(example)])
    described = (
        "A network of four inputs, three hidden units and three classes with its numbers for one flower, and "
        "for one weight its delta, its gradient, the same as measured, and its update"
    )
    style = f"{STYLE.format(**LIGHT)}@media (prefers-color-scheme:dark){{{STYLE.format(**DARK)}}}"
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}"'
    paper = f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
    svg = (
        f'<svg {box} role="img" aria-label="{described}">\n<style>{style}</style>\n{paper}\n{drawn}\n</svg>\n'
    )
    (folder / "first_page.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
