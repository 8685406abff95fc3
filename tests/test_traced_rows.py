"""A row from its cells to the answer: the text by hand, the data, rows without a target."""

from __future__ import annotations

import doctest
import json
import math
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

import chainrule
from chainrule import InputError, Model, Network, TableError
from chainrule.inspection import ForwardTrace, trace_forward
from chainrule.jobs import TraceJob
from chainrule.jobs.worked_row import cell_lines
from chainrule.tables import (
    BinaryInput,
    CategoryInput,
    ClassTarget,
    CycleInput,
    DateInput,
    DateTarget,
    Encoding,
    NumberInput,
    NumberTarget,
    read_table,
    worked_cells,
)
from chainrule.tables.columns.readings import DateReading, NumberReading

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("one_database")

ROOT = Path(__file__).parents[1]
PENGUINS = ROOT / "examples/penguins.csv"
FARE = NumberInput("fare", 5.0, 2.0, NumberReading(",", ".", ("€",)), has_missing=True, reach=1.5)
PORT = CategoryInput("port", ("C", "Q", "S", "T"), "text", has_rest=True)
SMOKER = BinaryInput("smoker", ("no", "yes"), 0.25, "boolean")
PRICE = NumberTarget("price", 10.0, 4.0)
TABLE = pa.table({
    "fare": ["9 €", "7,25 €", None, "x"],
    "port": ["Q", "S", "New York", "S"],
    "smoker": ["yes", "no", None, "no"],
    "price": [12.0, 14.0, 3.5, None],
    "due": ["2024-01-03", "", "2024-01-05", "2024-01-06"],
    "kind": ["v", "u", "u", None],
})  # fmt: skip

WHOLE = """\
Row 1 of the data frame: from cells to inputs and targets

  fare: '9 €', read as 9, beyond what training had, so it is drawn in
    s = (fare − mean)/scale = (9 − 5)/2 = 2
    d = |s| − reach = |2| − 1.5 = 0.5
    x_1 = reach + d/√(1 + d²) = 1.5 + 0.5/√(1 + 0.5²) = 1.94721
    x_2 = [fare is missing] = 0
  port: Q
    x_4 = [port = Q] = 1
    x_3, x_5 to x_7 = 0
  smoker: yes
    x_8 = [smoker = yes] = 1

  price: 12.0
    y_1 = (price − mean)/scale = (12 − 10)/4 = 0.5

One step of back-propagation: Network(8-1, identity, rss, float64), rate 0.5

inputs   x_0 = 1 (bias unit)   x_1 = 1.94721   x_2 = 0   x_3 = 0   x_4 = 1   x_5 = 0   x_6 = 0
         x_7 = 0   x_8 = 1
targets  y_1 = 0.5
"""


def model(*targets: Any, output: str = "identity", loss: str = "rss", weights: Any = None) -> Model:  # noqa: ANN401
    """A model of one layer, by default with the bias 0.25 alone."""
    encoding = Encoding((FARE, PORT, SMOKER), targets)
    W = np.zeros((encoding.n_outputs, 9)) if weights is None else np.asarray(weights, dtype=float)
    if weights is None:
        W[:, 0] = 0.25
    return Model(Network([W], output, loss), encoding)


def traced(model: Model, tmp_path: Path, row: int, table: Any = TABLE, rate: float = 0.5) -> Any:  # noqa: ANN401
    chainrule.save(model, tmp_path / "m.st", overwrite=True)
    return TraceJob(tmp_path / "m.st", table, row=row, rate=rate).run()


def parts_of(text: str) -> tuple[str, str]:
    """What stands before the step, and behind it."""
    before, _, rest = text.partition("\nOne step")
    return before, rest.partition("From outputs to the answer\n")[2]


def test_a_row_by_hand(tmp_path: Path) -> None:
    text = traced(model(PRICE), tmp_path, 1).text()
    assert text.startswith(WHOLE)
    # The step: the bias grows by 0.5·(0.5 − 0.25), and every weight by as much times its input.
    x = [1.0, 1.5 + 0.5 / math.sqrt(1.25), 1.0, 1.0]
    after = 0.25 + 0.125 * sum(one * one for one in x)
    assert parts_of(text)[1].splitlines() == [
        "  price = a_1^(2)·scale + mean = 0.25·4 + 10 = 11",
        f"  price after the step = a_1^(2)·scale + mean = {after:.6g}·4 + 10 = {after * 4 + 10:.6g}",
    ]


