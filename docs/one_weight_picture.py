"""Draw docs/one-weight.svg: the network of the page, with the numbers of one step on it.

Run it by hand, ``python docs/one_weight_picture.py``, when the page changes. Every number comes from a trace.
"""

from __future__ import annotations

from pathlib import Path

import chainrule

HERE = Path(__file__).parent
WIDTH, HEIGHT = 360, 480
COLUMNS, ROWS, RADIUS = (46, 180, 314), (162, 336), 34
STYLE = (
    "text{{font:14px sans-serif;fill:{ink};text-anchor:middle}}"
    "circle{{fill:none;stroke:{quiet};stroke-width:1.5}}"
    "line{{stroke:{quiet}}}.first{{stroke:{first};stroke-width:3}}.second{{stroke:{second};stroke-width:3}}"
    "text.first{{fill:{first};stroke:none;font-weight:bold}}text.second{{fill:{second};stroke:none;font-weight:bold}}"
    ".small{{font-size:13px}}.thin{{stroke-width:1;stroke-dasharray:3 3}}.paper{{fill:{paper}}}"
)
LIGHT = {"ink": "#1f2328", "quiet": "#8c959f", "first": "#0b62a8", "second": "#b3480f", "paper": "#ffffff"}
DARK = {"ink": "#e6edf3", "quiet": "#6e7681", "first": "#7fc1ff", "second": "#f0883e", "paper": "#1a1c1e"}


def step() -> chainrule.Trace:
    """The trace of the page."""
    net = chainrule.Network(
        [[[0.35, 0.15, 0.20], [0.35, 0.25, 0.30]], [[0.60, 0.40, 0.45], [0.60, 0.50, 0.55]]]
    )
    return chainrule.trace(net, [0.05, 0.10], [0.01, 0.99], rate=0.5)


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """Words around a place."""
    kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{kind}>{words}</text>'


def symbol(letter: str, number: str, layer: int | None = None) -> str:
    """A letter with its unit below and its layer above, as far as a line of text has them."""
    above = "" if layer is None else f'<tspan dy="-10" font-size="12">({layer})</tspan>'
    return f'{letter}<tspan dy="4" font-size="12">{number}</tspan>{above}'


def lines(layer: int) -> list[str]:
    """All weights from one layer to the next, the one that is followed last and thick."""
    kind = ("first", "second")[layer]
    followed, others = [], []
    for k in (0, 1):
        for j in (0, 1):
            x, y = COLUMNS[layer] + RADIUS, COLUMNS[layer + 1] - RADIUS
            is_followed = (k, j) == (0, 0)
            mark = f' class="{kind}"' if is_followed else ""
            line = f'<line x1="{x}" y1="{ROWS[j]}" x2="{y}" y2="{ROWS[k]}"{mark}/>'
            (followed if is_followed else others).append(line)
    return others + followed


def unit(x: float, y: float, words: list[str]) -> list[str]:
    """A circle with up to two lines of words in it."""
    first = y + 5 - 9 * (len(words) - 1)
    return [
        f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}"/>',
        *(text(x, first + 18 * i, w) for i, w in enumerate(words)),
    ]


def numbers(trace: chainrule.Trace) -> list[str]:
    """What stands at the units and at the two weights that are followed."""
    parts = []
    for i, y in enumerate(ROWS):
        parts += unit(COLUMNS[0], y, [symbol("x", str(i + 1)), f"{trace.x[i]:g}"])
        for m in (0, 1):
            x, name = COLUMNS[m + 1], str(i + 1)
            parts += unit(x, y, [symbol("a", name, m + 2), f"{trace.a[m][i]:.4f}"])
            parts += [text(x, y + RADIUS + 19, f"δ = {trace.delta[m][i]:.5f}".replace("-", "−"), "small")]
        parts.append(text(COLUMNS[2], y + RADIUS + 37, f"y = {trace.y[i]:g}", "small"))
    for m, kind in enumerate(("first", "second")):
        before, after = trace.network.weights[m][0, 1], trace.weights_after[m][0, 1]
        x = (COLUMNS[m] + COLUMNS[m + 1]) / 2
        parts += [
            text(x, 30, symbol("W", "11", m + 1), kind),
            text(x, 54, f"{before:.2f}", kind),
            text(x, 74, f"gradient {trace.gradients[m][0, 1]:.6f}", f"{kind} small"),
            text(x, 92, f"after {after:.6f}", f"{kind} small"),
            f'<line x1="{x:g}" y1="102" x2="{x:g}" y2="{ROWS[0] - 4}" class="{kind} thin"/>',
        ]
    loss = f"RSS {trace.loss_before:.6f} before the step, {trace.loss_after:.6f} after it"
    return [
        *parts,
        text(WIDTH / 2, HEIGHT - 40, "Biases 0.35 and 0.60; rate 0.5"),
        text(WIDTH / 2, HEIGHT - 16, loss),
    ]


def main(folder: Path = HERE) -> None:
    """Trace, draw, write."""
    box = (
        f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    )
    label = (
        "A network of two inputs, two hidden units and two outputs, with activations, deltas and two weights"
    )
    parts = [
        f'<svg {box} role="img" aria-label="{label}">',
        f"<style>{STYLE.format(**LIGHT)}@media (prefers-color-scheme:dark){{{STYLE.format(**DARK)}}}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        *lines(0),
        *lines(1),
        *numbers(step()),
        "</svg>\n",
    ]
    (folder / "one-weight.svg").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
