"""All other tests of scikit-learn's wheel that use its perceptrons, with these in their place."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sklearn

ROOM = Path(sklearn.__file__).parent
NAMES = {"MLPClassifier", "MLPRegressor"}

# `_parameter_constraints`, by which scikit-learn's own estimators say what they take.
OF_PRIVATE_PARTS = {"test_check_param_validation"}

# Takes the place of scikit-learn's before any of its tests is imported, and says which tests had them.
PLUGIN = """
import sklearn.neural_network as room
import chainrule

room.MLPClassifier, room.MLPRegressor = chainrule.MLPClassifier, chainrule.MLPRegressor

def pytest_collection_finish(session):
    for item in session.items:
        for name in ("MLPClassifier", "MLPRegressor"):
            if hasattr(item.module, name):
                assert getattr(item.module, name) is getattr(chainrule, name)
"""


def uses() -> dict[str, set[str]]:
    """Tests that name a perceptron, in themselves or in their parameters, by their modules."""
    found: dict[str, set[str]] = {}
    for file in sorted(ROOM.rglob("tests/test_*.py")):
        text = file.read_text(encoding="utf-8")
        if file.parts[-3] == "neural_network" or not any(name in text for name in NAMES):
            continue
        tests = {
            node.name
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            for part in ast.walk(node)
            if isinstance(part, ast.Name) and part.id in NAMES
        }
        found[".".join(["sklearn", *file.relative_to(ROOM).with_suffix("").parts])] = tests
    return found


def run(tmp_path: Path, *selected: str) -> tuple[set[str], int]:
    """Tests that failed, and how many passed."""
    (tmp_path / "perceptrons_of_chainrule.py").write_text(PLUGIN, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-rf", "-c", "pytest.ini", "-p", "no:cacheprovider"]
    command += ["-p", "perceptrons_of_chainrule", *selected]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stdout[-2000:] + done.stderr[-2000:]
    failed = set(re.findall(r"^FAILED \S*::(\w+)", done.stdout, re.MULTILINE))
    return failed, int(re.findall(r"(\d+) passed", done.stdout)[0])


@pytest.mark.slow
def test_tests_that_name_a_perceptron_pass(tmp_path: Path) -> None:
    found = uses()
    assert found["sklearn.ensemble.tests.test_stacking"] == {
        "test_stacking_classifier_multilabel_predict_proba",
        "test_stacking_classifier_multilabel_auto_predict",
    }
    assert found["sklearn.model_selection.tests.test_validation"] == {
        "test_learning_curve_partial_fit_regressors"
    }
    assert len(found["sklearn.utils._repr_html.tests.test_estimator"]) == 3
    tests = [f"{module}::{test}" for module, names in found.items() for test in sorted(names)]
    failed, n_passed = run(tmp_path, "--pyargs", *tests)
    assert not failed
    assert n_passed >= len(tests)


@pytest.mark.slow
def test_tests_of_all_estimators_pass(tmp_path: Path) -> None:
    """Those of the wheel's `test_common`, with the settings that it has for its own perceptrons."""
    failed, n_passed = run(tmp_path, "--pyargs", "sklearn.tests.test_common", "-k", "MLP")
    assert failed == OF_PRIVATE_PARTS
    assert n_passed > 100
