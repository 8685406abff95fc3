"""What notebooks show: well-formed, escaped, small, and with the numbers that the thing itself has."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from read_back import MOST, facts_of, read, shown, tables_of, text_of

import chainrule
from chainrule import Ensemble, Network, check_gradients, trace
from chainrule.cli.terminal.curve import loss_curve
from chainrule.displays import (
    Curve,
    curves,
    display,
    element,
    first_and_last,
    inline,
    layers_picture,
    some_of,
)
from chainrule.displays.style import SECOND
from chainrule.inspection import trace_forward
from chainrule.models import prepare
from chainrule.network import network_parts, tabm_network
from chainrule.scores import ClassRows, NumberRows, score_classes, score_numbers, score_parts
from chainrule.tables import ColumnReport, Report
from chainrule.training import Diagnosis, Epoch, History, StoppedBy, TrainingResult
from chainrule.words import named, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a & b &amp; &lt;", "5$ to $7", "\\(x\\)",
    "'single' \"double\"", "two\nlines\tand\x00more", "x" * 5000, "漢字テスト", "\u202egnp.exe", "\udc80",
    "</style><b>", "]]>", "{{x}}", "javascript:x", " ", "\u0301",
]  # fmt: skip
SMALL = {"n_rows": 4, "n_classes": 2}
BIG = (1000, 64, 64, 64, 32, 32, 32, 16, 16, 8, 40)


def network(*sizes: int, seed: int = 0) -> Network:
    return Network.random(sizes, "tanh", seed=seed)


def history(losses: Sequence[float], validation: Sequence[float | None] | None = None) -> History:
    watched = [None] * len(losses) if validation is None else validation
    pairs = zip(losses, watched, strict=True)
    epochs = tuple(Epoch(k, loss, 0.5, 0.1, other) for k, (loss, other) in enumerate(pairs, 1))
    return History(losses[0] if losses else 1.0, epochs, losses[-1] if losses else 1.0)


@given(st.text() | st.sampled_from(HOSTILE))
@settings(max_examples=30)
@example("$")
def test_whatever_a_user_calls_a_column_or_a_class_is_shown_and_is_no_markup(name: str) -> None:
    report = Report(name, 1, 0, (), (ColumnReport(name, "input", name, name, (name,)),), (name,), (name,))
    score = score_classes(name, ClassRows(np.array([0, 1]), np.array([1, 1])), [name, "other"], majority=name)
    outputs = layers_picture(*_as_layers(network(2, 2), [name, "b"]))
    for thing, words in (
        (report, printable(name)),
        (score, named(name)),
        (Diagnosis("unknown", name), printable(name)),
    ):
        text = text_of(shown(thing))
        assert words in text
    assert named(name, 24) in text_of(read(display("x", outputs)))
    assert ET.fromstring(element("p", aria_label=name)).get("aria-label") == printable(name)  # noqa: S314


def _as_layers(net: Network, names: Sequence[str]) -> tuple[Any, Any]:
    from chainrule.network.display import _between, _layers  # noqa: PLC0415 (what the display draws)

    return list(_layers(net, names, names)), list(_between(net))


@pytest.mark.parametrize("name", HOSTILE)
def test_tables_encodings_models_and_predictions_escape_names_and_cells(name: str) -> None:
    name = "of surrogates Arrow has none" if "\udc80" in name else f"{name}."
    table = pa.table({name: [1.0, 2.0, 3.0, 4.0], "y": [name, "other", name, "other"]})
    read_back = shown(chainrule.read_table(table))
    assert named(name, 32) in text_of(read_back)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = prepare(table, target="y", held_out=0)
    assert named(name, 28) in text_of(shown(data.encoding))
    model = chainrule.Model(
        Network.random((1, 2), "softmax", "cross_entropy"), data.encoding, report=data.report
    )
    assert named(name, 24) in text_of(shown(model))
    shown(model.predict(table))


def test_a_function_of_the_users_own_is_called_by_its_name_and_no_markup() -> None:
    class Own(chainrule.Tanh):
        name = "<b>$own$</b>"

    net = Network.random((2, 2, 1), [Own(), "identity"])
    assert "<b>$own$</b>" in text_of(shown(net))
    shown(trace(net, [0.5, 1.0], [0.5], rate=0.1))


def test_text_that_is_no_html_is_escaped_and_no_formula_in_tex() -> None:
    assert inline("a<b") == "a&lt;b"
    assert inline("$x$") == "<span>$</span>x<span>$</span>"
    for page in (Diagnosis("x", r"$x$ and \(y\)")._repr_html_(), inline(r"\begin{x}$$")):
        assert not re.search(r"\$[^<]|\\[(\[b]", page)


def test_the_weights_of_a_network_are_its_own() -> None:
    net = network(3, 4, 2)
    root = shown(net)
    tables = tables_of(root)
    for m, w in enumerate(net.weights, 1):
        _, *rows = tables[f"Weights of matrix {m}, {len(w)} lines"]
        assert [[float(cell) for cell in row[1:]] for row in rows] == [
            [float(f"{v:.6g}") for v in line] for line in w
        ]
    assert [row[3] for row in tables["Layers"][1:]] == ["16", "10"]
    assert facts_of(root) == {"Weights": "26, float64", "Loss": "rss"}


def test_lines_are_weights_by_sign_and_size() -> None:
    net = Network([[[0.0, 1.0, -1.0, 0.0], [0.0, 0.01, 0.5, -0.5]]], "identity")
    root = shown(net)
    lines = [one for one in root.iter("path") if one.get("stroke-opacity")]
    found = {
        (one.get("stroke") == SECOND, float(str(one.get("stroke-width")))): str(one.get("d")).count("M")
        for one in lines
    }
    assert found == {(False, 2.8): 1, (True, 2.8): 1, (False, 0.4): 1, (False, 1.6): 1, (True, 1.6): 1}
    assert len(list(root.iter("circle"))) == 5


def test_of_many_units_and_layers_some_are_drawn_and_all_are_counted() -> None:
    root = shown(network(20, 9, 30))
    assert len(list(root.iter("circle"))) == 8 + 9 + 8
    words = [text_of(one) for one in root.iter("text")]
    assert words.count("8 drawn") == words.count("⋮") == 2
    assert {"20", "9", "30"} <= set(words)
    root = shown(network(*[2] * 40))
    assert "… 28 layers" in [text_of(one) for one in root.iter("text")]
    assert len(list(root.iter("circle"))) == 24
    assert some_of(40, 12).count(None) == 1


@pytest.mark.parametrize(
    "net",
    [
        Network.random(BIG, [*["relu"] * 9, "softmax"], "cross_entropy"),
        Network([np.zeros((40, 41)), np.full((300, 41), 1e300)], "identity"),
        Network.random((3, 8, 1), layers=["dense", "dense"]),
        tabm_network((5, 8, 8, 2), members=4),
        Network.random(
            [5, 4, 1], ["identity", "tanh", "identity"], layers=["periodic:4:2", "dense", "dense"]
        ),
        network(*[3] * 150),
    ],
    ids=["big", "extreme", "small", "members", "periodic", "deep"],
)
def test_no_network_is_too_big_to_be_shown(net: Network) -> None:
    assert str(sum(w.size for w in net.weights)) in facts_of(shown(net))["Weights"]
    with np.errstate(over="ignore", invalid="ignore"):
        step = trace(net, np.full(net.sizes[0], 0.5), np.eye(net.sizes[-1])[0], rate=0.1)
    assert "back-propagation" in text_of(shown(step))
    shown(trace_forward(net, np.zeros(net.sizes[0])))


def test_an_ensemble_shows_what_each_counts() -> None:
    nets = [network(4, 3, 1, seed=seed) for seed in range(2)] + [network(4, 5, 1)] * 50
    root = shown(Ensemble(nets, [2.0, *[1.0] * 51]))
    _, *rows = tables_of(root)["Networks of the ensemble"]
    assert rows[0] == ["1", f"{200 / 53:.4g} %", "4-3-1", "tanh, tanh", "19"]
    assert [row[0] for row in rows].count("…") == 1
    assert "counts the same" in text_of(shown(Ensemble(nets)))


def test_a_trace_has_the_numbers_of_the_step() -> None:
    step = trace(network(2, 3, 1), [0.5, -1.0], [0.25], rate=0.5)
    root = shown(step)
    lines = [text_of(one) for one in root.iter("p")]
    results = {line.split(" ")[0]: line.rsplit("= ", 1)[-1] for line in lines if "= " in line}
    assert results["z1(2)"] == f"{step.z[0][0]:.6g}"
    assert results["a3(2)"] == f"{step.a[0][2]:.6g}"
    assert results["δ1(3)"] == f"{step.delta[1][0]:.6g}"
    assert results["W32(1)"] == f"{step.weights_after[0][2, 2]:.6g}"
    assert results["RSS"] in {f"{step.loss_before:.6g}", f"{step.loss_after:.6g}"}
    summaries = [text_of(one) for one in root.iter("summary")]
    assert summaries[0].startswith("Layer 2 (hidden, tanh): net inputs")
    assert len(summaries) == 7
    # The same formulas as in the text.
    text = re.sub(r"[_^]|\s", "", step.text())
    for line in (line for line in lines if " = " in line and "inputs" not in line and "targets" not in line):
        assert re.sub(r"\s", "", line) in text


def test_a_check_says_its_verdict_in_words() -> None:
    check = check_gradients(network(2, 3, 1), [[0.5, 1.0]], [[0.25]])
    text = text_of(shown(check))
    assert "Gradient check passed" in text
    assert f"{check.differences.relative_to_network:.1e}" in text
    wrong = replace(check, passed=False, differences=replace(check.differences, passed=False))
    text = text_of(shown(wrong))
    assert "FAILED" in text
    assert "too far apart" in text
    shown(replace(check, complex_step=None))


def test_a_check_says_in_a_notebook_what_its_text_says() -> None:
    check = check_gradients(network(2, 3, 1), [[0.5, 1.0]], [[0.25]])
    far, near = check.differences, check.complex_step
    assert near is not None
    blind = replace(far, relative_to_network=0.25, limit=1e-6, rounding=2e3)
    for one, cannot in (
        (replace(check, differences=blind), "central differences cannot see them; the complex step can."),
        (
            replace(check, differences=blind, complex_step=replace(near, rounding=1.0)),
            "central differences and complex step cannot see them.",
        ),
        (replace(check, differences=blind, complex_step=None), "central differences cannot see them."),
    ):
        for text in (str(one), text_of(shown(one))):
            assert f"Rounding is larger than these gradients: {cannot}" in text
            assert "(no more than rounding: up to 2e+03)" in text
            assert "1 sample, all 13 weights, largest gradient " in text
    wrong = replace(check, update_error=1.0)
    rows = tables_of(shown(wrong))["Errors of the gradients"]
    assert [row[4] for row in rows[1:]] == ["passed", "passed", "too far apart"]
    for text in (str(check), text_of(shown(check))):
        assert "cannot see" not in text
        assert "rounding" not in text


def test_a_history_shows_losses_and_the_best_epoch() -> None:
    found = TrainingResult(
        network(2, 1),
        history([4.0, 2.0, 1.0], [3.0, 1.5, 2.5]),
        StoppedBy.PATIENCE,
        2,
        (),
        lambda: None,  # type: ignore[arg-type, return-value]
    )
    root = shown(found)
    assert facts_of(root) | {"Loss before": "4", "Loss after": "1", "Best epoch": "2 of 3"} == facts_of(root)
    label = next(root.iter("svg")).get("aria-label")
    assert label == (
        "Loss of 3 epochs: training loss from 4 to 1; validation loss from 3 to 2.5; the best epoch is 2"
    )
    assert "best: epoch 2" in [text_of(one) for one in root.iter("text")]
    head, *rows = tables_of(root)["Epochs"]
    assert head == ["epoch", "rate", "training loss", "validation loss"]
    assert rows == [["1", "0.1", "4", "3"], ["2", "0.1", "2", "1.5"], ["3", "0.1", "1", "2.5"]]


@pytest.mark.parametrize(
    "losses",
    [[], [1.0], [1.0, 1.0], [math.nan] * 5, [1.0, math.nan, math.inf, 0.5], [1e308, -1e308], [0.0, 5e-324],
     [1.0, 0.5, 1e-310], [1e308, 1.0, 5e-324], [1.0 / k for k in range(1, 20_001)], [-1.0, 2.0]],
    ids=["none", "one", "flat", "nan", "gaps", "extreme", "tiny", "denormal", "far", "many", "negative"],
)  # fmt: skip
def test_no_losses_are_too_odd_to_be_shown(losses: list[float]) -> None:
    root = shown(history(losses))
    for line in root.iter("path"):
        assert not re.search("nan|inf", str(line.get("d")))
    shown(history(losses, [None, *losses[1:]] if losses else []))
    for best in (None, 0, 1, len(losses)):
        curves("Loss", [Curve("training", losses)], best=best)


def test_from_twenty_times_on_a_curve_is_logarithmic_as_on_a_terminal() -> None:
    for losses, is_log in (([20.0, 5.0, 1.0], False), ([20.5, 5.0, 1.0], True)):
        assert ("logarithmic scale" in curves("Loss", [Curve("training", losses)])) == is_log
        title, _ = loss_curve(losses, [None] * 3, 80)
        assert title.endswith("logarithmic scale") == is_log


def test_a_curve_of_many_epochs_keeps_what_stands_out() -> None:
    losses = [1.0] * 50_000
    losses[31_234] = 9.0
    drawn = curves("Loss", [Curve("training", losses)])
    assert len(drawn) < 10_000
    line = re.findall(r'd="(M[^"]*L[^"]*)"', drawn)[0]
    heights = {float(point.split(" ")[1]) for point in line[1:].split("L")}
    assert heights == {12.0, 110.0}


def test_the_confusion_table_is_that_of_the_score() -> None:
    rng = np.random.default_rng(0)
    rows = ClassRows(rng.integers(0, 3, 200), rng.integers(0, 3, 200))
    score = score_classes("kind", rows, ["a", "b", "c"])
    root = shown(score)
    tables = tables_of(root)
    _, *counts = tables["Rows by their class, and the class that was predicted"]
    assert [[int(cell) for cell in row[1:]] for row in counts] == [list(row) for row in score.confusion]
    assert tables["Figures"][1][:2] == ["accuracy", f"{score.accuracy:.3f}"]
    assert [row[1] for row in tables["Classes"][1:]] == [str(n) for n in score.rows.values()]
    marked = [text_of(one) for one in root.iter("td") if one.get("class") == "chainrule-right"]
    assert marked == [str(score.confusion[k][k]) for k in range(3)]


def test_of_forty_classes_the_pairs_that_go_wrong_most_are_shown() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(40), 30)
    guess = np.where(rng.random(1200) < 0.8, truth, rng.integers(0, 40, 1200))
    guess[:20] = 7
    score = score_classes("kind", ClassRows(truth, guess), [f"class {k}" for k in range(40)])
    table = tables_of(shown(score))["Rows by their class, and the class that was predicted"]
    assert table[1] == ["class 0", "class 7", str(score.confusion[0][7])]
    assert len(table) == 16


def test_three_hundred_targets_are_a_table_of_some() -> None:
    rng = np.random.default_rng(0)
    rows = NumberRows(rng.normal(size=20), rng.normal(size=20))
    scores = tuple(score_numbers(f"target {k}", rows) for k in range(300))
    page = display("Scores", *score_parts(scores, intervals=False))
    assert len(page) < MOST
    assert "280 more targets" in text_of(read(page))
    assert f"{scores[0].rmse:#.4g}" in text_of(shown(scores[0]))
    not_finite = rows._replace(predicted=np.full(20, math.inf))
    assert "inf" in text_of(shown(score_numbers("y", not_finite)))


def test_of_many_rows_and_columns_some_are_shown_and_all_are_counted() -> None:
    table = chainrule.read_table(pa.table({f"c{k}": np.arange(1000) + k / 4 for k in range(50)}))
    root = shown(table)
    head, *rows = tables_of(root)["Rows"]
    assert head == ["row", *(f"c{k}" for k in range(12))]
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5", "…", "996", "997", "998", "999", "1000"]
    assert rows[-1][2] == "999.25"
    text = text_of(root)
    assert "1000 rows, 50 columns" in text
    assert "38 more columns" in text


def test_what_was_decided_of_a_table_is_said_as_python_says_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("1,2,a\n2,3,b\n3,4,a\n", encoding="utf-8")
    text = text_of(shown(chainrule.read_table(path)))
    assert (
        "no line of names: the columns are called c1 to c3. Give header=True if line 1 has the names" in text
    )


def test_cells_of_any_type_are_shown() -> None:
    values: dict[str, Any] = {
        "time": pa.array([1, None], pa.timestamp("ns")), "list": [[1, 2], None], "none": [None, None],
        "truth": [True, False], "bytes": [b"<b>", b"\xff"], "long": ["x" * 10**6, ""],
        "nan": [math.nan, math.inf],
    }  # fmt: skip
    cells = [(name, chainrule.tables.Column(name, pa.array(one)).value) for name, one in values.items()]
    text = text_of(read(display("x", first_and_last(cells, 2, caption="Cells"))))
    assert "1970-01-01 00:00:00.000000001" in text
    assert "inf" in text


def test_predictions_are_those_of_the_model() -> None:
    table = pa.table({"x": np.linspace(0, 1, 30), "kind": ["a", "b", "c"] * 10})
    data = prepare(table, target="kind", held_out=0)
    model = chainrule.Model(Network.random((1, 3), "softmax", "cross_entropy"), data.encoding)
    p = model.predict(table)
    head, *rows = tables_of(shown(p))["Predictions"]
    assert head == ["row", *p.names]
    for row in (row for row in rows if row[0] != "…"):
        at = int(row[0]) - 1
        assert row[1] == p["kind"][at]
        assert [float(cell) for cell in row[2:]] == [float(f"{v:.6g}") for v in p.probabilities[at]]  # type: ignore[index]
    assert "30 rows" in text_of(shown(p))
    assert "not as learnt" in text_of(shown(replace(p, remarks=("not as learnt",))))


def test_names_of_inputs_and_outputs_stand_beside_their_units() -> None:
    page = display("x", *network_parts(network(2, 1), ["age", "a very long name of one input"], ["price"]))
    words = [text_of(one) for one in read(page).iter("text")]
    assert "age" in words
    assert "price" in words
    assert any(word.endswith(named("a very long name of one input", 24)) for word in words)
