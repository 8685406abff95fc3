"""What is drawn is what was computed: read back from the axes, beside NumPy, scikit-learn or the model."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from matplotlib.figure import Figure
from pictured import EXAMPLES, figure_of, lines_of, words_of
from sklearn.metrics import confusion_matrix

import chainrule
from chainrule import plot
from chainrule.plots.surfaces import surface_of
from chainrule.training.history import Epoch

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]


def held_out(fit: chainrule.FitResult) -> Any:
    return fit.data.table.take(fit.data.held_out_rows)


def test_history_has_every_loss_and_the_best_epoch(of_classes: chainrule.FitResult) -> None:
    (ax,) = figure_of(of_classes, "history").axes
    (training,), (validation,) = lines_of(ax, "training rows"), lines_of(ax, "validation rows")
    n = len(of_classes.history.epochs)
    assert training.get_xdata().tolist() == list(range(1, n + 1))
    assert training.get_ydata().tolist() == list(of_classes.history.loss)
    assert validation.get_ydata().tolist() == list(of_classes.history.validation_loss)
    assert training.get_linestyle() != validation.get_linestyle()
    ((best,),) = [line.get_xdata() for line in lines_of(ax, "best")]
    assert best == of_classes.training.best_epoch
    assert 1 < best < n


def test_a_logarithmic_scale_is_said() -> None:
    falling = chainrule.History(1.0, tuple(Epoch(k, 1 / k**2, 0.1) for k in range(1, 10)), 0.0)
    flat = chainrule.History(1.0, tuple(Epoch(k, 1 / k, 0.1) for k in range(1, 10)), 0.0)
    for history, scale in ((falling, "log"), (flat, "linear")):
        (ax,) = figure_of(history).axes
        assert (ax.get_yscale() == scale, "(log scale)" in ax.get_ylabel()) == (True, scale == "log")


def test_lines_of_folds() -> None:
    folds = chainrule.cross_validate(EXAMPLES / "iris.csv", target="species", folds=3, hidden=3, epochs=5)
    (ax,) = figure_of(folds, "history").axes
    drawn = [line.get_ydata().tolist() for line in lines_of(ax, "training rows")]
    assert drawn == [list(one.history.loss) for one in folds.folds]


def test_a_metric_stands_in_a_panel_of_its_own() -> None:
    history = chainrule.History(
        1.0, tuple(Epoch(k, 1 / k, 0.1, None, None, k / 9) for k in range(1, 10)), 0.0
    )
    _, ax = figure_of(history).axes
    assert lines_of(ax, "training rows")[0].get_ydata().tolist() == [k / 9 for k in range(1, 10)]


def test_confusion_is_that_of_scikit_learn(of_classes: chainrule.FitResult) -> None:
    table = held_out(of_classes)
    actual, predicted = table.column("species").as_labels(), of_classes.model.predict(table)["species"]
    found = confusion_matrix(actual, predicted, labels=["setosa", "versicolor", "virginica"])
    ax = figure_of(of_classes, "confusion").axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["setosa", "versicolor", "virginica"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "actual class")
    counts = np.zeros((3, 3), dtype=int)
    for text in ax.texts:
        if text.get_text().isdigit():
            column, line = text.get_position()
            counts[line, column] = int(text.get_text())
    assert counts.tolist() == found.tolist()
    assert np.trace(found) < found.sum(), "a mistake tells rows and columns apart"
    shares = ax.images[0].get_array()
    np.testing.assert_allclose(shares, found / found.sum(axis=1, keepdims=True))


def test_calibration_counts_rows_that_are_as_sure(of_classes: chainrule.FitResult) -> None:
    table = held_out(of_classes)
    p = of_classes.model.predict(table)
    labels = table.column("species").as_labels()
    bins: dict[int, list[tuple[float, bool]]] = {}
    assert p.probabilities is not None
    for row, label in zip(p.probabilities.tolist(), labels, strict=True):
        sure = max(row)
        is_right = ["setosa", "versicolor", "virginica"][row.index(sure)] == label
        bins.setdefault(math.ceil(sure * 15), []).append((sure, is_right))
    expected = [np.mean(bins[k], axis=0).tolist() for k in sorted(bins)]
    ax = figure_of(of_classes, "calibration").axes[0]
    (points, _, _) = ax.containers[0]
    np.testing.assert_allclose(points.get_xydata(), expected)
    counts = [text.get_text() for text in ax.texts if text.get_text().isdigit()]
    assert counts
    assert set(counts) <= {str(len(rows)) for rows in bins.values()}


def test_predicted_and_residuals_are_in_the_unit_of_the_table(of_numbers: chainrule.FitResult) -> None:
    table = held_out(of_numbers)
    actual, predicted = (
        table.column("body_mass_g").as_numbers(),
        of_numbers.model.predict(table)["body_mass_g"],
    )
    (ax,) = figure_of(of_numbers, "predicted").axes
    np.testing.assert_allclose(lines_of(ax, "rows")[0].get_xydata(), np.column_stack([actual, predicted]))
    (ax,) = figure_of(of_numbers, "residuals").axes
    points = lines_of(ax, "rows")[0].get_xydata()
    np.testing.assert_allclose(points, np.column_stack([predicted, actual - predicted]), atol=1e-9)


def test_each_of_two_targets_has_a_panel(of_two_targets: chainrule.FitResult) -> None:
    table = held_out(of_two_targets)
    p = of_two_targets.model.predict(table)
    axes = figure_of(of_two_targets, "predicted").axes
    for ax, name in zip(axes, p.targets, strict=True):
        assert ax.get_title(loc="left").startswith(name)
        np.testing.assert_allclose(lines_of(ax, "rows")[0].get_ydata(), p[name])


def test_rows_that_were_learnt_from(of_numbers: chainrule.FitResult) -> None:
    (ax,) = figure_of(of_numbers, "predicted", rows="training").axes
    assert len(lines_of(ax, "rows")[0].get_xdata()) == len(of_numbers.data.training_rows)
    assert any("that it has learnt from" in words for words in words_of(ax.figure))


def test_coverage_is_that_of_the_intervals_that_are_predicted(of_numbers: chainrule.FitResult) -> None:
    table = held_out(of_numbers)
    actual = table.column("body_mass_g").as_numbers()
    (ax,) = figure_of(of_numbers, "calibration").axes
    drawn = dict(lines_of(ax, "within")[0].get_xydata().tolist())
    for share in (0.1, 0.5, 0.9):
        p = of_numbers.model.predict(table, interval=share)
        within = (p["body_mass_g_low"] <= actual) & (actual <= p["body_mass_g_high"])
        assert drawn[share] == pytest.approx(within.mean(), abs=1 / len(actual))
    assert drawn[0.1] < drawn[0.5] < drawn[0.9]


def test_coverage_is_that_of_the_rows_that_are_asked_for(of_numbers: chainrule.FitResult) -> None:
    def within(thing: Any, **options: Any) -> tuple[str, Any]:
        ax = plot(thing, "calibration", ax=Figure().subplots(), **options)
        return " ".join(one.get_label() for one in ax.texts), lines_of(ax, "within")[0].get_xydata()

    names = dict.fromkeys(part.name for part in of_numbers.model.table_encoding.inputs)
    table = of_numbers.data.table
    some = table.take(of_numbers.data.training_rows[:60])
    X = np.array([some.column(name).cells.to_pylist() for name in names], dtype=object).T
    Y = some.column("body_mass_g").as_numbers()
    words, expected = within(of_numbers, table=some)
    assert "60 rows of" in words
    assert not np.array_equal(expected, within(of_numbers)[1])
    for thing in (of_numbers, of_numbers.model):
        words, found = within(thing, X=X, Y=Y)
        assert "60 rows" in words
        np.testing.assert_array_equal(found, expected)
    words, found = within(of_numbers, rows="training")
    assert "that it has learnt from" in words
    training = table.take(of_numbers.data.training_rows)
    np.testing.assert_array_equal(found, within(of_numbers, table=training)[1])
    with pytest.raises(chainrule.InputError, match="has no rows of its own"):
        plot(of_numbers.model, "calibration")


def test_network_lines_are_as_thick_as_weights_are_large() -> None:
    net = chainrule.Network([[[0.5, -1.0, 2.0], [0.0, 0.25, -4.0]], [[1.0, 3.0, -0.5]]])
    (ax,) = figure_of(net).axes
    groups = {one.get_gid(): one for one in ax.collections}
    assert [len(groups[f"positive-{m}"].get_segments()) for m in (1, 2)] == [3, 2]
    assert [len(groups[f"negative-{m}"].get_segments()) for m in (1, 2)] == [2, 1]
    widths = sorted([*groups["positive-1"].get_linewidths(), *groups["negative-1"].get_linewidths()])
    sizes = sorted(abs(w) for w in net.weights[0].ravel() if w)
    steps = [(b - a) / (y - x) for (a, b), (x, y) in zip(pairwise(widths), pairwise(sizes), strict=True)]
    np.testing.assert_allclose(steps, steps[0])
    assert groups["positive-1"].get_linestyles() != groups["negative-1"].get_linestyles()
    # The largest weight is the last one drawn, from the second input to the second unit.
    (x0, y0), (x1, y1) = groups["negative-1"].get_segments()[-1]
    units = [line.get_xydata() for line in ax.get_lines() if line.get_marker() == "o"]
    assert [[x0, y0], [x1, y1]] == [units[0][1].tolist(), units[1][1].tolist()]


def test_units_that_are_too_many_are_counted() -> None:
    words = words_of(figure_of(chainrule.Network.random((4, 58, 3))))
    assert "… 49 more" in words
    assert "58 units\nlogistic" in words


def test_squares_are_as_large_as_weights() -> None:
    net = chainrule.Network([[[0.5, -1.0, 2.0], [0.0, 0.25, -4.0]]])
    (ax,) = figure_of(net, "weights").axes
    areas = {}
    for squares in ax.collections:
        sign = -1 if squares.get_gid() == "negative" else 1
        for path in squares.get_paths():
            low, high = path.vertices.min(axis=0), path.vertices.max(axis=0)
            column, line = np.round((low + high) / 2).astype(int).tolist()
            areas[line, column] = sign * float(np.prod(high - low))
    w = net.weights[0]
    assert (1, 0) not in areas
    for place, area in areas.items():
        assert area / areas[1, 2] == pytest.approx(w[place] / w[1, 2])
    is_open = {one.get_gid(): one.get_facecolor()[0][:3].tolist() == [1, 1, 1] for one in ax.collections}
    assert is_open == {"positive": False, "negative": True}


def test_a_large_matrix_is_an_image_of_its_weights() -> None:
    net = chainrule.Network.random((60, 40, 2), seed=3)
    ax = figure_of(net, "weights", layer=1).axes[0]
    np.testing.assert_array_equal(ax.images[0].get_array(), net.weights[0])
    norm = ax.images[0].norm
    assert -norm.vmin == norm.vmax == np.abs(net.weights[0]).max()


def test_inputs_that_are_pixels() -> None:
    net = chainrule.Network.random((6, 5, 2), seed=3)
    ax = figure_of(net, "weights", pixels=(3, 2)).axes[0]
    sheet = np.asarray(ax.images[0].get_array().filled(np.nan))
    np.testing.assert_array_equal(sheet[:2, :3], net.weights[0][0, 1:].reshape(2, 3))
    np.testing.assert_array_equal(sheet[:2, 4:7], net.weights[0][1, 1:].reshape(2, 3))
    assert np.isnan(sheet[:, 3]).all()


def test_unit_map_is_what_the_model_predicts(of_classes: chainrule.FitResult) -> None:
    ax = figure_of(of_classes, "unit", unit="virginica", inputs=("petal_length", "petal_width")).axes[0]
    mesh = ax.collections[0]
    points = mesh.get_coordinates().reshape(-1, 2)
    table = of_classes.data.table
    usual = {name: np.median(table.column(name).as_numbers()) for name in ("sepal_length", "sepal_width")}
    rows = pa.table(
        {name: np.full(len(points), value) for name, value in usual.items()}
        | {"petal_length": points[:, 0], "petal_width": points[:, 1]}
    )
    expected = of_classes.model.predict(rows)["probability_virginica"]
    np.testing.assert_allclose(np.asarray(mesh.get_array()).ravel(), expected, rtol=1e-12)
    assert np.ptp(expected) > 0.5
    own = np.array(table.column("species").as_labels()) == "virginica"
    assert len(lines_of(ax, "own rows")[0].get_xdata()) == own.sum()


def test_unit_map_of_a_hidden_unit() -> None:
    net = chainrule.Network.random((2, 3, 1), seed=4)
    ax = figure_of(net, "unit", layer=1, unit=2).axes[0]
    mesh = ax.collections[0]
    points = mesh.get_coordinates().reshape(-1, 2)
    w = net.weights[0][1]
    expected = 1 / (1 + np.exp(-(w[0] + points @ w[1:])))
    np.testing.assert_allclose(np.asarray(mesh.get_array()).ravel(), expected, rtol=1e-12)


def field_of(thing: Any, **options: Any) -> tuple[str, Any]:
    """Title and values of the map of a unit."""
    ax = plot(thing, "unit", ax=Figure().subplots(), **options)
    return ax.get_title(loc="left"), np.asarray(ax.collections[0].get_array())


def test_unit_map_of_a_member_is_decoded_as_the_whole_is(of_numbers: chainrule.FitResult) -> None:
    names = ("bill_length_mm", "flipper_length_mm")
    title, whole = field_of(of_numbers, inputs=names)
    assert 2000 < whole.min() < whole.max() < 8000
    found, alone = field_of(of_numbers, inputs=names, member=1)
    assert found == title
    np.testing.assert_array_equal(alone, whole)
    first, *others = (
        of_numbers.model.network.with_weights([w + k / 10 for w in of_numbers.model.network.weights])
        for k in range(3)
    )
    several = replace(of_numbers.model, network=chainrule.Ensemble([first, *others]))
    fields = [field_of(several, table=of_numbers.data.table, inputs=names, member=k)[1] for k in (1, 2, 3)]
    np.testing.assert_array_equal(fields[0], whole)
    mean = field_of(several, table=of_numbers.data.table, inputs=names)[1]
    np.testing.assert_allclose(np.mean(fields, axis=0), mean, rtol=1e-5)


def test_unit_map_of_a_member_is_as_sure_as_the_calibration_says() -> None:
    fit = chainrule.fit(
        EXAMPLES / "iris.csv", target="species", hidden=3, epochs=9, validation=0.25, calibrate=True, seed=1
    )
    names = ("petal_length", "petal_width")
    whole, alone = (field_of(fit, inputs=names, member=member) for member in (None, 1))
    assert whole[0] == alone[0] == "Probability of setosa"
    np.testing.assert_array_equal(alone[1], whole[1])
    bare = field_of(replace(fit.model, calibration=None), table=fit.data.table, inputs=names)[1]
    assert np.abs(bare - whole[1]).max() > 0.01


def test_unit_map_shows_the_inputs_that_move_it() -> None:
    net = chainrule.Network([[[0.0, 0.01, 2.0, -0.02, 3.0]]])
    ax = figure_of(net, "unit").axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x_2", "x_4")


def test_surface_is_the_loss_of_networks_with_these_weights() -> None:
    path: list[chainrule.Network] = []
    start = chainrule.Network.random((2, 2, 1), start="uniform", seed=0)
    chainrule.train(start, *XOR, rate=0.7, epochs=9, on_epoch=lambda progress: path.append(progress.network))
    surface = surface_of(path[-1], *XOR, path=path)
    moved = [np.ptp([one.weights[m] for one in path], axis=0) for m in (0, 1)]
    largest = sorted(
        (-float(size), m + 1, k + 1, i) for m in (0, 1) for (k, i), size in np.ndenumerate(moved[m])
    )
    assert set(surface.places) == {one[1:] for one in largest[:2]}
    (m, k, i), (n, q, j) = surface.places
    for row, column in ((0, 0), (5, 30), (40, 12)):
        weights = [w.copy() for w in path[-1].weights]
        weights[m - 1][k - 1, i], weights[n - 1][q - 1, j] = surface.across[column], surface.up[row]
        outputs = path[-1].with_weights(weights)(XOR[0])
        assert surface.loss[row, column] == pytest.approx(np.mean((np.array(XOR[1]) - outputs) ** 2) / 2)
    ax = figure_of(path, "surface", X=XOR[0], Y=XOR[1]).axes[0]
    way = lines_of(ax, "way")[0].get_xydata()
    assert way.tolist() == [[one.weights[m - 1][k - 1, i], one.weights[n - 1][q - 1, j]] for one in path]


def test_surface_of_a_fit_is_that_of_its_training_rows(of_numbers: chainrule.FitResult) -> None:
    rows = of_numbers.data.training_rows
    net = of_numbers.model.network
    surface = surface_of(net, of_numbers.data.X[rows], of_numbers.data.Y[rows])
    column = int(np.flatnonzero(surface.across == _value(net, surface.places[0]))[0])
    row = int(np.flatnonzero(surface.up == _value(net, surface.places[1]))[0])
    errors = of_numbers.data.Y[rows] - net(of_numbers.data.X[rows])
    assert surface.loss[row, column] == pytest.approx(np.mean(errors**2) / 2, rel=1e-5)


def test_surface_counts_rows_that_have_one_of_two_targets() -> None:
    net = chainrule.Network([[[0.0, 1.0], [0.0, 2.0]]], "identity")
    surface = surface_of(net, [[1.0], [2.0], [3.0]], [[0.0, math.nan], [math.nan, 1.0], [math.nan] * 2])
    assert surface.n_rows == 2
    row, column = (
        int(np.flatnonzero(line == _value(net, place))[0])
        for line, place in ((surface.up, surface.places[1]), (surface.across, surface.places[0]))
    )
    assert surface.loss[row, column] == pytest.approx(((1 - 0) ** 2 + (4 - 1) ** 2) / 2 / 2)
    with pytest.raises(chainrule.InputError, match="Every number of Y is missing"):
        surface_of(net, [[1.0]], [[math.nan, math.nan]])


def _value(net: chainrule.Network, place: tuple[int, int, int]) -> float:
    m, k, i = place
    return float(net.weights[m - 1][k - 1, i])


def test_trace_has_outputs_and_deltas() -> None:
    net = chainrule.Network([[[0.35, 0.15, 0.2], [0.35, 0.25, 0.3]], [[0.6, 0.4, 0.45], [0.6, 0.5, 0.55]]])
    step = chainrule.trace(net, [0.05, 0.1], [0.01, 0.99], rate=0.5)
    words = [one.replace("\N{MINUS SIGN}", "-") for one in words_of(figure_of(step))]
    for numbers, digits in (
        (step.x, 3),
        (step.a[0], 3),
        (step.a[1], 3),
        (step.delta[0], 2),
        (step.delta[1], 2),
    ):
        assert {f"{number:.{digits}g}" for number in numbers} <= set(words)


def test_gradient_check_has_errors_and_limits() -> None:
    check = chainrule.check_gradients(chainrule.Network.random((2, 3, 1)), *XOR)
    (ax,) = figure_of(check).axes
    errors = [line.get_xdata()[0] for line in lines_of(ax, "error")]
    limits = [line.get_xdata()[0] for line in lines_of(ax, "limit")]
    assert check.complex_step is not None
    assert limits == [check.differences.limit, check.complex_step.limit, check.update_limit]
    assert errors[0] == check.differences.relative_to_network
    assert "Gradient check passed" in words_of(ax.figure)


def test_predictions_are_counted(of_classes: chainrule.FitResult, of_numbers: chainrule.FitResult) -> None:
    p = of_classes.model.predict(EXAMPLES / "iris.csv")
    (ax,) = figure_of(p).axes
    names, counts = np.unique(p["species"].astype(str), return_counts=True)
    shown = [text.get_text() for text in ax.get_yticklabels()]
    assert dict(zip(shown, [bar.get_width() for bar in ax.patches], strict=True)) == dict(
        zip(names, counts, strict=True)
    )
    p = of_numbers.model.predict(EXAMPLES / "penguins.csv")
    (ax,) = figure_of(p).axes
    assert sum(bar.get_height() for bar in ax.patches) == len(p)


def test_an_estimator_is_scored_on_arrays() -> None:
    table = chainrule.read_table(EXAMPLES / "iris.csv")
    X = np.column_stack([table.column(name).as_numbers() for name in table.names[:4]])
    y = np.array(table.column("species").as_labels())
    classifier = chainrule.MLPClassifier(
        hidden_layer_sizes=4, random_state=1, solver="lbfgs", alpha=1.0, max_iter=3000
    ).fit(X, y)
    ax = figure_of(classifier, "confusion", X=X, Y=y).axes[0]
    counts = [int(text.get_text()) for text in ax.texts if text.get_text().isdigit()]
    assert counts == confusion_matrix(y, classifier.predict(X)).ravel().tolist()
    by_place = {k: X[:, k] for k in range(4)}
    by_name = {f"x{k}": X[:, k] for k in (3, 1, 0, 2)}
    frames = [pd.DataFrame(by_place), pd.DataFrame(by_place).set_axis(list("aabb"), axis=1)]
    frames += [pd.DataFrame(by_name), pa.table(by_name)]
    for frame in frames:
        ax = plot(classifier, "confusion", X=frame, Y=y, ax=Figure().subplots())
        assert counts == [int(text.get_text()) for text in ax.texts if text.get_text().isdigit()]
    for wrong in (frames[0][[0, 1, 2]], X[:, :3], X[0], pd.DataFrame(by_name)[["x1", "x0"]]):
        with pytest.raises(chainrule.InputError, match="must have 4 columns"):
            plot(classifier, "confusion", X=wrong, Y=y)
    (ax,) = figure_of(classifier).axes
    assert lines_of(ax, "training rows")[0].get_ydata().tolist() == list(classifier.history_.loss)
    regressor = chainrule.MLPRegressor(
        hidden_layer_sizes=4, random_state=1, solver="lbfgs", max_iter=3000
    ).fit(X[:, :3], X[:, 3])
    with pytest.raises(chainrule.InputError, match="without looking at how far off it is"):
        plot(regressor, "calibration", X=X[:, :3], Y=X[:, 3])
    (ax,) = figure_of(regressor, "predicted", X=X[:, :3], Y=X[:, 3]).axes
    np.testing.assert_allclose(lines_of(ax, "rows")[0].get_ydata(), regressor.predict(X[:, :3]))


def test_a_model_is_scored_on_a_table(of_numbers: chainrule.FitResult) -> None:
    table = chainrule.read_table(EXAMPLES / "penguins.csv")
    (ax,) = figure_of(of_numbers.model, "predicted", table=table).axes
    actual = table.column("body_mass_g").as_numbers(gaps=True)
    there = ~np.isnan(actual)
    points = lines_of(ax, "rows")[0].get_xydata()
    np.testing.assert_allclose(points[:, 0], actual[there])
    np.testing.assert_allclose(points[:, 1], of_numbers.model.predict(table)["body_mass_g"][there])
