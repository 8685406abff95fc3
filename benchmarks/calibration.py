"""What `calibrate` gains on rows that nothing was chosen by: log loss and calibration error, and coverage.

    python -m benchmarks.calibration

Tables of scikit-learn and of the examples, five times held out each; by five folds of the rows that are left.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn import datasets

import chainrule

if TYPE_CHECKING:
    from chainrule import Model

__all__ = ["Certainty", "certainty", "coverage"]

EXAMPLES = Path(__file__).parents[1] / "examples"
SPLITS, SHARE = 5, 0.9


class Certainty(NamedTuple):
    """Log loss and expected calibration error of a model without its temperature, and with it."""

    log_loss: float
    log_loss_after: float
    calibration_error: float
    calibration_error_after: float


def certainty(model: Model, table: Any) -> Certainty:
    """How good a calibrated model's probabilities are on a table, before and after."""
    before: Any = replace(model, calibration=None).score(table)
    after: Any = model.score(table)
    return Certainty(before.log_loss, after.log_loss, before.calibration_error, after.calibration_error)


def coverage(model: Model, table: Any, share: float = SHARE) -> float:
    """Share of a table's numbers that lie within their intervals, mean over its targets."""
    source = model.read(table)
    used = source.take(np.flatnonzero(model.table_encoding.has_target(source)))
    predictions = model.predictions(used, interval=share)
    actual = np.reshape(
        model.table_encoding.decode_outputs(model.table_encoding.encode_targets(used)), (len(predictions), -1)
    )
    within = [
        (predictions[f"{name}_low"] <= y) & (y <= predictions[f"{name}_high"])
        for name, y in zip(predictions.targets, actual.T.astype(np.float64), strict=True)
    ]
    return float(np.mean(within))


def _tables() -> dict[str, tuple[Any, str]]:
    """Each with its target."""
    found: dict[str, tuple[Any, str]] = {
        "penguins, species": (EXAMPLES / "penguins.csv", "species"),
        "penguins, sex": (EXAMPLES / "penguins.csv", "sex"),
        "penguins, mass": (EXAMPLES / "penguins.csv", "body_mass_g"),
    }
    for name in ("iris", "wine", "breast_cancer", "digits", "diabetes"):
        frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
        if name != "diabetes":
            frame["target"] = frame["target"].map("c{}".format)
        found[name] = frame, "target"
    return found


def main() -> None:
    """Print a line a table: means over the splits."""
    warnings.simplefilter("ignore")
    sys.stdout.write(
        f"{'table':<20}{'log loss':>10}{'after':>10}{'error':>10}{'after':>10}{'coverage':>10}\n"
    )
    for name, (table, target) in _tables().items():
        source = chainrule.read_table(table)
        lines = []
        for seed in range(SPLITS):
            order = np.random.default_rng(seed).permutation(source.n_rows)
            held_out, rest = (source.take(np.sort(rows)) for rows in np.split(order, [source.n_rows // 4]))
            model = chainrule.fit(rest, target=target, folds=5, calibrate=True, seed=seed).model
            is_number = model.classes is None
            lines.append([coverage(model, held_out)] if is_number else [*certainty(model, held_out)])
        figures = [f"{one:10.4f}" for one in np.mean(lines, axis=0)]
        sys.stdout.write(f"{name:<20}{' ' * 40 * (len(figures) == 1)}{''.join(figures)}\n")


if __name__ == "__main__":
    main()
