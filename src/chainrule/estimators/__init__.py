"""The estimators of scikit-learn's users: `MLPClassifier` and `MLPRegressor`, trained by this package."""

from chainrule.errors import MissingPackageError

try:
    import sklearn  # noqa: F401 (whether it is there)
except ModuleNotFoundError as error:
    raise MissingPackageError(
        "MLPClassifier and MLPRegressor are estimators of scikit-learn, which is not installed.",
        needs="must be installed",
        advice="Try pip install 'chainrule[sklearn]'.",
    ) from error

from chainrule.estimators.classifier import MLPClassifier
from chainrule.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