def test_odd_cells_by_hand(tmp_path: Path) -> None:
    before, _ = parts_of(traced(model(PRICE), tmp_path, 3).text(digits=3))
    assert before.splitlines()[2:-3] == [
        "  fare: missing, so the mean stands",
        "    x_2 = [fare is missing] = 1",
        "    x_1 = 0",
        "  port: 'New York', rare or new, so it counts as the rest",
        "    x_7 = [port is another one] = 1",
        "    x_3 to x_6 = 0",
        "  smoker: missing, so the share of yes in training stands",
        "    x_8 = share = 0.25",
    ]
    before, _ = parts_of(traced(model(PRICE), tmp_path, 2).text(most=1))
    assert before.splitlines()[2:6] == [
        "  fare: '7,25 €', read as 7.25",
        "    x_1 = (fare − mean)/scale = (7.25 − 5)/2 = 1.125",
        "    … 1 more",
        "  … 2 more columns of the table",
    ]


def test_classes_answer_by_their_largest_output(tmp_path: Path) -> None:
    weights = np.zeros((3, 9))
    weights[:, 0] = np.log([1.0, 3.0, 4.0])
    kinds = ClassTarget("kind", ("u", "v", "w"), "text")
    softmax = traced(
        model(kinds, output="softmax", loss="cross_entropy", weights=weights), tmp_path, 1, rate=0.25
    )
    before, answer = parts_of(softmax.text())
    assert before.endswith("  kind: v\n    y_2 = [kind = v] = 1\n    y_1, y_3 = 0\n")
    assert (
        answer.splitlines()[0] == "  kind = w, because a_3^(2) = 0.5 is the largest output, its probability"
    )
    assert answer.splitlines()[1].startswith("  kind after the step = v, because a_2^(2) = 0.7")
    weights[:, 0] = [0.1, 0.7, 0.2]
    plain = traced(model(kinds, weights=weights), tmp_path, 1)
    assert (
        parts_of(plain.text())[1].splitlines()[0] == "  kind = v, because a_2^(2) = 0.7 is the largest output"
    )


def test_several_targets_each_have_their_answer(tmp_path: Path) -> None:
    due = DateTarget("due", DateReading(), 1_704_110_400.0, 86_400.0, "day")
    outcome = traced(model(PRICE, due), tmp_path, 1)
    assert parts_of(outcome.text())[1].splitlines()[:2] == [
        "  price = a_1^(2)·scale + mean = 0.25·4 + 10 = 11",
        "  due = a_2^(2)·scale + mean = 0.25·1 day + 2024-01-01T12:00:00 = 2024-01-02",
    ]
    assert [answer["value"] for answer in outcome.summary()["answer"]] == [11.0, "2024-01-02"]
    assert "  … 1 more target\n" in outcome.text(most=1)
    alone = traced(model(PRICE, due), tmp_path, 2)  # of one target the row has no value
    assert isinstance(alone.step, ForwardTrace)
    assert "The row has no value of 'due' to learn from" in alone.text()


@pytest.mark.parametrize("table", [TABLE, TABLE.drop_columns(["price"])])
def test_a_row_without_a_target_has_its_forward_pass_and_its_answer(tmp_path: Path, table: Any) -> None:  # noqa: ANN401
    weights = np.zeros((1, 9))
    weights[0, [0, 2, 5]] = 0.25, 2.0, 4.0  # the bias, a fare that is missing, port S
    outcome = traced(model(PRICE, weights=weights), tmp_path, 4, table)
    text = outcome.text()
    assert text.startswith("Row 4 of ")
    assert ": from cells to inputs\n" in text
    assert (
        "The row has no value of 'price' to learn from, so that there is the forward pass alone.\n\nForward"
        in text
    )
    assert text.endswith("From outputs to the answer\n  price = a_1^(2)·scale + mean = 6.25·4 + 10 = 35")
    assert not any(word in text for word in ("δ", "targets", "Loss", "rate"))
    found = outcome.summary()
    assert json.loads(json.dumps(found)) == found
    assert (found["targets"], found["answer"][0]["value"], found["answer"][0]["value_after"]) == (
        [],
        35.0,
        None,
    )
    assert found["layers"] == [{"kind": "dense", "weights": weights.tolist(), "z": [6.25], "a": [6.25]}]


