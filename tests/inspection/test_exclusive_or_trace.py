"""Every number of the notes' exclusive or, as a trace writes it, beside decimals of fifty digits."""

import re
from decimal import Decimal, getcontext
from itertools import product
from pathlib import Path

import pytest

import chainrule
from chainrule.jobs import TraceJob

DIGITS = 12
ROWS = list(product((0, 1), (0, 1)))
NUMBER = re.compile(r"(?:^|= )(-?[0-9.]+(?:e[-+][0-9]+)?)$")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("xor")
    table = folder / "xor.csv"
    table.write_text("x1,x2,y\n" + "".join(f"{a},{b},{a ^ b}\n" for a, b in ROWS))
    result = chainrule.fit(
        table,
        target="y",
        defaults="notes",
        hidden=3,
        start="uniform",
        rate=0.7,
        epochs=1500,
        held_out=0,
        seed=3,
    )
    chainrule.save(result.model, folder / "xor.safetensors")
    return folder / "xor.safetensors"


def step_in_decimals(
    weights: list[list[list[float]]], x: tuple[int, int], y: int, rate: str
) -> list[Decimal]:
    """Results of one step in the order of a trace: z and a of each unit, RSS, deltas, slopes and weights."""
    getcontext().prec = 50
    W1, W2 = ([[Decimal(w) for w in row] for row in matrix] for matrix in weights)
    one, eta = Decimal(1), Decimal(rate)

    def forward(W1: list[list[Decimal]], W2: list[list[Decimal]]) -> list[tuple[Decimal, Decimal]]:
        inputs, units = [one, *map(Decimal, x)], []
        for W in (W1, W2):
            layer = []
            for row in W:
                z = sum((w * v for w, v in zip(row, inputs, strict=True)), Decimal(0))
                layer.append((z, one / (one + (-z).exp())))
            units += layer
            inputs = [one, *(a for _, a in layer)]
        return units

    units = forward(W1, W2)
    hidden, output = [a for _, a in units[:3]], units[3][1]
    rss = (y - output) ** 2 / 2
    delta_out = (y - output) * (one - output) * output
    deltas = [(delta_out * W2[0][j + 1]) * (one - a) * a for j, a in enumerate(hidden)]
    results = [value for unit in units for value in unit] + [rss, delta_out, *deltas]
    for j, source in enumerate([one, *hidden]):
        results.append(-delta_out * source)
        W2[0][j] += eta * delta_out * source
        results.append(W2[0][j])
    for k, delta in enumerate(deltas):
        for i, source in enumerate([one, *map(Decimal, x)]):
            results.append(-delta * source)
            W1[k][i] += eta * delta * source
            results.append(W1[k][i])
    return [*results, (y - forward(W1, W2)[3][1]) ** 2 / 2, rss]


@pytest.mark.parametrize("row", range(1, 5))
def test_every_number_of_the_trace_is_right_to_the_last_digit(model: Path, row: int) -> None:
    table = model.with_suffix(".csv")
    outcome = TraceJob(model, table, row=row).run()
    weights = [w.tolist() for w in chainrule.load_model(model).network.weights]
    a, b = ROWS[row - 1]
    wanted = [
        format(float(value) + 0.0, f".{DIGITS}g") for value in step_in_decimals(weights, (a, b), a ^ b, "0.7")
    ]
    text = outcome.step.text(digits=DIGITS)
    blocks = re.split(
        r"\n(?!   {4,}=)", text[text.index("Layer 2") :]
    )  # an equation, with the lines that go on
    found = [match[1] for block in blocks if (match := NUMBER.search(block))]
    assert len(found) == len(wanted) == 8 + 1 + 1 + 3 + 8 + 18 + 2
    assert found == wanted
