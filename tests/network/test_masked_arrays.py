"""A masked number is missing: as NaN wherever arrays are given, and never what stands below the mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

import chainrule
from chainrule import InputError, Network, train

if TYPE_CHECKING:
    from collections.abc import Callable

NET = Network.random((2, 3, 2), seed=1)
X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.0]])
Y = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.5, 0.25]])
GAPS = np.zeros(Y.shape, dtype=bool)
GAPS[1, 0] = GAPS[2, 1] = True
SETTINGS: dict[str, Any] = {"rate": 0.5, "epochs": 5, "engine": "reference", "batch_size": 2}
ONE = np.ma.masked_array([1.0, 1.0, 7.0, 1.0], mask=[False, False, True, False])
TABLE = chainrule.read_table(pa.table({"x": [1.0, 2.0, 4.0], "y": [1.0, 3.0, 2.0]}))


@pytest.mark.parametrize("dtype", [float, int, object, "float32"])
def test_a_masked_target_counts_for_nothing_as_nan_does(dtype: Any) -> None:  # noqa: ANN401
    whole = np.rint(Y).astype(dtype)
    missing = np.where(GAPS, np.nan, np.rint(Y))
    masked = np.ma.masked_array(whole, mask=GAPS)
    for given in (masked, list(masked)):
        result = train(NET, X, given, validation=(X, given), **SETTINGS)
        expected = train(NET, X, missing, validation=(X, missing), **SETTINGS)
        assert result.history.loss == expected.history.loss
        assert result.history.validation_loss == expected.history.validation_loss
    with pytest.raises(InputError, match="Every number of Y is missing"):
        train(NET, X, np.ma.masked_array(Y, mask=True), **SETTINGS)


MASKED_X = np.ma.masked_array(X, mask=[[False, False], [False, True], [False, False], [False, False]])
MASKED_W = [np.ma.masked_array(w, mask=w == w[0, 0]) for w in NET.weights]


@pytest.mark.parametrize(
    ("call", "parameter", "message"),
    [
        (
            lambda: train(NET, MASKED_X, Y, **SETTINGS),
            "X",
            r"X\[1, 1\] is nan but every number must be finite",
        ),
        (
            lambda: train(NET, X, Y, validation=(MASKED_X, Y), **SETTINGS),
            "validation",
            r"validation X\[1, 1\] is nan",
        ),
        (
            lambda: train(NET, X, Y, sample_weight=ONE, **SETTINGS),
            "sample_weight",
            r"sample_weight\[2\] is nan",
        ),
        (lambda: train(NET, X, Y, masks=[w > -9 for w in MASKED_W], **SETTINGS), "masks", "other values"),
        (lambda: train(NET, X, Y, **SETTINGS | {"rate": np.ma.masked}), "rate", "rate is masked but must be"),
        (
            lambda: train(NET, X, Y, **SETTINGS | {"epochs": np.ma.masked_array(2, mask=True)}),
            "epochs",
            "must be a whole number of at least 1",
        ),
        (lambda: chainrule.check_gradients(NET, MASKED_X, Y), "X", r"X\[1, 1\] is nan"),
        (lambda: chainrule.trace(NET, MASKED_X[1], Y[0], rate=0.1), "x", r"x\[0, 1\] is nan"),
        (lambda: chainrule.trace(NET, X[0], ONE[1:3], rate=0.1), "y", r"y\[0, 1\] is nan"),
        (lambda: Network(MASKED_W), "weights", r"weights\[0\]\[0, 0\] is nan"),
        (lambda: NET.with_weights(MASKED_W), "weights", r"weights\[0\]\[0, 0\] is nan"),
        (
            lambda: TABLE.take(np.ma.masked_array([0, 1], mask=[True, False])),
            "rows",
            "must be whole numbers from 0 to 2",
        ),
    ],
)
def test_a_masked_number_is_refused_where_one_is_needed(
    call: Callable[[], object], parameter: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert caught.value.parameter == parameter


def test_a_masked_input_has_no_output_as_nan_has_none() -> None:
    missing = MASKED_X.filled(np.nan)
    np.testing.assert_array_equal(NET(MASKED_X), NET(missing))
    np.testing.assert_array_equal(NET(MASKED_X[1]), NET(missing[1]))
    np.testing.assert_array_equal(NET.forward(MASKED_X).a[-1], NET.forward(missing).a[-1])
    assert np.isnan(NET(MASKED_X)[1]).all()
    assert np.isfinite(NET(MASKED_X)[0]).all()


def test_a_mask_without_a_masked_number_changes_nothing() -> None:
    clear = np.ma.masked_array(X, mask=False)
    np.testing.assert_array_equal(NET(clear), NET(X))
    assert TABLE.take(np.ma.masked_array([2, 0])).column("x").as_numbers().tolist() == [4.0, 1.0]


def test_a_masked_cell_of_a_frame_is_missing() -> None:
    cells = pa.array(np.array([1.0, 2.0, 3.0]), mask=np.array([False, True, False]))
    table = chainrule.read_table(pa.table({"x": cells, "y": [1.0, 2.0, 3.0]}))
    assert table.column("x").missing.tolist() == [False, True, False]
    report = chainrule.fit(table, target="y", held_out=0, epochs=1).data.report
    (why,) = (one.why for one in report.columns if one.name == "x")
    assert why == "missing in 1 training row, row 2 first: taken for the mean"
