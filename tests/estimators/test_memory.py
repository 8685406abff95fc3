"""What a fit takes of memory, in copies of the samples in the network's dtype, and what it leaves."""

from __future__ import annotations

import gc
import tracemalloc
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pytest

from chainrule import MLPClassifier, MLPRegressor

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import numpy.typing as npt

    Array = npt.NDArray[Any]

N_ROWS, N_COLUMNS = 20_000, 250  # wide, so that what is one number a row does not matter
OTHER = 0.3  # whether each number is finite, or the rows that are looked at at once
LEFT = 0.02

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def garbage_is_not_collected() -> Generator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def drawn(dtype: str, order: Literal["C", "F"]) -> Array:
    samples: Array = np.random.default_rng(7).normal(size=(N_ROWS, N_COLUMNS))
    return samples.astype(dtype, order)


def peak_and_rest(function: Callable[[], object]) -> tuple[int, int]:
    """Bytes that were taken at once, and those that are left."""
    tracemalloc.start()
    try:
        kept = function()
        left, peak = tracemalloc.get_traced_memory()
        del kept
    finally:
        tracemalloc.stop()
    return peak, left


@pytest.mark.usefixtures("garbage_is_not_collected")
@pytest.mark.parametrize(
    ("made", "dtype", "given", "copies"),
    [
        (lambda: drawn("float64", "C"), "float64", {}, 0),
        (lambda: drawn("float32", "C"), "float32", {}, 0),
        (lambda: drawn("float64", "F"), "float64", {}, 1),
        (lambda: drawn("float32", "F"), "float32", {}, 1),
        (lambda: (10 * drawn("float64", "C")).astype(int), "float64", {}, 1),
        (lambda: drawn("float64", "C").tolist(), "float64", {}, 1),
        (lambda: pd.DataFrame(drawn("float64", "C")), "float64", {}, 1),
        (lambda: drawn("float64", "C"), "float64", {"early_stopping": True}, 1),
        (lambda: drawn("float64", "C"), "float64", {"solver": "lbfgs"}, 0),
        (lambda: drawn("float32", "C"), "float64", {"solver": "lbfgs"}, 1),
    ],
    ids=[
        "float64", "float32", "float64 by columns", "float32 by columns", "whole numbers", "lists",
        "DataFrame", "early stopping", "lbfgs", "lbfgs of float32",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [pytest.param(MLPClassifier, marks=pytest.mark.slow), MLPRegressor])
def test_one_copy_of_the_samples_at_most(
    kind: Any,  # noqa: ANN401
    made: Callable[[], Any],
    dtype: str,
    given: dict[str, Any],
    copies: int,
) -> None:
    """None at all where they lie row after row in a dtype that networks have."""
    X, y = made(), np.arange(N_ROWS) % 2
    one = kind(hidden_layer_sizes=2, max_iter=1, random_state=3, threads=1, **given)
    one.fit(X[:300], y[:300])  # what is loaded or compiled once
    whole = N_ROWS * N_COLUMNS * np.dtype(dtype).itemsize
    peak, left = peak_and_rest(lambda: one.fit(X, y))
    assert peak < (copies + OTHER) * whole
    assert left < LEFT * whole
