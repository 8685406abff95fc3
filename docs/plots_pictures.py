"""Draw the pictures of the page on plots, docs/plots_*.svg.

Run it by hand, ``python docs/plots_pictures.py``, when the page or a plot changes: trainings give the same
bits on every machine, and one version of matplotlib the same pictures.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import chainrule
from chainrule.plots.drawing import content_of

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
Drawing = tuple[Any, str | None, dict[str, Any]]


def drawings() -> dict[str, Drawing]:
    """Everything that the page shows: what is drawn, the kind, what is asked for."""
    iris = chainrule.fit(
        EXAMPLES / "iris.csv",
        target="species",
        hidden=8,
        epochs=200,
        rate=0.02,
        validation=0.25,
        patience=8,
        seed=1,
    )
    penguins = chainrule.fit(
        EXAMPLES / "penguins.csv", target="body_mass_g", hidden=16, validation=0.2, calibrate=True, seed=1
    )
    path: list[chainrule.Network] = []
    start = chainrule.Network.random((2, 2, 1), start="uniform", seed=0)
    xor = chainrule.train(
        start, *XOR, rate=0.7, epochs=3000, on_epoch=lambda training: path.append(training.network)
    )  # fmt: skip
    step = chainrule.trace(xor.network, [1, 0], [1], rate=0.7)
    return {
        "fit": (iris, None, {}),
        "numbers": (penguins, None, {}),
        "network": (iris, "network", {}),
        "trace": (step, None, {}),
        "coverage": (penguins, "calibration", {}),
        "weights": (iris, "weights", {}),
        "unit": (iris, "unit", {"unit": "versicolor"}),
        "surface": (path[::25], "surface", {"X": XOR[0], "Y": XOR[1]}),
        "check": (chainrule.check_gradients(xor.network, *XOR), None, {}),
    }


def labels() -> dict[str, str]:
    """What each picture shows, in the words of the page."""
    page = HERE.joinpath("plots.md").read_text(encoding="utf-8")
    return {name: words for words, name in re.findall(r"!\[(.+?)\]\(plots_(\w+)\.svg\)", page)}


def main(folder: Path = HERE) -> None:
    """Draw each, and write."""
    told = labels()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", chainrule.TrainingWarning)
        drawn = drawings()
    for name, (thing, kind, options) in drawn.items():
        figure = np.ravel(chainrule.plot(thing, kind, **options))[0].figure
        folder.joinpath(f"plots_{name}.svg").write_bytes(content_of(figure, "svg", told[name], dots=72))


if __name__ == "__main__":
    main()
