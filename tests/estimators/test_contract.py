"""scikit-learn's own checks of estimators, and its own tests of its perceptrons, with one import changed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sklearn.neural_network.tests import test_mlp
from sklearn.utils.estimator_checks import estimator_checks_generator

from chainrule import MLPClassifier, MLPRegressor

if TYPE_CHECKING:
    from collections.abc import Callable

    from sklearn.base import BaseEstimator

# Of parts that scikit-learn keeps to itself: `_loss_grad_lbfgs`, and `_optimizer` in the other two.
OF_PRIVATE_PARTS = {"test_gradient", "test_learning_rate_warmstart", "test_adaptive_learning_rate"}

SLOW = {
    "check_classifiers_classes", "check_classifiers_train", "check_estimator_sparse_array",
    "check_estimator_sparse_matrix", "check_estimators_dtypes", "check_fit_score_takes_y",
    "check_classifier_data_not_an_array", "check_classifiers_multilabel_representation_invariance",
    "check_regressor_data_not_an_array", "check_regressors_int", "check_regressors_train",
}  # fmt: skip


def checks() -> list[Any]:
    """All checks of both estimators as they are by default, none of which is expected to fail."""
    return [
        pytest.param(
            estimator, check, id=f"{type(one).__name__}-{name}-{n}",
            marks=[pytest.mark.slow] if name in SLOW else [],
        )
        for one in (MLPClassifier(), MLPRegressor())
        for n, (estimator, check) in enumerate(estimator_checks_generator(one))
        for name in [str(getattr(check, "func", check).__name__)]
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "check"), checks())
def test_scikit_learns_check_passes(estimator: BaseEstimator, check: Callable[..., None]) -> None:
    check(estimator)


@pytest.mark.slow
def test_scikit_learns_own_tests_pass_with_one_import_changed(tmp_path: Path) -> None:
    source = Path(test_mlp.__file__).read_text(encoding="utf-8")
    changed = source.replace("from sklearn.neural_network import MLP", "from chainrule import MLP")
    assert changed != source
    (tmp_path / "test_of_theirs.py").write_text(changed, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rf",
        "-p",
        "sklearn.conftest",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    failed = set(re.findall(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE))
    assert failed == OF_PRIVATE_PARTS, done.stdout[-2000:]
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) > 50
