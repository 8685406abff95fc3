"""The tools, each with its defaults, one thread and inputs prepared as it needs them.

Each is a function of training inputs, training target, kind of target and seed, that gives a function from
inputs to predictions. Preparing inputs counts to the time of the fit, and of the prediction.
"""

from __future__ import annotations

import importlib
import tempfile
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.calibration import certainty, coverage
from benchmarks.rivals import Unavailable
from benchmarks.tabular.preparing import categories_of, matrix, with_categories, without_gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt
    import pandas as pd

    Predict = Callable[[pd.DataFrame], npt.NDArray[Any]]
    Fit = Callable[[pd.DataFrame, pd.Series[Any], bool, int], Predict]

__all__ = ["RIVALS", "Rival", "chainrule"]


@dataclass(frozen=True)
class Rival:
    """A tool of the study.

    Attributes
    ----------
    name : str
        As the tables show it.
    package : str
        What it comes with.
    fit : callable
    """

    name: str
    package: str
    fit: Fit

    @property
    def version(self) -> str:
        """Version of the package; Unavailable where it is not installed."""
        try:
            module = importlib.import_module(self.package)
        except ImportError as error:
            message = f"{self.package} is not installed"
            raise Unavailable(message) from error
        return str(getattr(module, "__version__", None) or metadata.version(self.package))


def chainrule(name: str, options: Mapping[str, Any]) -> Rival:
    """Ours, with options of `chainrule.fit` in Python."""

    def fit(X: pd.DataFrame, y: pd.Series[Any], is_classes: bool, seed: int) -> Predict:  # noqa: FBT001 (as the others)
        package, target = importlib.import_module("chainrule"), str(y.name)
        kind = {("classes" if is_classes else "numbers"): target}
        model = package.fit(
            X.assign(**{target: y}), target=target, held_out=0, seed=seed, **{**kind, **options}
        ).model
        return _OfModel(model, target)

    return Rival(name, "chainrule", fit)


@dataclass(frozen=True)
class _OfModel:
    model: Any
    target: str

    def __call__(self, new: pd.DataFrame) -> npt.NDArray[Any]:
        return np.asarray(self.model.predict(new)[self.target])

    def told(self, test: pd.DataFrame) -> dict[str, Any]:
        """The recipe and the effort of its record, and how sure it is of rows that it has not seen."""
        record = self.model.training
        facts: dict[str, Any] = {
            "made_by": f"{record.recipe}, {record.effort}" if record.recipe else "one network"
        }
        if self.model.calibration is None:
            return facts
        if self.model.table_encoding.kind == "numbers":
            return facts | {"coverage": coverage(self.model, test)}
        return facts | certainty(self.model, test)._asdict()


def _linear(X: pd.DataFrame, y: pd.Series[Any], is_classes: bool, seed: int) -> Predict:  # noqa: FBT001 (as the others)
    model = LogisticRegression(max_iter=1000, random_state=seed) if is_classes else RidgeCV()
    return _fitted(make_pipeline(matrix(X), model), X, y)


def _mlp(X: pd.DataFrame, y: pd.Series[Any], is_classes: bool, seed: int) -> Predict:  # noqa: FBT001 (as the others)
    if is_classes:
        return _fitted(make_pipeline(matrix(X), MLPClassifier(random_state=seed)), X, y)
    model = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
    return _fitted(make_pipeline(matrix(X), model), X, y)


def _fitted(model: Any, X: pd.DataFrame, y: pd.Series[Any]) -> Predict:
    predict: Predict = model.fit(X, y.to_numpy()).predict
    return predict


def _lightgbm(X: pd.DataFrame, y: pd.Series[Any], is_classes: bool, seed: int) -> Predict:  # noqa: FBT001 (as the others)
    package = importlib.import_module("lightgbm")
    kind = package.LGBMClassifier if is_classes else package.LGBMRegressor
    model = kind(n_jobs=1, random_state=seed, verbosity=-1).fit(_numbered(with_categories(X, [])[0]), y)
    return lambda new: np.asarray(model.predict(_numbered(with_categories(X, [new])[1])))


def _numbered(X: pd.DataFrame) -> pd.DataFrame:
    """The same with names that LightGBM takes."""
    return X.set_axis([f"c{place}" for place in range(X.shape[1])], axis=1)


def _of_pytabkit(kind: str) -> Fit:
    def fit(X: pd.DataFrame, y: pd.Series[Any], is_classes: bool, seed: int) -> Predict:  # noqa: FBT001 (as the others)
        package = importlib.import_module("pytabkit")
        device = "cuda:0" if importlib.import_module("torch").cuda.is_available() else "cpu"
        estimator = getattr(package, f"{kind}_{'Classifier' if is_classes else 'Regressor'}")
        with tempfile.TemporaryDirectory() as folder:
            model = estimator(device=device, n_threads=1, random_state=seed, tmp_folder=folder)
            model.fit(without_gaps(X, [])[0], y.to_numpy(), cat_col_names=categories_of(X))
        return lambda new: np.asarray(model.predict(without_gaps(X, [new])[1])).reshape(-1)

    return fit


RIVALS = {
    "linear": Rival("linear model", "sklearn", _linear),
    "mlp": Rival("scikit-learn's MLP", "sklearn", _mlp),
    "lightgbm": Rival("LightGBM", "lightgbm", _lightgbm),
    "realmlp": Rival("RealMLP", "pytabkit", _of_pytabkit("RealMLP_TD")),
    "tabm": Rival("TabM", "pytabkit", _of_pytabkit("TabM_D")),
}