def test_outputs_that_are_no_numbers_answer_nothing(tmp_path: Path) -> None:
    weights = np.full((2, 9), 0.5)
    kinds = ClassTarget("kind", ("u", "v"), "text")
    softmax = model(kinds, output="softmax", loss="cross_entropy", weights=weights)
    outcome = traced(softmax, tmp_path, 1, rate=1e308)
    assert outcome.text().endswith(
        "is the largest output, its probability\n  the outputs after the step are no numbers"
    )
    assert outcome.summary()["answer"][0]["value_after"] is None


def test_data_are_those_of_the_encoding_and_the_prediction(tmp_path: Path) -> None:
    fitted = chainrule.fit(PENGUINS, target="body_mass_g", hidden=4, epochs=2).model
    table = fitted.read(PENGUINS)
    found = traced(fitted, tmp_path, 8, PENGUINS).summary()
    x = [one["value"] for cell in found["cells"] for one in cell["inputs"]]
    assert x == found["x"] == fitted.table_encoding.encode_inputs(table)[7].tolist()
    assert [one["name"] for cell in found["cells"] for one in cell["inputs"]] == found["inputs"]
    assert [one["value"] for cell in found["targets"] for one in cell["outputs"]] == found["y"]
    names = [column.name for column in table.columns]
    assert [cell["column"] for cell in found["cells"]] == [name for name in names if name != "body_mass_g"]
    for cell in found["cells"]:
        assert cell["cell"] == table.column(cell["column"]).cells[7].as_py()
    bill = fitted.table_encoding.inputs[2]
    assert isinstance(bill, NumberInput)
    assert found["cells"][2]["inputs"][0]["formula"] == (
        f"x_7 = (bill_length_mm − {bill.mean!r})/{bill.scale!r},  drawn in beyond ±{bill.reach!r}"
    )
    (answer,) = found["answer"]
    assert answer["value"] == pytest.approx(fitted.predict(table)["body_mass_g"][7], rel=1e-12)
    after = Model(
        fitted.network.with_weights([layer["weights_after"] for layer in found["layers"]]), fitted.encoding
    )
    assert answer["value_after"] == pytest.approx(after.predict(table)["body_mass_g"][7], rel=1e-12)
    assert answer["value_after"] != answer["value"]


def test_a_class_that_was_not_learnt_is_still_refused(tmp_path: Path) -> None:
    kinds = ClassTarget("kind", ("u", "w"), "text")
    with pytest.raises(TableError, match="'v'"):
        traced(model(kinds), tmp_path, 1)


