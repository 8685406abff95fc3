"""A search over parameters on threads of joblib's: the scores are those of one fit after the other."""

from __future__ import annotations

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from chainrule import MLPClassifier

pytestmark = pytest.mark.filterwarnings("ignore")

GRID = {"hidden_layer_sizes": [(5,), (9, 4)], "solver": ["adam", "lbfgs"], "early_stopping": [False, True]}


def test_a_search_on_threads_has_the_scores_of_one_after_the_other() -> None:
    X, y = load_iris(return_X_y=True)
    found = []
    for jobs in (1, 4):
        network = MLPClassifier(max_iter=30, random_state=2, threads=1)
        search = GridSearchCV(network, GRID, cv=3, n_jobs=jobs, return_train_score=True)
        with joblib.parallel_config("threading"):
            search.fit(X, y)
        parts = [f"split{k}_{of}_score" for k in range(3) for of in ("test", "train")]
        found.append(np.array([search.cv_results_[name] for name in parts]))
    assert found[0].tobytes() == found[1].tobytes()
    assert len(np.unique(found[0])) > 3
