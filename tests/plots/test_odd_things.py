"""What is seldom seen is drawn as well: nothing, one, what is not finite, many, and kinds of their own."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.figure import Figure
from pictured import EXAMPLES, checked, figure_of, lines_of

import chainrule
from chainrule.training.history import Epoch

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning", "ignore::chainrule.TableWarning")


def history_of(losses: Sequence[float], watched: Sequence[float | None] = ()) -> chainrule.History:
    beside = [*watched, *[None] * (len(losses) - len(watched))]
    epochs = tuple(
        Epoch(k, loss, 0.1, None, other)
        for k, (loss, other) in enumerate(zip(losses, beside, strict=True), 1)
    )
    return chainrule.History(1.0, epochs, 1.0)


def seen(thing: Any, kind: str | None = None, **options: Any) -> str:
    """All words of a plot without faults, in one line."""
    return checked(figure_of(thing, kind, **options))


def test_histories_of_nothing() -> None:
    assert "no epochs" in seen(history_of([]))
    assert "no finite value" in seen(history_of([math.nan]))
    assert "1 epoch without a finite value is not drawn" in seen(history_of([1.0, math.inf, 0.5]))


def test_one_epoch_and_values_between_gaps_have_marks() -> None:
    for losses in ([0.5], [0.1 if k % 2 else math.nan for k in range(60)]):
        (line,) = lines_of(figure_of(history_of(losses)).axes[0], "training rows")
        assert line.get_marker() not in {None, "None", ""}
    (line,) = lines_of(figure_of(history_of([1.0] * 60)).axes[0], "training rows")
    assert line.get_marker() in {None, "None", ""}


def test_losses_of_any_size() -> None:
    for losses in ([1e300 / k**4 for k in range(1, 30)], [0.0] * 5, [1e-300, 1e-310]):
        assert "Loss by epoch" in seen(history_of(losses, [1e305]))
        (line,) = lines_of(figure_of(history_of(losses, [1e305])).axes[0], "training rows")
        assert line.get_ydata().tolist() == losses


def test_networks_without_weights_that_say_anything() -> None:
    net = chainrule.Network.random((2, 3, 1))
    zero = net.with_weights([0 * w for w in net.weights])
    assert "all weights are 0" in seen(zero)
    assert "all are 0" in seen(zero, "weights")
    figure_of(zero, "unit")
    figure_of(zero, "surface", X=[[0.0, 1.0]], Y=[[1.0]])


def test_a_loss_that_hardly_varies_has_no_contours() -> None:
    net = chainrule.Network([[[20.0, 0.0], [20.0, 0.0]], [[0.1, 0.3, 1e-16]]], ["tanh", "identity"])
    figure = figure_of(net, "surface", X=[[0.0], [1.0]], Y=[[1.0], [0.0]], weights=[(1, 1, 1), (1, 2, 1)])
    assert "the loss hardly varies" in checked(figure)
    assert not figure.axes[0].collections


def test_a_gradient_check_says_where_rounding_is_larger() -> None:
    blind = chainrule.Network([[[40.0, 0.0]]], ["logistic"], "binary_cross_entropy")
    check = chainrule.check_gradients(blind, [[0.0]], [[1.0]])
    assert check.passed
    assert check.differences.rounding >= 1
    assert "cannot see these gradients: rounding is larger" in seen(check)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2))
    Y = X.sum(axis=1, keepdims=True) + rng.normal(size=(50, 1))
    best = np.linalg.lstsq(np.column_stack([np.ones(50), X]), Y)[0].T
    check = chainrule.check_gradients(chainrule.Network([best], "identity"), X, Y)
    assert "rounding" in seen(check)
    plain = chainrule.check_gradients(chainrule.Network.random((2, 1)), [[0.0, 1.0]], [[0.0]])
    assert "rounding" not in seen(plain)


def test_the_smallest_network_and_a_deep_one() -> None:
    least = chainrule.Network.random((1, 1))
    for kind in ("network", "weights", "unit"):
        figure_of(least, kind)
    deep = chainrule.Network.random((3, *[4] * 12, 2))
    assert "… 7 more layers" in seen(deep)
    assert "7 more matrices not drawn" in seen(deep, "weights")


def test_layers_that_are_not_dense_and_members() -> None:
    net = chainrule.Network.random((4, 8, 3), layers=("member_scale:4", "dense", "dense"))
    words = seen(net, member=2)
    assert "member 2 of 4" in words
    assert "scale" in words
    assert "member 1 of 4" in seen(net, "weights")
    both = chainrule.Ensemble(chainrule.Network.random((2, 3, 1), seed=seed) for seed in (0, 1))
    assert "network 2 of 2" in seen(both, member=2)


def test_what_a_recipe_has_mixed() -> None:
    table = chainrule.read_table(EXAMPLES / "iris.csv").take(np.arange(0, 150, 4))
    fit = chainrule.fit(table, target="species", effort="quick")
    assert "the first network of several" in seen(fit, "history")
    assert "network 2 of" in seen(fit, "network", member=2)
    mesh = figure_of(fit, "unit").axes[0].collections[0]
    assert 0 <= np.min(mesh.get_array()) <= np.max(mesh.get_array()) <= 1


def test_times() -> None:
    start = dt.datetime(2020, 1, 1)  # noqa: DTZ001 (of no zone)
    steps = [dt.timedelta(days=3 * k) for k in range(40)]
    x = np.arange(40.0)
    dates = chainrule.fit(
        pa.table({"x": x, "when": [start + one for one in steps]}), target="when", hidden=3, epochs=9
    )
    assert "2020" in seen(dates, "predicted")
    assert "(days)" in seen(dates, "residuals")
    figure_of(dates.model.predict(pa.table({"x": x})))
    assert "2020-0" in seen(dates, "unit")
    spans = chainrule.fit(pa.table({"x": x, "long": steps}), target="long", hidden=3, epochs=9)
    (ax,) = figure_of(spans, "predicted").axes
    actual = spans.data.table.column("long").cells.cast("int64").to_numpy()[spans.data.held_out_rows]
    assert ax.get_xlabel() == "actual (days)"
    np.testing.assert_allclose(lines_of(ax, "rows")[0].get_xdata(), actual / (86_400e6))
    figure_of(spans.model.predict(pa.table({"x": x})))
    ax = figure_of(spans, "unit").axes[0]
    assert (ax.get_title(loc="left"), ax.get_ylabel()) == ("Predicted long (days)", "output (days)")
    assert 40 < max(lines_of(ax, "unit")[0].get_ydata()) < 140


def test_a_map_of_dates() -> None:
    start = dt.datetime(2020, 1, 1)  # noqa: DTZ001 (of no zone)
    x = np.random.default_rng(0).normal(size=(40, 2))
    when = [start + dt.timedelta(days=float(100 * a + 50 * b)) for a, b in x]
    fit = chainrule.fit(
        pa.table({"a": x[:, 0], "b": x[:, 1], "when": when}), target="when", hidden=3, epochs=9
    )
    figure = figure_of(fit, "unit")
    checked(figure)
    bar = figure.axes[0].child_axes[0]
    texts = [one.get_text() for one in bar.get_yticklabels()]
    assert texts
    assert all(one[:3] in {"201", "202"} for one in texts)


@pytest.mark.parametrize(("end", "way"), [("0001-01-01", 1), ("9999-12-31", -1)])
def test_the_first_and_the_last_dates(end: str, way: int) -> None:
    from chainrule.scores import NumberRows, score_numbers  # noqa: PLC0415 (no public door)
    from chainrule.tables.encoding.targets.answers import Answer  # noqa: PLC0415 (as above)

    days, year = np.datetime64(end) + way * np.arange(20), end[:4].lstrip("0")
    seconds = days.astype("datetime64[s]").astype(np.float64)
    score = score_numbers("when", NumberRows(seconds, seconds - way * 9e5, is_time=True, has_zero=False))
    for kind in ("predicted", "residuals"):
        assert f"{year}-" in seen(score, kind)
    assert f"{year}-" in seen(chainrule.Predictions({"when": Answer(pa.array(days))}, ("when",)))


def test_many_targets() -> None:
    X = np.random.default_rng(0).normal(size=(40, 3))
    columns = {"a": X[:, 0], "b": X[:, 1]}
    labels = {f"label{k}": np.where(X[:, k % 3] > 0.1 * k, "yes", "no") for k in range(8)}
    fit = chainrule.fit(pa.table(columns | labels), target=list(labels), hidden=4, epochs=9)
    assert "2 more targets are not drawn" in seen(fit, "confusion")
    assert "label7" in seen(fit, "network")
    numbers = {f"y{k}": X[:, k % 3] * k for k in range(1, 9)}
    fit = chainrule.fit(pa.table(columns | numbers), target=list(numbers), hidden=4, epochs=9)
    axes = chainrule.plot(fit, "predicted", ax=Figure().subplots(2, 3))
    assert "2 more targets are not drawn" in axes[1, 2].get_xlabel().replace("\n", " ")


def test_quantiles_are_called_so() -> None:
    fit = chainrule.fit(
        EXAMPLES / "penguins.csv", target="body_mass_g", loss="quantile:0.9", hidden=3, epochs=3
    )
    assert "predicted 90 % quantile" in seen(fit, "predicted")


def test_one_row_and_targets_that_do_not_vary() -> None:
    from chainrule.scores import NumberRows, score_numbers  # noqa: PLC0415 (no public door)

    for rows in (NumberRows(np.array([3.0]), np.array([2.0])), NumberRows(np.full(9, 1e9), np.full(9, 1e9))):
        score = score_numbers("y", rows)
        figure_of(score)
        figure_of(score, "residuals")
    lost = NumberRows(np.array([1.0, 2.0]), np.array([np.nan, 2.0]))
    assert "1 row without a finite value is not drawn" in seen(score_numbers("y", lost))
    many = np.arange(12_000.0)
    assert "4,000 of 12,000 rows are drawn" in seen(score_numbers("y", NumberRows(many, many)))


def test_several_scores_and_seeds() -> None:
    folds = chainrule.cross_validate(EXAMPLES / "iris.csv", target="species", folds=2, hidden=3, epochs=3)
    scores = [one.held_out_score for one in folds.folds]
    assert seen(scores).count("predicted class") == 2
    assert "150 rows, none seen by its network" in seen(folds)
    many = chainrule.train_restarts(
        lambda seed: chainrule.Network.random((1, 1), seed=seed), [[0.0], [1.0]], [[0.0], [1.0]],
        restarts=3, rate=1, epochs=3,
    )  # fmt: skip
    assert "3 seeds" in seen(many)


def test_a_model_of_a_file(tmp_path: Any, of_classes: chainrule.FitResult) -> None:
    chainrule.save(of_classes.model, tmp_path / "m.st")
    model = chainrule.load(tmp_path / "m.st")
    assert "encoded inputs as is typical" in seen(model, "unit")
    assert "others as is typical" in seen(model, "unit", table=EXAMPLES / "iris.csv")
    assert "150 rows of iris.csv" in seen(model, table=EXAMPLES / "iris.csv")
    figure_of(model, "summary")
