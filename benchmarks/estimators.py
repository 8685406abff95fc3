"""Accuracy of the estimators beside scikit-learn's: the same tables, folds, settings and seeds.

``python -m benchmarks.estimators``, in the root of the repository. Five times five folds, in each repetition
another order and another seed; inputs standardised by what is learnt from, the target of diabetes too;
settings are the defaults of scikit-learn, unless ``--given '{"solver": "lbfgs"}'`` says otherwise. Behind ±
stands the standard error over the 25 folds; that of the difference is of pairs of folds. Folds of one table
share rows, so that it tells how closely the two agree, and not how well another table would be learnt.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import datasets
from sklearn import neural_network as theirs
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chainrule as ours

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

TABLES = {
    "digits": datasets.load_digits,
    "wine": datasets.load_wine,
    "breast cancer": datasets.load_breast_cancer,
    "diabetes": datasets.load_diabetes,
}
REPETITIONS = FOLDS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimators", description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"some of {', '.join(TABLES)}")
    parser.add_argument("--given", type=json.loads, default={}, metavar="JSON", help="parameters of both")
    asked = parser.parse_args(arguments)
    lines = ["| table | score | scikit-learn | chainrule | difference |", "|---|---|---|---|---|"]
    for name in asked.tables or TABLES:
        score = "R²" if name == "diabetes" else "accuracy"
        one, other = (scores(room, name, asked.given) for room in (theirs, ours))
        lines.append(f"| {name} | {score} | {told(one)} | {told(other)} | {told(other - one)} |")
        sys.stderr.write(lines[-1] + "\n")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def told(found: npt.NDArray[np.float64]) -> str:
    """Mean and its standard error."""
    return f"{found.mean():.4f} ± {found.std(ddof=1) / len(found) ** 0.5:.4f}"


def scores(room: Any, name: str, given: dict[str, Any]) -> npt.NDArray[np.float64]:
    """Score of each fold of each repetition, with the estimator of a package."""
    X, y = TABLES[name](return_X_y=True)
    found = []
    for seed in range(REPETITIONS):
        if name == "diabetes":
            estimator = TransformedTargetRegressor(
                room.MLPRegressor(random_state=seed, **given), transformer=StandardScaler()
            )
            folds = KFold(FOLDS, shuffle=True, random_state=seed)
        else:
            estimator = room.MLPClassifier(random_state=seed, **given)
            folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        with warnings.catch_warnings(action="ignore"):
            found.append(cross_val_score(make_pipeline(StandardScaler(), estimator), X, y, cv=folds))
    return np.concatenate(found)


if __name__ == "__main__":
    sys.exit(main())
