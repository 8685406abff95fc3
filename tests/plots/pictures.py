"""Draw the pictures that tests compare with, anew: ``python tests/plots/pictures.py``, and look at them."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

from pictured import figure_of
from PIL import Image

import chainrule

FOLDER = Path(__file__).parent / "pictures"
EXAMPLES = Path(__file__).parents[2] / "examples"
DOTS = 64  # of an inch
COLOURS = 48
XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]


def drawings() -> dict[str, Any]:
    """Figures of fits to classes, to a number and to two; of a training, a trace, a check, and answers."""
    settings: dict[str, Any] = {"hidden": 8, "epochs": 60, "seed": 1}
    iris = chainrule.fit(EXAMPLES / "iris.csv", target="species", validation=0.25, patience=8, **settings)
    one = chainrule.fit(
        EXAMPLES / "penguins.csv", target="body_mass_g", validation=0.25, calibrate=True, **settings
    )
    targets = ["body_mass_g", "flipper_length_mm"]
    two = chainrule.fit(EXAMPLES / "penguins.csv", target=targets, **settings)
    path: list[chainrule.Network] = []
    start = chainrule.Network.random((2, 2, 1), start="uniform", seed=0)
    xor = chainrule.train(start, *XOR, rate=0.7, epochs=900, on_epoch=lambda one: path.append(one.network))
    kinds = ("summary", "history", "network", "weights", "unit", "surface", "calibration")
    figures = {f"classes-{kind}": figure_of(iris, kind) for kind in (*kinds, "confusion")}
    figures |= {f"number-{kind}": figure_of(one, kind) for kind in (*kinds, "predicted", "residuals")}
    figures |= {
        f"two-{kind}": figure_of(two, kind) for kind in ("summary", "network", "predicted", "residuals")
    }
    return figures | {
        "way": figure_of(path[::20], X=XOR[0], Y=XOR[1]),
        "trace": figure_of(chainrule.trace(xor.network, [1, 0], [1], rate=0.7)),
        "check": figure_of(chainrule.check_gradients(xor.network, *XOR)),
        "answers": figure_of(iris.model.predict(EXAMPLES / "iris.csv")),
    }


def picture_of(figure: Any) -> Image.Image:
    """A small picture of a figure, in few colours."""
    with io.BytesIO() as file:
        figure.savefig(file, format="png", dpi=DOTS)
        return Image.open(file).convert("RGB")


def main() -> None:
    """Draw all, and write."""
    warnings.simplefilter("ignore", chainrule.TrainingWarning)
    FOLDER.mkdir(exist_ok=True)
    for name, figure in drawings().items():
        picture_of(figure).quantize(COLOURS).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