def test_the_limits_of_a_text_are_checked(tmp_path: Path) -> None:
    outcome = traced(model(PRICE), tmp_path, 1)
    for wrong in ({"digits": 18}, {"digits": 0}, {"most": 0}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            outcome.text(**wrong)


def test_a_forward_pass_is_that_of_the_trace() -> None:
    net = Network.random((3, 2, 2), ["tanh", "softmax"], "cross_entropy", seed=1)
    x = [0.5, -1.0, 2.0]
    step, passed = chainrule.trace(net, x, [0.0, 1.0], rate=0.1), trace_forward(net, x)
    for one, other in zip((*step.z, *step.a), (*passed.z, *passed.a), strict=True):
        assert one.tobytes() == other.tobytes()
    assert passed.x.tobytes() == step.x.tobytes()
    assert str(passed).splitlines()[4:] == str(step).partition("\n\nLoss")[0].splitlines()[5:]
    with pytest.raises(ValueError, match="read-only"):
        passed.a[0][0] = 1.0


def test_the_row_of_getting_started(
    tmp_path: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    page = ROOT.joinpath("docs/getting-started.md").read_text(encoding="utf-8")
    ((typed, shown),) = re.findall(r"```console\n\$ chainrule (trace .*)\n((?:.*\n)*?)```", page)
    one = ("--hidden", "64", "--out", "one.safetensors")
    assert chainrule_command("fit", "examples/iris.csv", "--target", "species", *one).code == 0
    printed = chainrule_command(*typed.split()).out
    assert doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS), printed


def test_a_turn_is_written_once_for_sine_and_cosine() -> None:
    part = DateInput("day", DateReading(), 0.0, 86_400.0, ("day",), reach=9.0)
    row = read_table(pa.table({"day": ["1970-01-02T06:00"]}))
    assert list(cell_lines(worked_cells([part], row, "x"), 3, 8)) == [
        "  day: '1970-01-02T06:00', read as 1970-01-02T06:00:00",
        "    x_1 = (day − mean)/scale = (1970-01-02T06:00:00 − 1970-01-01)/1 day = 1.25",
        "    t = (day − start of the day)/length of the day",
        "      = (1970-01-02T06:00:00 − 1970-01-02)/24 hours",
        "      = 0.25",
        "    x_2 = sin(2π·t) = sin(2π·0.25) = 1",
        "    x_3 = cos(2π·t) = cos(2π·0.25) = 0",
    ]


def test_show_writes_the_formulas(tmp_path: Path, chainrule_command: Callable[..., Any]) -> None:
    due = DateTarget("due", DateReading(), 1_704_110_400.0, 86_400.0, "day")
    chainrule.save(model(PRICE, due), tmp_path / "m.st")
    lines = chainrule_command("show", tmp_path / "m.st").out.splitlines()
    formulas = [line for line in lines if line.startswith("    ") and " = " in line]
    assert formulas == [
        "    x_1 = (fare − 5)/2,  drawn in beyond ±1.5",
        "    x_2 = [fare is missing]",
        "    x_3 = [port = C],  x_4 = [port = Q],  x_5 = [port = S],  x_6 = [port = T],",
        "    x_7 = [port is another one]",
        "    x_8 = [smoker = yes],  0.25 where it is neither that nor no",
        "    y_1 = (price − 10)/4",
        "    price = a_1^(2)·4 + 10",
        "    y_2 = (due − 2024-01-01T12:00:00)/1 day",
        "    due = a_2^(2)·1 day + 2024-01-01T12:00:00",
    ]


def test_show_writes_each_formula_below_its_part(
    tmp_path: Path, chainrule_command: Callable[..., Any]
) -> None:
    month = NumberInput("month", 6.0, 3.0), CycleInput("month", "month")
    encoding = Encoding((*month, FARE), (PRICE,))
    chainrule.save(Model(Network([np.zeros((1, 6))], "identity"), encoding), tmp_path / "m.st")
    text = chainrule_command("show", tmp_path / "m.st").out
    shown = text.split("Inputs\n")[1].split("\nW^(1)")[0]
    symbols = re.findall(r"^ +(\w+)(?: = |  )", shown, re.MULTILINE)
    assert symbols == ["month", "x_1", "month", "x_2", "x_3", "fare", "x_4", "x_5", "price", "y_1", "price"]


def test_the_command_prints_the_whole_row(
    tmp_path: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("t.csv").write_text("fare;port;smoker\n9 €;Q;yes\n7,25 €;S;no\n", encoding="utf-8")
    chainrule.save(model(PRICE), "m.st")
    done = chainrule_command("trace", "m.st", "t.csv", "--row", 2)
    assert (done.code, done.err) == (0, "")
    assert done.out == TraceJob("m.st", "t.csv", row=2).run().text() + "\n"
    assert (
        "  fare: '7,25 €', read as 7.25\n    x_1 = (fare − mean)/scale = (7.25 − 5)/2 = 1.125\n" in done.out
    )


def test_a_row_is_the_one_that_messages_call_so(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,2\n,\n3,5\nx,y\n4,7\n,\n", encoding="utf-8")  # rows 2, 4 and 6 are left out
    model = tmp_path / "m.st"
    chainrule.save(chainrule.fit(path, target="y", held_out=0, hidden=2, epochs=1).model, model)
    for row, x in ((1, 1.0), (3, 3.0), (5, 4.0)):
        outcome = TraceJob(model, path, row=row).run()
        assert (outcome.row, outcome.cells[0].read) == (row, x)
    others: list[tuple[Any, str]] = [
        (2, "has that row left out. Try row=3."),
        (4, "has that row left out. Try row=5."),
        *((no_row, "has rows 1 to 5. Try row=1.") for no_row in (0, 6, 1.5, math.nan)),
    ]
    for no_row, words in others:
        with pytest.raises(InputError, match=re.escape(words)):
            TraceJob(model, path, row=no_row).run()
